/* SPDX-License-Identifier: ISC */
/* test_counters - each counter is added and written once, in its place */

#include "lib/stats/counters.h"

#include <string.h>

#include "t/unit/test.h"

static const struct counters some = {
	.decisions = { [VERDICT_PERMIT] = 1, [VERDICT_ASK] = 5 },
	.malformed = 6,
	.not_allowed = UINT64_MAX,
	.log_dropped = 15,
};

static const char line[] =
	"permit=1 reject=0 defer=0 dunno=0 ask=5 hold=0 malformed=6 timeouts=0 "
	"connections=0 handed_over=0 shadow_compared=0 shadow_differing=0 "
	"shadow_opening=0 not_allowed=18446744073709551615 tls_failed=0 "
	"store_fallback=0 log_dropped=15";

START_TEST(writes_each)
{
	char buffer[1024];

	ck_assert_uint_eq(counters_write(buffer, sizeof(buffer), &some),
			  strlen(line));
	ck_assert_str_eq(buffer, line);
}
END_TEST

START_TEST(cuts_a_long_line)
{
	char buffer[sizeof(line) + 1];
	size_t size;

	for (size = 1; size <= sizeof(line); size++) {
		memset(buffer, '!', sizeof(buffer));
		ck_assert_uint_eq(counters_write(buffer, size, &some),
				  size - 1);
		ck_assert_mem_eq(buffer, line, size - 1);
		ck_assert_int_eq(buffer[size - 1], '\0');
		ck_assert_int_eq(buffer[size], '!');
	}
}
END_TEST

START_TEST(adds_each)
{
	struct counters sum = { .timeouts = 2, .malformed = 1 };

	counters_add(&sum, &some);
	ck_assert_uint_eq(sum.decisions[VERDICT_PERMIT], 1);
	ck_assert_uint_eq(sum.malformed, 7);
	ck_assert_uint_eq(sum.timeouts, 2);
	ck_assert_uint_eq(sum.log_dropped, 15);
	ck_assert_uint_eq(counters_value(&sum, 0), sum.malformed);
	ck_assert_uint_eq(counters_value(&sum, COUNTERS_ROWS - 1),
			  sum.log_dropped);
}
END_TEST
int main(void)
{
	TCase *tests = tcase_create("counters");

	tcase_add_test(tests, writes_each);
	tcase_add_test(tests, cuts_a_long_line);
	tcase_add_test(tests, adds_each);
	return run_tests("counters", tests);
}
