/* SPDX-License-Identifier: ISC */
/* test_rate_table - the table of counts: reloads and boots; when it is full;
 * the list of keys, reset and block */

#include "t/unit/rate/rate_place.h"

#include <errno.h>

#include "t/unit/rate/rate_table_place.h"

START_TEST(new_and_again)
{
	struct rate_table *table, *again;
	struct stat status;
	struct place place;
	uint64_t sum;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	ck_assert_int_eq(rate_table_found(table), RATE_FOUND_NONE);
	ck_assert_int_eq(stat(place.path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_uint_eq((uint64_t)status.st_size,
			  rate_shape_size(&table->shape));
	ck_assert_uint_ge((uint64_t)status.st_blocks * 512,
			  (uint64_t)status.st_size);
	take(&place, table, "alice", 2, &sum);
	again = open_table(&place, LIMITS, RATE_NUMBER, 64);
	ck_assert_int_eq(rate_table_found(again), RATE_FOUND_GOOD);
	take(&place, again, "alice", 1, &sum);
	ck_assert_uint_eq(used(&place, table, "alice"), 3);
	rate_table_close(table);
	rate_table_close(again);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	ck_assert_uint_eq(used(&place, table, "alice"), 3);
	rate_table_close(table);
	rate_table_close(NULL);
	place_clear(&place);
}
END_TEST

/* A clock that is wrong in the file, and one that never goes back. */
START_TEST(boots)
{
	struct rate_table *table;
	struct place place;
	uint64_t sum;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	take(&place, table, "alice", 5, &sum);
	rate_table_close(table);
	boot(&place, 60 * SECOND_US, 20 * 365 * 24 * HOUR_US);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	ck_assert_uint_eq(used(&place, table, "alice"), 5);
	elapse(&place, HOUR_US);
	ck_assert_uint_eq(used(&place, table, "alice"), 5);
	elapse(&place, HOUR_US / 30 + SECOND_US);
	ck_assert_uint_eq(used(&place, table, "alice"), 0);
	/* The index is made anew from the cells. */
	take(&place, table, "alice", 3, &sum);
	for (unsigned i = 0; i < RATE_SHARDS; i++)
		memset((char *)rate_shard(table, i) + table->layout.index, 0xff,
		       table->layout.slots * sizeof(uint32_t));
	rate_table_close(table);
	boot(&place, 60 * SECOND_US, 0);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	ck_assert_uint_eq(used(&place, table, "alice"), 3);
	/* So is that of a shard whose owner was killed while changing it. */
	for (unsigned i = 0; i < RATE_SHARDS; i++) {
		memset((char *)rate_shard(table, i) + table->layout.index, 0,
		       table->layout.slots * sizeof(uint32_t));
		rate_shard(table, i)->changing = 1;
	}
	ck_assert_uint_eq(used(&place, table, "alice"), 3);
	rate_header(table)->offset_us = (uint64_t)1 << 62;
	refused(&place, "the time in it is damaged");
	rate_table_close(table);
	/* Alone, it is chosen anew. */
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	ck_assert_uint_eq(used(&place, table, "alice"), 3);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

START_TEST(reload_with_other_windows)
{
	struct rate_charge charge;
	struct rate_table *first, *second, *third;
	struct place place;
	uint64_t sum;

	place_init(&place);
	first = open_table(&place, LIMITS, RATE_NUMBER, 64);
	take(&place, first, "alice", 3, &sum);
	ck_assert_int_eq(
		rate_table_block(first, "bob", 600, place.clock.now_us, NULL),
		0);
	second = open_table(&place, "2/1m 5/1h", RATE_NUMBER, 200);
	ck_assert_int_eq(rate_table_found(second), RATE_FOUND_WAITING);
	ck_assert_uint_eq(rate_table_shape(second).windows, 1);
	/* Both servers go on with the old one. */
	take(&place, second, "alice", 1, &sum);
	take(&place, first, "carol", 1, &sum);
	ck_assert_uint_eq(used(&place, first, "alice"), 4);
	/* A third one, as the command line is, will follow. */
	ck_assert_int_eq(rate_table_find(place.path, TRUST_NOBODY, &place.clock,
					 &third, NULL),
			 1);
	rate_table_migrate(second, place.clock.now_us);
	ck_assert_uint_eq(rate_table_shape(second).windows, 2);
	ck_assert_uint_eq(used(&place, second, "alice"), 4);
	charge = charge_of(second, "alice", 1, "2/1m 5/1h", RATE_NUMBER);
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert(!rate_take(&charge, 1, place.clock.now_us));
	ck_assert_uint_eq(charge.result.length_s, 3600);
	charge.key = "bob";
	ck_assert(!rate_take(&charge, 1, place.clock.now_us));
	ck_assert_int_eq(charge.result.outcome, RATE_BLOCKED);
	ck_assert_uint_eq(used(&place, third, "alice"), 5);
	rate_table_close(third);
	/* The first server has no connections. If it had, it would defer. */
	charge.table = first;
	ck_assert(!rate_take(&charge, 1, place.clock.now_us));
	ck_assert_int_eq(charge.result.outcome, RATE_UNKNOWN);
	rate_table_close(first);
	/* The next one to open it gives the file its name. */
	first = open_table(&place, "2/1m 5/1h", RATE_NUMBER, 200);
	ck_assert_int_eq(rate_table_found(first), RATE_FOUND_GOOD);
	ck_assert(!exists(&place, ".new"));
	ck_assert_uint_eq(used(&place, first, "alice"), 5);
	take(&place, first, "carol", 1, &sum);
	ck_assert_uint_eq(used(&place, second, "carol"), 2);
	rate_table_close(first);
	rate_table_close(second);
	/* Alone, it is changed at once. */
	first = open_table(&place, "5/1h 100/1d", RATE_NUMBER, 64);
	ck_assert_int_eq(rate_table_found(first), RATE_FOUND_OTHER);
	ck_assert(!exists(&place, ".new"));
	ck_assert_uint_eq(rate_table_shape(first).windows, 2);
	ck_assert_uint_eq(rate_table_shape(first).keys, 64);
	ck_assert_uint_eq(used(&place, first, "alice"), 5);
	rate_table_close(first);
	place_clear(&place);
}
END_TEST

/* A message is counted, the table gets a window more, and then the message is
 * refused: the new window never counted it. */
START_TEST(given_back_after_a_reload)
{
	static const char limits[] = "5/1m 5/1h";
	struct rate_charge charge, other;
	struct rate_table *first, *second;
	struct place place;

	place_init(&place);
	first = open_table(&place, "5/1m", RATE_NUMBER, 64);
	charge = charge_of(first, "alice", 3, "5/1m", RATE_NUMBER);
	charge.instance = "a";
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	second = open_table(&place, limits, RATE_NUMBER, 64);
	/* One is on its way. */
	charge.table = second;
	expect(&charge);
	rate_table_migrate(second, place.clock.now_us);
	rate_table_close(first);
	other = charge_of(second, "alice", 2, limits, RATE_NUMBER);
	ck_assert(rate_take(&other, 1, place.clock.now_us));
	rate_give_back(&charge, 1, place.clock.now_us);
	/* Two are in the hour, none of which may be forgotten. */
	elapse(&place, 62 * SECOND_US);
	other.amount = 4;
	ck_assert(!rate_take(&other, 1, place.clock.now_us));
	ck_assert_uint_eq(other.result.used, 2);
	other.amount = 3;
	ck_assert(rate_take(&other, 1, place.clock.now_us));
	rate_table_close(second);
	place_clear(&place);
}
END_TEST

START_TEST(a_settling_server_is_killed)
{
	struct rate_table *first, *second;
	struct place place;

	place_init(&place);
	first = open_table(&place, LIMITS, RATE_NUMBER, 64);
	fill(&place, first, 100);
	second = open_table(&place, "5/1h 100/1d", RATE_NUMBER, 64);
	rate_table_migrate(second, place.clock.now_us);
	/* Half of it had not been done. */
	for (unsigned i = 0; i < RATE_SHARDS; i += 2)
		atomic_store(&rate_shard(first, i)->moved, 0);
	rate_table_close(first);
	rate_table_close(second);
	first = open_table(&place, "5/1h 100/1d", RATE_NUMBER, 64);
	ck_assert(!exists(&place, ".new"));
	for (int i = 0; i < 100; i++) {
		char key[16];

		snprintf(key, sizeof(key), "key%d", i);
		ck_assert_uint_eq(used(&place, first, key), 2);
	}
	rate_table_close(first);
	/* It was killed before: what it had made is made anew. */
	first = open_table(&place, "5/1h 100/1d", RATE_NUMBER, 64);
	second = open_table(&place, "5/1h 100/7d", RATE_NUMBER, 64);
	ck_assert(exists(&place, ".new"));
	rate_table_close(second);
	second = open_table(&place, "5/1h 100/3d", RATE_NUMBER, 64);
	rate_table_close(first);
	rate_table_migrate(second, place.clock.now_us);
	ck_assert_uint_eq(rate_table_shape(second).length_s[1], 3 * 86400);
	ck_assert_uint_eq(used(&place, second, "key7"), 2);
	rate_table_close(second);
	place_clear(&place);
}
END_TEST

START_TEST(moved_counts_survive_a_boot)
{
	struct rate_table *table;
	struct place place;
	uint64_t sum;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	elapse(&place, HOUR_US);
	take(&place, table, "alice", 3, &sum);
	rate_table_close(table);
	table = open_table(&place, "5/1h 100/7d", RATE_NUMBER, 64);
	rate_table_close(table);
	boot(&place, 0, 24 * HOUR_US);
	table = open_table(&place, "5/1h 100/7d", RATE_NUMBER, 64);
	elapse(&place, HOUR_US);
	ck_assert_uint_eq(used(&place, table, "alice"), 3);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* A full table: whoever comes back is not counted below what they had. */
START_TEST(full_of_others)
{
	struct rate_table *table;
	uint64_t total[20] = { 0 };
	struct place place;
	char key[16];
	uint64_t sum;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "a%d", i);
		take(&place, table, key, 2, &total[i]);
	}
	fill(&place, table, 1000);
	ck_assert_uint_gt(rate_table_stats(table).displaced, 200);
	ck_assert_uint_le(rate_table_stats(table).keys,
			  rate_table_stats(table).room);
	if (_i == 1) {
		/* A new shape has no room for more. */
		rate_table_close(table);
		table = open_table(&place, "5/1h 100/1d", RATE_NUMBER, 64);
	}
	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "a%d", i);
		while (take(&place, table, key, 1, &sum))
			total[i]++;
		ck_assert_uint_le(total[i], 5);
	}
	/* All of it is forgotten in time. */
	elapse(&place, HOUR_US + HOUR_US / 30 + SECOND_US);
	ck_assert(take(&place, table, "new", 5, &sum));
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* The weakest keys give way to others with more, and come back: what they had
 * is not forgotten, nor while it is about to leave the window. */
START_TEST(gives_way_and_comes_back)
{
	struct rate_table *table;
	uint64_t total[100] = { 0 };
	struct place place;
	char key[16];
	uint64_t sum;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "a%d", i);
		take(&place, table, key, 3, &total[i]);
	}
	if (_i == 1)
		elapse(&place, HOUR_US - 60 * SECOND_US);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "b%d", i);
		take(&place, table, key, 4, &sum);
	}
	ck_assert_uint_gt(rate_table_stats(table).displaced, 20);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "a%d", i);
		while (take(&place, table, key, 1, &sum))
			total[i]++;
		ck_assert_uint_le(total[i], 5);
	}
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* from - a message from a network */
static bool from(struct place *place, struct rate_table *table, const char *key,
		 const char *network)
{
	struct rate_charge charge =
		charge_of(table, key, 1, "3/1h", RATE_NETWORKS);

	charge.place = network;
	return rate_take(&charge, 1, place->clock.now_us);
}

START_TEST(full_of_networks)
{
	struct rate_table *table;
	struct place place;
	char key[16];

	place_init(&place);
	table = open_table(&place, "3/1h", RATE_NETWORKS, 64);
	for (int i = 0; i < 1500; i++) {
		snprintf(key, sizeof(key), "a%d", i);
		from(&place, table, key, "one");
		from(&place, table, key, "two");
	}
	if (_i == 1) {
		rate_table_close(table);
		table = open_table(&place, "3/1h", RATE_NETWORKS, 65);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "a%d", i);
		ck_assert(!(from(&place, table, key, "three") &&
			    from(&place, table, key, "four")));
	}
	elapse(&place, HOUR_US + SECOND_US);
	ck_assert(from(&place, table, "a0", "three"));
	ck_assert(from(&place, table, "a0", "four"));
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* copy_row - a handler */
static int copy_row(void *context, const struct rate_row *row)
{
	*(struct rate_row *)context = *row;
	return 7;
}

START_TEST(listed_reset_and_blocked)
{
	struct rate_table *table;
	struct rate_row row;
	struct place place;
	char long_key[300], other_key[300];
	unsigned rows = 0;
	uint64_t now, sum;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	memset(long_key, 'x', sizeof(long_key) - 1);
	long_key[299] = '\0';
	memcpy(other_key, long_key, sizeof(long_key));
	other_key[298] = 'y';
	take(&place, table, long_key, 2, &sum);
	take(&place, table, other_key, 1, &sum);
	take(&place, table, "", 3, &sum);
	take(&place, table, "alice", 4, &sum);
	now = place.clock.now_us;
	ck_assert_uint_eq(used(&place, table, long_key), 2);
	ck_assert_int_eq(rate_table_each(table, now, count_row, &rows), 0);
	ck_assert_uint_eq(rows, 4);
	ck_assert_int_eq(rate_table_each(table, now, copy_row, &row), 7);
	ck_assert_int_eq(rate_table_key(table, "nobody", now, copy_row, &row),
			 0);
	elapse(&place, 60 * SECOND_US);
	now = place.clock.now_us;
	ck_assert_int_eq(rate_table_key(table, "alice", now, copy_row, &row),
			 1);
	ck_assert_uint_eq(row.windows, 1);
	ck_assert_uint_eq(row.length_s[0], 3600);
	ck_assert_uint_eq(row.used[0], 4);
	ck_assert_uint_eq(row.free_s[0], 3720 - 60);
	ck_assert_uint_eq(row.idle_s, 60);
	ck_assert_uint_eq(row.blocked_s, 0);
	ck_assert(!row.cut);
	ck_assert_int_eq(rate_table_reset(table, "alice", now), 1);
	ck_assert_int_eq(rate_table_reset(table, "alice", now), 0);
	ck_assert_int_eq(rate_table_reset(table, "nobody", now), 0);
	ck_assert_int_eq(rate_table_key(table, "alice", now, copy_row, &row),
			 0);
	ck_assert_int_eq(rate_table_block(table, "new", 90, now, NULL), 0);
	ck_assert_int_eq(rate_table_key(table, "new", now, copy_row, &row), 1);
	ck_assert_uint_eq(row.blocked_s, 90);
	ck_assert(!take(&place, table, "new", 1, &sum));
	elapse(&place, 91 * SECOND_US);
	ck_assert(take(&place, table, "new", 1, &sum));
	now = place.clock.now_us;
	ck_assert_int_eq(rate_table_unblock(table, "new", now), 0);
	ck_assert_int_eq(rate_table_block(table, "new", UINT64_MAX, now, NULL),
			 0);
	ck_assert_int_eq(rate_table_key(table, "new", now, copy_row, &row), 1);
	ck_assert_uint_eq(row.blocked_s, UINT64_MAX);
	elapse(&place, 1000 * HOUR_US);
	ck_assert(!take(&place, table, "new", 1, &sum));
	ck_assert_int_eq(rate_table_unblock(table, "new", place.clock.now_us),
			 1);
	ck_assert(take(&place, table, "new", 1, &sum));
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

START_TEST(blocked_keys_do_not_give_way)
{
	struct rate_table *table;
	struct error error;
	struct place place;
	unsigned blocked = 0;
	char key[16];
	uint64_t sum;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "b%d", i);
		if (rate_table_block(table, key, 9999, place.clock.now_us,
				     &error) == 0)
			blocked++;
		else
			ck_assert_str_eq(error.text,
					 "no room: half of the keys are "
					 "blocked; raise keys");
	}
	ck_assert_uint_eq(blocked, RATE_SHARDS * (table->layout.room / 2));
	fill(&place, table, 2000);
	blocked = 0;
	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "b%d", i);
		blocked += !take(&place, table, key, 1, &sum);
	}
	ck_assert_uint_ge(blocked, RATE_SHARDS * (table->layout.room / 2));
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* key_of_shard - the next one after *number that is in the first shard */
static void key_of_shard(const struct rate_table *table, int *number,
			 char key[16])
{
	do
		snprintf(key, 16, "key%d", (*number)++);
	while (rate_shard_number(rate_hash(table, key, strlen(key))) != 0);
}

/* A key that has counted nothing yet, or nothing for long, gives way to others;
 * but not to another key of the same message. */
START_TEST(no_key_gives_way_in_its_own_message)
{
	struct rate_charge charges[3];
	struct rate_table *table;
	struct place place;
	char keys[6][16];
	int number = 0;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64 * 8);
	for (int i = 0; i < 6; i++)
		key_of_shard(table, &number, keys[i]);
	/* All are new; then one is, and the others have expired. */
	for (int first = 0; first < 4; first += 2) {
		for (int i = 0; i < 3; i++)
			charges[i] = charge_of(table, keys[first + 2 - i], 1,
					       LIMITS, RATE_NUMBER);
		ck_assert(rate_take(charges, 3, place.clock.now_us));
		for (int i = 0; i < 3; i++)
			ck_assert_uint_eq(used(&place, table, keys[first + i]),
					  1);
		elapse(&place, 3 * HOUR_US);
	}
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_table");

	tcase_add_test(tests, new_and_again);
	tcase_add_test(tests, boots);
	tcase_add_test(tests, reload_with_other_windows);
	tcase_add_test(tests, given_back_after_a_reload);
	tcase_add_test(tests, a_settling_server_is_killed);
	tcase_add_test(tests, moved_counts_survive_a_boot);
	tcase_add_loop_test(tests, full_of_others, 0, 2);
	tcase_add_loop_test(tests, gives_way_and_comes_back, 0, 2);
	tcase_add_loop_test(tests, full_of_networks, 0, 2);
	tcase_add_test(tests, listed_reset_and_blocked);
	tcase_add_test(tests, blocked_keys_do_not_give_way);
	tcase_add_test(tests, no_key_gives_way_in_its_own_message);
	return run_tests("rate_table", tests);
}
