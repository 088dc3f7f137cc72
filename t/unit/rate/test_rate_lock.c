/* SPDX-License-Identifier: ISC */
/* Locks of a table: everything that reads or writes a shard takes its lock, and
 * goes to the next table if the shard has moved while it waited. Threads use no
 * ck_assert(); it is for one thread. */

#include "t/unit/rate/rate_place.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>

#define LIMITS "5/1h"
#define KEY    "alice"

/* shard_of - the one that a key is in */
static struct rate_shard *shard_of(const struct rate_table *table,
				   const char *key)
{
	uint64_t hash = rate_hash(table, key, strlen(key));

	return rate_shard(table, rate_shard_number(hash));
}

/* is_free - does nobody have the lock? */
static bool is_free(struct rate_shard *shard)
{
	int result = pthread_mutex_trylock(&shard->mutex);

	if (result == 0)
		pthread_mutex_unlock(&shard->mutex);
	return result == 0;
}

/* end_with_lock - a thread */
static void *end_with_lock(void *shard)
{
	pthread_mutex_lock(&((struct rate_shard *)shard)->mutex);
	return NULL;
}

/* break_lock - nobody can ever lock it again */
static void break_lock(struct rate_shard *shard)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, end_with_lock, shard),
			 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(pthread_mutex_lock(&shard->mutex), EOWNERDEAD);
	pthread_mutex_unlock(&shard->mutex);
	ck_assert_int_eq(pthread_mutex_lock(&shard->mutex), ENOTRECOVERABLE);
}

START_TEST(one_owner)
{
	struct rate_shard *shard;
	struct rate_table *table;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	shard = shard_of(table, KEY);
	ck_assert_int_eq(rate_lock(table, shard), 0);
	ck_assert(!is_free(shard));
	rate_unlock(shard);
	ck_assert(is_free(shard));
	break_lock(shard);
	ck_assert_int_eq(rate_lock(table, shard), -1);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* count_row - a handler */
static int count_row(void *context, const struct rate_row *row)
{
	unsigned *count = context;

	(*count)++;
	return row->used[0] > 5;
}

/* choose_key - one in the upper or the lower half of the shards, in whose order
 * they are locked */
static void choose_key(const struct rate_table *table, bool upper, char key[16])
{
	const struct rate_shard *middle = rate_shard(table, RATE_SHARDS / 2);

	for (int i = 0;; i++) {
		snprintf(key, 16, "key%d", i);
		if ((shard_of(table, key) >= middle) == upper)
			return;
	}
}

/* check_admin - nothing is listed or changed in a shard without a lock */
static void check_admin(struct rate_table *table, const char *key,
			uint64_t now_us)
{
	struct error error = { "" };
	unsigned rows = 0;

	ck_assert_int_eq(rate_table_each(table, now_us, count_row, &rows), 0);
	ck_assert_int_eq(rate_table_key(table, key, now_us, count_row, &rows),
			 0);
	ck_assert_uint_eq(rows, 0);
	ck_assert_uint_eq(rate_table_stats(table).keys, 0);
	ck_assert_int_eq(rate_table_reset(table, key, now_us), 0);
	ck_assert_int_eq(rate_table_unblock(table, key, now_us), 0);
	ck_assert_int_eq(rate_table_block(table, key, 9, now_us, &error), -1);
	ck_assert_str_eq(error.text, "the table cannot be used");
}

/* A shard whose lock cannot be had is as good as none: what is there is not
 * read, and a charge is unknown, with all others that belong to it. */
START_TEST(nothing_without_the_lock)
{
	struct rate_charge charges[2];
	struct rate_table *table;
	struct rate_cell *cell;
	struct place place;
	char key[16], other[16];

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	choose_key(table, true, key);
	choose_key(table, false, other);
	charges[0] = charge_of(table, key, 1, LIMITS, RATE_NUMBER);
	charges[0].instance = "a";
	charges[1] = charge_of(table, other, 1, LIMITS, RATE_NUMBER);
	ck_assert(rate_take(charges, 1, place.clock.now_us));
	break_lock(shard_of(table, key));
	for (int look = 0; look < 2; look++) {
		ck_assert(
			!(look ? rate_look(charges, 2, true, place.clock.now_us)
			       : rate_take(charges, 2, place.clock.now_us)));
		for (int i = 0; i < 2; i++)
			ck_assert_int_eq(charges[i].result.outcome,
					 RATE_UNKNOWN);
		ck_assert(is_free(shard_of(table, other)));
	}
	rate_give_back(charges, 1, place.clock.now_us);
	cell = rate_cell(table, shard_of(table, key), 0);
	ck_assert_uint_eq(
		rate_cell_used(table, cell, 0,
			       rate_tick_of(table, place.clock.now_us)),
		1);
	check_admin(table, key, place.clock.now_us);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* Somebody who comes to a locked shard. */
struct guest {
	struct rate_charge charge;
	uint64_t now_us;
	_Atomic pid_t thread; /* when it begins */
	bool counted;
	_Atomic bool done;
};

/* count_one - a thread */
static void *count_one(void *context)
{
	struct guest *guest = context;

	guest->thread = (pid_t)syscall(SYS_gettid);
	guest->counted = rate_take(&guest->charge, 1, guest->now_us);
	guest->done = true;
	return NULL;
}

/* sleeps - a thread */
static bool sleeps(pid_t thread)
{
	char path[64], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)thread);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state == 'S';
}

/* The shard moves while somebody waits for its lock. */
START_TEST(moved_meanwhile)
{
	struct rate_table *first, *table;
	struct guest guest = { 0 };
	struct rate_shard *shard;
	struct place place;
	pthread_t thread;

	place_init(&place);
	first = open_table(&place, LIMITS, RATE_NUMBER, 64);
	table = open_table(&place, "5/1h 9/1d", RATE_NUMBER, 64);
	shard = shard_of(table, KEY);
	guest.charge = charge_of(table, KEY, 1, LIMITS, RATE_NUMBER);
	guest.now_us = place.clock.now_us;
	ck_assert_int_eq(rate_lock(table, shard), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, count_one, &guest), 0);
	for (int i = 0; guest.thread == 0 || !sleeps(guest.thread); i++) {
		ck_assert(!guest.done);
		ck_assert_int_lt(i, TEST_WAIT_S * 1000);
		poll(NULL, 0, 1);
	}
	atomic_store(&shard->moved, 1);
	rate_unlock(shard);
	pthread_join(thread, NULL);
	ck_assert(guest.counted);
	ck_assert(is_free(shard));
	ck_assert_uint_eq(shard->count, 0);
	ck_assert_uint_eq(shard_of(table->next, KEY)->count, 1);
	rate_table_close(table);
	rate_table_close(first);
	place_clear(&place);
}
END_TEST

/* Everything else follows, too; and what has moved does not move again. */
START_TEST(moved_before)
{
	struct rate_table *first, *table;
	uint64_t now_us;
	struct rate_charge charge;
	struct place place;
	unsigned rows = 0;

	place_init(&place);
	now_us = place.clock.now_us;
	first = open_table(&place, LIMITS, RATE_NUMBER, 64);
	table = open_table(&place, "5/1h 9/1d", RATE_NUMBER, 64);
	charge = charge_of(table, KEY, 1, LIMITS, RATE_NUMBER);
	rate_table_migrate(table, now_us);
	ck_assert(rate_take(&charge, 1, now_us));
	ck_assert_uint_eq(rate_table_stats(table).keys, 1);
	rate_table_migrate(table, now_us);
	ck_assert_uint_eq(rate_table_stats(table).keys, 1);
	rate_table_each(table, now_us, count_row, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert_int_eq(rate_table_key(table, KEY, now_us, count_row, &rows),
			 1);
	ck_assert_int_eq(rate_table_block(table, KEY, 9, now_us, NULL), 0);
	ck_assert(!rate_look(&charge, 1, false, now_us));
	ck_assert_int_eq(rate_table_unblock(table, KEY, now_us), 1);
	ck_assert(rate_look(&charge, 1, false, now_us));
	ck_assert_int_eq(rate_table_reset(table, KEY, now_us), 1);
	rate_table_close(table);
	rate_table_close(first);
	place_clear(&place);
}
END_TEST

/* A shard whose lock is broken stays where it is; others move. */
START_TEST(not_moved_without_the_lock)
{
	struct rate_table *first, *table;
	struct place place;

	place_init(&place);
	first = open_table(&place, LIMITS, RATE_NUMBER, 64);
	table = open_table(&place, "5/1h 9/1d", RATE_NUMBER, 64);
	break_lock(rate_shard(table, 1));
	break_lock(rate_shard(table->next, 2));
	rate_table_migrate(table, place.clock.now_us);
	for (unsigned i = 0; i < RATE_SHARDS; i++)
		ck_assert_uint_eq(rate_shard(table, i)->moved,
				  i != 1 && i != 2);
	ck_assert(is_free(rate_shard(table, 2)));
	rate_table_close(table);
	rate_table_close(first);
	place_clear(&place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_lock");

	tcase_add_test(tests, one_owner);
	tcase_add_test(tests, nothing_without_the_lock);
	tcase_add_test(tests, moved_meanwhile);
	tcase_add_test(tests, moved_before);
	tcase_add_test(tests, not_moved_without_the_lock);
	return run_tests("rate_lock", tests);
}
