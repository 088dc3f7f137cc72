/* SPDX-License-Identifier: ISC */
/* test_report - the decision line: its form, and that nobody can forge it */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/decision/report.h"
#include "t/unit/test.h"

static struct request request;
static char submission_name[] = "submission", standard_name[] = "default";
static const struct service submission = { .name = submission_name };
static const struct service standard = { .name = standard_name };
static struct facts facts;
static struct decision decision = {
	.verdict = VERDICT_PERMIT,
	.restriction = "permit_sasl_authenticated",
	.refusal = REFUSAL_RELAY,
	.reason = "",
};

/* set_up - the example of the contract */
static void set_up(void)
{
	request_init(&request);
	request.protocol_state = "RCPT";
	request.client_address = "192.0.2.33";
	request.client_port = "54321";
	request.helo_name = "client.example";
	request.sender = "a@b.example";
	request.recipient = "c@d.example";
	request.encryption_protocol = "TLSv1.3";
	request.encryption_cipher = "TLS_AES_256_GCM_SHA384";
	request.encryption_keysize = "256";
	request.sasl_method = "PLAIN";
	request.sasl_username = "alice";
	request.instance = "27e1.6b02e4d4.30fc6.0";
	facts.has_recipient = true;
	facts.destination.status = RESOLVE_DONE;
	facts.destination.class = DESTINATION_DEFAULT;
	facts.destination.list = "";
}

START_TEST(writes_the_line_of_the_contract)
{
	char line[REPORT_MAX];
	size_t length = report_write(line, "4F2K", &submission, &request,
				     &facts, &decision, 12);

	ck_assert_str_eq(
		line,
		"id=4F2K service=submission verdict=permit "
		"restriction=permit_sasl_authenticated destination=default "
		"client=[192.0.2.33]:54321 helo=client.example "
		"from=<a@b.example> to=<c@d.example> "
		"tls=TLSv1.3/TLS_AES_256_GCM_SHA384/256 sasl=PLAIN/alice "
		"instance=27e1.6b02e4d4.30fc6.0 us=12");
	ck_assert_uint_eq(length, strlen(line));
}
END_TEST

START_TEST(says_what_the_destination_is)
{
	char line[REPORT_MAX];

	facts.destination.class = DESTINATION_RELAY;
	facts.destination.routed = true;
	report_write(line, "1", &standard, &request, &facts, &decision, 0);
	ck_assert_ptr_nonnull(strstr(line, " destination=relay,routed "));
	facts.destination.status = RESOLVE_FAILED;
	report_write(line, "1", &standard, &request, &facts, &decision, 0);
	ck_assert_ptr_nonnull(strstr(line, " destination=unknown "));
	facts.destination.status = RESOLVE_INVALID;
	report_write(line, "1", &standard, &request, &facts, &decision, 0);
	ck_assert_ptr_nonnull(strstr(line, " destination=invalid "));
	facts.has_recipient = false;
	request.recipient = "";
	request.protocol_state = "MAIL";
	request.encryption_protocol = "";
	request.sasl_method = "";
	report_write(line, "1", &standard, &request, &facts, &decision, 0);
	ck_assert_ptr_nonnull(strstr(line, " destination=none "));
	ck_assert_ptr_nonnull(strstr(line, " to=<> tls=none sasl=none "));
	ck_assert_ptr_nonnull(strstr(line, " state=MAIL "));
}
END_TEST

START_TEST(says_why_a_session_is_weak)
{
	char line[REPORT_MAX];

	facts.weak = "protocol too old";
	request.encryption_protocol = "TLSv1.1";
	report_write(line, "1", &standard, &request, &facts, &decision, 0);
	ck_assert_ptr_nonnull(strstr(line,
				     " tls=TLSv1.1/TLS_AES_256_GCM_SHA384/256 "
				     "sasl=PLAIN/alice "
				     "session=\"protocol too old\" instance="));
	/* tls=none says it. */
	request.encryption_protocol = "";
	report_write(line, "1", &standard, &request, &facts, &decision, 0);
	ck_assert_ptr_null(strstr(line, "session="));
}
END_TEST

#define HALF "55:3C:99:7A:18:5E:1C:D9:73:DA:B7:98:E6:E7:CC:6C"
#define A    HALF ":" HALF
#define B    HALF ":EB:2E:73:EA:04:10:4E:EF:F8:25:94:31:97:CC:C0:97"

/* Certificates, and what the line says of them. */
static const struct {
	const char *fingerprint, *pubkey, *subject, *issuer;
	const char *line;
} certificates[] = {
	{ "", "", "", "", " sasl=PLAIN/alice instance=" },
	{ A, B, "client.example", "Test+20CA",
	  " sasl=PLAIN/alice cert=" A " key=" B
	  " subject=client.example issuer=Test\\x20CA instance=" },
	/* not trusted */
	{ A, B, "", "", " cert=" A " key=" B " instance=" },
	/* a raw public key */
	{ "", B, "", "", " sasl=PLAIN/alice key=" B " instance=" },
	/* the longest that count */
	{ A ":" A, B ":" B, "", "",
	  " cert=" A ":" A " key=" B ":" B " instance=" },
	{ A, B, "J+C3+BCrgen", "x+22+0Aid=FAKE+5C+2B",
	  " subject=J\\xc3\\xbcrgen issuer=x\\x22\\x0aid=FAKE\\x5c+ " },
};

START_TEST(shows_the_certificate)
{
	char line[REPORT_MAX];

	request.ccert_fingerprint = certificates[_i].fingerprint;
	request.ccert_pubkey_fingerprint = certificates[_i].pubkey;
	request.ccert_subject = certificates[_i].subject;
	request.ccert_issuer = certificates[_i].issuer;
	report_write(line, "1", &standard, &request, &facts, &decision, 0);
	ck_assert_msg(strstr(line, certificates[_i].line) != NULL, "%s", line);
}
END_TEST

START_TEST(cuts_names_in_certificates)
{
	static const char name[] = "0123456789012345678901234567890123456789"
				   "0123456789012345678901234567890123456789";
	char longer[sizeof(name) + 3];
	char line[REPORT_MAX];

	request.ccert_subject = name;
	snprintf(longer, sizeof(longer), "%s+41", name);
	request.ccert_issuer = longer;
	report_write(line, "1", &standard, &request, &facts, &decision, 0);
	ck_assert_msg(strstr(line, "456789 issuer=01234567890") != NULL, "%s",
		      line);
	ck_assert_msg(strstr(line, "0123456... instance=") != NULL, "%s", line);
}
END_TEST

START_TEST(says_who_owns_the_sender)
{
	struct decision owned = decision;
	char line[REPORT_MAX];

	strcpy(owned.owners, "alice, \xff");
	report_write(line, "1", &standard, &request, &facts, &owned, 0);
	ck_assert_ptr_nonnull(
		strstr(line, " owners=alice,\\x20\\xff instance="));
	memset(owned.owners, 'x', sizeof(owned.owners) - 1);
	report_write(line, "1", &standard, &request, &facts, &owned, 0);
	ck_assert_ptr_nonnull(strstr(line, "xxx... instance="));
	report_write(line, "1", &standard, &request, &facts, &decision, 0);
	ck_assert_ptr_null(strstr(line, "owners"));
}
END_TEST

/* Every attribute that the line can have, full of hostile bytes. */
static const char *const hostile[] = {
	"x\nid=FAKE verdict=permit",	    "> to=<other@x", "\x1b[31m\x07",
	"\xe2\x80\xae\xe2\x80\xa8\xc2\x85", "\xff\xfe\x80",  "\"quoted\" \\x41",
};

START_TEST(nothing_raw_gets_in)
{
	char longest[8193];
	char line[REPORT_MAX];
	const char *value = _i < COUNT(hostile) ? hostile[_i] : longest;
	size_t i;

	memset(longest, '\n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	request.client_address = request.client_port = value;
	request.helo_name = request.sender = request.recipient = value;
	request.encryption_protocol = request.encryption_cipher = value;
	request.encryption_keysize = request.sasl_method = value;
	request.sasl_username = request.instance = request.queue_id = value;
	request.protocol_state = value;
	request.ccert_fingerprint = request.ccert_pubkey_fingerprint = value;
	request.ccert_subject = request.ccert_issuer = value;
	report_write(line, "4F2K", &submission, &request, &facts, &decision,
		     4294967295ul);
	ck_assert_uint_lt(strlen(line), REPORT_MAX);
	for (i = 0; line[i] != '\0'; i++)
		ck_assert(line[i] >= ' ' && line[i] < 0x7f);
	ck_assert_ptr_null(strstr(line, " id="));
	ck_assert_ptr_null(strstr(line + 20, " verdict=permit verdict"));
	ck_assert_ptr_null(strstr(line, " to=<other"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("report");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, writes_the_line_of_the_contract);
	tcase_add_test(tests, says_what_the_destination_is);
	tcase_add_test(tests, says_why_a_session_is_weak);
	tcase_add_loop_test(tests, shows_the_certificate, 0,
			    COUNT(certificates));
	tcase_add_test(tests, cuts_names_in_certificates);
	tcase_add_test(tests, says_who_owns_the_sender);
	tcase_add_loop_test(tests, nothing_raw_gets_in, 0, COUNT(hostile) + 1);
	return run_tests("report", tests);
}
