/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CONTROL_CONTROL_TIME_H
#define POLICYD_CONTROL_CONTROL_TIME_H

#include <stdint.h>

#define CONTROL_TIME_MAX 40

/* control_time - a time of time(2) as local date and time, in this buffer. */
const char *control_time(char buffer[CONTROL_TIME_MAX], int64_t when);

/* control_span - a number of seconds in at most two units: "3 d 4 h". */
const char *control_span(char buffer[CONTROL_TIME_MAX], int64_t seconds);

#endif
