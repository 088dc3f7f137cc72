/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FIGURE_H
#define POLICYD_QUERY_FIGURE_H

#include <stdint.h>
#include <stdio.h>

/* A number with commas, "12,840". */
struct figure {
	char text[32];
};
struct figure figure(uint64_t number);

/* A text of strangers, escaped as in the log, and cut if it is long. */
struct quoted {
	char text[161];
};
struct quoted quoted(const char *text);

/* figure_note - "note: 12,840 MANY" on a line, or "note: 1 ONE", unless the
 * number is 0. */
void figure_note(uint64_t number, const char *one, const char *many,
		 FILE *output);

/* figure_time - "2026-11-24 15:00:00", local time. */
struct figure figure_time(int64_t seconds);

/* figure_span - a number of seconds in at most two units: "3 d 4 h". */
struct figure figure_span(int64_t seconds);

#endif
