/* SPDX-License-Identifier: ISC */
/* fuzz_rate - a file of counts with any damage
 *
 * The input is a list of steps of five bytes: change a byte of the file before
 * it is opened, or use the open table. Whatever is in the file, no charge may
 * be counted beyond its limit, and no index may lead out of it. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/trust.h"
#include "lib/base/xalloc.h"
#include "lib/rate/rate_internal.h"
#include "t/fuzz/fuzz.h"

#define STEP  5 /* bytes */
#define KEYS  40
#define LIMIT 5

/* A good file, and the one that is damaged. */
static char *good, *map;
static struct rate_layout layout;
static const struct rate_shape shape = { .windows = 2,
					 .length_s = { 60, 3600 },
					 .keys = RATE_KEYS_MIN };
static struct rate_clock now = { .now_us = 1000000000,
				 .wall_us = 1800000000000000,
				 .boot = "one" };

/* charge_of - one for a key by its number */
static struct rate_charge charge_of(struct rate_table *table, const char *key,
				    uint64_t amount)
{
	struct rate_charge charge = { .table = table,
				      .key = key,
				      .place = "",
				      .instance = key,
				      .amount = amount,
				      .near = 50 };

	charge.limits.count = 2;
	for (unsigned i = 0; i < 2; i++) {
		charge.limits.limit[i].length_s = shape.length_s[i];
		charge.limits.limit[i].number = LIMIT;
	}
	return charge;
}

/* start - as rate_file.c does with a file of that length; false: it would be
 * renamed, or refused */
static bool start(struct rate_table *table, uint64_t length)
{
	struct rate_header *header = (struct rate_header *)(void *)map;

	memset(table, 0, sizeof(*table));
	table->map = map;
	if (rate_header_state(header, length, &table->shape) != RATE_STATE_GOOD)
		return false;
	require(rate_shape_equal(&table->shape, &shape));
	table->layout = rate_layout_of(&table->shape);
	memcpy(table->seed, header->made.seed, sizeof(table->seed));
	rate_header_start(table, &now);
	require(rate_clock_load(table, &now) == 0);
	return true;
}

/* LLVMFuzzerInitialize - make a file with some keys */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	struct rate_table table = { .shape = shape, .seed = { 1, 2 } };
	char key[16];

	(void)count;
	(void)arguments;
	table.layout = layout = rate_layout_of(&shape);
	good = xcalloc(1, layout.size);
	map = xcalloc(1, layout.size);
	table.map = map;
	rate_header_make(&table);
	require(start(&table, layout.size));
	for (unsigned i = 0; i < 10 * KEYS; i++) {
		struct rate_charge charge;

		snprintf(key, sizeof(key), "k%u", i);
		charge = charge_of(&table, key, 1 + i % 3);
		rate_take(&charge, 1, now.now_us);
	}
	memcpy(good, map, layout.size);
	return 0;
}

/* damage - a byte of the header, of a shard before its cells, or of a cell */
static void damage(const uint8_t *step)
{
	size_t offset = (size_t)step[2] << 8 | step[3];
	size_t shard =
		RATE_HEADER_SIZE + step[1] % RATE_SHARDS * layout.shard_size;

	if (step[0] % 4 == 0)
		map[offset % sizeof(struct rate_header)] = (char)step[4];
	else if (step[0] % 4 == 1)
		map[shard + offset % layout.cells] = (char)step[4];
	else
		map[shard + layout.cells +
		    offset % (layout.room * layout.cell_size)] = (char)step[4];
}

/* damage_all - the steps that are damage. Returns the length of the file: its
 * end may be missing */
static uint64_t damage_all(const uint8_t *data, size_t size)
{
	memcpy(map, good, layout.size);
	for (size_t i = 0; i + STEP <= size; i += STEP)
		if (data[i] < 200)
			damage(data + i);
	return size % STEP == 1 ? data[size - 1] * layout.size / 255
				: layout.size;
}

/* on_row - nothing is longer than it can be */
static int on_row(void *context, const struct rate_row *row)
{
	(void)context;
	require(strlen(row->key) <= RATE_KEY_TEXT && row->place_count == 0);
	return 0;
}

/* take - a charge that is counted is within its limit */
static void take(struct rate_table *table, const uint8_t *step, uint64_t now_us)
{
	struct rate_charge charge;
	char key[16];

	snprintf(key, sizeof(key), "k%d", step[1] % KEYS);
	charge = charge_of(table, key, step[2] % 8);
	if (step[3] % 3 == 0)
		charge.instance = "";
	if (rate_take(&charge, 1, now_us) && !charge.result.counted_before &&
	    charge.amount > 0)
		require(charge.result.used <= LIMIT);
	if (step[3] % 5 == 0)
		rate_give_back(&charge, 1, now_us);
	rate_look(&charge, 1, step[4] % 2 == 0, now_us);
}

/* use - one step with the open table */
static void use(struct rate_table *table, const uint8_t *step, uint64_t now_us)
{
	char key[16];

	snprintf(key, sizeof(key), "k%d", step[1]);
	switch (step[2] % 8) {
	case 0:
		rate_table_each(table, now_us, on_row, NULL);
		break;
	case 1:
		rate_table_block(table, key, step[3], now_us, NULL);
		break;
	case 2:
		rate_table_unblock(table, key, now_us);
		break;
	case 3:
		rate_table_reset(table, key, now_us);
		break;
	case 4:
		rate_table_key(table, key, now_us, on_row, NULL);
		break;
	default:
		take(table, step, now_us);
		break;
	}
}

/* LLVMFuzzerTestOneInput - damage the file, start it, use it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t length = damage_all(data, size);
	uint64_t now_us = now.now_us;
	struct rate_table table;

	now.boot[1] = size > 0 && data[0] % 8 == 0 ? 'N' : 'n';
	if (!start(&table, length))
		return 0;
	for (size_t i = 0; i + STEP <= size; i += STEP) {
		if (data[i] < 200)
			continue;
		now_us += (uint64_t)data[i + 4] * 1000000;
		use(&table, data + i, now_us);
	}
	require(rate_table_stats(&table).keys <= rate_table_stats(&table).room);
	return 0;
}
