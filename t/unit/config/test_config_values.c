/* SPDX-License-Identifier: ISC */
/* test_config_values - numbers, times, modes: strict parsers */

#include <check.h>

#include "lib/config/config_values.h"
#include "t/unit/test.h"

/* ---- single values */

START_TEST(reads_single_values_strictly)
{
	struct error error;
	unsigned long number;
	unsigned ms;
	bool yes;
	mode_t mode;

	ck_assert_int_eq(config_value_number("0", 0, 9, &number, &error), 0);
	ck_assert_int_eq(config_value_number("9", 0, 9, &number, &error), 0);
	ck_assert_uint_eq(number, 9);
	ck_assert_int_eq(config_value_number("10", 0, 9, &number, &error), -1);
	ck_assert_uint_eq(number, 9);
	ck_assert_int_eq(config_value_time("3", 1, 9, &ms, &error), 0);
	ck_assert_uint_eq(ms, 3000);
	ck_assert_int_eq(config_value_time("2m", 1, 999, &ms, &error), 0);
	ck_assert_uint_eq(ms, 120000);
	ck_assert_int_eq(config_value_time("1h", 1, 9999, &ms, &error), 0);
	ck_assert_uint_eq(ms, 3600000);
	ck_assert_int_eq(config_value_time("1d", 1, 86400, &ms, &error), 0);
	ck_assert_uint_eq(ms, 86400000);
	ck_assert_int_eq(config_value_time("2d", 1, 86400, &ms, &error), -1);
	ck_assert_int_eq(config_value_bool("YES", &yes, &error), 0);
	ck_assert(yes);
	ck_assert_int_eq(config_value_bool("off", &yes, &error), 0);
	ck_assert(!yes);
	ck_assert_int_eq(config_value_mode("0660", &mode, &error), 0);
	ck_assert_uint_eq(mode, 0660);
	ck_assert_int_eq(config_value_mode("777", &mode, &error), 0);
	ck_assert_uint_eq(mode, 0777);
	ck_assert_int_eq(config_value_mode("000", &mode, &error), 0);
	ck_assert_uint_eq(mode, 0);
	ck_assert_int_eq(config_value_mode("66", &mode, &error), -1);
	ck_assert_int_eq(config_value_mode("00660", &mode, &error), -1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_values");

	tcase_add_test(tests, reads_single_values_strictly);
	return run_tests("config_values", tests);
}
