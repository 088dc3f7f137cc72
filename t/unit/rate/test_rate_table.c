/* SPDX-License-Identifier: ISC */
/* Tests of rate_table.c and of the files that it is made of: opening, damage,
 * reloads, boots; the list of keys, reset and block. TEST_MUTANTS: the number
 * of damaged files. */

#include "t/unit/rate/rate_place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "lib/text/siphash.h"

#define LIMITS "5/1h"

/* take - one amount for a key; was it counted? used: what is used then */
static bool take(struct place *place, struct rate_table *table, const char *key,
		 uint64_t amount, uint64_t *used)
{
	struct rate_charge charge =
		charge_of(table, key, amount, LIMITS, RATE_NUMBER);
	bool counted = rate_take(&charge, 1, place->clock.now_us);

	*used = charge.result.used;
	return counted;
}

/* used - what a key has used */
static uint64_t used(struct place *place, struct rate_table *table,
		     const char *key)
{
	struct rate_charge charge =
		charge_of(table, key, 1, LIMITS, RATE_NUMBER);

	rate_look(&charge, 1, false, place->clock.now_us);
	ck_assert_int_ne(charge.result.outcome, RATE_UNKNOWN);
	return charge.result.used;
}

/* refused - it cannot be opened, and why */
static void refused(struct place *place, const char *why)
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

START_TEST(files_that_are_refused)
{
	struct place place, missing;
	struct rate_table *table;
	struct rate_clock clock;
	struct error error;
	char target[100];

	place_init(&place);
	missing = place;
	snprintf(missing.path, sizeof(missing.path), "%s/no/rate.x",
		 place.directory);
	refused(&missing, "its directory does not exist; create it");
	ck_assert_int_eq(rate_table_find(place.path, TRUST_NOBODY, &place.clock,
					 &table, &error),
			 0);
	ck_assert_int_eq(mkdir(place.path, 0700), 0);
	refused(&place, "Is a directory");
	rmdir(place.path);
	ck_assert_int_eq(mkfifo(place.path, 0600), 0);
	refused(&place, "is not a regular file");
	unlink(place.path);
	snprintf(target, sizeof(target), "%s/target", place.directory);
	ck_assert_int_eq(symlink(target, place.path), 0);
	refused(&place, "is a symbolic link");
	unlink(place.path);
	rate_table_close(open_table(&place, LIMITS, RATE_NUMBER, 64));
	chmod(place.path, 0606);
	refused(&place, "can be written by everybody");
	chmod(place.path, 0600);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(place.path, 12345, 0), 0);
		refused(&place, "belongs to user 12345");
		ck_assert_int_eq(chown(place.path, 0, 0), 0);
	}
	chmod(place.directory, 0777);
	refused(&place, "can be written by everybody");
	chmod(place.directory, 0700);
	clock = rate_clock_read();
	ck_assert_uint_ne(clock.now_us, 0);
	ck_assert_uint_gt(clock.wall_us, clock.now_us);
	place_clear(&place);
}
END_TEST

/* write_at - change the file */
static void write_at(struct place *place, const void *bytes, size_t length,
		     off_t offset)
{
	int fd = open(place->path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(pwrite(fd, bytes, length, offset), (ssize_t)length);
	close(fd);
}

START_TEST(another_version)
{
	struct rate_header header;
	struct rate_table *table;
	struct stat before, after;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	header = *rate_header(table);
	header.made.version++;
	header.check = siphash((uint64_t[2]){ 0, 0 }, (char *)&header.made,
			       sizeof(header.made));
	rate_table_close(table);
	write_at(&place, &header, sizeof(header), 0);
	stat(place.path, &before);
	refused(&place, "was made by another version of policyd");
	stat(place.path, &after);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	place_clear(&place);
}
END_TEST

START_TEST(no_room_on_the_disk)
{
	struct place place;
	int status;

	place_init(&place);
	if (fork() == 0) {
		struct rlimit limit = { 100000, 100000 };
		struct stat file;

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		refused(&place, "the file needs 1 MB: make room for it, or "
				"lower keys");
		_exit(stat(place.path, &file) == 0);
	}
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_int_eq(status, 0);
	place_clear(&place);
}
END_TEST

/* exists - a file beside it */
static bool exists(const struct place *place, const char *suffix)
{
	struct stat status;
	char path[100];

	snprintf(path, sizeof(path), "%s%s", place->path, suffix);
	return stat(path, &status) == 0;
}

START_TEST(truncated)
{
	static const off_t lengths[] = {
		1, 7, 8, 80, 4095, 4096, 5000, 200000
	};
	struct rate_table *table;
	struct place place;
	uint64_t sum;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	take(&place, table, "alice", 2, &sum);
	rate_table_close(table);
	ck_assert_int_eq(truncate(place.path, lengths[_i]), 0);
	ck_assert_int_eq(rate_table_find(place.path, TRUST_NOBODY, &place.clock,
					 &table, NULL),
			 -1);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	ck_assert_int_eq(rate_table_found(table), RATE_FOUND_DAMAGED);
	ck_assert(exists(&place, ".damaged"));
	ck_assert_uint_eq(used(&place, table, "alice"), 0);
	rate_table_close(table);
	/* One that was never finished is simply filled. */
	ck_assert_int_eq(truncate(place.path, 0), 0);
	ck_assert_int_eq(truncate(place.path, lengths[_i] + 100), 0);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	ck_assert_int_eq(rate_table_found(table), RATE_FOUND_NONE);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* count_row - a handler */
static int count_row(void *context, const struct rate_row *row)
{
	unsigned *count = context;

	ck_assert_uint_le(row->place_count, RATE_NETWORKS_MAX);
	ck_assert_uint_le(strlen(row->key), RATE_KEY_TEXT);
	(*count)++;
	return 0;
}

/* exercise - everything that can be done with a table that may be damaged */
static void exercise(struct place *place, struct rate_table *table)
{
	struct rate_charge charge;
	unsigned rows = 0;
	char key[16];

	for (int i = 0; i < 24; i++) {
		snprintf(key, sizeof(key), "key%d", i * 3);
		charge = charge_of(table, key, 1, LIMITS, table->shape.unit);
		charge.instance = key;
		charge.place = key;
		charge.near = 50;
		rate_take(&charge, 1, place->clock.now_us);
		ck_assert(charge.result.outcome != RATE_WITHIN ||
			  charge.result.counted_before ||
			  charge.result.used <= charge.result.number);
		rate_look(&charge, 1, true, place->clock.now_us);
		rate_give_back(&charge, 1, place->clock.now_us);
	}
	rate_table_each(table, place->clock.now_us, count_row, &rows);
	rate_table_stats(table);
	rate_table_reset(table, "key3", place->clock.now_us);
	rate_table_block(table, "key4", 100, place->clock.now_us, NULL);
	rate_table_unblock(table, "key4", place->clock.now_us);
}

/* fill - some keys, and some instances */
static void fill(struct place *place, struct rate_table *table, int keys)
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

/* random_byte - where the next damage is: every byte of the header first, then
 * half of it in what a shard has before its cells */
static size_t random_byte(const struct rate_layout *layout, int i,
			  uint64_t *state)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	if ((size_t)i < sizeof(struct rate_header))
		return (size_t)i;
	if (i % 2 == 0)
		return (size_t)((*state >> 20) % layout->size);
	return RATE_HEADER_SIZE +
	       (*state >> 50) % RATE_SHARDS * layout->shard_size +
	       (*state >> 30) % layout->cells;
}

/* A changed byte, anywhere, before the same boot or another one. */
START_TEST(damaged_anywhere)
{
	enum rate_unit unit = _i == 2 ? RATE_NETWORKS : RATE_NUMBER;
	struct rate_layout layout;
	struct rate_table *table;
	struct place place;
	uint64_t state = 88172645463325252 + (uint64_t)_i;
	char *whole;
	size_t size;

	place_init(&place);
	table = open_table(&place, LIMITS, unit, 64);
	layout = table->layout;
	fill(&place, table, 200);
	rate_table_close(table);
	whole = read_whole(place.path, &size);
	for (int i = 0; i < mutants(600) / 3; i++) {
		size_t at = random_byte(&layout, i, &state);
		char changed =
			(char)(whole[at] ^ (char)(1 + (state >> 40) % 255));

		write_at(&place, &changed, 1, (off_t)at);
		if (_i == 1)
			boot(&place, SECOND_US, 0);
		table = open_table(&place, LIMITS, unit, 64);
		exercise(&place, table);
		rate_table_close(table);
		write_at(&place, whole, size, 0);
	}
	free(whole);
	place_clear(&place);
}
END_TEST

START_TEST(all_of_it_damaged)
{
	struct rate_table *table;
	struct place place;
	uint64_t state = 4711;
	char *whole;
	size_t size;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	fill(&place, table, 200);
	rate_table_close(table);
	whole = read_whole(place.path, &size);
	for (int i = 0; i < 4; i++) {
		for (size_t at = sizeof(struct rate_made) + 8; at < size;
		     at++) {
			state = state * 6364136223846793005 + 1;
			whole[at] = i == 0 ? (char)0xff : (char)(state >> 56);
		}
		write_at(&place, whole, size, 0);
		if (i >= 2)
			boot(&place, SECOND_US, 0);
		table = open_table(&place, LIMITS, RATE_NUMBER, 64);
		exercise(&place, table);
		rate_table_close(table);
	}
	free(whole);
	place_clear(&place);
}
END_TEST

START_TEST(power_cut)
{
	char key[16];
	struct rate_table *table;
	struct place place;
	uint64_t state = 99;
	char *before, *after;
	size_t size;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	fill(&place, table, 100);
	before = read_whole(place.path, &size);
	elapse(&place, 20 * SECOND_US);
	fill(&place, table, 300);
	fill(&place, table, 100);
	rate_table_close(table);
	after = read_whole(place.path, &size);
	for (int i = 0; i < 20; i++) {
		write_at(&place, after, size, 0);
		for (size_t at = 0; at < size; at += 4096) {
			state = state * 6364136223846793005 + 1;
			if ((state >> 60) % 2 == 0)
				write_at(&place, before + at, 4096, (off_t)at);
		}
		boot(&place, SECOND_US, 0);
		table = open_table(&place, LIMITS, RATE_NUMBER, 64);
		ck_assert_int_eq(rate_table_found(table), RATE_FOUND_GOOD);
		/* Each key has a state that it once had. */
		for (int k = 0; k < 300; k++) {
			snprintf(key, sizeof(key), "key%d", k);
			ck_assert_uint_le(used(&place, table, key), 4);
			if (k < 100)
				ck_assert_uint_ge(used(&place, table, key), 2);
		}
		rate_table_close(table);
	}
	free(before);
	free(after);
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
	rate_table_settle(second, place.clock.now_us);
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
	rate_table_settle(second, place.clock.now_us);
	rate_table_close(first);
	other = charge_of(second, "alice", 2, limits, RATE_NUMBER);
	ck_assert(rate_take(&other, 1, place.clock.now_us));
	charge.table = second;
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
	rate_table_settle(second, place.clock.now_us);
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
	rate_table_settle(second, place.clock.now_us);
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

int main(void)
{
	TCase *tests = tcase_create("rate_table");

	tcase_add_test(tests, new_and_again);
	tcase_add_test(tests, files_that_are_refused);
	tcase_add_test(tests, another_version);
	tcase_add_test(tests, no_room_on_the_disk);
	tcase_add_loop_test(tests, truncated, 0, 8);
	tcase_add_loop_test(tests, damaged_anywhere, 0, 3);
	tcase_add_test(tests, all_of_it_damaged);
	tcase_add_test(tests, power_cut);
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
	return run_tests("rate_table", tests);
}
