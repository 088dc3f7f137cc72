/* SPDX-License-Identifier: ISC */
/* What is kept of a key in a real Valkey or Redis, and for how long; what
 * happens when its rate changes. test_store_format has the bytes. */

#include "lib/rate/rate_window.h"
#include "t/unit/store/one_key.h"

#define SINGLE 19 /* digits */

/* is_single - is the value one number? */
static bool is_single(const struct place *place)
{
	char answer[16] = "";
	int fd = connect_store(&place->real);

	ck_assert_int_gt(dprintf(fd, "STRLEN " KEY "\r\n"), 0);
	ck_assert_int_gt(read(fd, answer, sizeof(answer) - 1), 0);
	close(fd);
	return atoi(answer + 1) == SINGLE;
}

/* A single message is one number. It is counted as any other. */
START_TEST(single)
{
	struct place place;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "look", "a", 3), 0);
	ck_assert_uint_eq(ask(&place, "take", "a", 3), 3);
	ck_assert(is_single(&place));
	ck_assert_uint_eq(ask(&place, "look", "b", 1), 3);
	ck_assert(!place.charge.result.counted_before);
	ck_assert_uint_eq(ask(&place, "take", "a", 3), 3);
	ck_assert(place.charge.result.counted_before);
	ck_assert(is_single(&place));
	/* The same instance has one more recipient. */
	ck_assert_uint_eq(ask(&place, "take", "a", 4), 4);
	ck_assert(!is_single(&place));
	end(&place);
}
END_TEST

/* Another message makes it a value, which remembers both. */
START_TEST(second)
{
	struct place place;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 3), 3);
	place.tick += (uint64_t)(_i * HOUR); /* another part, or the same */
	ck_assert_uint_eq(ask(&place, "take", "b", 2), 5);
	ck_assert(!is_single(&place));
	ck_assert_uint_eq(ask(&place, "take", "a", 3), 5);
	ck_assert(place.charge.result.counted_before);
	ck_assert_uint_eq(ask(&place, "take", "b", 2), 5);
	ck_assert(place.charge.result.counted_before);
	give_back(&place);
	ck_assert_uint_eq(ask(&place, "look", "", 1), 3);
	place.tick += 30 * HOUR;
	ck_assert_uint_eq(ask(&place, "look", "", 1), _i == 0 ? 3 : 0);
	place.tick += HOUR;
	ck_assert_uint_eq(ask(&place, "look", "", 1), 0);
	end(&place);
}
END_TEST

/* What is given back, or ends, leaves nothing. */
START_TEST(forgotten)
{
	struct place place;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 1), 1);
	ck_assert(is_single(&place));
	give_back(&place);
	command(&place.real, "EXISTS " KEY, ":0");
	ck_assert_uint_eq(ask(&place, "take", "b", 1), 1);
	place.tick += 30 * HOUR;
	ck_assert_uint_eq(ask(&place, "look", "", 1), 1);
	place.tick += HOUR;
	ck_assert_uint_eq(ask(&place, "look", "", 1), 0);
	end(&place);
}
END_TEST

/* Too many recipients, a long window, or bytes: never one number. */
static const struct {
	uint64_t amount;
	uint32_t length_s;
	enum rate_unit unit;
	const char *instance;
	bool single;
} forms[] = {
	{ 8, HOUR, RATE_NUMBER, "a", true },
	{ 9, HOUR, RATE_NUMBER, "a", false },
	{ 1, 300000, RATE_NUMBER, "a", true },
	{ 1, 300001, RATE_NUMBER, "a", false },
	{ 1, HOUR, RATE_BYTES, "a", false },
	{ 1, HOUR, RATE_NUMBER, "", false },
};

START_TEST(form)
{
	struct place place;

	begin(&place);
	place.login.shape.length_s[0] = forms[_i].length_s;
	place.login.shape.unit = forms[_i].unit;
	ck_assert_uint_eq(
		ask(&place, "take", forms[_i].instance, forms[_i].amount),
		forms[_i].amount);
	ck_assert(is_single(&place) == forms[_i].single);
	ck_assert_uint_eq(ask(&place, "look", "", 1), forms[_i].amount);
	end(&place);
}
END_TEST

/* The rate counts something else now: what was counted is of no use. */
START_TEST(other_unit)
{
	struct place place;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 5), 5);
	place.login.shape.unit = RATE_BYTES;
	ck_assert_uint_eq(ask(&place, "take", "b", 700), 700);
	place.login.shape.unit = RATE_NUMBER;
	ck_assert_uint_eq(ask(&place, "take", "c", 2), 2);
	end(&place);
}
END_TEST

/* The command line reads and changes a single message, too. */
START_TEST(administered)
{
	struct place place;
	struct rate_charge *charge = &place.charge;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 4), 4);
	ck_assert(is_single(&place));
	ck_assert_int_eq(store_admin_block(place.admin, &place.login,
					   "alice@example.com", 20, NULL),
			 0);
	ck_assert(!asking_wait(&place.asking, "take", place.rates, charge, 1));
	ck_assert_int_eq(charge->result.outcome, RATE_BLOCKED);
	ck_assert_uint_eq(charge->result.free_s, 20);
	ck_assert_int_eq(store_admin_unblock(place.admin, &place.login,
					     "alice@example.com", NULL),
			 1);
	ck_assert_uint_eq(ask(&place, "take", "a", 4), 4);
	ck_assert(charge->result.counted_before);
	ck_assert_int_eq(store_admin_reset(place.admin, &place.login,
					   "alice@example.com", NULL),
			 1);
	ck_assert_uint_eq(ask(&place, "look", "", 1), 0);
	end(&place);
}
END_TEST

/* A block that has ended costs nothing afterwards: the value has no place for
 * one. */
START_TEST(block_ends)
{
	struct place place;

	begin(&place);
	ck_assert_int_eq(store_admin_block(place.admin, &place.login,
					   "alice@example.com", 20, NULL),
			 0);
	command(&place.real, "GETRANGE " KEY " 0 0", "$1\r\n\xb4");
	place.tick += 20 * RATE_TICKS;
	ck_assert_uint_eq(ask(&place, "take", "a", 1), 1);
	place.tick += 9001;
	ck_assert_uint_eq(ask(&place, "take", "b", 1), 2);
	command(&place.real, "GETRANGE " KEY " 0 0", "$1\r\n\xb0");
	end(&place);
}
END_TEST

/* check_blocked - for so many seconds more, and nothing is counted */
static void check_blocked(struct place *place, uint64_t seconds)
{
	struct rate_charge *charge = &place->charge;

	ck_assert(
		!asking_wait(&place->asking, "take", place->rates, charge, 1));
	ck_assert_int_eq(charge->result.outcome, RATE_BLOCKED);
	ck_assert_uint_eq(charge->result.free_s, seconds);
}

/* A block is not lost with the counts of its key: neither when the clock goes
 * far back, nor when the rate counts something else. */
START_TEST(block_lasts)
{
	struct place place;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 4), 4);
	ck_assert_int_eq(store_admin_block(place.admin, &place.login,
					   "alice@example.com", 20, NULL),
			 0);
	check_blocked(&place, 20);
	place.tick -= 1000 * RATE_TICKS;
	check_blocked(&place, 1020);
	place.login.shape.unit = RATE_BYTES;
	check_blocked(&place, 1020);
	ck_assert_int_eq(store_admin_reset(place.admin, &place.login,
					   "alice@example.com", NULL),
			 0);
	check_blocked(&place, 1020);
	place.login.shape.unit = RATE_NUMBER;
	place.tick += 1000 * RATE_TICKS;
	check_blocked(&place, 20);
	place.tick += 20 * RATE_TICKS;
	ck_assert_uint_eq(ask(&place, "take", "b", 1), 1);
	end(&place);
}
END_TEST

/* The windows of the rate change: those that stay keep their counts. */
START_TEST(other_windows)
{
	struct place place;
	struct rate_shape *shape = &place.login.shape;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 300), 300);
	shape->windows = 2;
	shape->length_s[0] = DAY;
	shape->length_s[1] = HOUR;
	ck_assert_uint_eq(ask(&place, "take", "b", 100), 400);
	ck_assert_uint_eq(place.charge.result.length_s, HOUR);
	place.tick += 31 * HOUR;
	ck_assert_uint_eq(ask(&place, "take", "c", 1), 101);
	ck_assert_uint_eq(place.charge.result.length_s, DAY);
	shape->windows = 1;
	ck_assert_uint_eq(ask(&place, "take", "d", 1), 102);
	shape->length_s[0] = HOUR;
	ck_assert_uint_eq(ask(&place, "look", "", 1), 1);
	end(&place);
}
END_TEST

/* One number of a message is in all windows that the rate has. */
START_TEST(single_in_all)
{
	struct place place;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 2), 2);
	place.login.shape.windows = 2;
	place.login.shape.length_s[1] = DAY;
	ck_assert_uint_eq(ask(&place, "take", "b", 2), 4);
	place.tick += 31 * HOUR;
	ck_assert_uint_eq(ask(&place, "take", "c", 2), 6);
	ck_assert_uint_eq(place.charge.result.length_s, DAY);
	end(&place);
}
END_TEST

/* A key expires when its last part has left the longest window; within a part,
 * that time stays as it is. */
START_TEST(expires)
{
	struct place place;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 1), 1);
	command(&place.real, "PTTL " KEY, ":37");
	command(&place.real, "PEXPIRE " KEY " 900000", ":1");
	place.tick += HOUR - 1;
	ck_assert_uint_eq(ask(&place, "take", "b", 1), 2);
	ck_assert_uint_eq(ask(&place, "take", "c", 1), 3);
	command(&place.real, "PEXPIRE " KEY " 1000000 LT", ":0");
	place.tick++;
	ck_assert_uint_eq(ask(&place, "take", "d", 1), 4);
	command(&place.real, "PTTL " KEY, ":37");
	end(&place);
}
END_TEST

/* What was warned of is remembered for as long, though nothing was counted. */
START_TEST(warned_of)
{
	struct place place;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 1), 1);
	place.tick += 40 * HOUR;
	place.charge.instance = "b";
	place.charge.amount = 1001;
	ck_assert(!asking_wait(&place.asking, "take", place.rates,
			       &place.charge, 1));
	ck_assert_int_eq(place.charge.result.notice, RATE_FIRST_OVER);
	command(&place.real, "PEXPIRE " KEY " 3600000 LT", ":1");
	end(&place);
}
END_TEST

/* With short windows, it is as long as an instance is remembered. */
START_TEST(expires_later)
{
	struct place place;

	begin(&place);
	place.login.shape.length_s[0] = 60;
	ck_assert_uint_eq(ask(&place, "take", "a", 1), 1);
	command(&place.real, "PEXPIRE " KEY " 300000", ":1");
	ck_assert_uint_eq(ask(&place, "take", "b", 1), 2);
	command(&place.real, "PEXPIRE " KEY " 500000 LT", ":1");
	end(&place);
}
END_TEST

/* on_row - the networks, the latest first */
static int on_row(void *context, const struct rate_row *row)
{
	uint64_t *idle_s = context;

	ck_assert_uint_eq(row->place_count, 2);
	idle_s[0] = row->places[0].idle_s;
	idle_s[1] = row->places[1].idle_s;
	return 0;
}

/* The clock was set back, by less than it matters: what the command line shows
 * is from then. */
START_TEST(set_back)
{
	struct place place;
	uint64_t idle_s[2] = { 77, 77 };

	begin(&place);
	place.login.shape.unit = RATE_NETWORKS;
	place.login.shape.networks = 4;
	for (unsigned i = 0; i < 2; i++) {
		place.tick += 10 * RATE_TICKS;
		place.charge = (struct rate_charge){
			.key = "alice@example.com",
			.place = i == 0 ? "192.0.2.0" : "198.51.100.0",
			.instance = "",
		};
		ck_assert(asking_wait(&place.asking, "take", place.rates,
				      &place.charge, 1));
	}
	place.tick -= 2 * RATE_TICKS;
	ck_assert_int_eq(store_admin_key(place.admin, &place.login,
					 "alice@example.com", on_row, idle_s,
					 NULL),
			 1);
	ck_assert_uint_eq(idle_s[0], 0);
	ck_assert_uint_eq(idle_s[1], 8);
	end(&place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("store_value");

	tcase_add_test(tests, single);
	tcase_add_loop_test(tests, second, 0, 2);
	tcase_add_test(tests, forgotten);
	tcase_add_loop_test(tests, form, 0, COUNT(forms));
	tcase_add_test(tests, other_unit);
	tcase_add_test(tests, administered);
	tcase_add_test(tests, block_ends);
	tcase_add_test(tests, block_lasts);
	tcase_add_test(tests, other_windows);
	tcase_add_test(tests, single_in_all);
	tcase_add_test(tests, expires);
	tcase_add_test(tests, warned_of);
	tcase_add_test(tests, expires_later);
	tcase_add_test(tests, set_back);
	return run_tests("store_value", tests);
}
