/* SPDX-License-Identifier: ISC */
/* test_frequent - the most frequent of many texts, in little memory */

#include "lib/stats/frequent.h"

#include <string.h>

#include "t/unit/test.h"

/* expect - the place in the order, from 0, of this text and count */
static void expect(const struct frequent *frequent, size_t place,
		   const char *text, uint64_t count)
{
	size_t indices[FREQUENT_MAX];

	ck_assert_uint_gt(frequent_top(frequent, indices, FREQUENT_MAX), place);
	ck_assert_str_eq(frequent->texts[indices[place]], text);
	ck_assert_uint_eq(frequent->counts[indices[place]], count);
}

START_TEST(counts_exactly_while_there_is_room)
{
	struct frequent frequent = { .used = 0 }, other = { .used = 0 };
	size_t indices[2];

	ck_assert_uint_eq(frequent_top(&frequent, indices, 2), 0);
	frequent_add(&frequent, "b", 1);
	frequent_add(&frequent, "a", 2);
	frequent_add(&frequent, "", 4);
	frequent_add(&frequent, "b", 2);
	frequent_add(&frequent, "bb", 1);
	expect(&frequent, 0, "", 4);
	expect(&frequent, 1, "b", 3);
	expect(&frequent, 2, "a", 2);
	expect(&frequent, 3, "bb", 1);
	ck_assert_uint_eq(frequent_top(&frequent, indices, 2), 2);
	frequent_add(&other, "bb", 7);
	frequent_merge(&frequent, &other);
	expect(&frequent, 0, "bb", 8);
}
END_TEST

START_TEST(finds_the_frequent_among_many)
{
	struct frequent frequent = { .used = 0 };
	size_t indices[1];
	char text[32];
	int i;

	for (i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "once-%d", i);
		frequent_add(&frequent, i % 20 == 7 ? "often" : text, 1);
	}
	ck_assert_uint_eq(frequent.used, FREQUENT_MAX);
	ck_assert_uint_eq(frequent_top(&frequent, indices, 1), 1);
	ck_assert_str_eq(frequent.texts[indices[0]], "often");
	/* Too high by at most one of FREQUENT_MAX of all. */
	ck_assert_uint_ge(frequent.counts[indices[0]], 5000);
	ck_assert_uint_le(frequent.counts[indices[0]],
			  5000 + 100000 / FREQUENT_MAX);
}
END_TEST

START_TEST(cuts_what_is_long)
{
	struct frequent frequent = { .used = 0 };
	char text[2 * FREQUENT_TEXT_MAX];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	frequent_add(&frequent, text, 1);
	text[FREQUENT_TEXT_MAX] = 'y';
	frequent_add(&frequent, text, 1);
	text[FREQUENT_TEXT_MAX - 1] = '\0';
	expect(&frequent, 0, text, 2);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("frequent");

	tcase_add_test(tests, counts_exactly_while_there_is_room);
	tcase_add_test(tests, finds_the_frequent_among_many);
	tcase_add_test(tests, cuts_what_is_long);
	return run_tests("frequent", tests);
}
