/* SPDX-License-Identifier: ISC */
/* test_rate_damage - a table of counts whose files are damaged, or of another
 * kind
 *
 * TEST_MUTANTS: the number of damaged files. */

#include "t/unit/rate/rate_place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "lib/text/siphash.h"
#include "t/unit/rate/rate_table_place.h"

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

/* Other versions, and other machines: with locks of another size, and with the
 * other byte order. */
static void make_later(struct rate_header *header)
{
	header->made.version++;
}

static void make_narrow(struct rate_header *header)
{
	header->made.lock_size -= 8;
}

static void turn_bytes(struct rate_header *header)
{
	header->made.version = __builtin_bswap32(header->made.version);
}

static const struct {
	void (*change)(struct rate_header *header);
	bool turns;
} others[] = {
	{ make_later, false },
	{ make_narrow, false },
	{ turn_bytes, true },
};

START_TEST(of_another_policyd)
{
	struct rate_header header;
	struct rate_table *table;
	struct stat before, after;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	header = *rate_header(table);
	others[_i].change(&header);
	header.check = siphash((uint64_t[2]){ 0, 0 }, (char *)&header.made,
			       sizeof(header.made));
	if (others[_i].turns)
		header.check = __builtin_bswap64(header.check);
	rate_table_close(table);
	write_at(&place, &header, sizeof(header), 0);
	stat(place.path, &before);
	refused(&place, "was made by another version of policyd, or for "
			"another machine; remove it");
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

/* Where a pointer has 32 bits, some files are too large whatever there is. */
START_TEST(larger_than_any_memory)
{
	struct rate_limits limits = limits_of("5/1h", RATE_BYTES);
	struct rate_shape shape =
		rate_shape_of(&limits, RATE_BYTES, RATE_KEYS_MAX);
	struct error error = { "" };
	struct place place;

	if (rate_shape_size(&shape) <= RATE_FILE_MAX)
		return;
	place_init(&place);
	ck_assert_ptr_null(rate_table_open(place.path, &shape, TRUST_NOBODY,
					   &place.clock, &error));
	ck_assert_msg(strstr(error.text, " MB: lower keys") != NULL, "%s",
		      error.text);
	ck_assert(!exists(&place, ""));
	place_clear(&place);
}
END_TEST

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
	return (size_t)(RATE_HEADER_SIZE +
			(*state >> 50) % RATE_SHARDS * layout->shard_size +
			(*state >> 30) % layout->cells);
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

/* There is room for all keys: in a full table, a key may have what another one
 * had. */
START_TEST(power_cut)
{
	char key[16];
	struct rate_table *table;
	struct place place;
	uint64_t state = 99;
	char *before, *after;
	size_t size;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 300);
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
		table = open_table(&place, LIMITS, RATE_NUMBER, 300);
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

/* count_places - those of a row, of a key that is blocked */
static int count_places(void *context, const struct rate_row *row)
{
	unsigned *count = context;

	ck_assert_uint_eq(row->blocked_s, UINT64_MAX);
	*count = row->place_count;
	return 0;
}

/* far_back - so that the time of all cells is damaged */
static void far_back(struct place *place)
{
	place->clock.now_us -= 301 * SECOND_US;
}

/* The time of a key is damaged, so that it has no networks: one that it had,
 * and whose own time could be right, is as new as all others. */
START_TEST(networks_of_a_damaged_time)
{
	struct rate_table *table;
	struct rate_charge charge;
	struct place place;
	unsigned places;

	place_init(&place);
	table = open_table(&place, "2/1h", RATE_NETWORKS, 64);
	charge = charge_of(table, "alice", 1, "2/1h", RATE_NETWORKS);
	charge.place = "192.0.2.0/24";
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	elapse(&place, 60 * SECOND_US);
	charge.place = "198.51.100.0/24";
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	charge.place = "192.0.2.0/24";
	charge.limits.limit[0].number = 0;
	ck_assert(rate_look(&charge, 1, false, place.clock.now_us));
	rate_table_block(table, "alice", UINT64_MAX, place.clock.now_us, NULL);
	rate_table_key(table, "alice", place.clock.now_us, count_places,
		       &places);
	ck_assert_uint_eq(places, 2);
	far_back(&place);
	rate_table_key(table, "alice", place.clock.now_us, count_places,
		       &places);
	ck_assert_uint_eq(places, 0);
	ck_assert_int_eq(rate_table_unblock(table, "alice", place.clock.now_us),
			 1);
	ck_assert(!rate_take(&charge, 1, place.clock.now_us));
	ck_assert_int_eq(charge.result.outcome, RATE_NEVER_FITS);
	charge.limits.limit[0].number = 1;
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert_uint_eq(charge.result.used, 1);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* The counts of which somebody was warned are lost, or reset: he is warned
 * anew, once, whether something is counted or not. A block lasts. */
START_TEST(warned_of_anew)
{
	struct rate_table *table;
	struct rate_charge charge;
	struct place place;

	place_init(&place);
	table = open_table(&place, "5/1h", RATE_NUMBER, 64);
	charge = charge_of(table, "alice", 2, "5/1h", RATE_NUMBER);
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	charge.limits.limit[0].number = 0;
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(!rate_look(&charge, 1, true, place.clock.now_us));
		ck_assert_int_eq(charge.result.notice, RATE_FIRST_OVER);
		ck_assert(!rate_look(&charge, 1, true, place.clock.now_us));
		ck_assert_int_eq(charge.result.notice, RATE_SILENT);
		far_back(&place);
	}
	charge.beyond = true;
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert_int_eq(charge.result.notice, RATE_FIRST_OVER);
	ck_assert_uint_eq(charge.result.used, 2);
	rate_table_block(table, "alice", 20, place.clock.now_us, NULL);
	far_back(&place);
	ck_assert(!rate_take(&charge, 1, place.clock.now_us));
	ck_assert_int_eq(charge.result.outcome, RATE_BLOCKED);
	ck_assert_uint_eq(charge.result.free_s, 321);
	rate_table_unblock(table, "alice", place.clock.now_us);
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert_int_eq(charge.result.notice, RATE_FIRST_OVER);
	ck_assert_int_eq(rate_table_reset(table, "alice", place.clock.now_us),
			 1);
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert_int_eq(charge.result.notice, RATE_FIRST_OVER);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_table");

	tcase_add_test(tests, files_that_are_refused);
	tcase_add_loop_test(tests, of_another_policyd, 0, COUNT(others));
	tcase_add_test(tests, no_room_on_the_disk);
	tcase_add_test(tests, larger_than_any_memory);
	tcase_add_loop_test(tests, truncated, 0, 8);
	tcase_add_loop_test(tests, damaged_anywhere, 0, 3);
	tcase_add_test(tests, all_of_it_damaged);
	tcase_add_test(tests, power_cut);
	tcase_add_test(tests, networks_of_a_damaged_time);
	tcase_add_test(tests, warned_of_anew);

	return run_tests("rate_damage", tests);
}
