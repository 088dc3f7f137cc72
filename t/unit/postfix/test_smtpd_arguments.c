/* SPDX-License-Identifier: ISC */
/* test_smtpd_arguments - options that smtpd(8) or postconf(1) cannot use */

#include <check.h>
#include <string.h>

#include "lib/postfix/smtpd_arguments.h"
#include "t/unit/test.h"

static const struct {
	const char *arguments;
	enum smtpd_arguments_fault fault;
	const char *word, *text, *advice;
} cases[] = {
	{ "", SMTPD_ARGUMENTS_FINE, NULL, NULL, NULL },
	{ " -v -vv -D -o a=b -o {c = d e} -o { f = -o }", SMTPD_ARGUMENTS_FINE,
	  NULL, NULL, NULL },
	{ "-o a=b -oc=d", SMTPD_ARGUMENTS_JOINED, "-oc=d",
	  "has the option -oc=d in one word, which postconf loses",
	  "write -o NAME=VALUE as two words" },
	{ "-o a=b\n -o", SMTPD_ARGUMENTS_DANGLING, "-o",
	  "ends with -o and no setting, so smtpd does not start",
	  "remove the -o, or write -o NAME=VALUE" },
	{ "-o a -o b=c", SMTPD_ARGUMENTS_NO_VALUE, "a",
	  "has the option -o a without \"=\", so smtpd does not start",
	  "write -o NAME=VALUE" },
	{ "-o -o", SMTPD_ARGUMENTS_NO_VALUE, "-o",
	  "has the option -o -o without \"=\", so smtpd does not start",
	  "write -o NAME=VALUE" },
	{ "-o a = b", SMTPD_ARGUMENTS_SPACED, "a",
	  "has white space before the \"=\" of -o a, so smtpd does not start",
	  "write white space in braces only: -o { NAME = VALUE }" },
	{ "-o a =b", SMTPD_ARGUMENTS_SPACED, "a",
	  "has white space before the \"=\" of -o a, so smtpd does not start",
	  "write white space in braces only: -o { NAME = VALUE }" },
	{ "-o a=b, reject -o c=d", SMTPD_ARGUMENTS_LOOSE, "reject",
	  "has the word reject outside of its options, so smtpd serves nobody",
	  "write white space in braces only: -o { NAME = VALUE }" },
	{ "-o a=b c=d", SMTPD_ARGUMENTS_LOOSE, "c=d",
	  "has the word c=d outside of its options, so smtpd serves nobody",
	  "write white space in braces only: -o { NAME = VALUE }" },
	{ "-x", SMTPD_ARGUMENTS_STRANGE, "-x",
	  "has the option -x, of which nothing is known here", "remove it" },
};

START_TEST(finds_the_first_fault)
{
	char *word, *text;

	ck_assert_int_eq(smtpd_arguments_fault(cases[_i].arguments, &word),
			 cases[_i].fault);
	if (cases[_i].word == NULL) {
		ck_assert_ptr_null(word);
		return;
	}
	text = smtpd_arguments_text(cases[_i].fault, word);
	ck_assert_str_eq(word, cases[_i].word);
	ck_assert_str_eq(text, cases[_i].text);
	ck_assert_str_eq(smtpd_arguments_advice(cases[_i].fault),
			 cases[_i].advice);
	free(text);
	free(word);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("smtpd_arguments");

	tcase_add_loop_test(tests, finds_the_first_fault, 0, COUNT(cases));
	return run_tests("smtpd_arguments", tests);
}
