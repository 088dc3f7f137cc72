/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_LINE_H
#define LIB_POSTLOG_POSTLOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/postlog/postlog_time.h"

#define POSTLOG_HOST_MAX    256
#define POSTLOG_SERVICE_MAX 112
#define POSTLOG_PROGRAM_MAX 32
#define POSTLOG_QUEUE_MAX   32
#define POSTLOG_PID_MAX	    12

/* A line of the log that a program of Postfix wrote. Zero it before its first
 * use. */
struct postlog_line {
	int64_t time; /* seconds since 1970, or POSTLOG_NO_TIME */
	char host[POSTLOG_HOST_MAX];
	char service[POSTLOG_SERVICE_MAX]; /* syslog_name: "postfix", or
					      "postfix/submission" */
	char program[POSTLOG_PROGRAM_MAX]; /* "smtpd" */
	char pid[POSTLOG_PID_MAX];
	char queue_id[POSTLOG_QUEUE_MAX]; /* or "" */
	const char *text;		  /* after the queue id, if any */
	unsigned long repeats; /* how often: "message repeated 3 times" */
	bool again;  /* the line before was repeated as often; it has no text */
	bool ours;   /* this line is of Postfix, for the next one */
	char *owned; /* the text, if it is not part of the line */

	struct postlog_stamp stamp;
};

/* postlog_line_read - read one line, with a NUL at its end, in any of these
 * forms: those of lib/base/log_prefix.h that have a time; the same after the
 * name of a container, as "docker compose logs" prints it;
 * journalctl(1) -o json. "last message repeated 3 times", which syslogd writes,
 * is of the program of the line before. latest: no line was written after that.
 * 1; 0: the line is of another program, or it is uncertain whose; the time is
 * set even then. Changes the bytes of the line; the result may point into them.
 */
int postlog_line_read(struct postlog_line *line, char *bytes, time_t latest);

/* postlog_line_clear - free what it holds. */
void postlog_line_clear(struct postlog_line *line);

#endif
