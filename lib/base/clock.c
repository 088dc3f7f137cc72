/* SPDX-License-Identifier: ISC */
/* clock - the clock for time limits */

#include "lib/base/clock.h"

#include <time.h>

/* clock_ms - monotonic time */
int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
