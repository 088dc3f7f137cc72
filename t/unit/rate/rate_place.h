/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_RATE_PLACE_H
#define T_UNIT_RATE_PLACE_H

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/trust.h"
#include "lib/rate/rate_internal.h"
#include "t/unit/test.h"

/* A directory for files of counts, and clocks that the test sets. */

#define SECOND_US 1000000ULL
#define HOUR_US	  (3600 * SECOND_US)
#define WALL_US	  (1800000000 * SECOND_US)

struct place {
	char directory[64];
	char path[80];
	struct rate_clock clock;
};

/* place_init - an empty directory; the machine was booted 1000 s ago */
static inline void place_init(struct place *place)
{
	memset(place, 0, sizeof(*place));
	strcpy(place->directory, "/tmp/rateXXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place->directory));
	strcpy(place->path, place->directory);
	strcat(place->path, "/rate.login");
	place->clock.now_us = 1000 * SECOND_US;
	place->clock.wall_us = WALL_US;
	place->clock.boot[0] = 1;
}

/* place_clear - remove it */
static inline void place_clear(struct place *place)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", place->directory);
	ck_assert_int_eq(system(command), 0);
}

/* elapse - true time passes */
static inline void elapse(struct place *place, uint64_t us)
{
	place->clock.now_us += us;
	place->clock.wall_us += us;
}

/* boot - the machine was off for a while; the wall clock may be behind */
static inline void boot(struct place *place, uint64_t off_us, uint64_t behind)
{
	place->clock.wall_us += off_us;
	place->clock.wall_us -= behind;
	place->clock.now_us = 20 * SECOND_US;
	place->clock.boot[0]++;
}

/* limits_of - "20/1m 200/1h" */
static inline struct rate_limits limits_of(const char *text,
					   enum rate_unit unit)
{
	struct rate_limits limits = { 0 };
	struct rate_limit limit;
	struct error error;
	char copy[100];

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok(copy, " "); word != NULL;
	     word = strtok(NULL, " ")) {
		ck_assert_int_eq(rate_limit_parse(word, unit, &limit, &error),
				 0);
		ck_assert_int_eq(rate_limits_add(&limits, &limit, &error), 0);
	}
	return limits;
}

/* open_table - for limits in that form; it must work */
static inline struct rate_table *open_table(struct place *place,
					    const char *limits,
					    enum rate_unit unit, uint32_t keys)
{
	struct rate_limits all = limits_of(limits, unit);
	struct rate_shape shape = rate_shape_of(&all, unit, keys);
	struct error error = { "" };
	struct rate_table *table = rate_table_open(
		place->path, &shape, TRUST_NOBODY, &place->clock, &error);

	ck_assert_msg(table != NULL, "%s", error.text);
	return table;
}

/* charge_of - one charge without an instance */
static inline struct rate_charge charge_of(struct rate_table *table,
					   const char *key, uint64_t amount,
					   const char *limits,
					   enum rate_unit unit)
{
	struct rate_charge charge = { .table = table,
				      .key = key,
				      .place = "",
				      .instance = "",
				      .amount = amount,
				      .limits = limits_of(limits, unit) };

	return charge;
}

/* check - what a result says */
static inline void check(struct rate_result result, enum rate_outcome outcome,
			 uint64_t used, uint64_t number, uint32_t length_s,
			 uint64_t free_s)
{
	ck_assert_int_eq(result.outcome, outcome);
	ck_assert_uint_eq(result.used, used);
	ck_assert_uint_eq(result.number, number);
	ck_assert_uint_eq(result.length_s, length_s);
	ck_assert_uint_eq(result.free_s, free_s);
}

/* expect - as a restriction does, a while before it is taken */
static inline void expect(struct rate_charge *charge)
{
	charge->hashes =
		rate_expect(charge->table, charge->key, charge->instance);
}

#endif
