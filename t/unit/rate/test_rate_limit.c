/* SPDX-License-Identifier: ISC */
/* Tests of rate_limit.c. */

#include "lib/rate/rate_limit.h"

#include <string.h>

#include "t/unit/test.h"

#define BAD UINT64_MAX

static const struct {
	const char *text;
	enum rate_unit unit;
	uint64_t number; /* BAD: refused */
	uint32_t length_s;
} limits[] = {
	{ "200/1h", RATE_NUMBER, 200, 3600 },
	{ "0/1s", RATE_NUMBER, 0, 1 },
	{ "1/90s", RATE_NUMBER, 1, 90 },
	{ "5/2m", RATE_NUMBER, 5, 120 },
	{ "5/31d", RATE_NUMBER, 5, 2678400 },
	{ "5/4w", RATE_NUMBER, 5, 2419200 },
	{ "4294967295/1d", RATE_NUMBER, 4294967295, 86400 },
	{ "8/1d", RATE_NETWORKS, 8, 86400 },
	{ "64/1d", RATE_NETWORKS, 64, 86400 },
	{ "100/1h", RATE_BYTES, 100, 3600 },
	{ "10K/1h", RATE_BYTES, 10240, 3600 },
	{ "3M/1h", RATE_BYTES, 3145728, 3600 },
	{ "1048576G/1d", RATE_BYTES, (uint64_t)1 << 50, 86400 },
	/* Too much, or nothing. */
	{ "4294967296/1d", RATE_NUMBER, BAD, 0 },
	{ "99999999999999999999/1d", RATE_NUMBER, BAD, 0 },
	{ "18446744073709551615/1d", RATE_BYTES, BAD, 0 },
	{ "18446744073709551616G/1d", RATE_BYTES, BAD, 0 },
	{ "1048577G/1d", RATE_BYTES, BAD, 0 },
	{ "17179869184G/1d", RATE_BYTES, BAD, 0 },
	{ "65/1d", RATE_NETWORKS, BAD, 0 },
	{ "5/0s", RATE_NUMBER, BAD, 0 },
	{ "5/32d", RATE_NUMBER, BAD, 0 },
	{ "5/5w", RATE_NUMBER, BAD, 0 },
	{ "5/2678401s", RATE_NUMBER, BAD, 0 },
	{ "5/213503982334601d", RATE_NUMBER, BAD, 0 },
	{ "5/00000000000000000000000000001s", RATE_NUMBER, BAD, 0 },
	/* Something else. */
	{ "", RATE_NUMBER, BAD, 0 },
	{ "/", RATE_NUMBER, BAD, 0 },
	{ "200", RATE_NUMBER, BAD, 0 },
	{ "200/", RATE_NUMBER, BAD, 0 },
	{ "/1h", RATE_NUMBER, BAD, 0 },
	{ "200/h", RATE_NUMBER, BAD, 0 },
	{ "200/1", RATE_NUMBER, BAD, 0 },
	{ "200/60", RATE_NUMBER, BAD, 0 },
	{ "200/1y", RATE_NUMBER, BAD, 0 },
	{ "200/1H", RATE_NUMBER, BAD, 0 },
	{ "200/1hh", RATE_NUMBER, BAD, 0 },
	{ "200/1ms", RATE_NUMBER, BAD, 0 },
	{ "200/1h/1d", RATE_NUMBER, BAD, 0 },
	{ "-1/1h", RATE_NUMBER, BAD, 0 },
	{ "+1/1h", RATE_NUMBER, BAD, 0 },
	{ "1/-1h", RATE_NUMBER, BAD, 0 },
	{ " 1/1h", RATE_NUMBER, BAD, 0 },
	{ "1 /1h", RATE_NUMBER, BAD, 0 },
	{ "1.5/1h", RATE_NUMBER, BAD, 0 },
	{ "0x10/1h", RATE_NUMBER, BAD, 0 },
	{ "010/1h", RATE_NUMBER, BAD, 0 },
	{ "10K/1h", RATE_NUMBER, BAD, 0 },
	{ "10K/1h", RATE_NETWORKS, BAD, 0 },
	{ "10k/1h", RATE_BYTES, BAD, 0 },
	{ "10KK/1h", RATE_BYTES, BAD, 0 },
	{ "10T/1h", RATE_BYTES, BAD, 0 },
	{ "K/1h", RATE_BYTES, BAD, 0 },
	{ "unlimited", RATE_NUMBER, BAD, 0 },
};

START_TEST(one_limit)
{
	struct rate_limit limit = { 77, 77 };
	struct error error = { "" };
	int result = rate_limit_parse(limits[_i].text, limits[_i].unit, &limit,
				      &error);

	if (limits[_i].number == BAD) {
		ck_assert_int_eq(result, -1);
		ck_assert_uint_eq(limit.number, 77);
		ck_assert_uint_eq(limit.length_s, 77);
		ck_assert_int_eq(strncmp(error.text, limits[_i].text,
					 strlen(limits[_i].text)),
				 0);
		return;
	}
	ck_assert_msg(result == 0, "%s", error.text);
	ck_assert_uint_eq(limit.number, limits[_i].number);
	ck_assert_uint_eq(limit.length_s, limits[_i].length_s);
}
END_TEST

static const struct {
	struct rate_limit limit;
	enum rate_unit unit;
	const char *text;
} texts[] = {
	{ { 200, 3600 }, RATE_NUMBER, "200/1h" },
	{ { 0, 5400 }, RATE_NUMBER, "0/90m" },
	{ { 1048576, 1 }, RATE_NUMBER, "1048576/1s" },
	{ { 1048576, 86400 }, RATE_BYTES, "1M/1d" },
	{ { 1500, 604800 }, RATE_BYTES, "1500/7d" },
	{ { (uint64_t)1 << 50, 61 }, RATE_BYTES, "1048576G/61s" },
	{ { RATE_UNLIMITED, 60 }, RATE_BYTES, "unlimited/1m" },
};

START_TEST(as_text)
{
	char text[RATE_TEXT_SIZE];

	ck_assert_str_eq(
		rate_limit_text(&texts[_i].limit, texts[_i].unit, text),
		texts[_i].text);
}
END_TEST

/* add - add "200/1h" */
static int add(struct rate_limits *list, const char *text, struct error *error)
{
	struct rate_limit limit;

	ck_assert_int_eq(rate_limit_parse(text, RATE_NUMBER, &limit, error), 0);
	return rate_limits_add(list, &limit, error);
}

START_TEST(list_is_sorted)
{
	struct rate_limits list = { 0 };
	struct error error;

	ck_assert_int_eq(add(&list, "5/1d", &error), 0);
	ck_assert_int_eq(add(&list, "1/1m", &error), 0);
	ck_assert_int_eq(add(&list, "3/1h", &error), 0);
	ck_assert_int_eq(add(&list, "9/60s", &error), -1);
	ck_assert_str_eq(error.text, "two limits in 1m");
	ck_assert_int_eq(add(&list, "2/2m", &error), 0);
	ck_assert_int_eq(add(&list, "9/9m", &error), -1);
	ck_assert_str_eq(error.text, "at most 4 limits");
	ck_assert_uint_eq(list.count, 4);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(list.limit[i].number,
				  ((unsigned[]){ 1, 2, 3, 5 })[i]);
}
END_TEST

/* The values of limit_maps for a rate of 20/1m, 200/1h. */
static const struct {
	const char *value;
	int result;
	uint64_t minute, hour;
	const char *error;
} changes[] = {
	{ "500/1h", 1, 20, 500, NULL },
	{ "500/1h, 50/1m", 1, 50, 500, NULL },
	{ "500/1h 50/1m", 1, 50, 500, NULL },
	{ "500/60m,", 1, 20, 500, NULL },
	{ "unlimited", 1, RATE_UNLIMITED, RATE_UNLIMITED, NULL },
	{ "0", 1, 0, 0, NULL },
	{ "0/1h", 1, 20, 0, NULL },
	{ "gold", 0, 20, 200, NULL },
	{ "Unlimited", 0, 20, 200, NULL },
	{ "", -1, 20, 200, "no limit; write one, as in 200/1h" },
	{ ",", -1, 20, 200, "no limit; write one, as in 200/1h" },
	{ "5/1d", -1, 20, 200, "5/1d: the rate has no limit in 1d" },
	{ "5/1h, 6/1d", -1, 20, 200, "6/1d: the rate has no limit in 1d" },
	{ "5/1h, 6/60m", -1, 20, 200, "6/60m: another limit in 1h" },
	{ "5/1h, unlimited", -1, 20, 200,
	  "unlimited: write a number and a time, as in 200/1h" },
	{ "gold silver", -1, 20, 200,
	  "gold: write a number and a time, as in 200/1h" },
	{ "-5", -1, 20, 200, "-5: write a number and a time, as in 200/1h" },
	{ "5", -1, 20, 200, "5: write a number and a time, as in 200/1h" },
	{ "00", -1, 20, 200, "00: write a number and a time, as in 200/1h" },
	{ "5/1h, -5/1m", -1, 20, 200,
	  "-5/1m: write a number before the slash, at most 4294967295, "
	  "as in 20/1h" },
};

START_TEST(value_of_limit_maps)
{
	struct rate_limits list = { 2, { { 20, 60 }, { 200, 3600 } } };
	struct error error = { "" };

	ck_assert_int_eq(rate_limits_change(&list, changes[_i].value,
					    RATE_NUMBER, &error),
			 changes[_i].result);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_uint_eq(list.limit[0].number, changes[_i].minute);
	ck_assert_uint_eq(list.limit[1].number, changes[_i].hour);
	if (changes[_i].error != NULL)
		ck_assert_str_eq(error.text, changes[_i].error);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_limit");

	tcase_add_loop_test(tests, one_limit, 0, COUNT(limits));
	tcase_add_loop_test(tests, as_text, 0, COUNT(texts));
	tcase_add_test(tests, list_is_sorted);
	tcase_add_loop_test(tests, value_of_limit_maps, 0, COUNT(changes));
	return run_tests("rate_limit", tests);
}
