/* SPDX-License-Identifier: ISC */
/* test_postlog_line - lines of Postfix in every form, and no others */

#include "lib/postlog/postlog_line.h"

#include <stdbool.h>
#include <string.h>

#include "lib/postlog/postlog_time.h"
#include "t/unit/test.h"

#define NOW  1795528800 /* 2026-11-24T14:00:00Z */
#define HEAD "Nov 24 14:00:00 mx "
#define JOURNAL                                                                \
	"{\"__REALTIME_TIMESTAMP\":\"1795528800000000\",\"_HOSTNAME\":\"mx\"," \
	"\"SYSLOG_IDENTIFIER\":\"postfix/smtpd\",\"SYSLOG_PID\":\"7\","        \
	"\"MESSAGE\":\"0A1B2C3D4E: client=a[b]\"}"

static const struct {
	const char *line;
	const char *host, *service, *program, *pid, *id, *text;
	unsigned long repeats;
} lines[] = {
	{ HEAD "postfix/smtpd[12]: connect from a[b]", "mx", "postfix", "smtpd",
	  "12", "", "connect from a[b]", 1 },
	{ HEAD "postfix/submission/smtpd[12]: 4FkXYz1n2Bz9: client=a[b]\r",
	  "mx", "postfix/submission", "smtpd", "12", "4FkXYz1n2Bz9",
	  "client=a[b]", 1 },
	{ HEAD "postfix-out/qmgr[1]: 0A1B2C3D4E: removed", "mx", "postfix-out",
	  "qmgr", "1", "0A1B2C3D4E", "removed", 1 },
	{ HEAD "postfix/smtpd[1]: NOQUEUE: reject", "mx", "postfix", "smtpd",
	  "1", "", "NOQUEUE: reject", 1 },
	{ HEAD "postfix/smtpd[1]: warning: x", "mx", "postfix", "smtpd", "1",
	  "", "warning: x", 1 },
	{ HEAD "postfix/smtpd[1]: message repeated 3 times: [ NOQUEUE: x [y]]",
	  "mx", "postfix", "smtpd", "1", "", "NOQUEUE: x [y]", 3 },
	{ "mail-1  | " HEAD "postfix/smtpd[1]: x", "mx", "postfix", "smtpd",
	  "1", "", "x", 1 },
	{ "mail-1  | 2026-11-24T14:00:00.123456789Z " HEAD
	  "postfix/smtpd[1]: x",
	  "mx", "postfix", "smtpd", "1", "", "x", 1 },
	{ "\033[36mmail-1  |\033[0m " HEAD "postfix/smtpd[1]: x", "mx",
	  "postfix", "smtpd", "1", "", "x", 1 },
	{ "[pod/mail-0/postfix] " HEAD "postfix/smtpd[1]: x", "mx", "postfix",
	  "smtpd", "1", "", "x", 1 },
	{ JOURNAL, "mx", "postfix", "smtpd", "7", "0A1B2C3D4E", "client=a[b]",
	  1 },
	{ "\x1e" JOURNAL, "mx", "postfix", "smtpd", "7", "0A1B2C3D4E",
	  "client=a[b]", 1 },
	{ "data: " JOURNAL, "mx", "postfix", "smtpd", "7", "0A1B2C3D4E",
	  "client=a[b]", 1 },
	{ "{\"__REALTIME_TIMESTAMP\":\"1795528800000000\",\"_HOSTNAME\":\"mx\","
	  "\"SYSLOG_IDENTIFIER\":\"postfix/smtpd\",\"_PID\":\"7\","
	  "\"MESSAGE\":[120,195,188]}",
	  "mx", "postfix", "smtpd", "7", "", "x\xc3\xbc", 1 },
	/* Others, and quotations. */
	{ HEAD "dovecot: postfix/smtpd[1]: x", NULL, NULL, NULL, NULL, NULL,
	  NULL, 0 },
	{ HEAD "sshd[1]: postfix/smtpd[1]: x", NULL, NULL, NULL, NULL, NULL,
	  NULL, 0 },
	{ HEAD "smtpd[1]: x", NULL, NULL, NULL, NULL, NULL, NULL, 0 },
	{ HEAD "/smtpd[1]: x", NULL, NULL, NULL, NULL, NULL, NULL, 0 },
	{ HEAD "/usr/sbin/cron[1]: x", NULL, NULL, NULL, NULL, NULL, NULL, 0 },
	{ "[pod/mail-0/postfix]x " HEAD "postfix/smtpd[1]: x", NULL, NULL, NULL,
	  NULL, NULL, NULL, 0 },
	{ "\033[36mmail-1  |\033[0" HEAD "postfix/smtpd[1]: x", NULL, NULL,
	  NULL, NULL, NULL, NULL, 0 },
	{ "data: postfix/smtpd[1]: x", NULL, NULL, NULL, NULL, NULL, NULL, 0 },
	{ "postfix/smtpd[1]: x", NULL, NULL, NULL, NULL, NULL, NULL, 0 },
	{ "mail-1  | postfix/smtpd[1]: x", NULL, NULL, NULL, NULL, NULL, NULL,
	  0 },
	{ HEAD "mail-1  | " HEAD "postfix/smtpd[1]: x", NULL, NULL, NULL, NULL,
	  NULL, NULL, 0 },
	{ "{\"log\":\"postfix/smtpd[1]: x\"}", NULL, NULL, NULL, NULL, NULL,
	  NULL, 0 },
	{ "{\"MESSAGE\":\"x\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"_PID\":\"1\"}",
	  NULL, NULL, NULL, NULL, NULL, NULL, 0 },
	{ "{\"MESSAGE\":{},\"SYSLOG_IDENTIFIER\":\"a/b\",\"_PID\":\"1\"}", NULL,
	  NULL, NULL, NULL, NULL, NULL, 0 },
	{ "{\"log\":\"" HEAD "postfix/smt", NULL, NULL, NULL, NULL, NULL, NULL,
	  0 },
	{ "{", NULL, NULL, NULL, NULL, NULL, NULL, 0 },
	{ "", NULL, NULL, NULL, NULL, NULL, NULL, 0 },
};

START_TEST(splits_a_line_of_each_format)
{
	char *bytes = xstrdup(lines[_i].line);
	struct postlog_line line = { 0 };
	int result = postlog_line_read(&line, bytes, NOW);

	ck_assert_msg(result == (lines[_i].host != NULL), "%s", lines[_i].line);
	if (result > 0) {
		ck_assert_str_eq(line.host, lines[_i].host);
		ck_assert_str_eq(line.service, lines[_i].service);
		ck_assert_str_eq(line.program, lines[_i].program);
		ck_assert_str_eq(line.pid, lines[_i].pid);
		ck_assert_str_eq(line.queue_id, lines[_i].id);
		ck_assert_str_eq(line.text, lines[_i].text);
		ck_assert_uint_eq(line.repeats, lines[_i].repeats);
		ck_assert_int_eq(line.time, NOW);
	}
	postlog_line_clear(&line);
	free(bytes);
}
END_TEST

/* Lines of others, and whether they say when they were written. */
static const struct {
	const char *line;
	bool dated;
} others[] = {
	{ HEAD "dovecot: imap-login: x", true },
	{ HEAD "kernel: x", true },
	{ HEAD "last message repeated 2 times", true },
	{ HEAD "sshd[1]: x", true },
	{ "2026-11-24T14:00:00.1+00:00 mx kernel: x", true },
	{ "<22>1 2026-11-24T14:00:00Z mx kernel - - - x", true },
	{ "mail-1  | " HEAD "dovecot: x", true },
	{ "{\"__REALTIME_TIMESTAMP\":\"1795528800000000\"}", true },
	{ "x " HEAD "dovecot: x", false },
	{ "dovecot: x", false },
	{ "<22>1 x mx kernel - - - x", false },
	{ "{\"a\":1}", false },
	{ "", false },
};

START_TEST(knows_when_others_wrote)
{
	char *bytes = xstrdup(others[_i].line);
	struct postlog_line line = { 0 };

	ck_assert_int_eq(postlog_line_read(&line, bytes, NOW), 0);
	ck_assert_int_eq(line.time, others[_i].dated ? NOW : POSTLOG_NO_TIME);
	postlog_line_clear(&line);
	free(bytes);
}
END_TEST

/* Lines, and how often the last one says that the one before was repeated. */
static const struct {
	const char *lines;
	unsigned long times;
} repeated[] = {
	{ HEAD "postfix/smtpd[1]: x\n" HEAD "last message repeated 7 times",
	  7 },
	{ HEAD "postfix/smtpd[1]: x\n" HEAD "last message repeated 1 time", 1 },
	{ HEAD "postfix/smtpd[1]: x\n" HEAD
	       "syslogd: last message repeated 7 times",
	  7 },
	{ HEAD "postfix/smtpd[1]: x\n" HEAD
	       "syslogd[9]: last message repeated 7 times",
	  7 },
	{ HEAD "postfix/smtpd[1]: x\n" HEAD
	       "last message repeated 7 times\n" HEAD
	       "last message repeated 3 times",
	  3 },
	{ "Nov 24 14:00:00 <mail.info> mx postfix/smtpd[1]: x\n"
	  "Nov 24 14:00:00 <mail.info> mx last message repeated 7 times",
	  7 },
	/* Of another program, of another host, or its text. */
	{ HEAD "sshd[1]: x\n" HEAD "last message repeated 7 times", 0 },
	{ HEAD "postfix/smtpd[1]: x\n" HEAD "sshd[1]: y\n" HEAD
	       "last message repeated 7 times",
	  0 },
	{ HEAD
	  "postfix/smtpd[1]: x\nNov 24 14:00:00 mx2 last message repeated 7 "
	  "times",
	  0 },
	{ HEAD "postfix/smtpd[1]: x\n" HEAD
	       "sshd[1]: last message repeated 7 times",
	  0 },
	{ HEAD "postfix/smtpd[1]: x\n" HEAD
	       "dovecot: last message repeated 7 times",
	  0 },
	{ HEAD "postfix/smtpd[1]: x\n" HEAD "last message repeated 7 times x",
	  0 },
	{ HEAD "postfix/smtpd[1]: x\n" HEAD "last message repeated 0 times",
	  0 },
	{ HEAD "postfix/smtpd[1]: x\nlast message repeated 7 times", 0 },
};

START_TEST(knows_what_was_repeated)
{
	char *bytes = xstrdup(repeated[_i].lines);
	struct postlog_line line = { 0 };
	char *each = strtok(bytes, "\n");
	int result = 0;

	for (; each != NULL; each = strtok(NULL, "\n"))
		result = postlog_line_read(&line, each, NOW);
	ck_assert_int_eq(result, repeated[_i].times > 0);
	ck_assert_int_eq(line.again, repeated[_i].times > 0);
	if (result > 0) {
		ck_assert_uint_eq(line.repeats, repeated[_i].times);
		ck_assert_str_eq(line.program, "smtpd");
		ck_assert_str_eq(line.text, "");
	}
	postlog_line_clear(&line);
	free(bytes);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("postlog_line");

	setenv("TZ", "UTC", 1);
	tcase_add_loop_test(tests, splits_a_line_of_each_format, 0,
			    COUNT(lines));
	tcase_add_loop_test(tests, knows_when_others_wrote, 0, COUNT(others));
	tcase_add_loop_test(tests, knows_what_was_repeated, 0, COUNT(repeated));
	return run_tests("postlog_line", tests);
}
