/* SPDX-License-Identifier: ISC */
/* test_postlog_event - what lines say, whatever strangers write into them */

#include "lib/postlog/postlog_event.h"

#include <string.h>

#include "lib/postlog/postlog_text.h"
#include "t/unit/test.h"

#define REJECT "reject: RCPT from h[192.0.2.1]: 554 5.7.1 "
#define DENIED "<b@c>: Relay access denied"

/* Lines, with their program and queue id. */
static const struct {
	const char *program, *id, *text;
	enum postlog_kind kind;
	const char *address, *sender, *recipient, *login;
} lines[] = {
	{ "smtpd", "", "connect from h[192.0.2.1]", POSTLOG_CONNECT,
	  "192.0.2.1", "", "", "" },
	{ "smtpd", "", "connect from unknown[2001:db8::1]:4321",
	  POSTLOG_CONNECT, "2001:db8::1", "", "", "" },
	{ "smtpd", "", "disconnect from h[192.0.2.1] ehlo=1 quit=1 commands=2",
	  POSTLOG_DISCONNECT, "192.0.2.1", "", "", "" },
	{ "smtpd", "",
	  "Anonymous TLS connection established from h[192.0.2.1]: TLSv1.3 "
	  "with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X",
	  POSTLOG_TLS, "192.0.2.1", "", "", "" },
	{ "smtpd", "",
	  "h[192.0.2.1]: subject_CN=a, issuer=b, fingerprint=AA:BB, "
	  "pkey_fingerprint=CC:DD",
	  POSTLOG_CERTIFICATE, "192.0.2.1", "", "", "" },
	{ "smtpd", "",
	  "Trusted TLS connection established from h[192.0.2.1] to mx.a.example"
	  ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
	  POSTLOG_TLS, "192.0.2.1", "", "", "" },
	{ "smtpd", "", "h[192.0.2.1]: raw public key fingerprint=CC:DD",
	  POSTLOG_CERTIFICATE, "192.0.2.1", "", "", "" },
	{ "smtpd", "",
	  "h[192.0.2.1]: subject_CN=a, fingerprint=EE, issuer=b, "
	  "fingerprint=AA:BB, pkey_fingerprint=CC:DD",
	  POSTLOG_OTHER, "192.0.2.1", "", "", "" },
	{ "smtpd", "0A1B2", "client=h[192.0.2.1]", POSTLOG_CLIENT, "192.0.2.1",
	  "", "", "" },
	{ "smtpd", "0A1B2",
	  "client=h[192.0.2.1], sasl_method=PLAIN, sasl_username=a, b@c",
	  POSTLOG_CLIENT, "192.0.2.1", "", "", "a, b@c" },
	{ "smtpd", "0A1B2",
	  "client=h[192.0.2.1], sasl_method=PLAIN, sasl_username=a, "
	  "sasl_sender=x@y",
	  POSTLOG_CLIENT, "192.0.2.1", "", "", "a" },
	/* Shortened where a login may have been, or in a number. */
	{ "smtpd", "0A1B2", "client=h[192.0.2.1], sasl_method", POSTLOG_OTHER,
	  "192.0.2.1", "", "", "" },
	{ "smtpd", "0A1B2", "client=h[192.0.2.1], sasl_method=", POSTLOG_OTHER,
	  "192.0.2.1", "", "", "" },
	{ "smtpd", "0A1B2", "client=h[192.0.2.1],", POSTLOG_OTHER, "192.0.2.1",
	  "", "", "" },
	{ "smtpd", "0A1B2", "client=h[192.0.2.1], sasl_method=PLAIN, sasl",
	  POSTLOG_OTHER, "192.0.2.1", "", "", "" },
	{ "smtpd", "",
	  "Anonymous TLS connection established from h[192.0.2.1]: TLSv1.3 "
	  "with cipher TLS_AES_256_GCM_SHA384 (25",
	  POSTLOG_OTHER, "192.0.2.1", "", "", "" },
	{ "smtpd", "",
	  "Anonymous TLS connection established from h[192.0.2.1]: TLSv1.3 "
	  "with cipher TLS_AES_256_GCM_SHA384 (256/256 bit",
	  POSTLOG_OTHER, "192.0.2.1", "", "", "" },
	{ "smtpd", "", "NOQUEUE: client=h[192.0.2.1]", POSTLOG_PROXY,
	  "192.0.2.1", "", "", "" },
	{ "smtpd", "",
	  "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as F00D1; "
	  "from=<a@d> to=<b@c> proto=ESMTP helo=<h>",
	  POSTLOG_PROXIED, "", "a@d", "b@c", "" },
	{ "smtpd", "",
	  "proxy-accept: END-OF-MESSAGE: 250 Ok; from=<x> to=<y>; "
	  "from=<a@d> to=<b@c> proto=ESMTP helo=<h>",
	  POSTLOG_UNCLEAR, "", "", "", "" },
	{ "smtpd", "", "proxy-accept: END-OF-MESSAGE: 250 Ok", POSTLOG_UNCLEAR,
	  "", "", "", "" },
	{ "smtpd", "",
	  "NOQUEUE: " REJECT DENIED "; from=<a@d> to=<b@c> proto=ESMTP "
	  "helo=<h>",
	  POSTLOG_REJECT, "192.0.2.1", "a@d", "b@c", "" },
	{ "smtpd", "0A1B2",
	  REJECT DENIED "; from=<> to=<b@c> proto=SMTP helo=<h> "
			"sasl_method=PLAIN sasl_username=eve",
	  POSTLOG_REJECT, "192.0.2.1", "", "b@c", "eve" },
	{ "smtpd", "0A1B2",
	  REJECT DENIED "; from=<> to=<b@c> proto=SMTP helo=<h> "
			"sasl_method=PLAIN sasl_username=eve x "
			"sasl_sender=a@b",
	  POSTLOG_REJECT, "192.0.2.1", "", "b@c", "eve x" },
	{ "smtpd", "",
	  "NOQUEUE: " REJECT "<x>: Relay access denied; from=<\"a b\"@d> "
	  "to=<\"u@x\\\"y\"@c> proto=ESMTP helo=<h>",
	  POSTLOG_REJECT, "192.0.2.1", "a b@d", "u@x\"y@c", "" },
	/* Before Postfix 3.5 nothing is quoted. */
	{ "smtpd", "",
	  "NOQUEUE: " REJECT DENIED "; from=<a b@d> to=<u@x@c> proto=ESMTP "
	  "helo=<h>",
	  POSTLOG_REJECT, "192.0.2.1", "a b@d", "u@x@c", "" },
	/* Strangers' texts. */
	{ "smtpd", "",
	  "NOQUEUE: " REJECT DENIED "; from=<a@d> to=<b@c> proto=ESMTP "
	  "helo=<x> to=<victim@c> proto=ESMTP helo=<h>",
	  POSTLOG_UNCLEAR, "192.0.2.1", "a@d", "b@c", "" },
	{ "smtpd", "",
	  "NOQUEUE: " REJECT "<\"; from=<x> to=<y> proto=SMTP\"@c>: Relay "
	  "access denied; from=<a@d> to=<b@c> proto=ESMTP helo=<h>",
	  POSTLOG_UNCLEAR, "192.0.2.1", "", "", "" },
	{ "smtpd", "",
	  "NOQUEUE: " REJECT DENIED "; from=<a@d> to=<b@c> proto=ESMTP "
	  "helo=<x> sasl_method=PLAIN sasl_username=root>",
	  POSTLOG_UNCLEAR, "192.0.2.1", "a@d", "b@c", "" },
	{ "smtpd", "",
	  "NOQUEUE: " REJECT DENIED "; from=<a@d> to=<b@c> proto=ESMTP "
	  "helo=<x> sasl_method=PLAIN sasl_username=root> sasl_method=PLAIN "
	  "sasl_username=eve",
	  POSTLOG_UNCLEAR, "192.0.2.1", "a@d", "b@c", "" },
	{ "smtpd", "", "NOQUEUE: " REJECT DENIED, POSTLOG_UNCLEAR, "192.0.2.1",
	  "", "", "" },
	{ "smtpd", "", "warning: x: connect from h[192.0.2.1]", POSTLOG_OTHER,
	  "", "", "", "" },
	{ "smtpd", "0A1B2", "warning: client=h[192.0.2.1]", POSTLOG_OTHER, "",
	  "", "", "" },
	{ "cleanup", "0A1B2", "message-id=<to=<a@b>, relay=c>", POSTLOG_BEGUN,
	  "", "", "", "" },
	{ "qmgr", "0A1B2", "from=<a@b>, size=1, nrcpt=1 (queue active)",
	  POSTLOG_FROM, "", "a@b", "", "" },
	/* A sender may contain all that follows one, but nothing comes after
	 * it that a stranger has chosen. */
	{ "qmgr", "0A1B2",
	  "from=<boss@a>, size=1, x@b>, size=195, nrcpt=1 (queue active)",
	  POSTLOG_FROM, "", "boss@a>, size=1, x@b", "", "" },
	{ "qmgr", "0A1B2",
	  "from=<boss@a>, x@b>, status=expired, returned to sender",
	  POSTLOG_FROM, "", "boss@a>, x@b", "", "" },
	{ "qmgr", "0A1B2",
	  "from=<\"boss@a>, size=1, x\"@b>, size=195, nrcpt=1 (queue active)",
	  POSTLOG_FROM, "", "boss@a>, size=1, x@b", "", "" },
	{ "qmgr", "0A1B2",
	  "from=<\"boss\"@a>, size=1, x@b>, size=195, nrcpt=1 (queue active)",
	  POSTLOG_FROM, "", "\"boss\"@a>, size=1, x@b", "", "" },
	{ "qmgr", "0A1B2", "from=<a@b> x", POSTLOG_OTHER, "", "", "", "" },
	{ "qmgr", "0A1B2", "from=<>, size=1, nrcpt=1 (queue active)",
	  POSTLOG_FROM, "", "", "", "" },
	{ "qmgr", "0A1B2", "removed", POSTLOG_REMOVED, "", "", "", "" },
	{ "cleanup", "0A1B2", "canceled", POSTLOG_REMOVED, "", "", "", "" },
	{ "cleanup", "0A1B2", "removed (canceled)", POSTLOG_REMOVED, "", "", "",
	  "" },
	{ "cleanup", "0A1B2", "removed (discarded)", POSTLOG_REMOVED, "", "",
	  "", "" },
	{ "cleanup", "0A1B2", "removed", POSTLOG_BEGUN, "", "", "", "" },
	{ "cleanup", "", "removed (canceled)", POSTLOG_OTHER, "", "", "", "" },
	{ "qmgr", "", "removed", POSTLOG_OTHER, "", "", "", "" },
	{ "qmgr", "0A1B2", "from=<a@b>, status=expired, returned to sender",
	  POSTLOG_FROM, "", "a@b", "", "" },
	{ "master", "", "daemon started -- version 3.4.29, configuration /x",
	  POSTLOG_STARTED, "", "", "", "" },
	{ "master", "", "reload -- version 3.4", POSTLOG_OTHER, "", "", "",
	  "" },
	{ "local", "0A1B2", "to=<a@b>, relay=local, delay=1, status=sent (x)",
	  POSTLOG_TO, "", "", "a@b", "" },
	{ "smtp", "0A1B2",
	  "to=<a@b>, orig_to=<c@d>, relay=e[192.0.2.9]:25, status=sent (250 "
	  "to=<x@y>, orig_to=<z>, relay=q)",
	  POSTLOG_TO, "", "", "c@d", "" },
	{ "smtp", "0A1B2", "to=<a>, orig_to=<\"b>, relay=c\"@d>, relay=none",
	  POSTLOG_TO, "", "", "b>, relay=c@d", "" },
	{ "smtp", "0A1B2", "to=<a@b>, delay=1", POSTLOG_OTHER, "", "", "a@b",
	  "" },
	{ "pickup", "0A1B2", "uid=0 from=<root>", POSTLOG_BEGUN, "", "", "",
	  "" },
	{ "pickup", "0A1B2", "uid=0 from=<a@b> orig_id=AAAAA", POSTLOG_REQUEUED,
	  "", "", "", "" },
	{ "pickup", "0A1B2", "uid=9 from=<a> orig_id=AAAAA>", POSTLOG_BEGUN, "",
	  "", "", "" },
	{ "pickup", "0A1B2", "uid=9 from=<a> orig_id=A x", POSTLOG_BEGUN, "",
	  "", "", "" },
};

/* read_one - a line of the table */
static void read_one(struct postlog_event *event, int i)
{
	struct postlog_line line = { .text = lines[i].text };

	strcpy(line.program, lines[i].program);
	strcpy(line.queue_id, lines[i].id);
	postlog_event_read(event, &line);
}

START_TEST(reads_the_kind_of_each_line)
{
	struct postlog_event event;

	read_one(&event, _i);
	ck_assert_msg(event.kind == lines[_i].kind, "%s: %d", lines[_i].text,
		      (int)event.kind);
	if (event.kind == POSTLOG_OTHER || event.kind == POSTLOG_UNCLEAR)
		return;
	ck_assert_str_eq(event.address, lines[_i].address);
	ck_assert_str_eq(event.sender, lines[_i].sender);
	ck_assert_str_eq(event.recipient, lines[_i].recipient);
	ck_assert_str_eq(event.login, lines[_i].login);
}
END_TEST

START_TEST(reads_each_detail_of_a_line)
{
	struct postlog_line line = { .program = "smtpd" };
	struct postlog_event event;

	line.text = "Verified TLS connection established from h[::1]: TLSv1.2 "
		    "with cipher ECDHE-X (128/256 bits)";
	postlog_event_read(&event, &line);
	ck_assert_str_eq(event.protocol, "TLSv1.2");
	ck_assert_str_eq(event.cipher, "ECDHE-X");
	ck_assert_str_eq(event.bits, "128");
	line.text = "h[::1]: subject_CN=a, issuer=b, fingerprint=AA:BB, "
		    "pkey_fingerprint=CC:DD";
	postlog_event_read(&event, &line);
	ck_assert_str_eq(event.fingerprint, "AA:BB");
	ck_assert_str_eq(event.key_fingerprint, "CC:DD");
	line.text = "h[::1]: subject_CN=a, issuer=b, cert fingerprint=AA:BC, "
		    "pkey fingerprint=CC:DE";
	postlog_event_read(&event, &line);
	ck_assert_str_eq(event.fingerprint, "AA:BC");
	ck_assert_str_eq(event.key_fingerprint, "CC:DE");
	line.text = "disconnect from h[::1] ehlo=2 starttls=1 auth=1/2 mail=3 "
		    "rcpt=4/5 data=1 bdat=2 quit=1 commands=9/11";
	postlog_event_read(&event, &line);
	ck_assert(event.has_counts);
	ck_assert_uint_eq(event.starttls, 1);
	ck_assert_uint_eq(event.auth, 1);
	ck_assert_uint_eq(event.rcpt, 4);
	ck_assert_uint_eq(event.sent, 3);
	strcpy(line.program, "pickup");
	strcpy(line.queue_id, "0A1B2");
	line.text = "uid=102 from=<a> orig_id=B> orig_id=970DEA95603";
	postlog_event_read(&event, &line);
	ck_assert_str_eq(event.old_id, "970DEA95603");
	strcpy(line.program, "smtpd");
	line.queue_id[0] = '\0';
	line.text = "NOQUEUE: reject: RCPT from h[::1]: 554 5.7.1 <u>: Relay "
		    "access denied; from=<> to=<u> proto=SMTP helo=<h>";
	postlog_event_read(&event, &line);
	ck_assert(event.for_relay && !event.by_access);
	ck_assert_str_eq(event.reply, "554 5.7.1 <u>: Relay access denied");
	/* A table says the same, but it stays. */
	line.text = "NOQUEUE: reject: RCPT from h[::1]: 554 5.7.1 <u>: "
		    "Recipient address rejected: Relay access denied; from=<> "
		    "to=<u> proto=SMTP helo=<h>";
	postlog_event_read(&event, &line);
	ck_assert(!event.for_relay && !event.by_access);
	line.text = "NOQUEUE: reject: RCPT from h[::1]: 550 5.1.1 <u>: "
		    "unknown: Relay access denied?; from=<> to=<u> proto=SMTP";
	postlog_event_read(&event, &line);
	ck_assert(!event.for_relay);
}
END_TEST

START_TEST(follows_a_filter_to_the_next_id)
{
	struct postlog_line line = { .program = "smtp", .queue_id = "AAAAA" };
	struct postlog_event event;

	line.text = "to=<a@b>, relay=127.0.0.1[127.0.0.1]:10024, status=sent "
		    "(250 2.0.0 from MTA: 250 Ok: queued as BBBBB)";
	postlog_event_read(&event, &line);
	ck_assert_str_eq(event.next_id, "BBBBB");
	line.text = "to=<a@b>, relay=h[192.0.2.1]:25, status=sent "
		    "(250 2.0.0 Ok: queued as BBBBB)";
	postlog_event_read(&event, &line);
	ck_assert_str_eq(event.next_id, "");
	line.text = "to=<a@b>, relay=amavis[172.18.0.5]:10024, status=sent "
		    "(250 2.0.0 Ok: queued as BBBBB)";
	postlog_event_read(&event, &line);
	ck_assert_str_eq(event.next_id, "BBBBB");
	ck_assert_str_eq(event.next_address, "172.18.0.5");
}
END_TEST

/* any line that is cut anywhere is harmless */
START_TEST(survives_a_cut_anywhere)
{
	size_t length = strlen(lines[_i].text);
	struct postlog_line line = { 0 };
	struct postlog_event event;
	char *text;

	strcpy(line.program, lines[_i].program);
	strcpy(line.queue_id, lines[_i].id);
	while (length-- > 0) {
		text = xstrndup(lines[_i].text, length);
		line.text = text;
		postlog_event_read(&event, &line);
		free(text);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("postlog_event");

	tcase_add_loop_test(tests, reads_the_kind_of_each_line, 0,
			    COUNT(lines));
	tcase_add_test(tests, reads_each_detail_of_a_line);
	tcase_add_test(tests, follows_a_filter_to_the_next_id);
	tcase_add_loop_test(tests, survives_a_cut_anywhere, 0, COUNT(lines));
	return run_tests("postlog_event", tests);
}
