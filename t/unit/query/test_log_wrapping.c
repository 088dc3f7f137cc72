/* SPDX-License-Identifier: ISC */
/* test_log_wrapping - what a container wrote, and what it did not */

#include <check.h>
#include <stdlib.h>

#include "policyd/query/log_wrapping.h"
#include "t/unit/test.h"

#define TEXT "Nov 24 15:00:00 mx postfix/smtpd[1]: x"

/* A line, and the one within; NULL: it is a line of its own. */
static const struct {
	const char *line, *text;
} cases[] = {
	{ "{\"log\":\"" TEXT "\\n\",\"stream\":\"stdout\",\"time\":\"x\"}",
	  TEXT },
	{ "{\"log\":\"" TEXT "\",\"stream\":\"stdout\"}", TEXT },
	{ "{\"log\":\"a\\nb\\n\",\"stream\":\"stdout\"}", NULL },
	{ "{\"log\":\"" TEXT "\"}", NULL },
	{ "{\"log\":1,\"stream\":\"stdout\"}", NULL },
	{ "{\"MESSAGE\":\"x\"}", NULL },
	{ "2026-11-24T15:00:00.1+01:00 stdout F " TEXT, TEXT },
	{ "2026-11-24T15:00:00Z stderr F ", "" },
	{ "2026-11-24T15:00:00Z stderr P " TEXT, NULL },
	{ "2026-11-24 15:00:00Z stderr F " TEXT, NULL },
	{ "2026-11-24T15:00:00.123456789Z " TEXT, TEXT },
	{ "2026-11-24T15:00:00.123456789Z "
	  "2026-11-24T15:00:00+01:00 mx postfix/smtpd[1]: x",
	  "2026-11-24T15:00:00+01:00 mx postfix/smtpd[1]: x" },
	{ "2026-11-24T15:00:00.123456789+01:00 " TEXT, TEXT },
	{ "2026-11-24T15:00:00+01:00 " TEXT, TEXT },
	{ "2026-11-24T15:00:00.12345 mail.info: " TEXT, TEXT },
	{ "@400000006743a1f000000000 mail.info: " TEXT, TEXT },
	/* Nobody writes it like that. */
	{ "2026-11-24T15:00:00,123456789Z " TEXT, NULL },
	{ "2026-11-24T15:00:00.123456789Z  " TEXT, NULL },
	{ "2026-11-24T15:00:00.12345 mail.: x " TEXT, NULL },
	{ "2026-11-24T15:00:00.12345 mail.info: x " TEXT, NULL },
	{ "2026-11-24T15:00:00+01:00 [ 1.5] postfix/smtpd[1]: x", NULL },
	{ "@400000006743a1f000000000 mx postfix/smtpd[1]: x", NULL },
	/* A line of a log daemon, whatever it quotes. */
	{ "2026-11-24T15:00:00.123456789Z mx postfix/smtpd[1]: " TEXT, NULL },
	{ "2026-11-24T15:00:00.123456789Z mx sshd[1]: " TEXT, NULL },
	{ "2026-11-24T15:00:00.123456789Z kernel: " TEXT, NULL },
	{ "2026-11-24T15:00:00.123456789Z policyd[1]: x", NULL },
	{ "2026-11-24T15:00:00.123456789Z", NULL },
	{ TEXT, NULL },
	{ "", NULL },
};

START_TEST(finds_the_line_within)
{
	char *text = log_unwrap(cases[_i].line);

	ck_assert_msg((text == NULL) == (cases[_i].text == NULL), "%s: %s",
		      cases[_i].line, text);
	if (text != NULL)
		ck_assert_str_eq(text, cases[_i].text);
	free(text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("log_wrapping");

	tcase_add_loop_test(tests, finds_the_line_within, 0, COUNT(cases));
	return run_tests("log_wrapping", tests);
}
