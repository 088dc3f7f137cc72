/* SPDX-License-Identifier: ISC */
/* test_domain_list_many - a list of a million domains */

#include "lib/table/domain_list.h"

#include <time.h>

#include "t/unit/table/domain_lists.h"
#include "t/unit/heap.h"

/* now_ms - a clock to measure with */
static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A million names: those tried are all found, and no others. Each is stored
 * once, in 29 bytes on average, and five more in the hash table; no room is
 * left over. The time is printed, not judged; but a list searched one by one
 * would not finish. */
START_TEST(finds_a_million_names)
{
	enum { COUNT_OF_NAMES = 1000000 };
	char *path = place_path("million");
	FILE *file = fopen(path, "w");
	struct domain_list_match match;
	const char *where;
	struct error error;
	struct domain_list *domains;
	char name[64];
	double start;
	double loaded;
	size_t before, used;

	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < COUNT_OF_NAMES; i++)
		fprintf(file, "customer-%d.example.org\n", i);
	ck_assert_int_eq(fclose(file), 0);
	before = heap_used();
	start = now_ms();
	domains = new_table(path, PARENT, &error);
	loaded = now_ms();
	ck_assert_msg(domains != NULL, "%s", error.text);
	used = heap_used() - before;
	printf("%zu names: loaded in %.0f ms, %zu KiB\n",
	       domain_list_size(domains), loaded - start, used / 1024);
	ck_assert_uint_lt(used, (size_t)35 * COUNT_OF_NAMES);
	for (int i = 0; i < COUNT_OF_NAMES; i += 7) {
		snprintf(name, sizeof(name), "mx.Customer-%d.example.org", i);
		ck_assert_int_eq(domain_list_match(domains, name, &match), 1);
		/* To find a line takes a look at all the list. */
		if (i % 70000 == 0)
			ck_assert_int_eq(line_of(&match, name, &where), i + 1);
	}
	printf("%d found in %.0f ms\n", (COUNT_OF_NAMES + 6) / 7,
	       now_ms() - loaded);
	ck_assert_int_eq(domain_list_match(
				 domains, "customer-1000000.example.org", NULL),
			 0);
	ck_assert_int_eq(
		domain_list_match(domains, "customer-1.example.org.x", NULL),
		0);
	domain_list_free(domains);
	free(path);
}
END_TEST

/* The place of a name in the hash table must differ from run to run, or names
 * could be chosen that all fall on one place. Seen from outside only as time,
 * so: many names that differ in few bits must not be slow. */
START_TEST(places_names_differently_in_each_run)
{
	enum { COUNT_OF_NAMES = 200000 };
	size_t size = (size_t)COUNT_OF_NAMES * 40;
	char *list = xmalloc(size);
	char *at = list;
	struct error error;
	struct domain_list *domains;
	double start;

	for (int i = 0; i < COUNT_OF_NAMES; i++)
		at += sprintf(at, "%08x00000000%08x ", (unsigned)i,
			      (unsigned)i << 12);
	start = now_ms();
	domains = new_table(list, EXACT, &error);
	ck_assert_ptr_nonnull(domains);
	ck_assert_uint_eq(domain_list_size(domains), COUNT_OF_NAMES);
	ck_assert_int_eq(
		domain_list_match(domains, "000000ff00000000000ff000", NULL),
		1);
	printf("%d similar names in %.0f ms\n", COUNT_OF_NAMES,
	       now_ms() - start);
	domain_list_free(domains);
	free(list);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("domain_list_many");

	tcase_add_checked_fixture(tests, place_make, place_remove);
	tcase_add_test(tests, finds_a_million_names);
	tcase_add_test(tests, places_names_differently_in_each_run);
	return run_tests("domain_list_many", tests);
}
