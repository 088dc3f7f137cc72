/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_LOG_LIMIT_H
#define LIB_BASE_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Lines that a stranger can cause are limited, each kind by one of these:
 * LOG_LIMIT_LINES in LOG_LIMIT_MS; the rest is only counted. All zero: none
 * yet. */
#define LOG_LIMIT_LINES 10
#define LOG_LIMIT_MS	10000

struct log_limit {
	unsigned most;	   /* 0: LOG_LIMIT_LINES */
	uint64_t start_ms; /* of the current period */
	unsigned lines;	   /* in it */
	unsigned long suppressed;
};

/* log_limit_pass - may one more line be written at now_ms (monotonic)? If so,
 * *suppressed is the number of lines that were suppressed since the last
 * one. */
bool log_limit_pass(struct log_limit *limit, uint64_t now_ms,
		    unsigned long *suppressed);

#endif
