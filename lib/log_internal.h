/* SPDX-License-Identifier: ISC */
#ifndef LIB_LOG_INTERNAL_H
#define LIB_LOG_INTERNAL_H

/* Shared by lib/log*.c only: log.c (one line at once), log_batch.c (many
 * lines together). */

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

/* A socket to the log daemon. */
struct log_syslog {
	int fd;	      /* or -1 */
	time_t retry; /* monotonic: no new try to connect before */
};

/* log_target - where lines go; *fd: stderr or the file, *plain: it is a file
 * on disk, which never makes a writer wait. */
enum log_target log_target(int *fd, bool *plain);

/* log_head_update - of a line that is written now. */
void log_head_update(struct log_head *head, enum log_level level);

/* log_syslog_send - one datagram; false: the daemon is slow, or gone. */
bool log_syslog_send(struct log_syslog *log, const char *line, size_t length);

/* log_stream_write - all of the bytes to stderr or the file; false: they would
 * have to wait, or do not fit on the disk. */
bool log_stream_write(const char *bytes, size_t length);

/* log_drop - count lines that could not be written. */
void log_drop(unsigned long lines);

#endif
