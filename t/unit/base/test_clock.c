/* SPDX-License-Identifier: ISC */
/* test_clock - time limits in the units of those who wait */

#include "lib/base/clock.h"

#include <limits.h>

#include "t/unit/test.h"

static const struct {
	uint64_t ms;
	long seconds, microseconds;
} timevals[] = {
	{ 0, 0, 0 },
	{ 1, 0, 1000 },
	{ 999, 0, 999000 },
	{ 1000, 1, 0 },
	{ 1001, 1, 1000 },
	{ 61500, 61, 500000 },
	{ 604800000, 604800, 0 },
};

START_TEST(converts_milliseconds_for_libevent)
{
	struct timeval made = clock_timeval(timevals[_i].ms);

	ck_assert_int_eq(made.tv_sec, timevals[_i].seconds);
	ck_assert_int_eq(made.tv_usec, timevals[_i].microseconds);
}
END_TEST

START_TEST(leaves_nothing_of_a_time_that_has_passed)
{
	ck_assert_int_eq(clock_left_ms(0), 0);
	ck_assert_int_eq(clock_left_ms(clock_ms()), 0);
	ck_assert_int_eq(clock_left_ms(UINT64_MAX), INT_MAX);
	ck_assert_int_gt(clock_left_ms(clock_ms() + 3600000), 0);
	ck_assert_int_le(clock_left_ms(clock_ms() + 3600000), 3600000);
}
END_TEST

/* The years that it has; 0: there is no such time. */
static const struct {
	int64_t seconds;
	int year, year_of_32_bits;
} times[] = {
	{ 0, 1970, 1970 },
	{ 1795528800, 2026, 2026 },
	{ INT32_MAX, 2038, 2038 },
	{ INT64_C(1) << 32, 2106, 0 },
	{ (INT64_C(1) << 32) + 1795528800, 2162, 0 },
	{ INT64_MIN, 0, 0 },
	{ INT64_MAX, 0, 0 },
};

START_TEST(has_the_local_time_or_none)
{
	struct tm local = { 0 };
	bool is_narrow = sizeof(time_t) < sizeof(int64_t);
	int year = is_narrow ? times[_i].year_of_32_bits : times[_i].year;

	ck_assert_int_eq(clock_local(times[_i].seconds, &local), year != 0);
	ck_assert_int_eq(year != 0 ? local.tm_year + 1900 : 0, year);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("clock");

	setenv("TZ", "CET-1", 1);
	tcase_add_loop_test(tests, has_the_local_time_or_none, 0, COUNT(times));
	tcase_add_loop_test(tests, converts_milliseconds_for_libevent, 0,
			    COUNT(timevals));
	tcase_add_test(tests, leaves_nothing_of_a_time_that_has_passed);
	return run_tests("clock", tests);
}
