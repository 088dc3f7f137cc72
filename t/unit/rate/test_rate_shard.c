/* SPDX-License-Identifier: ISC */
/* Tests of rate_shard.c: the index of a shard, built from cells in memory and
 * in the file, sound and damaged ones. */

#include "t/unit/rate/rate_place.h"

#define KEYS 20000 /* some hundred for each shard */

/* A table with keys, and the index of a shard. */
struct setting {
	struct place place;
	struct rate_table *table;
	struct rate_shard *shard;
};

/* setting_init - with keys "0" to "19999" */
static void setting_init(struct setting *setting, unsigned shard)
{
	place_init(&setting->place);
	setting->table = open_table(&setting->place, "5/1h", RATE_NUMBER, KEYS);
	for (int i = 0; i < KEYS; i++) {
		struct rate_charge charge;
		char key[8];

		snprintf(key, sizeof(key), "%d", i);
		charge = charge_of(setting->table, key, 1, "5/1h", RATE_NUMBER);
		ck_assert(rate_take(&charge, 1, setting->place.clock.now_us));
	}
	setting->shard = rate_shard(setting->table, shard);
	ck_assert_uint_gt(setting->shard->count, 256);
}

/* setting_clear - remove it */
static void setting_clear(struct setting *setting)
{
	rate_table_close(setting->table);
	place_clear(&setting->place);
}

/* find - a cell by what it has */
static struct rate_cell *find(const struct setting *setting,
			      const struct rate_cell *cell)
{
	return rate_find(setting->table, setting->shard, cell->hash, cell->key,
			 cell->length);
}

/* check_found - all cells, but those that have become free */
static void check_found(const struct setting *setting, uint32_t free)
{
	for (uint32_t i = 0; i < setting->shard->count; i++) {
		struct rate_cell *cell =
			rate_cell(setting->table, setting->shard, i);

		if (cell->hash != 0)
			ck_assert_ptr_eq(find(setting, cell), cell);
		else
			ck_assert_uint_gt(free--, 0);
	}
	ck_assert_uint_eq(free, 0);
	ck_assert_uint_eq(setting->shard->changing, 0);
}

/* build - in one of the three ways */
static void build(struct setting *setting, int way)
{
	char *index = (char *)setting->shard + setting->table->layout.index;
	int lock = setting->table->lock;

	memset(index, 0x55, setting->table->layout.slots * sizeof(uint32_t));
	if (way == 2)
		setting->table->lock = -1; /* the file cannot be read */
	if (way == 0)
		rate_index_build(setting->table, setting->shard);
	else
		rate_index_read(setting->table, setting->shard);
	setting->table->lock = lock;
}

START_TEST(sound_cells)
{
	struct setting setting;
	uint32_t count;

	setting_init(&setting, 5);
	count = setting.shard->count;
	build(&setting, _i);
	ck_assert_uint_eq(setting.shard->count, count);
	check_found(&setting, 0);
	setting_clear(&setting);
}
END_TEST

/* What cannot have been written there is free afterwards; of two cells with one
 * key, as after a power cut, the second is. */
START_TEST(damaged_cells)
{
	struct rate_cell *cell[300];
	struct setting setting;
	size_t size;

	setting_init(&setting, 6);
	size = setting.table->layout.cell_size;
	for (uint32_t i = 0; i < 300; i++)
		cell[i] = rate_cell(setting.table, setting.shard, i);
	cell[1]->hash = 0;
	cell[2]->hash += 64;	/* not that of its key */
	cell[3]->hash ^= 1;	/* of another shard */
	cell[280]->key[0] ^= 1; /* another key */
	memcpy(cell[290], cell[10], size);
	memcpy(cell[291], cell[270], size);
	build(&setting, _i);
	check_found(&setting, 6);
	ck_assert_uint_ne(cell[10]->hash, 0);
	ck_assert_uint_ne(cell[270]->hash, 0);
	setting_clear(&setting);
}
END_TEST

/* Keys whose hashes are the same in all bits that the index looks at, which
 * only a key can have of which the cell has no more than the beginning. */
START_TEST(similar_cells)
{
	struct rate_cell *cell[5];
	struct setting setting;

	setting_init(&setting, 7);
	for (uint32_t i = 0; i < 5; i++) {
		cell[i] = rate_cell(setting.table, setting.shard, i * 60);
		cell[i]->hash = cell[0]->hash + i * RATE_SHARDS;
		cell[i]->length = RATE_KEY_TEXT + 1;
	}
	build(&setting, _i);
	check_found(&setting, 0);
	for (int i = 1; i < 5; i++)
		ck_assert_uint_eq(cell[i]->hash,
				  cell[0]->hash + (uint64_t)i * RATE_SHARDS);
	setting_clear(&setting);
}
END_TEST

/* The number of every cell of the largest table, plus one, fits into a slot
 * beside a part of the hash. */
START_TEST(numbers_fit)
{
	struct rate_shape shape = { .windows = 1,
				    .length_s = { 60 },
				    .keys = RATE_KEYS_MAX };
	struct rate_layout layout = rate_layout_of(&shape);

	ck_assert_uint_lt(layout.room, 1U << RATE_NUMBER_BITS);
	ck_assert_uint_le(layout.slots, 1U << RATE_NUMBER_BITS);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_shard");

	tcase_add_loop_test(tests, sound_cells, 0, 3);
	tcase_add_loop_test(tests, damaged_cells, 0, 3);
	tcase_add_loop_test(tests, similar_cells, 0, 3);
	tcase_add_test(tests, numbers_fit);
	return run_tests("rate_shard", tests);
}
