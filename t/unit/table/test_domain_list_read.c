/* SPDX-License-Identifier: ISC */
/* test_domain_list_read - how lists of domains, and their files, are read */

#include "lib/table/domain_list.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "t/unit/table/domain_lists.h"

struct file_case {
	const char *list;
	const char *domain;
	int found;
	const char *pattern;
	int line; /* 0: not in the file */
};

static const struct file_case file_cases[] = {
	{ "@/list", "one.test", 1, "one.test", 2 },
	{ "@/list", "two.test", 1, "two.test", 2 },
	{ "@/list", "not.test", 0, NULL, 0 },
	{ "@/list", "comment", 0, NULL, 0 },
	{ "@/list", "three.test", 1, "Three.test", 3 },
	{ "@/list", "five.test", 1, "!!five.test", 3 },
	{ "@/list", "four.test", 0, "!four.test", 5 },
	{ "@/list", "last.test", 1, "last.test", 7 },
	{ "!@/list", "one.test", 0, "one.test", 2 },
	{ "!@/list", "four.test", 1, "!four.test", 5 },
	{ "!@/list one.test", "one.test", 0, "one.test", 2 },
	{ "!!@/list", "one.test", 1, "one.test", 2 },
	{ "one.test @/list", "one.test", 1, "one.test", 0 },
	{ "@/list, other.test", "other.test", 1, "other.test", 0 },
	{ "@/outer", "one.test", 1, "one.test", 2 },
	{ "!@/outer", "one.test", 0, "one.test", 2 },
	{ "@/empty x", "x", 1, "x", 0 },
};

START_TEST(reads_lists_from_files)
{
	const struct file_case *c = &file_cases[_i];
	struct domain_list_match match;
	const char *file = NULL;
	struct error error;
	struct domain_list *domains;
	char *list = expand(c->list);
	char *path = place_path("list");

	place_write("list", list_file);
	place_write("outer", "@/list\n");
	place_write("empty", "");
	domains = new_table(list, EXACT, &error);
	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_int_eq(domain_list_match(domains, c->domain, &match),
			 c->found);
	if (c->pattern == NULL)
		ck_assert_ptr_null(match.pattern);
	else
		ck_assert_str_eq(match.pattern, c->pattern);
	ck_assert_int_eq(line_of(&match, c->domain, &file), c->line);
	if (c->line > 0)
		ck_assert_str_eq(file, path);
	domain_list_free(domains);
	free(path);
	free(list);
}
END_TEST

struct refused_case {
	const char *list;
	const char *reason; /* part of the message */
};

static const struct refused_case refused[] = {
	{ "a !", "no pattern after \"!\"" },
	{ "!!, a", "no pattern after \"!\"" },
	{ "a texthash:/x", "\"texthash:/x\": No such file or directory" },
	{ "!foo:{a=b}", "\"!foo:{a=b}\": Postfix has no table type \"foo\"" },
	{ "a:", "is not type:name" },
	{ "::1", "no table type" },
	{ "proxy:mysql", "is not type:name" },
	{ "HASH:/x", "no table type" },
	{ "regexp:x", "x is not an absolute path" },
	{ "regexp:{{/a/ b}x}", "in braces" },
	{ "pcre:{/a/ b}", "in braces" },
	{ "@/missing", "No such file or directory" },
	{ "!@/missing", "No such file or directory" },
	{ "@", "not a regular file" },
	{ "@/fifo", "not a regular file" },
	{ "@/nul", "NUL" },
	{ "@/table", "/table:2: \"cidr:/y\": No such file" },
	{ "@/self", "too deep" },
	{ "/dev/null", "not a regular file" },
};

START_TEST(refuses_what_cannot_be_read)
{
	const struct refused_case *c = &refused[_i];
	struct error error;
	char *list = expand(c->list);
	char *fifo = place_path("fifo");

	run_shell("printf 'a\\000b\\n' > %s/nul", place_directory);
	place_write("table", "a\nb cidr:/y c\n");
	place_write("self", "@/self\n");
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_ptr_null(new_table(list, EXACT, &error));
	ck_assert_msg(strncmp(error.text, "relay_domains: ", 15) == 0, "%s",
		      error.text);
	ck_assert_msg(strstr(error.text, c->reason) != NULL, "%s", error.text);
	free(fifo);
	free(list);
}
END_TEST

/* Without a loader a table is read as Postfix reads it with its own settings,
 * if there are any here. */
START_TEST(reads_tables_without_a_loader)
{
	struct error error;
	struct domain_list *domains =
		new_table("inline:{a.test=x}", EXACT, &error);

	if (domains != NULL)
		ck_assert_int_eq(domain_list_match(domains, "a.test", NULL), 1);
	else
		ck_assert_ptr_null(strstr(error.text, "Bad address"));
	domain_list_free(domains);
}
END_TEST

/* Files that name files are read this deep: one that names itself has an end.
 */
START_TEST(reads_files_that_name_files_sixteen_deep)
{
	struct domain_list *domains;
	char name[8], text[16];
	struct error error;
	char *list;

	for (int i = 2; i <= 16; i++) {
		sprintf(name, "%d", i);
		sprintf(text, "@/%d\n", i + 1);
		place_write(name, text);
	}
	place_write("17", "deep.test\n");
	list = expand("@/2");
	domains = new_table(list, EXACT, &error);
	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_int_eq(domain_list_match(domains, "deep.test", NULL), 1);
	domain_list_free(domains);
	free(list);
	place_write("1", "@/2\n");
	list = expand("@/1");
	ck_assert_ptr_null(new_table(list, EXACT, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "/16:1: "));
	free(list);
}
END_TEST

/* Of a word that is refused, so much is shown. */
START_TEST(shows_some_of_a_refused_word)
{
	char list[302] = "!";
	char shown[203] = "\"";
	struct error error;

	memset(list + 1, '!', 300);
	memset(shown + 1, '!', 200);
	strcat(shown, "\"");
	ck_assert_ptr_null(new_table(list, EXACT, &error));
	ck_assert_msg(strstr(error.text, shown) != NULL, "%s", error.text);
}
END_TEST

/* A word that would not fit is refused before it is stored. */
START_TEST(refuses_a_word_that_does_not_fit)
{
	size_t size = FILE_SIZE_MAX / 8 + 1;
	char *list = xmalloc(size + 1);
	struct error error;

	memset(list, 'a', size);
	list[size] = '\0';
	ck_assert_ptr_null(new_table(list, EXACT, &error));
	ck_assert_str_eq(error.text, "relay_domains: the list is too large");
	free(list);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("domain_list_read");

	tcase_add_checked_fixture(tests, place_make, place_remove);
	tcase_add_loop_test(tests, reads_lists_from_files, 0,
			    COUNT(file_cases));
	tcase_add_loop_test(tests, refuses_what_cannot_be_read, 0,
			    COUNT(refused));
	tcase_add_test(tests, reads_tables_without_a_loader);
	tcase_add_test(tests, reads_files_that_name_files_sixteen_deep);
	tcase_add_test(tests, shows_some_of_a_refused_word);
	tcase_add_test(tests, refuses_a_word_that_does_not_fit);
	return run_tests("domain_list_read", tests);
}
