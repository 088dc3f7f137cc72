/* SPDX-License-Identifier: ISC */
/* Tests of rate_take.c, rate_weigh.c and rate_seen.c: what is answered, and
 * what is counted. The properties are in test_rate_model.c. */

#include "t/unit/rate/rate_place.h"

#define LIMITS "3/1m 5/1h"

/* take - one charge of login alice */
static struct rate_result take(struct place *place, struct rate_table *table,
			       uint64_t amount, const char *instance)
{
	struct rate_charge charge =
		charge_of(table, "alice", amount, LIMITS, RATE_NUMBER);
	bool within;

	charge.instance = instance;
	charge.near = 60;
	within = rate_take(&charge, 1, place->clock.now_us);
	ck_assert(within == (charge.result.outcome == RATE_WITHIN));
	return charge.result;
}

START_TEST(what_is_answered)
{
	struct rate_table *table;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	ck_assert_int_eq(rate_table_found(table), RATE_FOUND_NONE);
	check(take(&place, table, 1, ""), RATE_WITHIN, 1, 3, 60, 0);
	check(take(&place, table, 4, ""), RATE_NEVER_FITS, 1, 3, 60,
	      UINT64_MAX);
	check(take(&place, table, 2, ""), RATE_WITHIN, 3, 3, 60, 0);
	check(take(&place, table, 1, ""), RATE_OVER, 3, 3, 60, 62);
	elapse(&place, 61 * SECOND_US);
	check(take(&place, table, 1, ""), RATE_OVER, 3, 3, 60, 1);
	elapse(&place, SECOND_US);
	check(take(&place, table, 2, ""), RATE_WITHIN, 5, 5, 3600, 0);
	elapse(&place, 70 * SECOND_US);
	check(take(&place, table, 1, ""), RATE_OVER, 5, 5, 3600,
	      31 * 120 - 62 - 70);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

START_TEST(an_instance_counts_once)
{
	struct rate_table *table;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	check(take(&place, table, 1, "a"), RATE_WITHIN, 1, 3, 60, 0);
	ck_assert(!take(&place, table, 1, "b").counted_before);
	ck_assert(take(&place, table, 1, "a").counted_before);
	ck_assert(take(&place, table, 1, "b").counted_before);
	check(take(&place, table, 1, "a"), RATE_WITHIN, 2, 3, 60, 0);
	/* More recipients than before: only the difference. */
	check(take(&place, table, 2, "a"), RATE_WITHIN, 3, 3, 60, 0);
	check(take(&place, table, 2, "a"), RATE_WITHIN, 3, 3, 60, 0);
	check(take(&place, table, 3, "a"), RATE_OVER, 3, 3, 60, 62);
	check(take(&place, table, 1, "c"), RATE_OVER, 3, 3, 60, 62);
	/* Both windows count once, and other keys are others. */
	elapse(&place, 70 * SECOND_US);
	check(take(&place, table, 1, "b"), RATE_WITHIN, 3, 5, 3600, 0);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* Whether a restriction has announced it makes no difference. */
START_TEST(an_expected_charge_is_the_same)
{
	struct rate_charge charge, plain;
	struct rate_hashes hashes;
	struct rate_table *table;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	charge = plain = charge_of(table, "alice", 2, LIMITS, RATE_NUMBER);
	charge.instance = plain.instance = "a";
	expect(&charge);
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert(rate_take(&plain, 1, place.clock.now_us));
	ck_assert(plain.result.counted_before);
	plain.instance = "b";
	plain.amount = 1;
	ck_assert(rate_take(&plain, 1, place.clock.now_us));
	ck_assert_uint_eq(plain.result.used, 3);
	/* A table that is not there is not looked at. */
	hashes = rate_expect(NULL, "alice", "a");
	ck_assert_uint_eq(hashes.key, 0);
	ck_assert_uint_eq(hashes.instance, 0);
	hashes = rate_expect(table, "alice", "");
	ck_assert_uint_eq(hashes.key, charge.hashes.key);
	ck_assert_uint_eq(hashes.instance, 0);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* What never fits is the whole message, whatever of it was counted before, and
 * whether that has left the window. */
START_TEST(an_instance_grows_beyond_the_limit)
{
	struct rate_table *table;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	check(take(&place, table, 2, "a"), RATE_WITHIN, 2, 3, 60, 0);
	check(take(&place, table, 4, "a"), RATE_NEVER_FITS, 2, 3, 60,
	      UINT64_MAX);
	elapse(&place, 62 * SECOND_US);
	check(take(&place, table, 4, "a"), RATE_NEVER_FITS, 0, 3, 60,
	      UINT64_MAX);
	check(take(&place, table, 3, "a"), RATE_WITHIN, 3, 5, 3600, 0);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* A thread that read the clock, and was late to the lock, does not set the time
 * of a key back: the part that was counted meanwhile would be cleared. */
START_TEST(time_never_goes_back)
{
	struct rate_table *table;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	check(take(&place, table, 2, ""), RATE_WITHIN, 2, 3, 60, 0);
	place.clock.now_us -= 5 * SECOND_US;
	check(take(&place, table, 1, ""), RATE_WITHIN, 3, 3, 60, 0);
	place.clock.now_us += 5 * SECOND_US;
	check(take(&place, table, 1, ""), RATE_OVER, 3, 3, 60, 62);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

START_TEST(given_back)
{
	struct rate_table *table;
	struct rate_charge charge;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	charge = charge_of(table, "alice", 2, LIMITS, RATE_NUMBER);
	charge.instance = "a";
	take(&place, table, 1, "x");
	take(&place, table, 2, "a");
	elapse(&place, 30 * SECOND_US);
	rate_give_back(&charge, 1, place.clock.now_us);
	rate_give_back(&charge, 1, place.clock.now_us);
	check(take(&place, table, 2, "b"), RATE_WITHIN, 3, 3, 60, 0);
	/* It may come again. */
	check(take(&place, table, 2, "a"), RATE_OVER, 3, 3, 60, 62);
	elapse(&place, 33 * SECOND_US);
	/* In two steps, in two parts: not given back. */
	charge.instance = "x";
	take(&place, table, 2, "x");
	rate_give_back(&charge, 1, place.clock.now_us);
	check(take(&place, table, 1, "y"), RATE_OVER, 3, 3, 60, 29);
	/* An instance that was never counted. */
	charge.instance = "never";
	rate_give_back(&charge, 1, place.clock.now_us);
	charge.instance = "";
	rate_give_back(&charge, 1, place.clock.now_us);
	check(take(&place, table, 1, "y"), RATE_OVER, 3, 3, 60, 29);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* What was counted before a reset is not given back out of what came later, and
 * is counted if it comes again. */
START_TEST(nothing_is_given_back_after_a_reset)
{
	struct rate_table *table;
	struct rate_charge charge;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	charge = charge_of(table, "alice", 2, LIMITS, RATE_NUMBER);
	charge.instance = "a";
	take(&place, table, 2, "a");
	ck_assert_int_eq(rate_table_reset(table, "alice", place.clock.now_us),
			 1);
	take(&place, table, 2, "b");
	rate_give_back(&charge, 1, place.clock.now_us);
	check(take(&place, table, 2, "c"), RATE_OVER, 2, 3, 60, 62);
	charge.instance = "d";
	take(&place, table, 1, "d");
	rate_give_back(&charge, 1, place.clock.now_us);
	check(take(&place, table, 1, "b"), RATE_WITHIN, 2, 3, 60, 0);
	check(take(&place, table, 1, "a"), RATE_WITHIN, 3, 3, 60, 0);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

START_TEST(all_or_nothing)
{
	struct rate_charge charges[2];
	struct rate_table *a, *b;
	struct place x, y;

	place_init(&x);
	place_init(&y);
	a = open_table(&x, LIMITS, RATE_NUMBER, 64);
	b = open_table(&y, "1/1d", RATE_NUMBER, 64);
	charges[0] = charge_of(a, "alice", 1, LIMITS, RATE_NUMBER);
	charges[1] = charge_of(b, "a.example", 1, "1/1d", RATE_NUMBER);
	ck_assert(rate_take(charges, 2, x.clock.now_us));
	ck_assert(!rate_take(charges, 2, x.clock.now_us));
	ck_assert_int_eq(charges[0].result.outcome, RATE_WITHIN);
	ck_assert_int_eq(charges[1].result.outcome, RATE_OVER);
	check(take(&x, a, 2, ""), RATE_WITHIN, 3, 3, 60, 0);
	/* One that only warns is counted, and lets the others be. */
	elapse(&x, 70 * SECOND_US);
	charges[1].beyond = true;
	ck_assert(rate_take(charges, 2, x.clock.now_us));
	ck_assert_int_eq(charges[1].result.outcome, RATE_OVER);
	ck_assert_uint_eq(charges[1].result.used, 2);
	charges[1].amount = 5;
	ck_assert(rate_take(charges, 2, x.clock.now_us));
	ck_assert_int_eq(charges[1].result.outcome, RATE_NEVER_FITS);
	ck_assert_uint_eq(charges[1].result.used, 7);
	/* But not if the key is blocked. */
	ck_assert_int_eq(
		rate_table_block(b, "a.example", 60, x.clock.now_us, NULL), 0);
	ck_assert(!rate_take(charges, 2, x.clock.now_us));
	ck_assert_int_eq(charges[1].result.outcome, RATE_BLOCKED);
	ck_assert_uint_eq(charges[1].result.free_s, 60);
	rate_table_close(a);
	rate_table_close(b);
	place_clear(&x);
	place_clear(&y);
}
END_TEST

START_TEST(what_cannot_be_used)
{
	struct rate_charge charges[RATE_CHARGES_MAX + 1];
	struct rate_table *table;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	for (int i = 0; i <= RATE_CHARGES_MAX; i++)
		charges[i] = charge_of(table, "k", 1, LIMITS, RATE_NUMBER);
	ck_assert(!rate_take(charges, RATE_CHARGES_MAX + 1, 0));
	ck_assert_int_eq(charges[0].result.outcome, RATE_UNKNOWN);
	ck_assert(rate_take(charges, 0, place.clock.now_us));
	/* The same key several times in one call is counted once. */
	ck_assert(rate_take(charges, 3, place.clock.now_us));
	ck_assert(rate_take(charges, 1, place.clock.now_us));
	ck_assert_uint_eq(charges[0].result.used, 2);
	charges[1].table = NULL;
	ck_assert(!rate_take(charges, 2, place.clock.now_us));
	ck_assert_int_eq(charges[0].result.outcome, RATE_UNKNOWN);
	ck_assert_int_eq(charges[1].result.outcome, RATE_UNKNOWN);
	ck_assert(rate_look(charges, 1, true, place.clock.now_us));
	ck_assert_uint_eq(charges[0].result.used, 2);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

START_TEST(looking_counts_nothing)
{
	struct rate_charge charge;
	struct rate_table *table;
	struct place place;
	char *before, *after;
	size_t size;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	take(&place, table, 2, "a");
	charge = charge_of(table, "alice", 1, LIMITS, RATE_NUMBER);
	before = read_whole(place.path, &size);
	for (int i = 0; i < 3; i++) {
		ck_assert(rate_look(&charge, 1, false, place.clock.now_us));
		ck_assert_uint_eq(charge.result.used, 2);
		charge.amount = 2;
		ck_assert(!rate_look(&charge, 1, false, place.clock.now_us));
		ck_assert_int_eq(charge.result.notice, RATE_FIRST_OVER);
		charge.amount = 1;
		charge.key = i == 0 ? "alice" : "nobody";
		charge.result.used = 2;
		if (i == 0)
			continue;
		ck_assert(rate_look(&charge, 1, false, place.clock.now_us));
		ck_assert_uint_eq(charge.result.used, 0);
		charge.key = "alice";
	}
	after = read_whole(place.path, &size);
	/* The locks have been used; the cells have not changed. */
	for (unsigned i = 0; i < RATE_SHARDS; i++) {
		size_t from = RATE_HEADER_SIZE + i * table->layout.shard_size +
			      sizeof(pthread_mutex_t);

		ck_assert_int_eq(memcmp(before + from, after + from,
					table->layout.shard_size -
						sizeof(pthread_mutex_t)),
				 0);
	}
	free(before);
	free(after);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

START_TEST(warned_of_once)
{
	struct rate_table *table;
	struct rate_charge charge;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	ck_assert_int_eq(take(&place, table, 1, "").notice, RATE_SILENT);
	ck_assert_int_eq(take(&place, table, 1, "").notice, RATE_FIRST_NEAR);
	ck_assert_int_eq(take(&place, table, 1, "").notice, RATE_SILENT);
	ck_assert_int_eq(take(&place, table, 1, "").notice, RATE_FIRST_OVER);
	ck_assert_int_eq(take(&place, table, 1, "").notice, RATE_SILENT);
	elapse(&place, 62 * SECOND_US);
	/* The other window; then the first one anew, since it was empty. */
	ck_assert_int_eq(take(&place, table, 1, "").notice, RATE_FIRST_NEAR);
	ck_assert_int_eq(take(&place, table, 1, "").notice, RATE_SILENT);
	ck_assert_int_eq(take(&place, table, 1, "").notice, RATE_FIRST_OVER);
	elapse(&place, HOUR_US + 300 * SECOND_US);
	take(&place, table, 1, "");
	ck_assert_int_eq(take(&place, table, 1, "").notice, RATE_FIRST_NEAR);
	/* A look at RCPT remembers it, and a key without a cell, too. */
	charge = charge_of(table, "bob", 1, "0/1m", RATE_NUMBER);
	ck_assert(!rate_look(&charge, 1, true, place.clock.now_us));
	ck_assert_int_eq(charge.result.notice, RATE_FIRST_OVER);
	ck_assert(!rate_look(&charge, 1, true, place.clock.now_us));
	ck_assert_int_eq(charge.result.notice, RATE_SILENT);
	ck_assert(!rate_take(&charge, 1, place.clock.now_us));
	ck_assert_int_eq(charge.result.notice, RATE_SILENT);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* Mail over the limit passes (warn), and is asked about again at
 * END-OF-MESSAGE: there is no warning that it comes near. */
START_TEST(not_near_after_over)
{
	struct rate_table *table;
	struct rate_charge charge;
	struct place place;

	place_init(&place);
	table = open_table(&place, "3/1h", RATE_NUMBER, 64);
	charge = charge_of(table, "alice", 4, "3/1h", RATE_NUMBER);
	charge.near = 80;
	charge.beyond = true;
	charge.instance = "a";
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert_int_eq(charge.result.notice, RATE_FIRST_OVER);
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert(charge.result.counted_before);
	ck_assert_int_eq(charge.result.notice, RATE_SILENT);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* take_near - what it warns of */
static enum rate_notice take_near(struct place *place, struct rate_table *table,
				  const char *key, const char *limits,
				  uint64_t amount)
{
	struct rate_charge charge =
		charge_of(table, key, amount, limits, RATE_NUMBER);

	charge.near = 80;
	rate_take(&charge, 1, place->clock.now_us);
	return charge.result.notice;
}

/* The window of an hour was below half, while that of a minute said more. */
START_TEST(each_window_is_warned_of_again)
{
	const char *limits = "4/1m 8/1h";
	struct rate_table *table;
	struct place place;

	place_init(&place);
	table = open_table(&place, limits, RATE_NUMBER, 64);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(take_near(&place, table, "alice", limits, 4),
				 RATE_FIRST_NEAR);
		elapse(&place, 70 * SECOND_US);
		ck_assert_int_eq(take_near(&place, table, "alice", limits, 3),
				 RATE_FIRST_NEAR);
		elapse(&place, 7200 * SECOND_US);
	}
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* Who may send nothing has a cell without counts; it is not given to others
 * while there is room. */
START_TEST(a_key_without_counts_is_warned_of_once)
{
	struct rate_table *table;
	struct place place;
	char key[16];

	place_init(&place);
	table = open_table(&place, "5/1h", RATE_NUMBER, 4096);
	ck_assert_int_eq(take_near(&place, table, "alice", "0/1h", 1),
			 RATE_FIRST_OVER);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		take_near(&place, table, key, "5/1h", 1);
	}
	ck_assert_int_eq(take_near(&place, table, "alice", "0/1h", 1),
			 RATE_SILENT);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

START_TEST(unlimited_is_counted)
{
	struct rate_table *table;
	struct rate_charge charge;
	struct place place;

	place_init(&place);
	table = open_table(&place, LIMITS, RATE_NUMBER, 64);
	charge = charge_of(table, "alice", 1000, LIMITS, RATE_NUMBER);
	rate_limits_change(&charge.limits, "unlimited", RATE_NUMBER, NULL);
	charge.near = 80;
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	check(charge.result, RATE_WITHIN, 2000, RATE_UNLIMITED, 60, 0);
	ck_assert_int_eq(charge.result.notice, RATE_SILENT);
	check(take(&place, table, 1, ""), RATE_OVER, 2000, 5, 3600, 3720);
	/* A limit of a length that the table does not have. */
	charge.limits = limits_of("1/2h", RATE_NUMBER);
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

START_TEST(bytes_are_wide)
{
	struct rate_table *table;
	struct rate_charge charge;
	struct place place;

	place_init(&place);
	table = open_table(&place, "20G/1d", RATE_BYTES, 64);
	charge = charge_of(table, "alice", (uint64_t)6 << 30, "20G/1d",
			   RATE_BYTES);
	for (int i = 0; i < 3; i++)
		ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert(!rate_take(&charge, 1, place.clock.now_us));
	ck_assert_uint_eq(charge.result.used, (uint64_t)18 << 30);
	ck_assert_uint_eq(rate_layout_of(&table->shape).cell_size, 128 + 256);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_take");

	tcase_add_test(tests, what_is_answered);
	tcase_add_test(tests, an_instance_counts_once);
	tcase_add_test(tests, an_expected_charge_is_the_same);
	tcase_add_test(tests, an_instance_grows_beyond_the_limit);
	tcase_add_test(tests, time_never_goes_back);
	tcase_add_test(tests, given_back);
	tcase_add_test(tests, nothing_is_given_back_after_a_reset);
	tcase_add_test(tests, all_or_nothing);
	tcase_add_test(tests, what_cannot_be_used);
	tcase_add_test(tests, looking_counts_nothing);
	tcase_add_test(tests, warned_of_once);
	tcase_add_test(tests, not_near_after_over);
	tcase_add_test(tests, each_window_is_warned_of_again);
	tcase_add_test(tests, a_key_without_counts_is_warned_of_once);
	tcase_add_test(tests, unlimited_is_counted);
	tcase_add_test(tests, bytes_are_wide);
	return run_tests("rate_take", tests);
}
