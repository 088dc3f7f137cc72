/* SPDX-License-Identifier: ISC */
/* test_postlog - sessions and messages, from line to line */

#include "lib/postlog/postlog.h"

#include <string.h>

#include "lib/postlog/postlog_others.h"

#include "t/unit/postlog/feed.h"

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
	/* A proxy says who the client is (XCLIENT), and perhaps its login. */
	{ "smtpd[1]: connect from h[127.0.0.1]\nsmtpd[1]: " REJECT(
		  "NOQUEUE") "smtpd[1]: disconnect from h[9] xclient=1 rcpt=0/1 commands=2/3\n",
	  "-postfix <s@t> <x@y> 9 plain  login? relay\n" },
	{ "smtpd[1]: connect from h[127.0.0.1]\n"
	  "smtpd[1]: AAAAA: client=h[8], sasl_method=XCLIENT, "
	  "sasl_username=u\n"
	  "smtpd[1]: " REJECT(
		  "NOQUEUE") "smtpd[1]: disconnect from h[9] xclient=2 rcpt=0/1 commands=2/3\n",
	  "-postfix <s@t> <x@y> 9 plain  login? relay\n" },
	{ "smtpd[1]: connect from h[127.0.0.1]\n"
	  "smtpd[1]: AAAAA: client=h[9], sasl_method=XCLIENT, "
	  "sasl_username=u\n"
	  "smtpd[1]: " REJECT(
		  "AAAAA") "smtpd[1]: disconnect from h[9] xclient=1 rcpt=0/1 commands=2/3\n",
	  "-postfix <s@t> <x@y> 9 plain  login=u relay\n" },
	/* It was already there when the log begins. */
	{ "smtpd[1]: " REJECT(
		  "NOQUEUE") "smtpd[1]: disconnect from h[9] xclient=1 rcpt=0/1 commands=2/3\n",
	  "-postfix <s@t> <x@y> 9 plain  login? relay\n" },
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
	  "+postfix <> <a@b> 9 plain   filtered\n" },
	/* It is on another host. No mail server of a stranger is. */
	{ "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtpd[1]: CCCCC: client=h[9]\n"
	  "smtpd[1]: disconnect from h[9] rcpt=2 data=2 commands=3\n"
	  "smtpd[2]: BBBBB: client=l[7]\n"
	  "smtpd[2]: DDDDD: client=l[7]\n"
	  "smtp[3]: AAAAA: to=<a@b>, relay=l[7]:10024, status=sent (250 Ok: "
	  "queued as BBBBB)\n"
	  "qmgr[2]: AAAAA: removed\n"
	  "smtp[3]: CCCCC: to=<c@b>, relay=l[7]:25, status=sent (250 Ok: "
	  "queued as DDDDD)\n"
	  "qmgr[2]: CCCCC: removed\n"
	  "local[3]: BBBBB: to=<a@b>, relay=local, status=sent (x)\n"
	  "local[3]: DDDDD: to=<d@b>, relay=local, status=sent (x)\n",
	  "+postfix <> <c@b> 9 plain  \n"
	  "+postfix <> <a@b> 9 plain   filtered\n"
	  "+postfix <> <d@b> 7 tls?  \n" },
	{ "smtpd[2]: connect from l[127.0.0.1]\n"
	  "smtpd[2]: BBBBB: client=l[127.0.0.1], orig_queue_id=AAAAA, "
	  "orig_client=h[9]\n"
	  "local[3]: BBBBB: to=<a@b>, relay=local, status=sent (x)\n",
	  "+postfix <> <a@b> 127.0.0.1 tls?   forwarded\n" },
	/* The filter says which one it was. */
	{ BEGIN END("1") "smtpd[2]: BBBBB: client=l[127.0.0.1], "
			 "orig_queue_id=AAAAA, orig_client=h[9]\n"
			 "local[3]: BBBBB: to=<a@b>, relay=local, status=sent "
			 "(x)\n" TO("a@b"),
	  "+postfix <> <a@b> 9 plain   filtered\n" },
	/* The end of one session and the beginning of the next are missing:
	 * nobody knows whose TLS it was. XCLIENT is another thing. */
	{ "smtpd[1]: connect from h[9]\n" TLS "smtpd[1]: AAAAA: client=h[8]\n"
	  "smtpd[1]: disconnect from h[8] rcpt=1 data=1 commands=3\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n",
	  "+postfix <> <a@b> 8 tls?  \n" },
	{ "smtpd[1]: connect from h[9]\n" TLS "smtpd[1]: AAAAA: client=h[8]\n"
	  "smtpd[1]: disconnect from h[8] xclient=1 rcpt=1 data=1 commands=4\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n",
	  "+postfix <> <a@b> 8 tls TLSv1.3 \n" },
	/* The same, without the last line of the second one, and without the
	 * first line of both. */
	{ "smtpd[1]: connect from h[9]\n" TLS "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtpd[1]: Anonymous TLS connection established from h[8]: TLSv1 "
	  "with cipher C (256/256 bits)\n"
	  "smtpd[1]: connect from h[7]\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n",
	  "+postfix <> <a@b> 9 tls?  \n" },
	{ TLS "smtpd[1]: AAAAA: client=h[9]\nsmtpd[1]: BBBBB: client=h[8]\n"
	      "smtpd[1]: disconnect from h[8] rcpt=1 data=1 commands=3\n"
	      "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n"
	      "local[3]: BBBBB: to=<c@b>, relay=local, status=sent (x)\n",
	  "+postfix <> <c@b> 8 tls?  \n+postfix <> <a@b> 9 tls?  \n" },
	{ TLS "smtpd[1]: AAAAA: client=h[9]\n"
	      "smtpd[1]: disconnect from h[9] rcpt=1 data=1 commands=3\n"
	      "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n",
	  "+postfix <> <a@b> 9 tls TLSv1.3 \n" },
	/* A recipient that Postfix 3.4 did not quote, and a later version. */
	{ "master[9]: daemon started -- version 3.4.29, configuration /x\n"
	  "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtpd[1]: disconnect from h[9] rcpt=2 data=1 commands=3\n"
	  "local[3]: AAAAA: to=<x>, orig_to=<f@forged>, relay=none, delay=1, "
	  "dsn=2.0.0, status=sent (@b>, relay=local, delay=1, status=sent (x)\n"
	  "local[3]: AAAAA: to=<a b@c>, relay=local, status=sent (x)\n"
	  "qmgr[2]: AAAAA: removed\n",
	  "+postfix <> <a b@c> 9 plain  \n" },
	{ "master[9]: daemon started -- version 3.4.29, configuration /x\n"
	  "master[9]: daemon started -- version 3.10.1, configuration /x\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtp[3]: AAAAA: to=<a@b>, relay=m[9]:25, status=sent (250 to=<c>, "
	  "relay=d)\n",
	  "+postfix <> <a@b> 9 tls?  \n" },
	/* Put back into the queue, twice, after a part of it was delivered; the
	 * sender of a user who pretends that is none. */
	{ "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtpd[1]: DDDDD: client=h[9]\n"
	  "smtpd[1]: disconnect from h[9] rcpt=3 data=2 commands=3\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n"
	  "smtp[3]: AAAAA: to=<c@b>, relay=none, status=deferred (x)\n"
	  "pickup[4]: BBBBB: uid=102 from=<s@t> orig_id=AAAAA\n"
	  "cleanup[5]: BBBBB: message-id=<x>\n"
	  "pickup[4]: CCCCC: uid=102 from=<s@t> orig_id=BBBBB\n"
	  "pickup[4]: FFFFF: uid=9 from=<x> orig_id=DDDDD>\n"
	  "qmgr[2]: CCCCC: from=<s@t>, size=1, nrcpt=1 (queue active)\n"
	  "smtp[3]: CCCCC: to=<c@b>, relay=e[f]:25, status=sent (x)\n"
	  "qmgr[2]: CCCCC: removed\n"
	  "local[3]: DDDDD: to=<d@b>, relay=local, status=sent (x)\n"
	  "qmgr[2]: DDDDD: removed\n",
	  "+postfix <> <d@b> 9 plain  \n"
	  "+postfix <s@t> <a@b> 9 plain  \n+postfix <s@t> <c@b> 9 plain  \n" },
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

/* Two queues with the same id, and a port that has the name of the other one.
 * Whose a message is, the first line of cleanup or qmgr says. */
START_TEST(knows_in_whose_queue_a_message_is)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);

	feed_whole(log,
		   "out/smtpd[1]: AAAAA: client=h[9]\n"
		   "a/submission/smtpd[2]: AAAAA: client=h[8]\n"
		   "a/cleanup[3]: AAAAA: message-id=<x>\n"
		   "out/cleanup[3]: AAAAA: message-id=<x>\n"
		   "a/submission/smtpd[2]: BBBBB: client=h[8]\n"
		   "out/cleanup[3]: BBBBB: message-id=<x>\n"
		   "a/pickup[6]: BBBBB: uid=0 from=<root>\n"
		   "a/qmgr[5]: BBBBB: from=<root>, size=1, nrcpt=1 (q)\n"
		   "a/qmgr[5]: AAAAA: from=<a@a>, size=1, nrcpt=1 (q)\n"
		   "out/qmgr[5]: AAAAA: from=<a@o>, size=1, nrcpt=1 (q)\n"
		   "out/qmgr[5]: BBBBB: from=<b@o>, size=1, nrcpt=1 (q)\n"
		   "out/smtp[4]: AAAAA: to=<o>, relay=x, status=sent (x)\n"
		   "a/smtp[4]: AAAAA: to=<a>, relay=x, status=sent (x)\n"
		   "a/relay/smtp[4]: BBBBB: to=<b>, relay=x, status=sent (x)\n"
		   "a/qmgr[5]: BBBBB: removed\n");
	postlog_end(log);
	ck_assert_str_eq(taken.text, "+out <a@o> <o> 9 tls?  \n"
				     "+a/submission <b@o> <b> 8 tls?  \n"
				     "+a/submission <a@a> <a> 8 tls?  \n");
	postlog_free(log);
}
END_TEST

/* Hosts of which a log is, and those that are counted. */
static const struct {
	const char *hosts[POSTLOG_HOSTS + 2];
	size_t count;
	bool more;
} hosts[] = {
	{ { "mx" }, 1, false },
	{ { "mx", "mx", "mx" }, 1, false },
	{ { "mx", "mx.example.org", "mx.example.org" }, 1, false },
	{ { "mx.example.org", "mx" }, 1, false },
	{ { "mx", "mx2", "m" }, 3, false },
	{ { "mx.a.example", "mx.b.example" }, 2, false },
	{ { "a", "b", "c", "d", "e", "f", "g", "h", "a" }, 8, false },
	{ { "a", "b", "c", "d", "e", "f", "g", "h", "i" }, 8, true },
};

START_TEST(knows_of_how_many_hosts_a_log_is)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);
	struct postlog_line line = { 0 };
	size_t i;

	for (i = 0; hosts[_i].hosts[i] != NULL; i++) {
		char *bytes = xasprintf("Nov 24 14:00:00 %s postfix/smtpd[1]: "
					"connect from h[9]",
					hosts[_i].hosts[i]);
		char *others = xasprintf("Nov 24 14:00:00 x%s postfix/qmgr[1]: "
					 "AAAAA: removed",
					 hosts[_i].hosts[i]);

		ck_assert_int_eq(postlog_line_read(&line, bytes, NOW), 1);
		postlog_feed(log, &line, "log", i + 1);
		ck_assert_int_eq(postlog_line_read(&line, others, NOW), 1);
		postlog_feed(log, &line, "log", i + 1);
		free(bytes);
		free(others);
	}
	ck_assert_uint_eq(postlog_figures(log)->host_count, hosts[_i].count);
	ck_assert_int_eq(postlog_figures(log)->more_hosts, hosts[_i].more);
	postlog_line_clear(&line);
	postlog_free(log);
}
END_TEST

START_TEST(counts_what_it_leaves_out)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);

	feed(log, "smtpd[1]: connect from h[9]\n"
		  "smtpd[1]: AAAAA: client=h[9]\n"
		  "smtpd[1]: disconnect from h[9] rcpt=3 commands=3\n");
	postlog_end(log);
	ck_assert_uint_eq(postlog_figures(log)->lost, 3);
	ck_assert_uint_eq(postlog_figures(log)->lines, 3);
	ck_assert_int_eq(postlog_figures(log)->first, NOW);
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
	tcase_add_loop_test(tests, knows_of_how_many_hosts_a_log_is, 0,
			    COUNT(hosts));
	tcase_add_test(tests, knows_in_whose_queue_a_message_is);
	tcase_add_test(tests, counts_what_it_leaves_out);
	return run_tests("postlog", tests);
}
