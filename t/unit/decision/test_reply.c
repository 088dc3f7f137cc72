/* SPDX-License-Identifier: ISC */
/* test_reply - the replies to Postfix, and the texts that may be configured */

#include <check.h>
#include <string.h>

#include "lib/decision/reply.h"
#include "t/unit/test.h"

static char reject_text[] = "550 5.7.1 Not here";
static char plaintext_text[] = "REJECT";

/* The end of a decision that Postfix is not asked for. */
#define DECIDED .asked_count = 0

/* Decisions and their replies. */
static const struct {
	enum reply_mode mode;
	struct decision decision;
	bool encrypted, authenticated, configured;
	const char *reply;
} replies[] = {
	{ REPLY_LOCK,
	  { VERDICT_PERMIT, "permit_auth_destination", 0, "", DECIDED },
	  false,
	  false,
	  false,
	  "action=permit_auth_destination\n\n" },
	{ REPLY_LOCK,
	  { VERDICT_PERMIT, "permit_sasl_authenticated", 0, "", DECIDED },
	  true,
	  true,
	  false,
	  "action=permit_sasl_authenticated\n\n" },
	{ REPLY_OK,
	  { VERDICT_PERMIT, "permit_auth_destination", 0, "", DECIDED },
	  false,
	  false,
	  false,
	  "action=OK\n\n" },
	{ REPLY_DUNNO,
	  { VERDICT_PERMIT, "permit_auth_destination", 0, "", DECIDED },
	  false,
	  false,
	  false,
	  "action=DUNNO\n\n" },
	{ REPLY_LOCK,
	  { VERDICT_DUNNO, "none", 0, "", DECIDED },
	  false,
	  false,
	  false,
	  "action=DUNNO\n\n" },
	{ REPLY_OK,
	  { VERDICT_DUNNO, "none", 0, "", DECIDED },
	  true,
	  true,
	  false,
	  "action=DUNNO\n\n" },
	{ REPLY_OK,
	  { VERDICT_REJECT, "reject", REFUSAL_RELAY, "", DECIDED },
	  true,
	  true,
	  false,
	  "action=554 5.7.1 Relay access denied (id 4F2K)\n\n" },
	{ REPLY_DUNNO,
	  { VERDICT_REJECT, "reject", REFUSAL_RELAY, "", DECIDED },
	  true,
	  false,
	  false,
	  "action=554 5.7.1 Relay access denied; log in first (id 4F2K)\n\n" },
	{ REPLY_LOCK,
	  { VERDICT_REJECT, "reject_plaintext_session", REFUSAL_PLAINTEXT,
	    "not encrypted", DECIDED },
	  false,
	  true,
	  false,
	  "action=554 5.7.1 Relay access denied; not encrypted: use TLS and "
	  "log in (id 4F2K)\n\n" },
	{ REPLY_LOCK,
	  { VERDICT_REJECT, "reject", REFUSAL_RELAY, "", DECIDED },
	  true,
	  false,
	  true,
	  "action=550 5.7.1 Not here (id 4F2K)\n\n" },
	{ REPLY_LOCK,
	  { VERDICT_REJECT, "reject", REFUSAL_PLAINTEXT, "", DECIDED },
	  false,
	  false,
	  true,
	  "action=REJECT\n\n" },
	{ REPLY_OK,
	  { VERDICT_DEFER, "defer", REFUSAL_DEFER, "", DECIDED },
	  true,
	  true,
	  true,
	  "action=450 4.3.2 Try again later (id 4F2K)\n\n" },
	{ REPLY_OK,
	  { VERDICT_DEFER, "permit", REFUSAL_LOOKUP, "", DECIDED },
	  true,
	  true,
	  true,
	  "action=451 4.3.0 Temporary lookup failure (id 4F2K)\n\n" },
	{ REPLY_LOCK,
	  { VERDICT_ASK, .asks = { "permit_auth_destination",
				   "reject_unauth_destination" } },
	  true,
	  true,
	  true,
	  "action=permit_auth_destination, reject_unauth_destination\n\n" },
	{ REPLY_LOCK,
	  { VERDICT_PERMIT,
	    .asks = { "permit_auth_destination", "permit_sasl_authenticated",
		      "reject_unauth_destination" } },
	  true,
	  true,
	  true,
	  "action=permit_auth_destination, "
	  "permit_sasl_authenticated, reject_unauth_destination\n\n" },
	{ REPLY_LOCK,
	  { VERDICT_REJECT, "reject_sender_login_mismatch", REFUSAL_OWNER, "",
	    DECIDED },
	  false,
	  true,
	  true,
	  "action=553 5.7.1 Sender address rejected: not owned by user (id "
	  "4F2K)\n\n" },
	{ REPLY_OK,
	  { VERDICT_REJECT, "reject_sender_login_mismatch", REFUSAL_LOGIN, "",
	    DECIDED },
	  true,
	  true,
	  false,
	  "action=553 5.7.1 Sender address rejected: not logged in (id "
	  "4F2K)\n\n" },
	/* One may be enough, whatever the verdict. */
	{ REPLY_LOCK,
	  { VERDICT_ASK, .asks = { "reject_unauth_destination" } },
	  true,
	  true,
	  true,
	  "action=reject_unauth_destination\n\n" },
	{ REPLY_LOCK,
	  { VERDICT_DUNNO, .asks = { "reject_unauth_destination" } },
	  true,
	  true,
	  true,
	  "action=reject_unauth_destination\n\n" },
	/* The longest that there can be. */
	{ REPLY_LOCK,
	  { VERDICT_ASK,
	    .asks = { "reject_unauthenticated_sender_login_mismatch",
		      "reject_authenticated_sender_login_mismatch",
		      "reject_known_sender_login_mismatch",
		      "reject_sender_login_mismatch", "permit_auth_destination",
		      "permit_sasl_authenticated",
		      "reject_unauth_destination" } },
	  true,
	  true,
	  true,
	  "action=reject_unauthenticated_sender_login_mismatch, "
	  "reject_authenticated_sender_login_mismatch, "
	  "reject_known_sender_login_mismatch, "
	  "reject_sender_login_mismatch, permit_auth_destination, "
	  "permit_sasl_authenticated, reject_unauth_destination\n\n" },
	/* The name of a table is not one of them. */
	{ REPLY_LOCK,
	  { VERDICT_ASK, .asks = { "permit_auth_destination", "reject" },
	    .table = "hash:x" },
	  true,
	  true,
	  true,
	  "action=permit_auth_destination, reject\n\n" },
	/* never loaded like that; if it were, nobody may pass by it */
	{ REPLY_OK,
	  { VERDICT_PERMIT,
	    .asks = { "permit_auth_destination", "permit_sasl_authenticated",
		      "reject_unauth_destination" } },
	  true,
	  true,
	  true,
	  "action=451 4.3.0 Temporary lookup failure\n\n" },
	{ REPLY_DUNNO,
	  { VERDICT_ASK, .asks = { "permit_auth_destination",
				   "reject_unauth_destination" } },
	  true,
	  true,
	  true,
	  "action=451 4.3.0 Temporary lookup failure\n\n" },
};

START_TEST(replies_well)
{
	struct facts facts = {
		.has_recipient = true,
		.weak = replies[_i].encrypted ? NULL : "not encrypted",
		.advice = "use TLS and log in",
		.authenticated = replies[_i].authenticated,
	};
	struct reply_options options = { .mode = replies[_i].mode };
	char reply[REPLY_MAX];
	size_t length;

	if (replies[_i].configured) {
		options.reject_reply = reject_text;
		options.plaintext_reply = plaintext_text;
	}
	length = reply_write(reply, &replies[_i].decision, &facts, &options,
			     "4F2K");
	ck_assert_str_eq(reply, replies[_i].reply);
	ck_assert_uint_eq(length, strlen(reply));
}
END_TEST

START_TEST(longest_text_fits)
{
	char text[REPLY_TEXT_MAX + 2];
	struct reply_options options = { .reject_reply = text };
	struct facts facts = { .has_recipient = true };
	struct decision decision = { VERDICT_REJECT, "reject", REFUSAL_RELAY,
				     "", DECIDED };
	struct error error;
	char reply[REPLY_MAX];

	memset(text, 'x', sizeof(text));
	memcpy(text, "554 ", 4);
	text[REPLY_TEXT_MAX + 1] = '\0';
	ck_assert_int_eq(reply_check(text, &error), -1);
	text[REPLY_TEXT_MAX] = '\0';
	ck_assert_int_eq(reply_check(text, &error), 0);
	reply_write(reply, &decision, &facts, &options, "4F2K4F2K4F2K4F2K");
	ck_assert_ptr_nonnull(strstr(reply, "x (id 4F2K4F2K4F2K4F2K)\n\n"));
}
END_TEST

/* Texts that are allowed in the configuration, and those that are not. */
static const struct {
	const char *text;
	const char *error;
} texts[] = {
	{ "554 5.7.1 Relay access denied", NULL },
	{ "450 4.7.1 Later", NULL },
	{ "550 no", NULL },
	{ "409 no", NULL },
	{ "450 4.123.123 no", NULL },
	{ "REJECT", NULL },
	{ "reject you: please go", NULL },
	{ "DEFER", NULL },
	{ "Defer later", NULL },
	{ "DEFER_IF_PERMIT later", NULL },
	{ "554 5.7.1 nicht f\xc3\xbcr uns", NULL },
	/* A no-break space is no control character. */
	{ "554 5.7.1 pas d'acc\xc3\xa8s\xc2\xa0!", NULL },
	{ "554 Relay access denied", NULL },
	{ "DEFER 4.7.1 later", NULL },
	{ "554 5.7.1", NULL },
	/* No status at all, as Postfix sees it. */
	{ "554 3.7.1 no", NULL },
	{ "554 x.7.1 no", NULL },
	{ "554 4x7.1 no", NULL },
	{ "554 4.7x1 no", NULL },
	{ "554 4..1 no", NULL },
	{ "554 4.7. no", NULL },
	{ "554 4.1234.1 no", NULL },
	{ "554 4.7.1234 no", NULL },
	{ "554 4.7.1x no", NULL },
	{ "554 4.123.123 no", "begins with 5" },
	{ "554 4.7.1 Relay access denied", "begins with 5" },
	{ "450 5.7.1 later", "begins with 4" },
	{ "REJECT 4.7.1 no", "begins with 5" },
	{ "DEFER_IF_PERMIT 5.7.1 later", "begins with 4" },
	{ "", "access(5)" },
	{ "OK", "access(5)" },
	{ "ok", "access(5)" },
	{ "DUNNO", "access(5)" },
	{ "permit", "access(5)" },
	{ "PERMIT_AUTH_DESTINATION", "access(5)" },
	{ "permit_mynetworks", "access(5)" },
	{ "250 2.1.5 Ok", "access(5)" },
	{ "354 go on", "access(5)" },
	{ "5", "access(5)" },
	{ "5!4 no", "access(5)" },
	{ "5a4 no", "access(5)" },
	{ "55", "access(5)" },
	{ "55! no", "access(5)" },
	{ "55a no", "access(5)" },
	{ "654 no", "access(5)" },
	{ "554", "access(5)" },
	{ "554 ", "access(5)" },
	{ "554   ", "access(5)" },
	{ "5540 x", "access(5)" },
	{ "564 x", "access(5)" },
	{ "12345", "access(5)" },
	{ " 554 x", "access(5)" },
	{ "REJECTED", "access(5)" },
	{ "REJECT_x", "access(5)" },
	{ "DEFER_IF_REJECT x", "access(5)" },
	{ "DISCARD", "access(5)" },
	{ "HOLD", "access(5)" },
	{ "FILTER smtp:x", "access(5)" },
	{ "REDIRECT a@b", "access(5)" },
	{ "PREPEND X: y", "access(5)" },
	{ "WARN x", "access(5)" },
	{ "INFO x", "access(5)" },
	{ "BCC a@b", "access(5)" },
	{ "554 5.7.1 two\nlines", "control" },
	{ "554 5.7.1 two\rlines", "control" },
	{ "554 5.7.1 tab\there", "control" },
	{ "554 5.7.1 \x7f", "control" },
	{ "554 5.7.1 \xc2\x85", "control" },
	{ "554 5.7.1 \xc2\x9f", "control" },
	{ "554 5.7.1 \xe2\x80\xa8", "control" },
	{ "554 5.7.1 \xff", "UTF-8" },
	{ "554 5.7.1 \xc3", "UTF-8" },
	{ "554 5.7.1 \xed\xa0\x80", "UTF-8" },
};

START_TEST(checks_texts)
{
	struct error error = { "" };
	int result = reply_check(texts[_i].text, &error);

	ck_assert_msg(result == (texts[_i].error == NULL ? 0 : -1), "%s",
		      texts[_i].text);
	if (texts[_i].error != NULL)
		ck_assert_ptr_nonnull(strstr(error.text, texts[_i].error));
}
END_TEST

/* The text that the client reads; the request is below. */
static const struct {
	const char *state, *action, *line;
} clients[] = {
	{ "RCPT", "554 5.7.1 Go away (id 1)",
	  "554 5.7.1 <a\\x20b@c>: Recipient address rejected: Go away (id 1)" },
	{ "VRFY", "550 Go away",
	  "550 5.7.1 <a\\x20b@c>: Recipient address rejected: Go away" },
	{ "RCPT", "REJECT",
	  "554 5.7.1 <a\\x20b@c>: Recipient address rejected: Access denied" },
	/* Text after the end is ignored. */
	{ "RCPT", "REJECT\0.1.1 x",
	  "554 5.7.1 <a\\x20b@c>: Recipient address rejected: Access denied" },
	{ "RCPT", "Reject 5.1.8 x",
	  "554 5.1.2 <a\\x20b@c>: Recipient address rejected: x" },
	{ "RCPT", "550 5.1.7 x",
	  "550 5.1.3 <a\\x20b@c>: Recipient address rejected: x" },
	{ "RCPT", "550 5.1.9 x",
	  "550 5.1.0 <a\\x20b@c>: Recipient address rejected: x" },
	{ "RCPT", "550 5.1.0 x",
	  "550 5.1.0 <a\\x20b@c>: Recipient address rejected: x" },
	{ "RCPT", "550 5.1.1 x",
	  "550 5.1.1 <a\\x20b@c>: Recipient address rejected: x" },
	{ "RCPT", "550 5.1.10 x",
	  "550 5.1.0 <a\\x20b@c>: Recipient address rejected: x" },
	/* As it is, if it is as long as it may be; the digits are any. */
	{ "RCPT", "559 5.123.456 x",
	  "559 5.123.456 <a\\x20b@c>: Recipient address rejected: x" },
	{ "DATA", "550 5.1.1 x", "550 5.0.0 <DATA>: Data command rejected: x" },
	{ "END-OF-MESSAGE", "450 x",
	  "450 4.7.1 <END-OF-MESSAGE>: End-of-data rejected: x" },
	{ "RCPT", "DEFER",
	  "450 4.7.1 <a\\x20b@c>: Recipient address rejected: Access denied" },
	{ "RCPT", "DEFER_IF_PERMIT",
	  "450 4.7.1 <a\\x20b@c>: Recipient address rejected: Service "
	  "unavailable" },
	{ "RCPT", "554 5.7.1",
	  "554 5.7.1 <a\\x20b@c>: Recipient address rejected: Access denied" },
	{ "MAIL", "DEFER x", "450 4.7.1 <s>: Sender address rejected: x" },
	{ "CONNECT", "DEFER x", "450 4.7.1 <i>: Client host rejected: x" },
	{ "EHLO", "DEFER x", "450 4.7.1 <h>: Helo command rejected: x" },
	{ "HELO", "DEFER x", "450 4.7.1 <h>: Helo command rejected: x" },
	{ "ETRN", "DEFER x", "450 4.7.1 <ETRN>: Etrn command rejected: x" },
	{ "NONE", "DEFER x",
	  "450 4.7.1 <a\\x20b@c>: Recipient address rejected: x" },
	{ "RCPT", "OK", "" },
	{ "RCPT", "DUNNO", "" },
	{ "RCPT", "permit_auth_destination", "" },
	{ "RCPT", "reject_unauth_destination, reject", "" },
};

START_TEST(tells_client)
{
	char line[REPLY_CLIENT_MAX];
	struct request request;

	request_init(&request);
	request.protocol_state = clients[_i].state;
	request.recipient = "a b@c";
	request.sender = "s";
	request.helo_name = "h";
	request.client_address = "i";
	memset(line, 'x', sizeof(line));
	ck_assert_uint_eq(reply_client(line, clients[_i].action, &request),
			  strlen(line));
	ck_assert_str_eq(line, clients[_i].line);
}
END_TEST

/* The longest address is 64 + 1 + 255 bytes (RFC 5321, 4.5.3.1). */
START_TEST(tells_client_an_address_of_full_length)
{
	char line[REPLY_CLIENT_MAX];
	char address[322];
	struct request request;

	memset(address, 'a', 321);
	address[64] = '@';
	address[320] = '\0';
	request_init(&request);
	request.protocol_state = "RCPT";
	request.recipient = address;
	reply_client(line, "REJECT", &request);
	ck_assert_uint_eq(strcspn(line, ">") - strcspn(line, "<") - 1, 320);
	ck_assert_ptr_nonnull(strstr(line, address));
	/* A longer one is cut there. */
	address[320] = 'a';
	address[321] = '\0';
	reply_client(line, "REJECT", &request);
	ck_assert_uint_eq(strcspn(line, ">") - strcspn(line, "<") - 1, 320);
	ck_assert_ptr_nonnull(strstr(line, "a...>: Recipient"));
}
END_TEST

START_TEST(names_modes)
{
	ck_assert_str_eq(reply_mode_name(REPLY_LOCK), "lock");
	ck_assert_str_eq(reply_mode_name(REPLY_OK), "ok");
	ck_assert_ptr_null(reply_mode_name(REPLY_DUNNO + 1));
	ck_assert_str_eq(reply_mode_name(REPLY_DUNNO), "dunno");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("reply");

	tcase_add_loop_test(tests, replies_well, 0, COUNT(replies));
	tcase_add_test(tests, longest_text_fits);
	tcase_add_loop_test(tests, checks_texts, 0, COUNT(texts));
	tcase_add_loop_test(tests, tells_client, 0, COUNT(clients));
	tcase_add_test(tests, tells_client_an_address_of_full_length);
	tcase_add_test(tests, names_modes);
	return run_tests("reply", tests);
}
