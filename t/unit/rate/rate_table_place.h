/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_RATE_RATE_TABLE_PLACE_H
#define T_UNIT_RATE_RATE_TABLE_PLACE_H

#include <errno.h>

#include "t/unit/rate/rate_place.h"

/* Tables of counts in a directory. */

#define LIMITS "5/1h"

/* take - one amount for a key; was it counted? used: what is used then */
static inline bool take(struct place *place, struct rate_table *table,
			const char *key, uint64_t amount, uint64_t *used)
{
	struct rate_charge charge =
		charge_of(table, key, amount, LIMITS, RATE_NUMBER);
	bool counted = rate_take(&charge, 1, place->clock.now_us);

	*used = charge.result.used;
	return counted;
}

/* used - what a key has used */
static inline uint64_t used(struct place *place, struct rate_table *table,
			    const char *key)
{
	struct rate_charge charge =
		charge_of(table, key, 1, LIMITS, RATE_NUMBER);

	rate_look(&charge, 1, false, place->clock.now_us);
	ck_assert_int_ne(charge.result.outcome, RATE_UNKNOWN);
	return charge.result.used;
}

/* refused - it cannot be opened, and why */
static inline void refused(struct place *place, const char *why)
{
	struct rate_limits limits = limits_of(LIMITS, RATE_NUMBER);
	struct rate_shape shape = rate_shape_of(&limits, RATE_NUMBER, 64);
	struct error error = { "" };
	struct rate_table *table = rate_table_open(
		place->path, &shape, TRUST_NOBODY, &place->clock, &error);

	ck_assert_ptr_null(table);
	ck_assert_msg(strstr(error.text, why) != NULL, "%s", error.text);
	ck_assert_msg(strstr(error.text, place->path) != NULL, "%s",
		      error.text);
}

/* exists - a file beside it */
static inline bool exists(const struct place *place, const char *suffix)
{
	struct stat status;
	char path[100];

	snprintf(path, sizeof(path), "%s%s", place->path, suffix);
	return stat(path, &status) == 0;
}

/* count_row - a handler */
static inline int count_row(void *context, const struct rate_row *row)
{
	unsigned *count = context;

	ck_assert_uint_le(row->place_count, RATE_NETWORKS_MAX);
	ck_assert_uint_le(strlen(row->key), RATE_KEY_TEXT);
	(*count)++;
	return 0;
}

/* fill - some keys, and some instances */
static inline void fill(struct place *place, struct rate_table *table, int keys)
{
	char key[16];

	for (int i = 0; i < keys; i++) {
		struct rate_charge charge;

		snprintf(key, sizeof(key), "key%d", i);
		charge = charge_of(table, key, 2, LIMITS, table->shape.unit);
		charge.place = key;
		charge.instance = key;
		rate_take(&charge, 1, place->clock.now_us);
	}
}

#endif
