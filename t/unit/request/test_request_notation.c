/* SPDX-License-Identifier: ISC */
/* test_request_notation - short names, and values that cannot be */

#include "lib/request/request_notation.h"

#include <string.h>

#include "t/unit/test.h"

#define GCM "ECDHE-RSA-AES256-GCM-SHA384"

/* Arguments, and the value of one attribute after them. */
static const struct {
	const char *arguments[3];
	size_t offset;
	const char *want;
} rows[] = {
#define IS(attribute) offsetof(struct request, attribute)
	{ { "to=a@b" }, IS(recipient), "a@b" },
	{ { "to=<a@b>" }, IS(recipient), "a@b" },
	{ { "to=<>" }, IS(recipient), "" },
	{ { "to=<a" }, IS(recipient), "<a" },
	{ { "recipient=<a@b>" }, IS(recipient), "<a@b>" },
	{ { "to=a=b@c" }, IS(recipient), "a=b@c" },
	{ { "to=a", "to=b" }, IS(recipient), "b" },
	{ { "from=<>" }, IS(sender), "" },
	{ { "from=x" }, IS(sender), "x" },
	{ { "to=x" }, IS(sender), "" },
	{ { "client=192.0.2.1" }, IS(client_address), "192.0.2.1" },
	{ { "client=2001:db8::1" }, IS(client_address), "2001:db8::1" },
	{ { "client=unknown" }, IS(client_address), "unknown" },
	{ { "client=[2001:db8::1]:25" }, IS(client_address), "2001:db8::1" },
	{ { "client=[2001:db8::1]:25" }, IS(client_port), "25" },
	{ { "client=[192.0.2.1]" }, IS(client_port), "" },
	{ { "client=[]:" }, IS(client_address), "" },
	{ { "helo=x y" }, IS(helo_name), "x y" },
	{ { "port=587" }, IS(server_port), "587" },
	{ { "port=submission" }, IS(server_port), "587" },
	{ { "port=SMTPS" }, IS(server_port), "465" },
	{ { "context=client" }, IS(policy_context), "client" },
	{ { "state=vrfy" }, IS(protocol_state), "VRFY" },
	{ { "to=x" }, IS(protocol_state), "RCPT" },
	{ { "to=x" }, IS(request), "smtpd_access_policy" },
	{ { "protocol_state=DATA" }, IS(protocol_state), "DATA" },
	{ { "tls=1.3" }, IS(encryption_protocol), "TLSv1.3" },
	{ { "tls=1.3" }, IS(encryption_cipher), "TLS_AES_256_GCM_SHA384" },
	{ { "tls=1.3" }, IS(encryption_keysize), "256" },
	{ { "tls=1.2" }, IS(encryption_cipher), GCM },
	{ { "tls=TLSv1.2" }, IS(encryption_cipher), GCM },
	{ { "tls=1.0" }, IS(encryption_protocol), "TLSv1" },
	{ { "tls=TLSv1" }, IS(encryption_keysize), "256" },
	{ { "tls=TLSv1.2/NULL-SHA256/0" },
	  IS(encryption_cipher),
	  "NULL-SHA256" },
	{ { "tls=TLSv1.2/NULL-SHA256/0" }, IS(encryption_keysize), "0" },
	{ { "tls=1.3", "tls=none" }, IS(encryption_protocol), "" },
	{ { "tls=1.3", "tls=none" }, IS(encryption_keysize), "0" },
	{ { "tls=1.3", "encryption_keysize=128" },
	  IS(encryption_keysize),
	  "128" },
	{ { "sasl=LOGIN/a/b" }, IS(sasl_method), "LOGIN" },
	{ { "sasl=LOGIN/a/b" }, IS(sasl_username), "a/b" },
	{ { "sasl=none" }, IS(sasl_method), "" },
	{ { "login=alice" }, IS(sasl_method), "PLAIN" },
	{ { "login=alice" }, IS(sasl_username), "alice" },
	{ { "login=" }, IS(sasl_method), "" },
	/* As in the log, and what only looks like it. */
	{ { "to=<a\\x5c\\x22b@c>" }, IS(recipient), "a\\\"b@c" },
	{ { "to=\\x3ca\\x20b\\x3e" }, IS(recipient), "a b" },
	{ { "login=DOM\\x5cuser" }, IS(sasl_username), "DOM\\user" },
	{ { "helo=\\xe4\\xff" }, IS(helo_name), "\xe4\xff" },
	{ { "to=a\\x4" }, IS(recipient), "a\\x4" },
	{ { "to=a\\x4@" }, IS(recipient), "a\\x4@" },
	{ { "to=a\\x4Ab\\x00\\y\\" }, IS(recipient), "a\\x4Ab\\x00\\y\\" },
	{ { "cert=AB:CD" }, IS(ccert_fingerprint), "AB:CD" },
	{ { "key=AB:CD" }, IS(ccert_pubkey_fingerprint), "AB:CD" },
};

START_TEST(reads_short_names)
{
	struct notation notation;
	struct error error;
	const char *got;
	size_t i;

	notation_init(&notation);
	for (i = 0; i < 3 && rows[_i].arguments[i] != NULL; i++)
		ck_assert_msg(notation_text(&notation, rows[_i].arguments[i],
					    &error) == 0,
			      "%s", error.text);
	memcpy(&got, (const char *)&notation.request + rows[_i].offset,
	       sizeof(got));
	ck_assert_str_eq(got, rows[_i].want);
	notation_clear(&notation);
	ck_assert_str_eq(notation.request.protocol_state, "RCPT");
}
END_TEST

static const struct {
	const char *argument, *reason;
	bool lax; /* taken from a log all the same */
} bad[] = {
	{ "to", "not NAME=VALUE", false },
	{ "=x", "no such name", false },
	{ "tto=x", "no such name; did you mean to?", false },
	{ "recipent=x", "no such name; did you mean recipient?", false },
	{ "xyzzy=x", "no such name; there are to, from", false },
	{ "To=x", "no such name", false },
	{ "to=a\nb", "more than one line", false },
	{ "request=x", "smtpd_access_policy", false },
	{ "client=mx.example", "not an IP address", true },
	{ "client=192.0.2.256", "not an IP address", true },
	{ "client_address=[::1]", "not an IP address", true },
	{ "client=[192.0.2.1", "neither ADDRESS", false },
	{ "client=[192.0.2.1]25", "neither ADDRESS", false },
	{ "client=[192.0.2.1]:x", "not a number", true },
	{ "port=65536", "number from 0 to 65535", true },
	{ "port=smtpx", "not a number", true },
	{ "server_port=smtp", "not a number", true },
	{ "port=-1", "not a number", true },
	{ "port= 25", "not a number", true },
	{ "state=RCTP", "not a protocol state", true },
	{ "tls=1.4", "neither none, 1.0", false },
	{ "tls=yes", "neither none, 1.0", false },
	{ "tls=TLSv1.2/x", "neither none, 1.0", false },
	{ "tls=TLSv1.2/x/many", "not a number", true },
	{ "sasl=PLAIN", "METHOD/USER", false },
	{ "recipient_count=x", "not a number", true },
};

START_TEST(refuses_what_is_no_request)
{
	struct notation notation;
	struct error error;

	notation_init(&notation);
	ck_assert_int_eq(notation_text(&notation, bad[_i].argument, &error),
			 -1);
	ck_assert_msg(strstr(error.text, bad[_i].reason) != NULL, "%s",
		      error.text);
	notation.lax = true;
	ck_assert_int_eq(notation_text(&notation, bad[_i].argument, &error),
			 bad[_i].lax ? 0 : -1);
	notation_clear(&notation);
}
END_TEST

START_TEST(takes_values_up_to_the_limit)
{
	char text[REQUEST_LINE_MAX + 2] = "to=";
	struct notation notation;
	struct error error;

	notation_init(&notation);
	memset(text + 3, 'x', REQUEST_LINE_MAX - strlen("recipient="));
	ck_assert_int_eq(notation_text(&notation, text, &error), 0);
	text[strlen(text)] = 'x';
	ck_assert_int_eq(notation_text(&notation, text, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "too long"));
	notation_clear(&notation);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("request_notation");

	tcase_add_loop_test(tests, reads_short_names, 0, COUNT(rows));
	tcase_add_loop_test(tests, refuses_what_is_no_request, 0, COUNT(bad));
	tcase_add_test(tests, takes_values_up_to_the_limit);
	return run_tests("request_notation", tests);
}
