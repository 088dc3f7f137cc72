/* SPDX-License-Identifier: ISC */
/* test_domain_list_walk - the lines of what is in a list, and each of them */

#include "lib/table/domain_list.h"

#include <string.h>

#include "t/unit/table/domain_lists.h"

/* Keys of a table, its name, and what lies below them in a list of hosts: the
 * line of the key. */
static const struct {
	enum style style;
	const char *list, *domain;
	int line; /* 0: not in a file */
} keys[] = {
	{ EXACT, "texthash:@/map", "one.test", 1 },
	{ EXACT, "texthash:@/map", "Two.test", 3 },
	{ EXACT, "one.test texthash:@/map", "two.test", 3 },
	{ EXACT, "two.test texthash:@/map", "two.test", 0 },
	{ PARENT, "texthash:@/map", "a.b.two.test", 3 },
	{ PARENT, "texthash:@/map", "x.one.test", 1 },
	{ PARENT, "pcre:{{/one.test$/ x}}", "x.one.test", 0 },
	{ DOT, "texthash:@/map", "a.b.three.test", 4 },
	/* the table itself is named in a file */
	{ PARENT, "@/names", "x.one.test", 2 },
};

START_TEST(finds_the_line_of_a_key)
{
	static const char map[] = "one.test x\n# comment\ntwo.test x\n"
				  ".three.test x\n";
	static const char names[] = "\npcre:{{/one.test$/ x}}\n";
	struct domain_list_match match;
	const char *file = NULL;
	struct error error;
	char *list = expand(keys[_i].list);
	char *path =
		place_path(strstr(list, "/names") != NULL ? "names" : "map");
	struct domain_list *domains;

	place_write("map", map);
	place_write("names", names);
	domains = new_table(list, keys[_i].style, &error);
	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_int_eq(domain_list_match(domains, keys[_i].domain, &match),
			 1);
	ck_assert_int_eq(line_of(&match, keys[_i].domain, &file),
			 keys[_i].line);
	if (keys[_i].line > 0)
		ck_assert_pstr_eq(file, path);
	domain_list_free(domains);
	free(path);
	free(list);
}
END_TEST

/* Names, their files and lines. Lines that are near the last name are stored in
 * a short form: up to 15 below it, in the same file. */
static const struct {
	const char *name, *file;
	int line;
} lines[] = {
	{ "first", "outer", 1 },  { "inner", "inner", 2 },
	{ "inner2", "inner", 2 }, { "behind", "outer", 3 },
	{ "near", "outer", 18 },  { "far", "outer", 34 },
	{ "next", "outer", 35 },  { "again", "inner2", 1 },
	{ "last", NULL, 0 },
};

START_TEST(knows_the_line_of_each_name)
{
	struct error error;
	char *list = expand("@/outer @/inner2 last");
	struct domain_list *domains;

	place_write("inner", "\ninner inner2\n\n");
	place_write("inner2", "again\n");
	place_write("outer", "first\n@/inner\nbehind\n"
			     "\n\n\n\n\n\n\n\n\n\n\n\n\n\nnear\n"
			     "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nfar\nnext\n");
	domains = new_table(list, EXACT, &error);
	ck_assert_msg(domains != NULL, "%s", error.text);
	for (int i = 0; i < COUNT(lines); i++) {
		struct domain_list_match match;
		const char *file = NULL;

		ck_assert_int_eq(
			domain_list_match(domains, lines[i].name, &match), 1);
		ck_assert_int_eq(line_of(&match, lines[i].name, &file),
				 lines[i].line);
		ck_assert_pstr_eq(file != NULL ? strrchr(file, '/') + 1 : NULL,
				  lines[i].file);
	}
	domain_list_free(domains);
	free(list);
}
END_TEST

/* The visited entries, one line each, and after how many to stop. */
struct visits {
	char text[512];
	int left;
};

/* visit - note a domain, how it is written, and its line */
static int visit(void *context, const char *domain,
		 const struct domain_list_match *match)
{
	struct visits *visits = context;
	char *end = visits->text + strlen(visits->text);
	const char *file = NULL;

	ck_assert_ptr_null(match->table);
	ck_assert_ptr_null(match->file);
	sprintf(end, "%s %s %d\n", domain, match->pattern,
		line_of(match, domain, &file));
	return --visits->left == 0 ? 7 : 0;
}

/* Each that is named, in order; not the negated, nor what tables hold. */
START_TEST(visits_each_that_is_named)
{
	struct visits all = { "", 100 };
	struct visits two = { "", 2 };
	struct error error;
	char *list = expand("A !b pcre:{{/t.test/ x}} @/list c");
	struct domain_list *domains;

	place_write("list", list_file);
	domains = new_table(list, EXACT, &error);
	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_int_eq(domain_list_each(domains, visit, &all), 0);
	ck_assert_str_eq(all.text, "a A 0\n"
				   "one.test one.test 2\n"
				   "two.test two.test 2\n"
				   "three.test Three.test 3\n"
				   "five.test !!five.test 3\n"
				   "last.test last.test 7\n"
				   "c c 0\n");
	ck_assert_int_eq(domain_list_each(domains, visit, &two), 7);
	ck_assert_str_eq(two.text, "a A 0\none.test one.test 2\n");
	domain_list_free(domains);
	free(list);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("domain_list_walk");

	tcase_add_checked_fixture(tests, place_make, place_remove);
	tcase_add_loop_test(tests, finds_the_line_of_a_key, 0, COUNT(keys));
	tcase_add_test(tests, knows_the_line_of_each_name);
	tcase_add_test(tests, visits_each_that_is_named);
	return run_tests("domain_list_walk", tests);
}
