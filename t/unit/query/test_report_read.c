/* SPDX-License-Identifier: ISC */
/* test_report_read - what report_write() wrote is read back as it was */

#include "policyd/query/report_read.h"

#include <string.h>

#include "lib/decision/report.h"
#include "t/unit/test.h"

static char name[] = "submission";
static const struct service service = { .name = name };

/* The line of a request, whatever was decided. */
static void write_line(char line[REPORT_MAX], const struct request *request)
{
	struct facts facts = { .has_recipient = true };
	struct decision decision = { .verdict = VERDICT_REJECT,
				     .restriction = "reject",
				     .reason = "" };

	facts.destination.status = RESOLVE_DONE;
	report_write(line, "4F2K7Q", &service, request, &facts, &decision, 12);
}

/* The attributes that a decision depends on. */
static const size_t offsets[] = {
	offsetof(struct request, client_address),
	offsetof(struct request, sender),
	offsetof(struct request, recipient),
	offsetof(struct request, sasl_method),
	offsetof(struct request, sasl_username),
	offsetof(struct request, encryption_protocol),
	offsetof(struct request, encryption_cipher),
	offsetof(struct request, encryption_keysize),
	offsetof(struct request, server_port),
	offsetof(struct request, policy_context),
	offsetof(struct request, protocol_state),
	offsetof(struct request, ccert_fingerprint),
	offsetof(struct request, ccert_pubkey_fingerprint),
};

/* attribute - the place of one of them */
static const char **attribute(struct request *request, size_t index)
{
	return (const char **)((char *)request + offsets[index]);
}

static const char *const values[] = {
	"a@b.example",
	"",
	"x",
	"two words",
	"\xc3\xbc@\xff",
	"<a@b>",
	"> to=<c",
	"a=b",
	"quote\"back\\slash",
	"\\x20",
	"]: id=1 service=x",
	"dots...",
	"a,b",
	"[::1]:25",
};

START_TEST(reads_what_report_writes)
{
	struct reported reported = { 0 };
	struct request request;
	struct error error;
	char line[REPORT_MAX];
	char logged[REPORT_MAX + 80];
	size_t i;

	request_init(&request);
	request.client_address = "192.0.2.1";
	request.protocol_state = "VRFY";
	request.encryption_protocol = "TLSv1.3";
	request.encryption_cipher = "TLS_AES_256_GCM_SHA384";
	request.encryption_keysize = "256";
	request.sasl_method = "PLAIN";
	request.sasl_username = "alice";
	request.server_port = "587";
	request.sender = request.recipient = values[_i];
	request.policy_context = request.helo_name = values[_i];
	request.ccert_fingerprint = values[_i];
	request.ccert_pubkey_fingerprint = "AB:CD";
	request.ccert_subject = "Example+20CA";
	if (strstr(values[_i], "...") == NULL)
		request.sasl_username = values[_i];
	write_line(line, &request);
	snprintf(logged, sizeof(logged), "Nov 24 15:00:00 mx policyd[812]: %s",
		 line);
	ck_assert_msg(report_read(&reported, logged, &error) == 1, "%s: %s",
		      line, error.text);
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		ck_assert_str_eq(*attribute(&request, i),
				 *attribute(&reported.notation.request, i));
	ck_assert_str_eq(reported.id, "4F2K7Q");
	ck_assert_str_eq(reported.service, "submission");
	ck_assert_str_eq(reported.restriction, "reject");
	ck_assert_str_eq(reported.destination, "default");
	ck_assert_int_eq(reported.verdict, VERDICT_REJECT);
	ck_assert(reported.has_port);
	ck_assert(!reported.observed);
	report_read_clear(&reported);
}
END_TEST

#define REST                                                                  \
	"restriction=reject destination=default client=[192.0.2.1]:1 helo=h " \
	"from=<a> to=<b> tls=none sasl=none instance=i us=1"
#define TAG  "policyd[1]: "
#define LINE "id=1 service=s verdict=reject " REST

/* Lines, and what is said of them. */
static const struct {
	const char *line;
	int result;
	const char *reason;
} lines[] = {
	{ LINE, 0, "" },
	{ "policyd[1]: " LINE, 1, "" },
	{ "2026-11-24T15:00:00+0000 policyd[12]: " LINE, 1, "" },
	{ "Nov 24 15:00:00 mx policyd[12]: " LINE, 1, "" },
	{ "Nov  4 15:00:00 mx policyd[12]: " LINE, 1, "" },
	{ "<22>1 2026-11-24T15:00:00.1Z mx policyd 12 - - " LINE, 1, "" },
	{ "<1>1 - - policyd 12 id [a b=\"c\"][d e=\"]\\\" x\"] " LINE, 1, "" },
	{ "<191>1 - - policyd 12 - - \xef\xbb\xbf" LINE, 1, "" },
	{ "Nov 4 15:00:00 mx policyd[12]: " LINE, 1, "" },
	{ "Nov 24 15:00:00 policyd[12]: " LINE, 1, "" },
	{ "Nov 24 15:00:00.123456 mx policyd[12]: " LINE, 1, "" },
	{ "Nov 24 15:00:00 mx.example.net policyd[4194304]: " LINE, 1, "" },
	{ "Nov 24 15:00:00 2001:db8::1 policyd[12]: " LINE, 1, "" },
	{ "Nov 24 15:00:00 mx mail.info policyd[12]: " LINE, 1, "" },
	{ "f\xc3\xa9vr. 24 15:00:00 mx policyd[12]: " LINE, 1, "" },
	{ "2026-11-24T15:00:00.123456+01:00 mx policyd[12]: " LINE, 1, "" },
	{ "2026-11-24T15:00:00.123456789Z policyd[12]: " LINE, 1, "" },
	{ "2026-11-24T15:00:00-03 mx policyd[12]: " LINE, 1, "" },
	{ "Tue 2026-11-24 15:00:00 CET mx policyd[12]: " LINE, 1, "" },
	{ "Tue 2026-11-24 15:00:00.123456 UTC mx policyd[12]: " LINE, 1, "" },
	{ "2026-11-24 15:00:00.123456789  policyd[12]: " LINE, 1, "" },
	{ "1795532400.123456 mx policyd[12]: " LINE, 1, "" },
	{ "[   12.345678] mx policyd[12]: " LINE, 1, "" },
	{ "@4000000065a1b2c31d2e3f40 policyd[12]: " LINE, 1, "" },
	{ TAG "id=1 service=s verdict=permit new=word " REST, 1, "" },
	{ TAG "id=1 service=s verdict=permit session=\"too old\" " REST, 1,
	  "" },
	{ TAG
	  "id=1 service=s verdict=permit session=\"too old\" state=RCPT " REST,
	  1, "" },
	{ TAG "id=1 service=s verdict=permit session=\"too old " REST, -1,
	  "end of the line" },
	{ TAG "id=1 service=s verdict=permit session=\"\" " REST, 1, "" },
	/* Other lines. */
	{ "", 0, "" },
	{ "policyd[1]: serving: server 2", 0, "" },
	{ "policyd[1]: warning: id=1: relay_domains could not be searched", 0,
	  "" },
	{ "policyd[1]: id=1: something", 0, "" },
	{ "postfix/smtpd[1]: id=1 service=s", 0, "" },
	{ "mx postfix/smtpd[1]: helo=<policyd[2]: " LINE ">", 0, "" },
	{ "mx notpolicyd[1]: " LINE, 0, "" },
	{ "mx policyd[x]: " LINE, 0, "" },
	{ "mx policyd: " LINE, 0, "" },
	/* Lines of other programs, with a process number or without. */
	{ "Nov 24 15:00:00 mx dovecot: user=<x policyd[1]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx kernel: policyd[1]: " LINE, 0, "" },
	{ "<22>1 - mx dovecot 12 - - policyd[1]: " LINE, 0, "" },
	{ "<22>1 - mx dovecot 12 policyd 12 - - " LINE, 0, "" },
	{ "<22>1 - mx policyd - - - " LINE, 0, "" },
	{ "<22>1 - mx policyd 12 - x " LINE, 0, "" },
	{ "<22>1 - mx policyd 12 - [a b=\"] " LINE, 0, "" },
	{ "<22>2 - mx policyd 12 - - " LINE, 0, "" },
	{ "<22>1 - policyd 12 - - " LINE, 0, "" },
	{ "<22>policyd[1]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 kernel: policyd[1]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx sshd[9]: policyd[1]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx su policyd[1]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx auth.info policyd[1]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx mail.info x policyd[1]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx\" policyd[1]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx Nov 24 15:00:00 mx policyd[1]: " LINE, 0, "" },
	{ "Tue 2026-11-24 15:00:00 CET mx x policyd[1]: " LINE, 0, "" },
	{ "2026-11-24T15:00:00Z mx policyd.service[1]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx policyd[1]: policyd[2]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx policyd[]: " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx policyd[1] " LINE, 0, "" },
	{ "Nov 24 15:00:00 mx policyd[12345678901]: " LINE, 0, "" },
	{ "Nov 24 15:00 mx policyd[1]: " LINE, 0, "" },
	{ "mx policyd[1]: " LINE, 0, "" },
	{ "x=\"policyd[1]: " LINE, 0, "" },
	/* A line that continues the previous one, as journalctl shows it. */
	{ "                       policyd[1]: " LINE, 0, "" },
	{ "\tpolicyd[1]: " LINE, 0, "" },
	/* Ours, but of no use. */
	{ TAG "id=1 service=s", -1, "end of the line" },
	{ TAG "id=1 service=s verdict=maybe " REST, -1, "no such verdict" },
	{ TAG LINE " us=1", -1, "us= appears twice" },
	{ TAG "id=1 service=s verdict=reject destination=d us=1", -1,
	  "missing" },
	{ TAG LINE " word", -1, "not KEY=VALUE" },
	{ TAG LINE " =", -1, "not KEY=VALUE" },
	{ TAG "id=1 service=s verdict=reject state=\\x4 " REST, -1,
	  "bad escape" },
	{ TAG "id=1 service=s verdict=reject state=\\x4G " REST, -1,
	  "bad escape" },
	{ TAG "id=1 service=s verdict=reject state=\\x00 " REST, -1, "NUL" },
	{ TAG "id=1 service=s verdict=reject state=\\x0a " REST, -1,
	  "one line" },
	{ TAG "id=1 service=s verdict=reject state=\xc3 " REST, -1,
	  "does not log" },
};

START_TEST(refuses_other_lines)
{
	struct reported reported = { 0 };
	struct error error = { "" };
	char line[1024];

	snprintf(line, sizeof(line), "%s", lines[_i].line);
	ck_assert_int_eq(report_read(&reported, line, &error),
			 lines[_i].result);
	ck_assert_msg(strstr(error.text, lines[_i].reason) != NULL, "%s",
		      error.text);
	report_read_clear(&reported);
}
END_TEST

/* A value that the log has cut off cannot be judged. */
START_TEST(judges_no_value_that_was_cut)
{
	char longest[REPORT_ADDRESS_MAX + 2] = "";
	struct reported reported = { 0 };
	struct request request;
	struct error error;
	char text[REPORT_MAX];
	char line[REPORT_MAX + 80];
	size_t length;

	request_init(&request);
	request.recipient = longest;
	for (length = 1; length <= REPORT_ADDRESS_MAX + 1; length++) {
		memset(longest, 'a', length);
		write_line(text, &request);
		snprintf(line, sizeof(line), TAG "%s", text);
		ck_assert_int_eq(report_read(&reported, line, &error),
				 length <= REPORT_ADDRESS_MAX ? 1 : -1);
		if (length <= REPORT_ADDRESS_MAX)
			ck_assert_str_eq(reported.notation.request.recipient,
					 longest);
	}
	ck_assert_str_eq(error.text, "to= is cut: the log has only a part of "
				     "it");
	memset(longest, '\n', REPORT_ADDRESS_MAX);
	write_line(text, &request);
	snprintf(line, sizeof(line), TAG "%s", text);
	ck_assert_int_eq(report_read(&reported, line, &error), -1);
	report_read_clear(&reported);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("report_read");

	tcase_add_loop_test(tests, reads_what_report_writes, 0, COUNT(values));
	tcase_add_loop_test(tests, refuses_other_lines, 0, COUNT(lines));
	tcase_add_test(tests, judges_no_value_that_was_cut);
	return run_tests("report_read", tests);
}
