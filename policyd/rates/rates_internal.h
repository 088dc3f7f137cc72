/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_RATES_RATES_INTERNAL_H
#define POLICYD_RATES_RATES_INTERNAL_H

#include <stdint.h>
#include <stdio.h>

#include "lib/decision/rate.h"
#include "lib/rate/rate_table.h"

/* Shared by rates.c (what is asked for) and rates_list.c (how it is shown). */

/* One key, copied from its table. */
struct rates_row {
	const struct rate *rate;
	char *key;
	struct rate_limits limits; /* of this key */
	unsigned windows;
	uint32_t length_s[RATE_WINDOWS_MAX];
	uint64_t used[RATE_WINDOWS_MAX];
	uint64_t free_s[RATE_WINDOWS_MAX];
	uint64_t blocked_s; /* UINT64_MAX: for good; 0: not blocked */
	uint64_t idle_s;
	struct rate_place *places;
	unsigned place_count;
	unsigned fullness; /* of its fullest window, in percent */
};

struct rates_rows {
	struct rates_row *rows;
	size_t count;
};

/* rates_row_limit - the limit of one of its windows; RATE_UNLIMITED. */
uint64_t rates_row_limit(const struct rates_row *row, unsigned window);

/* rates_print - as a table; all: everything about each key, otherwise its
 * windows with at least that percentage. */
void rates_print(const struct rates_rows *rows, bool all, unsigned least,
		 FILE *output);

/* rates_print_json - each key as one object on one line. */
void rates_print_json(const struct rates_rows *rows, FILE *output);

#endif
