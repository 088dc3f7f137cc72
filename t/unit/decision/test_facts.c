/* SPDX-License-Identifier: ISC */
/* test_facts - how a destination is described */

#include <check.h>
#include <string.h>

#include "lib/decision/facts.h"
#include "t/unit/address/resolving.h"
#include "t/unit/test.h"

static const struct {
	bool has_recipient;
	int authorized;
	enum resolve_status status;
	enum destination_class class;
	const char *said, *name;
	const char *list;
} rows[] = {
	{ false, 0, RESOLVE_DONE, DESTINATION_DEFAULT, "there is no recipient",
	  "none", "" },
	{ true, 1, RESOLVE_DONE, DESTINATION_RELAY, "the destination is ours",
	  "relay", "" },
	{ true, 0, RESOLVE_DONE, DESTINATION_DEFAULT,
	  "the destination is not ours", "default", "" },
	{ true, 0, RESOLVE_DONE, DESTINATION_LOCAL,
	  "the address is sender-routed", "local", "" },
	{ true, 0, RESOLVE_INVALID, DESTINATION_DEFAULT,
	  "the address has no valid domain", "invalid", "" },
	{ true, -1, RESOLVE_FAILED, DESTINATION_DEFAULT,
	  "a destination list could not be searched", "unknown",
	  "relay_domains" },
	{ true, -1, RESOLVE_FAILED, DESTINATION_DEFAULT,
	  "the address has too many domains to follow", "unknown", "" },
	{ true, AUTHORIZED_ASK, RESOLVE_ASK, DESTINATION_DEFAULT,
	  "only Postfix can look the destination up", "ask", "" },
};

START_TEST(says_why)
{
	struct facts facts = {
		.has_recipient = rows[_i].has_recipient,
		.authorized = rows[_i].authorized,
	};

	facts.destination.status = rows[_i].status;
	facts.destination.class = rows[_i].class;
	facts.destination.list = rows[_i].list;
	ck_assert_str_eq(facts_destination(&facts), rows[_i].said);
	ck_assert_str_eq(facts_class(&facts), rows[_i].name);
}
END_TEST

/* With arbitrary previous contents. */
START_TEST(nobody_is_authorized_without_a_recipient)
{
	struct session_minimum *tls = session_minimum_new("", "", 0, NULL);
	struct request request;
	struct facts facts;

	ck_assert_ptr_nonnull(tls);
	memset(&facts, 0xff, sizeof(facts));
	request_init(&request);
	facts_gather(&facts, &request, NULL, tls);
	ck_assert(!facts.has_recipient);
	ck_assert_int_eq(facts.authorized, 0);
	ck_assert(!facts.authenticated);
	ck_assert_ptr_nonnull(facts.weak);
	ck_assert_ptr_nonnull(facts.advice);
	session_minimum_free(tls);
}
END_TEST

/* Methods and names, and whether that is a login. */
static const struct {
	const char *method, *name;
	bool authenticated;
} logins[] = {
	{ "PLAIN", "alice", true },
	{ "PLAIN", "a", true },
	{ "X", "a", true },
	{ "", "alice", false },
	{ "PLAIN", "", false },
	{ "", "", false },
	{ "ANONYMOUS", "alice", false },
	{ "anonymous", "alice", false },
	{ "ANONYMOUS", "", false },
};

START_TEST(a_login_has_a_method_and_a_name)
{
	struct session_minimum *tls = session_minimum_new("", "", 0, NULL);
	struct request request;
	struct facts facts;

	request_init(&request);
	request.sasl_method = logins[_i].method;
	request.sasl_username = logins[_i].name;
	facts_gather(&facts, &request, NULL, tls);
	ck_assert_int_eq(facts.authenticated, logins[_i].authenticated);
	session_minimum_free(tls);
}
END_TEST

START_TEST(a_recipient_may_have_one_letter)
{
	struct session_minimum *tls = session_minimum_new("", "", 0, NULL);
	struct resolver *resolver = must_make(NULL);
	struct request request;
	struct facts facts;

	request_init(&request);
	request.recipient = "u";
	facts_gather(&facts, &request, resolver, tls);
	ck_assert(facts.has_recipient);
	ck_assert_int_eq(facts.authorized, 1);
	ck_assert_str_eq(facts.destination.address, "u@mail.local.test");
	resolver_free(resolver);
	session_minimum_free(tls);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("facts");

	tcase_add_loop_test(tests, says_why, 0, COUNT(rows));
	tcase_add_test(tests, nobody_is_authorized_without_a_recipient);
	tcase_add_loop_test(tests, a_login_has_a_method_and_a_name, 0,
			    COUNT(logins));
	tcase_add_test(tests, a_recipient_may_have_one_letter);
	return run_tests("facts", tests);
}
