/* SPDX-License-Identifier: ISC */
#ifndef LIB_LOG_INTERNAL_H
#define LIB_LOG_INTERNAL_H

/* Shared by lib/log*.c only: log.c (one line at once), log_batch.c (many
 * lines together), log_syslog.c (the socket to the log daemon). */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "lib/log.h"

enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG, LOG_TARGET_FILE };

/* What stands before the text of a line, and what it was made of. */
#define LOG_HEAD_MAX 128
struct log_head {
	time_t second;
	enum log_level level;
	size_t length; /* 0: make it anew */
	char text[LOG_HEAD_MAX];
};

#define LOG_LINE_MAX 2048

/* The log daemon. */
struct log_daemon {
	atomic_int fd;		    /* -1: not connected yet */
	atomic_llong retry_ms;	    /* no new try to connect before */
	bool (*ask)(void *context); /* log_ask_for_socket(), or NULL */
	void *context;
	size_t kept_length; /* of a line that waits for a new socket */
	char kept[LOG_LINE_MAX];
};

/* What became of a line. */
enum log_sent {
	LOG_SENT,
	LOG_SLOW, /* the daemon does not read */
	LOG_GONE,
};

/* log_target - where lines go; *fd: stderr or the file, *plain: it is a file
 * on disk, which never makes a writer wait. */
enum log_target log_target(int *fd, bool *plain);

/* log_head_update - of a line that is written now. */
void log_head_update(struct log_head *head, enum log_level level);

/* log_syslog_send - one datagram; false: the daemon is slow, or gone. */
bool log_syslog_send(const char *line, size_t length);

/* log_syslog.c */
/* log_daemon_send - one datagram. */
enum log_sent log_daemon_send(struct log_daemon *daemon, const char *line,
			      size_t length);
/* log_daemon_keep - a line for the next socket; false: there is no room, or
 * nobody who brings one. */
bool log_daemon_keep(struct log_daemon *daemon, const char *line,
		     size_t length);
/* log_daemon_find - connect or ask, unless it was tried a short while ago.
 * True: there is a new socket. */
bool log_daemon_find(struct log_daemon *daemon);
/* log_daemon_use - a new socket, -1: none; the old one goes. Is there one? */
bool log_daemon_use(struct log_daemon *daemon, int fd);

/* log_stream_write - all of the bytes to stderr or the file; false: they would
 * have to wait, or do not fit on the disk. */
bool log_stream_write(const char *bytes, size_t length);

/* log_drop - count lines that could not be written. */
void log_drop(unsigned long lines);

#endif
