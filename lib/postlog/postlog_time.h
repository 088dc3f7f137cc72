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

#endif
