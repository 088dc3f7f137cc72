/* SPDX-License-Identifier: ISC */
/* test_postlog_recipients - who the recipients and the senders of a client are
 */

#include "lib/postlog/postlog.h"

#include <string.h>

#include "t/unit/postlog/feed.h"

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
	/* It gave nothing else in one message. */
	{ BEGIN "smtpd[1]: BBBBB: client=h[9]\n" END("2") TO("a@b")
		  TO("journal@x") "smtp[3]: BBBBB: to=<journal@x>, "
				  "relay=e[f]:25, status=sent\n"
				  "qmgr[2]: BBBBB: removed\n",
	  "+postfix <> <journal@x> 9 plain  \n+postfix <> <a@b> 9 plain  \n",
	  0 },
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

/* copy_for - of messages from s@t, and to boss@b */
static const char *copy_for(void *context, bool sender, const char *address)
{
	(void)context;
	if (strcmp(address, sender ? "s@t" : "boss@b") == 0)
		return sender ? "sent@x" : "got@x";
	return NULL;
}

#define FROM(sender) \
	"qmgr[2]: AAAAA: from=<" sender ">, size=1, nrcpt=1 (queue active)\n"

/* Where Postfix adds some recipients to some messages (sender_bcc_maps,
 * recipient_bcc_maps). */
static const struct {
	const char *log, *taken;
} copied[] = {
	{ BEGIN END("1") FROM("s@t") TO("a@b") TO("sent@x"),
	  "+postfix <s@t> <a@b> 9 plain  \n" },
	{ BEGIN END("2") FROM("s@t") TO("got@x") TO("boss@b") TO("a@b")
		  TO("sent@x"),
	  "+postfix <s@t> <boss@b> 9 plain  \n"
	  "+postfix <s@t> <a@b> 9 plain  \n" },
	/* The client gave it itself. */
	{ BEGIN END("2") FROM("s@t") TO("a@b") TO("sent@x"),
	  "+postfix <s@t> <a@b> 9 plain  \n"
	  "+postfix <s@t> <sent@x> 9 plain   copied\n" },
	{ BEGIN END("1") FROM("s@t") TO("sent@x"),
	  "+postfix <s@t> <sent@x> 9 plain   copied\n" },
	/* They are not for this message; its sender is not known. */
	{ BEGIN END("1") FROM("z@t") TO("a@b") TO("sent@x"),
	  "+postfix <z@t> <a@b> 9 plain   doubtful\n"
	  "+postfix <z@t> <sent@x> 9 plain   doubtful\n" },
	{ BEGIN END("1") TO("a@b") TO("sent@x"),
	  "+postfix <> <a@b> 9 plain   doubtful\n"
	  "+postfix <> <sent@x> 9 plain   doubtful\n" },
	{ BEGIN END("1") FROM("") TO("a@b") TO("sent@x"),
	  "+postfix <> <a@b> 9 plain   doubtful\n"
	  "+postfix <> <sent@x> 9 plain   doubtful\n" },
	/* A message was given up. */
	{ BEGIN "smtpd[1]: BBBBB: client=h[9]\n" END("2") FROM("s@t") TO("a@b")
		  TO("sent@x"),
	  "+postfix <s@t> <a@b> 9 plain  \n" },
};

START_TEST(leaves_out_copies_for_some)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);

	postlog_copies_by(log, copy_for, NULL);
	feed(log, copied[_i].log);
	postlog_end(log);
	ck_assert_str_eq(taken.text, copied[_i].taken);
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

int main(void)
{
	TCase *tests = tcase_create("postlog");

	setenv("TZ", "UTC", 1);
	tcase_add_test(tests, believes_no_recipient_without_quotes);
	tcase_add_loop_test(tests, believes_quotes_where_there_are_some, 0,
			    COUNT(strangers));
	tcase_add_loop_test(tests, leaves_out_copies_for_some, 0,
			    COUNT(copied));
	tcase_add_loop_test(tests, leaves_out_what_postfix_adds, 0,
			    COUNT(added));
	tcase_add_loop_test(tests, reads_what_a_filter_took, 0,
			    sizeof(filters) / sizeof(filters[0]));
	tcase_add_loop_test(tests, knows_what_sendmail_took, 0, COUNT(local));
	return run_tests("postlog_recipients", tests);
}
