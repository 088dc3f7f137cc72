/* SPDX-License-Identifier: ISC */
/* test_log_prefix - the program that wrote a line, and nobody else */

#include "lib/base/log_prefix.h"

#include <string.h>

#include "t/unit/test.h"

#define NAME "postfix/submission/smtpd"

/* Lines, and what is before their text; NULL: of nobody known. */
static const struct {
	const char *line, *stamp, *host, *name, *pid, *text;
} lines[] = {
	{ "Nov 24 15:00:00 mx " NAME "[12]: connect", "Nov 24 15:00:00", "mx",
	  NAME, "12", "connect" },
	{ "Nov  4 15:00:00 " NAME "[12]: ", "Nov  4 15:00:00", "", NAME, "12",
	  "" },
	{ "Nov 24 15:00:00 mx mail.info postfix/qmgr[1]: x", "Nov 24 15:00:00",
	  "mx", "postfix/qmgr", "1", "x" },
	{ "Nov 24 15:00:00 <mail.info> mx postfix/qmgr[1]: x",
	  "Nov 24 15:00:00", "mx", "postfix/qmgr", "1", "x" },
	{ "Nov 24 15:00:00 <2.6> mx postfix/qmgr[1]: x", "Nov 24 15:00:00",
	  "mx", "postfix/qmgr", "1", "x" },
	{ "2026-11-24T15:00:00.123456+01:00 mx postfix/smtpd[1]: x",
	  "2026-11-24T15:00:00.123456+01:00", "mx", "postfix/smtpd", "1", "x" },
	{ "<22>1 2026-11-24T15:00:00.1Z mx postfix/smtpd 9 - - a [b]",
	  "2026-11-24T15:00:00.1Z", "mx", "postfix/smtpd", "9", "a [b]" },
	{ "<22>1 2026-11-24T15:00:00Z mx postfix/smtpd 9 ID [a b=\"\\]\"][c] "
	  "\xef\xbb\xbfx",
	  "2026-11-24T15:00:00Z", "mx", "postfix/smtpd", "9", "x" },
	{ "<22>Nov 24 15:00:00 mx postfix/smtpd[1]: x", "Nov 24 15:00:00", "mx",
	  "postfix/smtpd", "1", "x" },
	{ "Nov 24 15:00:00 mx mail:info postfix/smtpd[1]: x", "Nov 24 15:00:00",
	  "mx", "postfix/smtpd", "1", "x" },
	{ "Nov 24 15:00:00 s_sys@mx postfix/smtpd[1]: x", "Nov 24 15:00:00",
	  "s_sys@mx", "postfix/smtpd", "1", "x" },
	{ "Nov 24 15:00:00 relay/mx postfix/smtpd[1]: x", "Nov 24 15:00:00",
	  "relay/mx", "postfix/smtpd", "1", "x" },
	{ "Nov 24 15:00:00 mx postfix/smtpd[1]: [ID 197553 mail.info] x",
	  "Nov 24 15:00:00", "mx", "postfix/smtpd", "1", "x" },
	{ "Nov 24 15:00:00 mx postfix/smtpd[1]: [ID mail.info] x",
	  "Nov 24 15:00:00", "mx", "postfix/smtpd", "1", "[ID mail.info] x" },
	{ "[ 12.345678 <    0.000123 >] mx postfix/smtpd[1]: x",
	  "[ 12.345678 <    0.000123 >]", "mx", "postfix/smtpd", "1", "x" },
	/* syslog_name = postfix/$service_name */
	{ "Nov 24 15:00:00 mx postfix/192.0.2.1:587/smtpd[1]: x",
	  "Nov 24 15:00:00", "mx", "postfix/192.0.2.1:587/smtpd", "1", "x" },
	{ "Nov 24 15:00:00 mx postfix/[2001:db8::1]:587/smtpd[1]: x",
	  "Nov 24 15:00:00", "mx", "postfix/[2001:db8::1]:587/smtpd", "1",
	  "x" },
	{ "policyd[7]: id=1", "", "", "policyd", "7", "id=1" },
	/* Quoted by others. */
	{ "Nov 24 15:00:00 mx kernel: postfix/smtpd[1]: x", NULL, NULL, NULL,
	  NULL, NULL },
	{ "Nov 24 15:00:00 mx su: mx postfix/smtpd[1]: x", NULL, NULL, NULL,
	  NULL, NULL },
	{ "Nov 24 15:00:00 a b postfix/smtpd[1]: x", NULL, NULL, NULL, NULL,
	  NULL },
	{ "mx postfix/smtpd[1]: x", NULL, NULL, NULL, NULL, NULL },
	{ "<22>1 2026-11-24T15:00:00Z mx postfix/smtpd - - - x", NULL, NULL,
	  NULL, NULL, NULL },
	{ "<22>1 2026-11-24T15:00:00Z mx a 1 - [b", NULL, NULL, NULL, NULL,
	  NULL },
	{ "<mail.info> mx postfix/smtpd[1]: x", NULL, NULL, NULL, NULL, NULL },
	{ "<22>postfix/smtpd[1]: x", NULL, NULL, NULL, NULL, NULL },
	{ "<22> postfix/smtpd[1]: x", NULL, NULL, NULL, NULL, NULL },
	{ "1 2026-11-24T15:00:00Z mx postfix/smtpd 9 - - x", NULL, NULL, NULL,
	  NULL, NULL },
	{ "[ 12.345678 <    x >] mx postfix/smtpd[1]: x", NULL, NULL, NULL,
	  NULL, NULL },
	{ "Nov 24 15:00:00 mx postfix/smtpd[]: x", NULL, NULL, NULL, NULL,
	  NULL },
	{ "Nov 24 15:00:00 mx su:587/smtpd[1]: x", NULL, NULL, NULL, NULL,
	  NULL },
	{ "Nov 24 15:00:00 mx a/su:postfix/smtpd[1]: x", NULL, NULL, NULL, NULL,
	  NULL },
	{ "Nov 24 15:00:00 mx a/su:587 postfix/smtpd[1]: x", NULL, NULL, NULL,
	  NULL, NULL },
	{ "Nov 24 15:00:00 mx a/[x]:587/smtpd[1]: x", NULL, NULL, NULL, NULL,
	  NULL },
	{ "Nov 24 15:00:00 mx a/[::1]/smtpd[1]: x", NULL, NULL, NULL, NULL,
	  NULL },
	{ "", NULL, NULL, NULL, NULL, NULL },
};

/* check_part - one part of the prefix */
static void check_part(const char *is, size_t length, const char *want)
{
	ck_assert_uint_eq(length, strlen(want));
	ck_assert(length == 0 || strncmp(is, want, length) == 0);
}

START_TEST(finds_the_text_behind_each_prefix)
{
	struct log_prefix prefix;
	bool known = log_prefix_read(&prefix, lines[_i].line);

	ck_assert_msg(known == (lines[_i].name != NULL), "%s", lines[_i].line);
	if (!known)
		return;
	check_part(prefix.stamp, prefix.stamp_length, lines[_i].stamp);
	check_part(prefix.host, prefix.host_length, lines[_i].host);
	check_part(prefix.name, prefix.name_length, lines[_i].name);
	check_part(prefix.pid, prefix.pid_length, lines[_i].pid);
	ck_assert_str_eq(prefix.text, lines[_i].text);
}
END_TEST

START_TEST(finds_the_text_of_one_program)
{
	ck_assert_str_eq(log_prefix_text("Nov 24 15:00:00 mx a[1]: b", "a"),
			 "b");
	ck_assert_ptr_null(log_prefix_text("Nov 24 15:00:00 mx ab[1]: c", "a"));
	ck_assert_ptr_null(log_prefix_text("Nov 24 15:00:00 mx a[1]: c", "ab"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("log_prefix");

	tcase_add_loop_test(tests, finds_the_text_behind_each_prefix, 0,
			    COUNT(lines));
	tcase_add_test(tests, finds_the_text_of_one_program);
	return run_tests("log_prefix", tests);
}
