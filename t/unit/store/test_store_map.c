/* SPDX-License-Identifier: ISC */
/* Which of several stores has a key: the same for ever, an equal share each,
 * and few keys that move when there is one more, or one less. */

#include "lib/store/store_map.h"

#include "t/unit/test.h"

#define KEYS 20000

static const char *const names[] = { "a", "b", "c", "inet:192.0.2.10:6379",
				     "sentinel:policyd" };

/* map_of - the first of them */
static struct store_map map_of(size_t count)
{
	struct store_map map = { 0 };

	for (size_t i = 0; i < count; i++)
		store_map_add(&map, names[i]);
	return map;
}

/* key_of - one of many */
static const char *key_of(unsigned i, char text[40])
{
	snprintf(text, 40, "user%u@example.com", i);
	return text;
}

/* Another version of policyd, on another machine, must find the counts. */
static const struct {
	const char *key;
	size_t of_two, of_five;
} known[] = {
	{ "", 1, 1 },
	{ "alice@example.com", 0, 3 },
	{ "bob@example.com", 0, 0 },
	{ "192.0.2.1", 0, 4 },
	{ "2001:db8::/64", 0, 4 },
	{ "c17", 1, 4 },
	{ "carol", 0, 0 },
	{ "Ünï@example.org", 1, 1 },
};

START_TEST(stays)
{
	struct store_map two = map_of(2), five = map_of(5);

	ck_assert_uint_eq(store_map_find(&two, known[_i].key),
			  known[_i].of_two);
	ck_assert_uint_eq(store_map_find(&five, known[_i].key),
			  known[_i].of_five);
}
END_TEST

/* One has all, and several the same share, more or less. */
START_TEST(shares)
{
	unsigned count[5] = { 0 };
	char text[40];

	for (size_t stores = 1; stores <= COUNT(names); stores++) {
		struct store_map map = map_of(stores);

		memset(count, 0, sizeof(count));
		for (unsigned i = 0; i < KEYS; i++)
			count[store_map_find(&map, key_of(i, text))]++;
		for (size_t i = 0; i < stores; i++) {
			ck_assert_uint_gt(count[i], KEYS / stores * 9 / 10);
			ck_assert_uint_lt(count[i], KEYS / stores * 11 / 10);
		}
	}
}
END_TEST

/* With one more, keys move to it alone, and no more than its share. */
START_TEST(moves_few)
{
	struct store_map before = map_of(4), after = map_of(5);
	unsigned moved = 0;
	char text[40];

	for (unsigned i = 0; i < KEYS; i++) {
		size_t was = store_map_find(&before, key_of(i, text));
		size_t is = store_map_find(&after, key_of(i, text));

		ck_assert(is == was || is == 4);
		moved += is != was;
	}
	ck_assert_uint_gt(moved, KEYS / 5 * 9 / 10);
	ck_assert_uint_lt(moved, KEYS / 5 * 11 / 10);
}
END_TEST

/* The order of the sections is that of the host. */
START_TEST(has_no_order)
{
	struct store_map map = map_of(5), other = { 0 };
	char text[40];

	for (size_t i = 5; i-- > 0;)
		store_map_add(&other, names[i]);
	for (unsigned i = 0; i < KEYS; i++)
		ck_assert_uint_eq(store_map_find(&map, key_of(i, text)),
				  4 - store_map_find(&other, key_of(i, text)));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("store_map");

	tcase_add_loop_test(tests, stays, 0, COUNT(known));
	tcase_add_test(tests, shares);
	tcase_add_test(tests, moves_few);
	tcase_add_test(tests, has_no_order);
	return run_tests("store_map", tests);
}
