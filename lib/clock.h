/* SPDX-License-Identifier: ISC */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>

/* clock_ms - milliseconds of a clock that only goes forward and that nobody
 * sets; good to some milliseconds, which is enough for time limits. */
int64_t clock_ms(void);

#endif
