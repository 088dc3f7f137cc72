/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_TIME_H
#define LIB_POSTLOG_POSTLOG_TIME_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* POSTLOG_NO_TIME - the time of a line is not known. */
#define POSTLOG_NO_TIME INT64_MIN

/* postlog_time - the time, in seconds since 1970, that a time stamp of a log
 * says: of syslog(3), RFC 3339, or seconds since 1970, as journalctl(1) prints
 * them, too. A stamp without a zone is of the zone of this host. One without a
 * year is of the last year in which it is not after latest, the time of the
 * last line. POSTLOG_NO_TIME: it is in another format. */
int64_t postlog_time(const char *stamp, size_t length, time_t latest);

#define POSTLOG_STAMP_MAX 64

/* The last time stamp that was read: most lines have the same one as the line
 * before, and finding its year takes long. Zero it before its first use. */
struct postlog_stamp {
	char text[POSTLOG_STAMP_MAX];
	time_t latest;
	int64_t time;
};

/* postlog_stamp_time - the same as postlog_time(). */
int64_t postlog_stamp_time(struct postlog_stamp *last, const char *stamp,
			   size_t length, time_t latest);

#endif
