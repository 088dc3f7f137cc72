/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_LOG_INTERNAL_H
#define LIB_BASE_LOG_INTERNAL_H

/* Shared by lib/base/log*.c only: log.c (single lines), log_batch.c (many lines
 * together), log_syslog.c (the socket to the log daemon). */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "lib/base/log.h"

enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG, LOG_TARGET_FILE };

/* The part of a line before its text, and what it was made from. */
#define LOG_HEAD_MAX 128
struct log_head {
	time_t second;
	enum log_level level;
	size_t length; /* 0: must be made */
	char text[LOG_HEAD_MAX];
};

#define LOG_LINE_MAX 2048

/* The log daemon. */
struct log_daemon {
	atomic_int fd;		    /* -1: not connected yet */
	_Atomic uint64_t retry_ms;  /* no new attempt to connect before */
	bool (*ask)(void *context); /* log_ask_for_socket(), or NULL */
	void *context;
	size_t kept_length; /* of a line that waits for a new socket */
	char kept[LOG_LINE_MAX];
};

/* The fate of a line. */
enum log_sent {
	LOG_SENT,
	LOG_SLOW, /* the daemon does not read */
	LOG_GONE,
};

/* log_target - where lines go; *fd: stderr or the file; *plain: it is a regular
 * file, which never makes a writer wait. */
enum log_target log_target(int *fd, bool *plain);

/* log_head_update - update the head for a line that is written now. */
void log_head_update(struct log_head *head, enum log_level level);

/* log_syslog_send - send one datagram; false: the daemon is slow or gone. */
bool log_syslog_send(const char *line, size_t length);

/* log_syslog.c */
/* log_daemon_send - send one datagram. */
enum log_sent log_daemon_send(struct log_daemon *daemon, const char *line,
			      size_t length);
/* log_daemon_keep - keep a line for the next socket; false: there is no room,
 * or nothing that provides a socket. */
bool log_daemon_keep(struct log_daemon *daemon, const char *line,
		     size_t length);
/* log_daemon_find - connect or ask, unless that was tried a short while ago.
 * True: there is a new socket. */
bool log_daemon_find(struct log_daemon *daemon);
/* log_daemon_use - replace the socket; -1: none. Returns whether there is
 * one. */
bool log_daemon_use(struct log_daemon *daemon, int fd);

/* log_stream_write - write all bytes to stderr or the file; false: they would
 * have to wait, or do not fit on the disk. */
bool log_stream_write(const char *bytes, size_t length);

/* log_drop - count lines that could not be written. */
void log_drop(unsigned long lines);

#endif
