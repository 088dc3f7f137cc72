/* SPDX-License-Identifier: ISC */
/* test_config_import_dump - -T says what came from main.cf, and loads to the
 * same */

#include <check.h>

#include "t/unit/test.h"
#include "t/unit/config/importing.h"
#include "t/unit/config/printing.h"

/* dump_as - what -T prints for a file, into another */
static void dump_as(const char *from, const char *to, bool all)
{
	char *input = place_path(from), *output = place_path(to);
	char *text = dump_path(input, all);

	write_file(output, text, strlen(text));
	free(text);
	free(input);
	free(output);
}

/* dump - with -v */
static void dump(const char *from, const char *to)
{
	dump_as(from, to, true);
}

/* read_values - of a dump, without its comments; the caller frees it */
static char *read_values(const char *name)
{
	char *path = place_path(name), *text;
	size_t size;

	text = read_whole(path, &size);
	strip_comments(text);
	free(path);
	return text;
}

START_TEST(dump_says_where_from)
{
	char *path = place_path("dump"), *text, *line;
	size_t size;
	int i;

	put("policyd.conf", TWO_LINES);
	dump("policyd.conf", "dump");
	text = read_whole(path, &size);
	for (i = 0; i < PARAMETER_COUNT; i++) {
		char *start =
			xasprintf("\n%s = ", parameter_name((enum parameter)i));

		line = strstr(text, start);
		ck_assert_msg(line != NULL, "%s", start);
		line = xstrndup(line + 1, strcspn(line + 1, "\n"));
		ck_assert_msg(strstr(line, "/main.cf") != NULL, "%s", line);
		free(line);
		free(start);
	}
	line = with_directory("mynetworks = \"10.1.0.0/16\"\t# DIR/main.cf\n");
	ck_assert_ptr_nonnull(strstr(text, line));
	free(line);
	line = with_directory("# queue_directory = /var/spool/other"
			      "\t# DIR/main.cf\n");
	ck_assert_ptr_nonnull(strstr(text, line));
	free(line);
	free(text);
	free(path);
}
END_TEST

/* What main.cf does not change is not printed without -v. */
START_TEST(dump_may_be_brief)
{
	char *path = place_path("dump"), *text, *expected;
	size_t size;

	put("policyd.conf", TWO_LINES);
	dump_as("policyd.conf", "dump", false);
	text = read_whole(path, &size);
	expected = with_directory(
		"# effective configuration: DIR/policyd.conf; what is not here "
		"has its default\n"
		"import_postfix = \"DIR\"\t# DIR/policyd.conf:2\n"
		"mynetworks = \"10.1.0.0/16\"\t# DIR/main.cf\n"
		"# queue_directory = /var/spool/other\t# DIR/main.cf\n"
		"# mail_version = ");
	ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s",
		      text);
	free(expected);
	expected = with_directory(
		"\nmyhostname = \"mail.local.test\"\t# DIR/main.cf\n"
		"mydestination = \"mail.local.test, in.local.test a$$b.test\""
		"\t# DIR/main.cf\n"
		"relay_domains = \"relay.test\"\t# DIR/main.cf\n"
		"allow_percent_hack = \"no\"\t# DIR/main.cf\n"
		"\nlisten \"unix:/x\" {\t# DIR/policyd.conf:1\n}\n");
	ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
	free(expected);
	free(text);
	free(path);
}
END_TEST

START_TEST(dump_loads_to_the_same)
{
	char *first, *second;

	put("policyd.conf", TWO_LINES "relay_domains = 'x.test'\n");
	dump("policyd.conf", "dump");
	dump("dump", "again");
	first = read_values("dump");
	second = read_values("again");
	ck_assert_ptr_nonnull(strstr(first, "a$$b.test"));
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
}
END_TEST

/* An imported parameter may be set in the file too. */
START_TEST(dump_with_login_maps_loads_to_the_same)
{
	char *first, *second;
	char *text = xasprintf("%s%s", main_cf, LOGIN_MAPS);

	put("main.cf", text);
	put("list", "a@relay.test alice\n");
	put("policyd.conf", LOGIN_LINES);
	dump("policyd.conf", "dump");
	dump("dump", "again");
	first = read_values("dump");
	second = read_values("again");
	ck_assert_ptr_nonnull(strstr(first, "sender_login_maps = "));
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
	free(text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_import_dump");

	tcase_add_checked_fixture(tests, set_up, place_remove);
	tcase_add_test(tests, dump_says_where_from);
	tcase_add_test(tests, dump_may_be_brief);
	tcase_add_test(tests, dump_loads_to_the_same);
	tcase_add_test(tests, dump_with_login_maps_loads_to_the_same);
	return run_tests("config_import_dump", tests);
}
