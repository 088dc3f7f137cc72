/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_CLOCK_H
#define LIB_BASE_CLOCK_H

#include <stdint.h>

/* clock_ms - milliseconds of a monotonic clock that cannot be set. Its
 * resolution of some milliseconds is enough for time limits. */
int64_t clock_ms(void);

#endif
