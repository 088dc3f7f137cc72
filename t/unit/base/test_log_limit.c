/* SPDX-License-Identifier: ISC */
/* test_log_limit - a limited number of lines per period */

#include "lib/base/log_limit.h"

#include "t/unit/test.h"

START_TEST(drops_more_than_the_limit)
{
	struct log_limit limit = { 0 };
	unsigned long suppressed;
	uint64_t now = 123456;
	int round, i;

	for (round = 0; round < 3; round++, now += LOG_LIMIT_MS) {
		for (i = 0; i < LOG_LIMIT_LINES; i++) {
			suppressed = 99;
			ck_assert(log_limit_pass(&limit, now, &suppressed));
			/* The first line reports the previous period. */
			ck_assert_uint_eq(suppressed,
					  i == 0 && round > 0 ? 1000 : 0);
		}
		for (i = 0; i < 1000; i++)
			ck_assert(!log_limit_pass(
				&limit, now + LOG_LIMIT_MS - 1, &suppressed));
	}
}
END_TEST

START_TEST(lets_slow_messages_through)
{
	struct log_limit limit = { 0 };
	unsigned long suppressed;
	int i;

	for (i = 0; i < 1000; i++) {
		ck_assert(log_limit_pass(
			&limit, (uint64_t)i * LOG_LIMIT_MS / LOG_LIMIT_LINES,
			&suppressed));
		ck_assert_uint_eq(suppressed, 0);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("log_limit");

	tcase_add_test(tests, drops_more_than_the_limit);
	tcase_add_test(tests, lets_slow_messages_through);
	return run_tests("log_limit", tests);
}
