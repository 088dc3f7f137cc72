/* SPDX-License-Identifier: ISC */
/* clock - monotonic time, for limits and to measure; local time */

#include "lib/base/clock.h"

#include <limits.h>

/* clock_ms - monotonic time */
uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* clock_left_ms - until then */
int clock_left_ms(uint64_t end_ms)
{
	uint64_t now = clock_ms();

	if (now >= end_ms)
		return 0;
	return end_ms - now < INT_MAX ? (int)(end_ms - now) : INT_MAX;
}

/* clock_timeval - for libevent */
struct timeval clock_timeval(uint64_t ms)
{
	return (struct timeval){ .tv_sec = (time_t)(ms / 1000),
				 .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
}

/* clock_us - more precise, and slower */
uint64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* clock_local - of no other time than the one that was asked for */
bool clock_local(int64_t seconds, struct tm *local)
{
	time_t time = (time_t)seconds;

	return time == seconds && localtime_r(&time, local) != NULL;
}
