/* SPDX-License-Identifier: ISC */
/* test_string_index - texts that were chosen to lie in the same slots
 *
 * Anyone who knows the key of the hash can choose texts that make a table one
 * long run of slots, all of which must be searched. The key is random, so
 * nobody knows it, and no run is long. The test measures slots, not time. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text/string_index.h"
#include "lib/text/siphash.h"
#include "lib/base/xalloc.h"
#include "t/unit/test.h"

#define CHOSEN	    3500
#define ROOM	    32
#define LONG_ENOUGH (CHOSEN / 2)
#define SHORT	    64 /* by chance, in a table that is a quarter full: 20 */

/* choose - texts whose hashes with a key that is known begin alike */
static char *choose(const uint64_t seed[2])
{
	char *block = xcalloc(CHOSEN + 1, ROOM);
	size_t count = 0;
	unsigned i;

	for (i = 0; count < CHOSEN; i++) {
		char *text = block + 1 + count * ROOM;

		snprintf(text, ROOM, "n%u.example", i);
		if (siphash(seed, text, strlen(text)) >> 58 == 0)
			count++;
	}
	return block;
}

/* add_all - to an empty table */
static void add_all(struct string_index *slots, const char *block)
{
	size_t i;

	for (i = 0; i < CHOSEN; i++) {
		uint32_t place = (uint32_t)(1 + i * ROOM);

		ck_assert_uint_eq(string_index_add(slots, block, place,
						   strlen(block + place)),
				  0);
	}
}

/* longest_run - of slots that are in use: no search looks at more */
static size_t longest_run(const struct string_index *slots)
{
	size_t longest = 0, run = 0;
	size_t i;

	for (i = 0; i < slots->count; i++) {
		run = slots->each[i] != 0 ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest;
}

START_TEST(flood_with_the_key)
{
	const uint64_t known[2] = { 1, 2 };
	char *block = choose(known);
	struct string_index slots;
	struct error error;

	ck_assert_int_eq(string_index_init(&slots, &error), 0);
	memcpy(slots.seed, known, sizeof(known));
	add_all(&slots, block);
	ck_assert_uint_gt(longest_run(&slots), LONG_ENOUGH);
	string_index_clear(&slots);
	free(block);
}
END_TEST

START_TEST(flood_without_the_key)
{
	const uint64_t known[2] = { 1, 2 };
	char *block = choose(known);
	struct string_index slots;
	struct error error;

	ck_assert_int_eq(string_index_init(&slots, &error), 0);
	add_all(&slots, block);
	ck_assert_uint_lt(longest_run(&slots), SHORT);
	string_index_clear(&slots);
	free(block);
}
END_TEST

START_TEST(keys_differ)
{
	struct string_index one, other;
	struct error error;

	ck_assert_int_eq(string_index_init(&one, &error), 0);
	ck_assert_int_eq(string_index_init(&other, &error), 0);
	ck_assert_int_ne(memcmp(one.seed, other.seed, sizeof(one.seed)), 0);
	string_index_clear(&one);
	string_index_clear(&other);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("string_index");

	tcase_add_test(tests, flood_with_the_key);
	tcase_add_test(tests, flood_without_the_key);
	tcase_add_test(tests, keys_differ);
	return run_tests("string_index", tests);
}
