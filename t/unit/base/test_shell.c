/* SPDX-License-Identifier: ISC */
/* test_shell - words of commands that are printed */

#include "lib/base/shell.h"

#include <stdlib.h>

#include "t/unit/test.h"

static const struct {
	const char *text;
	const char *quoted;
	const char *option;
} words[] = {
	{ "/usual", "'/usual'", "" },
	{ "/etc/postfix-2", "'/etc/postfix-2'", " -c /etc/postfix-2" },
	{ "/a b", "'/a b'", " -c '/a b'" },
	{ "it's", "'it'\\''s'", " -c 'it'\\''s'" },
	{ "$(x)", "'$(x)'", " -c '$(x)'" },
};

START_TEST(quotes_what_needs_it)
{
	char *quoted = shell_quote(words[_i].text);
	char *option = shell_option(words[_i].text, "/usual");

	ck_assert_str_eq(quoted, words[_i].quoted);
	ck_assert_str_eq(option, words[_i].option);
	free(quoted);
	free(option);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("shell");

	tcase_add_loop_test(tests, quotes_what_needs_it, 0, COUNT(words));
	return run_tests("shell", tests);
}
