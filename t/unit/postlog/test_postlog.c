/* SPDX-License-Identifier: ISC */
/* test_postlog - sessions, messages and recipients, from line to line */

#include "lib/postlog/postlog.h"

#include <string.h>

#include "t/unit/test.h"

#define NOW	 1795528800
#define TEXT_MAX 8192

/* What was taken, one line for each recipient. */
struct taken {
	char text[TEXT_MAX];
	unsigned long count;
};

/* take - write it down */
static void take(void *context, const struct postlog_case *taken)
{
	static const char *const tls[] = { "plain", "tls", "tls?" };
	static const char *const login[] = { "", "login=", "login?" };
	struct taken *all = context;
	size_t length = strlen(all->text);

	all->count += taken->count;
	snprintf(all->text + length, TEXT_MAX - length,
		 "%s%s <%s> <%s> %s %s %s %s%s%s%s\n",
		 taken->accepted ? "+" : "-", taken->service, taken->sender,
		 taken->recipient, taken->address, tls[taken->tls],
		 taken->protocol, login[taken->login_state], taken->login,
		 taken->for_relay ? " relay" : "",
		 taken->doubtful ? " doubtful" : "");
}

/* feed - lines of a text, each "PROGRAM[PID]: TEXT" of the host mx */
static void feed(struct postlog *log, const char *text)
{
	struct postlog_line line = { 0 };
	unsigned long number = 0;

	while (*text != '\0') {
		int length = (int)strcspn(text, "\n");
		char *bytes = xasprintf("Nov 24 14:00:00 mx postfix/%.*s",
					length, text);

		ck_assert_int_eq(postlog_line_read(&line, bytes, NOW), 1);
		postlog_feed(log, &line, "log", ++number);
		free(bytes);
		text += length + 1;
	}
	postlog_line_clear(&line);
}

#define TLS                                                          \
	"smtpd[1]: Anonymous TLS connection established from h[9]: " \
	"TLSv1.3 with cipher C (256/256 bits)\n"
#define REJECT(id)                                                    \
	id ": reject: RCPT from h[9]: 554 5.7.1 <x@y>: Relay access " \
	   "denied; from=<s@t> to=<x@y> proto=ESMTP helo=<h>\n"

/* Logs, and what is taken from them. */
static const struct {
	const char *log, *taken;
} logs[] = {
	/* A message with one recipient. */
	{ "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "qmgr[2]: AAAAA: from=<s@t>, size=1, nrcpt=1 (queue active)\n"
	  "smtpd[1]: disconnect from h[9] rcpt=1 data=1 commands=3\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n"
	  "qmgr[2]: AAAAA: removed\n",
	  "+postfix <s@t> <a@b> 9 plain  \n" },
	/* Deferred, then sent: once. As the client wrote it: orig_to. */
	{ "smtpd[1]: connect from h[9]\n" TLS
	  "smtpd[1]: AAAAA: client=h[9], sasl_method=PLAIN, sasl_username=u\n"
	  "smtpd[1]: disconnect from h[9] starttls=1 auth=1 rcpt=2 data=1 "
	  "commands=3\n"
	  "smtp[3]: AAAAA: to=<a@b>, orig_to=<c>, relay=none, status=deferred\n"
	  "smtp[3]: AAAAA: to=<d@b>, orig_to=<c>, relay=e[f]:25, status=sent\n"
	  "smtp[3]: AAAAA: to=<g@b>, relay=e[f]:25, status=sent\n"
	  "qmgr[2]: AAAAA: removed\n",
	  "+postfix <> <c> 9 tls TLSv1.3 login=u\n"
	  "+postfix <> <g@b> 9 tls TLSv1.3 login=u\n" },
	/* Refused, without and with a login. */
	{ "smtpd[1]: connect from h[9]\nsmtpd[1]: " REJECT(
		  "NOQUEUE") "smtpd[1]: disconnect from h[9] rcpt=0/1 commands=1/2\n",
	  "-postfix <s@t> <x@y> 9 plain   relay\n" },
	{ "smtpd[1]: connect from h[9]\nsmtpd[1]: " REJECT(
		  "NOQUEUE") "smtpd[1]: disconnect from h[9] auth=1 rcpt=0/1 commands=1/2\n",
	  "-postfix <s@t> <x@y> 9 plain  login? relay\n" },
	{ "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9], sasl_method=PLAIN, sasl_username=u\n"
	  "smtpd[1]: " REJECT(
		  "AAAAA") "smtpd[1]: disconnect from h[9] auth=1 rcpt=1/2 commands=1/2\n",
	  "-postfix <s@t> <x@y> 9 plain  login=u relay\n" },
	/* STARTTLS that is not logged; before it, after it. */
	{ "smtpd[1]: connect from h[9]\nsmtpd[1]: " REJECT(
		  "NOQUEUE") "smtpd[1]: disconnect from h[9] starttls=1 rcpt=0/1 commands=1/2\n",
	  "-postfix <s@t> <x@y> 9 tls?   relay\n" },
	{ "smtpd[1]: connect from h[9]\nsmtpd[1]: " REJECT("NOQUEUE") TLS
	  "smtpd[1]: disconnect from h[9] starttls=1 rcpt=0/1 commands=1/2\n",
	  "-postfix <s@t> <x@y> 9 plain   relay\n" },
	/* The end is missing; the next client of the same process. */
	{ "smtpd[1]: connect from h[9]\nsmtpd[1]: " REJECT(
		  "NOQUEUE") "smtpd[1]: connect from h[8]\n",
	  "-postfix <s@t> <x@y> 9 tls?  login? relay\n" },
	/* The beginning is missing. */
	{ "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtpd[1]: disconnect from h[9] rcpt=1 data=1 commands=3\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n",
	  "+postfix <> <a@b> 9 plain  \n" },
	/* Nothing was sent; a message that is not of smtpd. */
	{ "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtpd[1]: disconnect from h[9] rcpt=1 commands=3\n"
	  "pickup[3]: BBBBB: uid=0 from=<root>\n"
	  "local[3]: BBBBB: to=<a@b>, relay=local, status=sent (x)\n",
	  "" },
	/* Postfix added a recipient. */
	{ "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtpd[1]: disconnect from h[9] rcpt=1 data=1 commands=3\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n"
	  "local[3]: AAAAA: to=<bcc@b>, relay=local, status=sent (x)\n",
	  "+postfix <> <a@b> 9 plain   doubtful\n"
	  "+postfix <> <bcc@b> 9 plain   doubtful\n" },
	/* A content filter gives it back. */
	{ "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtpd[1]: disconnect from h[9] rcpt=1 data=1 commands=3\n"
	  "smtpd[2]: connect from l[127.0.0.1]\n"
	  "smtpd[2]: BBBBB: client=l[127.0.0.1]\n"
	  "smtp[3]: AAAAA: to=<a@b>, relay=127.0.0.1[127.0.0.1]:10024, "
	  "status=sent (250 from MTA: 250 Ok: queued as BBBBB)\n"
	  "qmgr[2]: AAAAA: removed\n"
	  "local[3]: BBBBB: to=<a@b>, relay=local, status=sent (x)\n"
	  "qmgr[2]: BBBBB: removed\n",
	  "+postfix <> <a@b> 9 plain  \n" },
	{ "smtpd[2]: connect from l[127.0.0.1]\n"
	  "smtpd[2]: BBBBB: client=l[127.0.0.1], orig_queue_id=AAAAA, "
	  "orig_client=h[9]\n"
	  "local[3]: BBBBB: to=<a@b>, relay=local, status=sent (x)\n",
	  "" },
	/* A queue id again; equal lines together. */
	{ "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n"
	  "smtpd[1]: disconnect from h[9] rcpt=2 data=2 commands=3\n",
	  "+postfix <> <a@b> 9 plain  \n+postfix <> <a@b> 9 plain  \n" },
};

START_TEST(puts_the_lines_of_a_session_together)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);

	feed(log, logs[_i].log);
	postlog_end(log);
	ck_assert_str_eq(taken.text, logs[_i].taken);
	postlog_free(log);
}
END_TEST

/* PLAIN of a session without TLS, MUTE of one whose TLS was not logged. */
#define PLAIN                                                \
	"smtpd[1]: connect from h[9]\nsmtpd[1]: " REJECT(    \
		"NOQUEUE") "smtpd[1]: disconnect from h[9] " \
			   "rcpt=0/1 commands=1/2\n"
#define MUTE                            \
	"smtpd[1]: connect from h[9]\n" \
	"smtpd[1]: disconnect from h[9] starttls=1 commands=2\n"
#define LOGGED                              \
	"smtpd[1]: connect from h[9]\n" TLS \
	"smtpd[1]: disconnect from h[9] starttls=1 commands=2\n"

/* remember - whether TLS is logged */
static void remember(void *context, const struct postlog_case *taken)
{
	char *all = context;

	all[strlen(all)] = taken->logs_tls ? 'y' : 'n';
}

/* It was not before its first line, nor after STARTTLS without one; a later
 * line says nothing of what was before. */
START_TEST(knows_when_tls_was_logged)
{
	char found[8] = "";
	struct postlog *log = postlog_new(remember, found);

	feed(log, PLAIN LOGGED PLAIN MUTE PLAIN MUTE PLAIN LOGGED PLAIN);
	postlog_end(log);
	ck_assert_str_eq(found, "nynny");
	postlog_free(log);
}
END_TEST

START_TEST(counts_what_it_leaves_out)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);

	feed(log, "smtpd[1]: connect from h[9]\n"
		  "smtpd[1]: AAAAA: client=h[9]\n"
		  "smtpd[1]: disconnect from h[9] rcpt=3 commands=3\n"
		  "smtpd[1]: NOQUEUE: client=h[9]\n");
	postlog_end(log);
	ck_assert_uint_eq(postlog_figures(log)->lost, 3);
	ck_assert_uint_eq(postlog_figures(log)->proxied, 1);
	ck_assert_uint_eq(postlog_figures(log)->lines, 4);
	ck_assert_int_eq(postlog_figures(log)->first, NOW);
	postlog_free(log);
}
END_TEST

/* with little memory, the oldest are complete early, and nothing is lost */
START_TEST(loses_nothing_with_little_memory)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);
	int i;

	postlog_limit(log, 100000);
	for (i = 0; i < 20000; i++) {
		char *lines = xasprintf(
			"smtpd[%d]: connect from h[9]\n"
			"smtpd[%d]: B%05X: client=h[9]\n"
			"local[3]: B%05X: to=<a@b>, relay=local, status=s\n",
			i + 10, i + 10, i, i);

		feed(log, lines);
		free(lines);
		taken.text[0] = '\0';
	}
	ck_assert_uint_gt(postlog_figures(log)->early, 19000);
	postlog_end(log);
	ck_assert_uint_eq(taken.count, 20000);
	postlog_free(log);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("postlog");

	setenv("TZ", "UTC", 1);
	tcase_add_loop_test(tests, puts_the_lines_of_a_session_together, 0,
			    COUNT(logs));
	tcase_add_test(tests, knows_when_tls_was_logged);
	tcase_add_test(tests, counts_what_it_leaves_out);
	tcase_add_test(tests, loses_nothing_with_little_memory);
	return run_tests("postlog", tests);
}
