/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_CLOCK_H
#define LIB_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

/* clock_ms - milliseconds of a monotonic clock that cannot be set. Its
 * resolution of some milliseconds is enough for time limits. */
uint64_t clock_ms(void);

/* clock_left_ms - the milliseconds until then, for poll(2); 0: it has passed.
 */
int clock_left_ms(uint64_t end_ms);

/* clock_timeval - a number of milliseconds, for libevent. */
struct timeval clock_timeval(uint64_t ms);

/* clock_us - microseconds of CLOCK_MONOTONIC, to measure. */
uint64_t clock_us(void);

/* clock_local - local time. False: there is no such time here; where time_t has
 * 32 bits, that is what is later than 2038. */
bool clock_local(int64_t seconds, struct tm *local);

#endif
