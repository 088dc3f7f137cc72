/* SPDX-License-Identifier: ISC */
/* test_facts - what people are told about a destination */

#include <check.h>

#include "lib/facts.h"
#include "t/test.h"

static const struct {
	bool has_recipient;
	int authorized;
	enum resolve_status status;
	enum destination_class class;
	const char *said, *name;
} rows[] = {
	{ false, 0, RESOLVE_DONE, DESTINATION_DEFAULT, "there is no recipient",
	  "none" },
	{ true, 1, RESOLVE_DONE, DESTINATION_RELAY, "the destination is ours",
	  "relay" },
	{ true, 0, RESOLVE_DONE, DESTINATION_DEFAULT,
	  "the destination is not ours", "default" },
	{ true, 0, RESOLVE_DONE, DESTINATION_LOCAL,
	  "the address is sender-routed", "local" },
	{ true, 0, RESOLVE_INVALID, DESTINATION_DEFAULT,
	  "the address has no valid domain", "invalid" },
	{ true, -1, RESOLVE_FAILED, DESTINATION_DEFAULT,
	  "a destination list could not be searched", "unknown" },
	{ true, AUTHORIZED_ASK, RESOLVE_ASK, DESTINATION_DEFAULT,
	  "only Postfix can look the destination up", "ask" },
};

START_TEST(says_why)
{
	struct facts facts = {
		.has_recipient = rows[_i].has_recipient,
		.authorized = rows[_i].authorized,
	};

	facts.destination.status = rows[_i].status;
	facts.destination.class = rows[_i].class;
	ck_assert_str_eq(facts_destination(&facts), rows[_i].said);
	ck_assert_str_eq(facts_class(&facts), rows[_i].name);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("facts");

	tcase_add_loop_test(tests, says_why, 0, COUNT(rows));
	return run_tests("facts", tests);
}
