/* SPDX-License-Identifier: ISC */
/* test_postlog - sessions, messages and recipients, from line to line */

#include "lib/postlog/postlog.h"

#include <string.h>

#include "lib/postlog/postlog_others.h"

#include "t/unit/test.h"

#define NOW	 1795528800
#define TEXT_MAX 8192

/* What was taken, one line for each recipient. */
struct taken {
	char text[TEXT_MAX];
	unsigned long count, given;
};

/* take - write it down */
static void take(void *context, const struct postlog_case *taken)
{
	static const char *const tls[] = { "plain", "tls", "tls?" };
	static const char *const login[] = { "", "login=", "login?" };
	struct taken *all = context;
	size_t length = strlen(all->text);

	all->count += taken->count;
	all->given += taken->given;
	snprintf(all->text + length, TEXT_MAX - length,
		 "%s%s <%s> <%s> %s %s %s %s%s%s%s\n",
		 taken->accepted ? "+" : "-", taken->service, taken->sender,
		 taken->recipient, taken->address, tls[taken->tls],
		 taken->protocol, login[taken->login_state], taken->login,
		 taken->for_relay ? " relay" : "",
		 taken->doubtful ? " doubtful" : "");
}

/* feed_file - lines of a text, each "PROGRAM[PID]: TEXT" of the host mx; the
 * name must stay */
static void feed_file(struct postlog *log, const char *text, const char *name)
{
	struct postlog_line line = { 0 };
	unsigned long number = 0;

	while (*text != '\0') {
		int length = (int)strcspn(text, "\n");
		char *bytes = xasprintf("Nov 24 14:00:00 mx postfix/%.*s",
					length, text);

		ck_assert_int_eq(postlog_line_read(&line, bytes, NOW), 1);
		postlog_feed(log, &line, name, ++number);
		free(bytes);
		text += length + 1;
	}
	postlog_line_clear(&line);
}

/* feed - the same, of one file */
static void feed(struct postlog *log, const char *text)
{
	feed_file(log, text, "log");
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
	  "+postfix <> <a@b> 9 plain  \n" },
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
	  "+postfix <> <c@b> 9 plain  \n+postfix <> <a@b> 9 plain  \n"
	  "+postfix <> <d@b> 7 tls?  \n" },
	{ "smtpd[2]: connect from l[127.0.0.1]\n"
	  "smtpd[2]: BBBBB: client=l[127.0.0.1], orig_queue_id=AAAAA, "
	  "orig_client=h[9]\n"
	  "local[3]: BBBBB: to=<a@b>, relay=local, status=sent (x)\n",
	  "" },
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

/* feed_whole - lines with their syslog_name */
static void feed_whole(struct postlog *log, const char *text)
{
	struct postlog_line line = { 0 };

	while (*text != '\0') {
		int length = (int)strcspn(text, "\n");
		char *bytes =
			xasprintf("Nov 24 14:00:00 mx %.*s", length, text);

		ck_assert_int_eq(postlog_line_read(&line, bytes, NOW), 1);
		postlog_feed(log, &line, "log", 1);
		free(bytes);
		text += length + 1;
	}
	postlog_line_clear(&line);
}

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

/* Nothing but main.cf says that addresses are not quoted. */
START_TEST(believes_no_recipient_without_quotes)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);

	postlog_unquoted(log);
	feed(log, "smtpd[1]: AAAAA: client=h[9]\n"
		  "local[3]: AAAAA: to=<x>, relay=y@b>, relay=local, "
		  "status=sent (x)\n");
	postlog_end(log);
	ck_assert_str_eq(taken.text, "");
	ck_assert_uint_eq(postlog_figures(log)->unclear, 1);
	postlog_free(log);
}
END_TEST

/* Senders, recipients and envelopes that are quoted, or seem to be. */
static const struct {
	const char *log, *quoted, *unquoted;
	unsigned long unclear; /* lines, where nothing is quoted */
} strangers[] = {
	{ "smtpd[1]: AAAAA: client=h[9]\n"
	  "qmgr[2]: AAAAA: from=<boss@a>, size=1, x@b>, size=9, nrcpt=1 (q)\n"
	  "local[3]: AAAAA: to=<x>, relay=local, status=sent (x)\n",
	  "+postfix <boss@a>, size=1, x@b> <x> 9 tls?  \n",
	  "+postfix <boss@a>, size=1, x@b> <x> 9 tls?  \n", 0 },
	{ "smtpd[1]: AAAAA: client=h[9]\n"
	  "qmgr[2]: AAAAA: from=<\"boss\"@a>, size=1, nrcpt=1 (q)\n"
	  "local[3]: AAAAA: to=<x>, relay=local, status=sent (x)\n",
	  "+postfix <boss@a> <x> 9 tls?  \n", "+postfix <> <x> 9 tls?  \n", 0 },
	{ "smtpd[1]: AAAAA: client=h[9]\n"
	  "local[3]: AAAAA: to=<\"y\"@x>, relay=local, status=sent (x)\n"
	  "local[3]: AAAAA: to=<z>, orig_to=<\"o\"@x>, relay=local, s\n",
	  "+postfix <> <y@x> 9 tls?  \n+postfix <> <o@x> 9 tls?  \n", "", 2 },
	{ "smtpd[1]: NOQUEUE: reject: RCPT from h[9]: 554 5.7.1 <x@y>: Relay "
	  "access denied; from=<\"boss\"@t> to=<x@y> proto=ESMTP helo=<h>\n",
	  "-postfix <boss@t> <x@y> 9 tls?  login? relay\n", "", 1 },
	{ "smtpd[1]: NOQUEUE: client=h[9]\n"
	  "smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 Ok; from=<a@b> "
	  "to=<\"c\"@d> proto=ESMTP helo=<h>\n",
	  "+postfix <a@b> <c@d> 9 tls?  \n", "", 1 },
};

START_TEST(believes_quotes_where_there_are_some)
{
	int unquoted;

	for (unquoted = 0; unquoted < 2; unquoted++) {
		struct taken taken = { 0 };
		struct postlog *log = postlog_new(take, &taken);

		if (unquoted)
			postlog_unquoted(log);
		feed(log, strangers[_i].log);
		postlog_end(log);
		ck_assert_str_eq(taken.text, unquoted ? strangers[_i].unquoted
						      : strangers[_i].quoted);
		ck_assert_uint_eq(postlog_figures(log)->unclear,
				  unquoted ? strangers[_i].unclear : 0);
		postlog_free(log);
	}
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

#define BEGIN	 "smtpd[1]: connect from h[9]\nsmtpd[1]: AAAAA: client=h[9]\n"
#define TO(name) "smtp[3]: AAAAA: to=<" name ">, relay=e[f]:25, status=sent\n"
#define END(rcpt) \
	"smtpd[1]: disconnect from h[9] rcpt=" rcpt " data=1 commands=5\n"

/* Where Postfix adds journal@x to each message (always_bcc). */
static const struct {
	const char *log, *taken;
	unsigned long given;
} added[] = {
	{ BEGIN END("1") TO("a@b") TO("Journal@x"),
	  "+postfix <> <a@b> 9 plain  \n", 0 },
	/* The end of the session is not there. */
	{ BEGIN TO("journal@x") TO("a@b"), "+postfix <> <a@b> 9 tls?  \n", 0 },
	/* The client gave it itself. */
	{ BEGIN END("1") TO("journal@x"), "+postfix <> <journal@x> 9 plain  \n",
	  0 },
	/* A message was given up, whose recipients are counted, too. */
	{ BEGIN "smtpd[1]: BBBBB: client=h[9]\n" END("2") TO("a@b")
		  TO("journal@x"),
	  "+postfix <> <a@b> 9 plain  \n", 0 },
	/* Another one was added as well. */
	{ BEGIN END("1") TO("a@b") TO("journal@x") TO("c@b"),
	  "+postfix <> <a@b> 9 plain   doubtful\n"
	  "+postfix <> <c@b> 9 plain   doubtful\n",
	  2 },
};

START_TEST(leaves_out_what_postfix_adds)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);

	postlog_copies(log, "journal@x");
	feed(log, added[_i].log);
	postlog_end(log);
	ck_assert_str_eq(taken.text, added[_i].taken);
	ck_assert_uint_eq(taken.given, added[_i].given);
	postlog_free(log);
}
END_TEST

#define ENVELOPE "from=<a@b> to=<c@d> proto=ESMTP helo=<h>\n"

/* Sessions with a smtpd_proxy_filter. */
static const struct {
	const char *log, *taken;
	unsigned long proxied, lost;
} filters[] = {
	{ "smtpd[1]: NOQUEUE: client=h[9], sasl_method=PLAIN, "
	  "sasl_username=u\n"
	  "smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 Ok; " ENVELOPE
	  "smtpd[1]: disconnect from h[9] rcpt=3 data=1 commands=5\n",
	  "+postfix <a@b> <c@d> 9 plain  login=u\n", 2, 0 },
	{ "smtpd[1]: NOQUEUE: client=h[9]\n"
	  "smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 Ok; " ENVELOPE
	  "smtpd[1]: NOQUEUE: client=h[9]\n"
	  "smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 Ok; " ENVELOPE
	  "smtpd[1]: disconnect from h[9] rcpt=2 data=2 commands=5\n",
	  "+postfix <a@b> <c@d> 9 plain  \n+postfix <a@b> <c@d> 9 plain  \n", 0,
	  0 },
	/* The filter refused it, or the client gave it up. */
	{ "smtpd[1]: NOQUEUE: client=h[9]\n"
	  "smtpd[1]: proxy-reject: END-OF-MESSAGE: 550 No; " ENVELOPE
	  "smtpd[1]: disconnect from h[9] rcpt=1 data=0/1 commands=5\n",
	  "", 0, 1 },
	/* Of a message that the log does not have. */
	{ "smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 Ok; " ENVELOPE
	  "smtpd[1]: disconnect from h[9] commands=1\n",
	  "", 0, 0 },
};

START_TEST(reads_what_a_filter_took)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);

	feed(log, "smtpd[1]: connect from h[9]\n");
	feed(log, filters[_i].log);
	/* It does not wait for anything. */
	ck_assert_str_eq(taken.text, filters[_i].taken);
	postlog_end(log);
	ck_assert_str_eq(taken.text, filters[_i].taken);
	ck_assert_uint_eq(postlog_figures(log)->proxied, filters[_i].proxied);
	ck_assert_uint_eq(postlog_figures(log)->lost, filters[_i].lost);
	postlog_free(log);
}
END_TEST

/* Clients of this host, after a line of cleanup(8) about another message, and
 * the recipients of sendmail -bs. */
static const struct {
	const char *log;
	unsigned long spoken, lost;
} local[] = {
	{ "smtpd[1]: AAAAA: client=localhost[127.0.0.1]\n"
	  "smtpd[1]: BBBBB: client=localhost[127.0.0.1]\n"
	  "smtpd[1]: disconnect from h[127.0.0.1] rcpt=3 data=2 commands=5\n",
	  3, 0 },
	/* It is in the queue. */
	{ "smtpd[1]: AAAAA: client=localhost[127.0.0.1]\n"
	  "cleanup[5]: AAAAA: message-id=<x>\n"
	  "smtpd[1]: disconnect from h[127.0.0.1] rcpt=1 data=1 commands=5\n",
	  0, 1 },
	/* It was given up. */
	{ "smtpd[1]: AAAAA: client=localhost[127.0.0.1]\n"
	  "smtpd[1]: disconnect from h[127.0.0.1] rcpt=1 commands=5\n",
	  0, 1 },
	/* It has no end. */
	{ "smtpd[1]: AAAAA: client=localhost[127.0.0.1]\n", 0, 1 },
};

START_TEST(knows_what_sendmail_took)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);

	feed(log, "cleanup[5]: FFFFF: message-id=<y>\n"
		  "smtpd[1]: connect from localhost[127.0.0.1]\n");
	feed(log, local[_i].log);
	postlog_end(log);
	ck_assert_uint_eq(postlog_figures(log)->spoken, local[_i].spoken);
	ck_assert_uint_eq(postlog_figures(log)->lost, local[_i].lost);
	postlog_free(log);
}
END_TEST

/* Logs, and the numbers of recipients without a delivery, of messages without
 * a beginning, and of files in reversed order. */
static const struct {
	const char *log;
	unsigned long lost, unbegun, reversed;
} parts[] = {
	/* Each message is counted once, and none that begins on this host. */
	{ "pickup[4]: BBBBB: uid=102 from=<s@t> orig_id=AAAAA\n"
	  "smtp[3]: BBBBB: to=<a@b>, relay=none, status=deferred (x)\n"
	  "pickup[4]: CCCCC: uid=102 from=<s@t> orig_id=BBBBB\n"
	  "smtp[3]: CCCCC: to=<a@b>, relay=none, status=deferred (x)\n"
	  "qmgr[2]: CCCCC: removed\n"
	  "pickup[4]: DDDDD: uid=0 from=<root>\n"
	  "pickup[4]: EEEEE: uid=0 from=<root> orig_id=DDDDD\n"
	  "smtp[3]: EEEEE: to=<a@b>, relay=none, status=deferred (x)\n",
	  0, 1, 0 },
	{ "qmgr[2]: AAAAA: from=<s@t>, size=1, nrcpt=1 (queue active)\n"
	  "smtp[3]: AAAAA: to=<a@b>, relay=none, status=deferred (x)\n"
	  "smtp[3]: AAAAA: to=<c@b>, relay=none, status=deferred (x)\n"
	  "qmgr[2]: AAAAA: removed\n"
	  "pickup[4]: BBBBB: uid=0 from=<root>\n"
	  "cleanup[5]: CCCCC: message-id=<x>\n"
	  "qmgr[2]: CCCCC: from=<>, size=1, nrcpt=1 (queue active)\n"
	  "local[3]: CCCCC: to=<a@b>, relay=local, status=sent (x)\n"
	  "qmgr[2]: CCCCC: removed\n"
	  "local[3]: BBBBB: to=<a@b>, relay=local, status=sent (x)\n"
	  "qmgr[2]: DDDDD: removed\n",
	  0, 2, 0 },
	/* What a client sent is not of this host. */
	{ "smtpd[1]: AAAAA: client=h[9]\n"
	  "cleanup[5]: AAAAA: message-id=<x>\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n"
	  "qmgr[2]: AAAAA: removed\n",
	  0, 0, 0 },
	/* No end of the session: one recipient of each message. */
	{ "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtpd[1]: BBBBB: client=h[9]\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n"
	  "smtpd[1]: CCCCC: client=h[9], orig_queue_id=DDDDD\n",
	  1, 0, 0 },
};

START_TEST(counts_what_is_in_other_files)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);
	const struct postlog_figures *figures = postlog_figures(log);

	feed(log, parts[_i].log);
	postlog_end(log);
	ck_assert_uint_eq(figures->lost, parts[_i].lost);
	ck_assert_uint_eq(figures->unbegun, parts[_i].unbegun);
	ck_assert_uint_eq(figures->reversed, parts[_i].reversed);
	postlog_free(log);
}
END_TEST

/* at - feed a line of a file, at a second */
static void at(struct postlog *log, const char *file, int second)
{
	struct postlog_line line = { 0 };
	char *bytes =
		xasprintf("Nov 24 14:00:%02d mx postfix/qmgr[1]: x", second);

	ck_assert_int_eq(postlog_line_read(&line, bytes, NOW + 60), 1);
	postlog_feed(log, &line, file, 1);
	postlog_line_clear(&line);
	free(bytes);
}

START_TEST(notices_files_in_reversed_order)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);
	static const char one[] = "one", two[] = "two", three[] = "three";
	int i;

	for (i = 30; i > 20; i--)
		at(log, one, i);
	/* Programs may write a little late. */
	for (i = 10; i < 20; i++)
		at(log, two, i % 3 == 0 ? i - 2 : i);
	for (i = 9; i > 0; i -= 2)
		at(log, three, i);
	postlog_end(log);
	ck_assert_uint_eq(postlog_figures(log)->reversed, 2);
	postlog_free(log);
}
END_TEST

/* remember_count - only how many */
static void remember_count(void *context, const struct postlog_case *taken)
{
	*(unsigned long *)context += taken->count;
}

/* A message with as many recipients takes no longer than as many messages: this
 * would not end. Each is delivered twice. */
START_TEST(has_messages_with_many_recipients)
{
	enum { MANY = 200000 };
	unsigned long count = 0;
	struct postlog *log = postlog_new(remember_count, &count);
	int i;

	feed(log, "smtpd[1]: AAAAA: client=h[9]\n");
	for (i = 0; i < 2 * MANY; i++) {
		char *line = xasprintf("local[3]: AAAAA: to=<%d@b>, "
				       "relay=local, status=sent (x)\n",
				       i % MANY);

		feed(log, line);
		free(line);
	}
	ck_assert_uint_eq(postlog_figures(log)->early, 0);
	feed(log, "qmgr[2]: AAAAA: removed\n");
	postlog_end(log);
	ck_assert_uint_eq(count, MANY);
	postlog_free(log);
}
END_TEST

START_TEST(notices_sessions_that_end_first)
{
	static const char backward[] =
		"smtpd[1]: disconnect from h[9] rcpt=1 commands=3\n"
		"smtpd[1]: AAAAA: client=h[9]\n"
		"smtpd[1]: connect from h[9]\n";
	static const char forward[] =
		"smtpd[1]: connect from h[9]\n"
		"smtpd[1]: AAAAA: client=h[9]\n"
		"smtpd[1]: disconnect from h[9] rcpt=1 commands=3\n";
	static const char first[] = "smtpd[2]: BBBBB: client=h[9]\n"
				    "smtpd[2]: connect from h[9]\n";
	const struct {
		const char *text[2];
		int second;
		unsigned long reversed, shuffled;
	} each[] = {
		{ { backward, "" }, 0, 1, 0 },
		{ { backward, backward }, 0, 1, 0 },
		{ { backward, "" }, 1, 0, 1 },
		{ { forward, "" }, 0, 0, 0 },
		/* One that began before the log. */
		{ { first, forward }, 0, 0, 0 },
	};

	for (size_t i = 0; i < COUNT(each); i++) {
		struct taken taken = { 0 };
		struct postlog *log = postlog_new(take, &taken);
		static const char file[] = "log";

		feed_file(log, each[i].text[0], file);
		feed_file(log, each[i].text[1], file);
		if (each[i].second > 0)
			at(log, file, each[i].second);
		postlog_end(log);
		ck_assert_uint_eq(postlog_figures(log)->reversed,
				  each[i].reversed);
		ck_assert_uint_eq(postlog_figures(log)->shuffled,
				  each[i].shuffled);
		postlog_free(log);
	}
}
END_TEST

/* The memory for messages that never leave the queue is limited, too. */
START_TEST(forgets_the_oldest_message)
{
	struct postlog_others others = { 0 };
	char id[16];
	int i;

	for (i = 0; i <= POSTLOG_OTHERS_MAX; i++) {
		snprintf(id, sizeof(id), "%07X", i);
		ck_assert(postlog_others_add(&others, "mx", id));
		ck_assert(!postlog_others_add(&others, "mx", id));
	}
	ck_assert_uint_eq(others.table.count, POSTLOG_OTHERS_MAX);
	ck_assert(postlog_others_add(&others, "mx", "0000000"));
	postlog_others_remove(&others, "mx", "0000005");
	postlog_others_remove(&others, "mx", "0000005");
	ck_assert_uint_eq(others.table.count, POSTLOG_OTHERS_MAX - 1);
	postlog_others_clear(&others);
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
	tcase_add_loop_test(tests, knows_of_how_many_hosts_a_log_is, 0,
			    COUNT(hosts));
	tcase_add_test(tests, knows_in_whose_queue_a_message_is);
	tcase_add_test(tests, believes_no_recipient_without_quotes);
	tcase_add_loop_test(tests, believes_quotes_where_there_are_some, 0,
			    COUNT(strangers));
	tcase_add_test(tests, counts_what_it_leaves_out);
	tcase_add_loop_test(tests, leaves_out_what_postfix_adds, 0,
			    COUNT(added));
	tcase_add_loop_test(tests, reads_what_a_filter_took, 0,
			    sizeof(filters) / sizeof(filters[0]));
	tcase_add_loop_test(tests, knows_what_sendmail_took, 0, COUNT(local));
	tcase_add_loop_test(tests, counts_what_is_in_other_files, 0,
			    COUNT(parts));
	tcase_add_test(tests, notices_files_in_reversed_order);
	tcase_add_test(tests, has_messages_with_many_recipients);
	tcase_add_test(tests, notices_sessions_that_end_first);
	tcase_add_test(tests, forgets_the_oldest_message);
	tcase_add_test(tests, loses_nothing_with_little_memory);
	return run_tests("postlog", tests);
}
