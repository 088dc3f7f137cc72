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

int main(void)
{
	TCase *tests = tcase_create("clock");

	tcase_add_loop_test(tests, converts_milliseconds_for_libevent, 0,
			    COUNT(timevals));
	tcase_add_test(tests, leaves_nothing_of_a_time_that_has_passed);
	return run_tests("clock", tests);
}
