/* SPDX-License-Identifier: ISC */
/* test_permit_mynetworks - permission by address */

#include "t/unit/decision/deciding.h"

static const struct {
	const char *mynetworks;
	const char *client_address;
	enum verdict verdict;
} networks[] = {
	{ "", "127.0.0.1", VERDICT_DUNNO },
	{ "127.0.0.0/8", "127.0.0.1", VERDICT_PERMIT },
	{ "127.0.0.0/8", "192.0.2.1", VERDICT_DUNNO },
	{ "127.0.0.0/8 [::1]/128", "::1", VERDICT_PERMIT },
	{ "127.0.0.0/8 [::1]/128", "::2", VERDICT_DUNNO },
	{ "!127.0.0.2, 127.0.0.0/8", "127.0.0.2", VERDICT_DUNNO },
	{ "0.0.0.0/0, ::/0", "203.0.113.1", VERDICT_PERMIT },
	{ "0.0.0.0/0, ::/0", "2001:db8::1", VERDICT_PERMIT },
	{ "0.0.0.0/0, ::/0", "unknown", VERDICT_DUNNO },
	{ "0.0.0.0/0, ::/0", "", VERDICT_DUNNO },
	{ "0.0.0.0/0", "::ffff:127.0.0.1", VERDICT_DUNNO },
	{ "cidr:{{127.0.0.0/8 ok}}", "127.0.0.1", VERDICT_PERMIT },
	{ "cidr:{{127.0.0.0/8 ok}}", "192.0.2.1", VERDICT_DUNNO },
	{ "inline:{192.0.2.1=ok}", "192.0.2.1", VERDICT_PERMIT },
	/* Names of clients count only against them. */
	{ "!inline:{127.0.0.1=no} 0.0.0.0/0", "192.0.2.1", VERDICT_DUNNO },
	{ "inline:{127.0.0.1=ok}", "192.0.2.1", VERDICT_DUNNO },
	{ "fail:x", "192.0.2.1", VERDICT_DEFER },
	{ "192.0.2.1 fail:x", "192.0.2.1", VERDICT_PERMIT },
	{ "!192.0.2.1 fail:x", "192.0.2.1", VERDICT_DUNNO },
};

START_TEST(permits_networks)
{
	struct table_loader loader = { .config_directory = place_directory };
	struct decision decision;
	struct request request;

	request_init(&request);
	request.client_address = networks[_i].client_address;
	/* The name that the client gives in HELO is no address. */
	request.client_name = request.helo_name = "127.0.0.1";
	request.server_address = "127.0.0.1";
	ck_assert_int_eq(decide(&restriction_permit_mynetworks,
				networks[_i].mynetworks, &loader, &request,
				&decision),
			 networks[_i].verdict);
	if (networks[_i].verdict == VERDICT_PERMIT)
		ck_assert_str_eq(decision.reason,
				 "the client is in mynetworks");
	else
		ck_assert_str_ne(decision.reason,
				 "the client is in mynetworks");
}
END_TEST

static const struct bad_argument refusals[] = {
	{ "localhost", "not an address" },
	{ "10.0.0.0/8 192.0.2.1/24", "192.0.2.0/24" },
	{ "mysql:/etc/postfix/nets",
	  "\"mysql:/etc/postfix/nets\": only Postfix can ask the server" },
	{ "texthash:/no-such/nets", "No such file" },
};

START_TEST(refuses)
{
	refuse(&restriction_permit_mynetworks, &refusals[_i]);
}
END_TEST

/* The table is not there: whoever depends on it is deferred. */
START_TEST(defers_while_the_table_is_away)
{
	struct table_loader loader = {
		.config_directory = place_directory,
		.lenient = true,
	};
	char *table =
		xasprintf("10.0.0.1 hash:%s/none 10.0.0.0/8", place_directory);
	struct decision decision;
	struct request request;

	request_init(&request);
	request.client_address = "10.0.0.1";
	ck_assert_int_eq(decide(&restriction_permit_mynetworks, table, &loader,
				&request, &decision),
			 VERDICT_PERMIT);
	request.client_address = "10.0.0.2";
	ck_assert_int_eq(decide(&restriction_permit_mynetworks, table, &loader,
				&request, &decision),
			 VERDICT_DEFER);
	ck_assert_int_eq(decision.refusal, REFUSAL_LOOKUP);
	ck_assert_ptr_nonnull(strstr(decision.reason, "mynetworks"));
	ck_assert_uint_eq(loader.failures, 2);
	free(table);
}
END_TEST

/* What policyd -q shows. */
START_TEST(finds_the_network_of_the_client)
{
	const struct restriction *restriction = &restriction_permit_mynetworks;
	struct table_loader loader = { .config_directory = place_directory };
	struct restriction_context context = { .loader = &loader };
	struct domain_list_match match = { .pattern = NULL };
	struct error error = { "" };
	struct subject subject = { .request = NULL };
	struct request request;
	const char *key = NULL;
	void *state = NULL;

	request_init(&request);
	request.client_address = "192.0.2.7";
	subject.request = &request;
	ck_assert_int_eq(
		restriction->open("192.0.2.0/24", &context, &state, &error), 0);
	restriction->find(&subject, state, &match, &key);
	ck_assert_str_eq(key, "192.0.2.7");
	ck_assert_str_eq(match.pattern, "192.0.2.0/24");
	restriction->close(state);
}
END_TEST

START_TEST(says_which_table_has_no_answer)
{
	says_tables(&restriction_permit_mynetworks);
}
END_TEST

START_TEST(has_its_name)
{
	ck_assert_str_eq(restriction_permit_mynetworks.name,
			 "permit_mynetworks");
	ck_assert_str_eq(restriction_permit_mynetworks.parameter, "mynetworks");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("permit_mynetworks");

	tcase_add_loop_test(tests, permits_networks, 0, COUNT(networks));
	tcase_add_loop_test(tests, refuses, 0, COUNT(refusals));
	tcase_add_checked_fixture(tests, place_make_postfix, place_remove);
	tcase_add_test(tests, defers_while_the_table_is_away);
	tcase_add_test(tests, finds_the_network_of_the_client);
	tcase_add_test(tests, says_which_table_has_no_answer);
	tcase_add_test(tests, has_its_name);
	return run_tests("permit_mynetworks", tests);
}
