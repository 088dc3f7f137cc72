/* SPDX-License-Identifier: ISC */
/* test_sender_login_words - the four restrictions that judge by
 * sender_login_maps, and the maps that they refuse */

#include <check.h>

#include "t/unit/test.h"
#include "t/unit/decision/login_maps.h"

#define OWNED "inline:{ a@b.test=alice }"

/* The result of each restriction for a@b.test; login "": not logged in. */
static const struct {
	const char *maps, *sender, *login;
	enum verdict any, authenticated, unauthenticated, known;
	enum refusal refusal;
} verdicts[] = {
	{ OWNED, "a@b.test", "alice", VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, VERDICT_DUNNO, 0 },
	{ OWNED, "a@b.test", "Alice", VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, VERDICT_DUNNO, 0 },
	{ OWNED, "a@b.test", "bob", VERDICT_REJECT, VERDICT_REJECT,
	  VERDICT_DUNNO, VERDICT_REJECT, REFUSAL_OWNER },
	{ OWNED, "a@b.test", "", VERDICT_REJECT, VERDICT_DUNNO, VERDICT_REJECT,
	  VERDICT_REJECT, REFUSAL_LOGIN },
	/* Names of one letter are names. */
	{ "inline:{ a@b.test=b }", "a@b.test", "b", VERDICT_DUNNO,
	  VERDICT_DUNNO, VERDICT_DUNNO, VERDICT_DUNNO, 0 },
	{ "inline:{ a@origin.test=b }", "a", "c", VERDICT_REJECT,
	  VERDICT_REJECT, VERDICT_DUNNO, VERDICT_REJECT, REFUSAL_OWNER },
	{ OWNED, "x@b.test", "alice", VERDICT_REJECT, VERDICT_REJECT,
	  VERDICT_DUNNO, VERDICT_DUNNO, REFUSAL_OWNER },
	{ OWNED, "x@b.test", "", VERDICT_DUNNO, VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, 0 },
	{ OWNED, "", "alice", VERDICT_DUNNO, VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, 0 },
	{ OWNED, "", "", VERDICT_DUNNO, VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, 0 },
	{ "fail:x", "a@b.test", "alice", VERDICT_DEFER, VERDICT_DEFER,
	  VERDICT_DUNNO, VERDICT_DEFER, REFUSAL_LOOKUP },
	{ "fail:x", "a@b.test", "", VERDICT_DEFER, VERDICT_DUNNO, VERDICT_DEFER,
	  VERDICT_DEFER, REFUSAL_LOOKUP },
	{ "fail:x", "", "alice", VERDICT_DUNNO, VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, 0 },
	{ "static:{ , }", "a@b.test", "", VERDICT_REJECT, VERDICT_DUNNO,
	  VERDICT_REJECT, VERDICT_REJECT, REFUSAL_LOGIN },
	{ "static:{ , }", "a@b.test", "alice", VERDICT_REJECT, VERDICT_REJECT,
	  VERDICT_DUNNO, VERDICT_REJECT, REFUSAL_OWNER },
};

START_TEST(judges)
{
	const struct {
		const struct restriction *restriction;
		enum verdict verdict;
	} each[] = {
		{ &ANY, verdicts[_i].any },
		{ &AUTHENTICATED, verdicts[_i].authenticated },
		{ &UNAUTHENTICATED, verdicts[_i].unauthenticated },
		{ &KNOWN, verdicts[_i].known },
	};
	struct table_loader loader = { .config_directory = place_directory,
				       .lenient = true };
	struct resolver *resolver = make_resolver(NULL, NULL);
	struct error error = { "" };
	struct sender_login *maps =
		open_maps(verdicts[_i].maps, resolver, &loader, &error);
	struct request request;
	struct subject subject = { .request = &request };

	/* The method does not matter: only the name. */
	for (int i = 0; i < 2 * COUNT(each); i++) {
		const struct restriction *restriction = each[i / 2].restriction;
		struct decision decision = { .reason = "" };
		enum verdict verdict;

		request_init(&request);
		request.sender = verdicts[_i].sender;
		request.sasl_username = verdicts[_i].login;
		request.sasl_method = i % 2 == 0 ? "" : "ANONYMOUS";
		verdict = restriction->evaluate(&subject, maps, &decision);
		ck_assert_int_eq(verdict, each[i / 2].verdict);
		if (verdict != VERDICT_DUNNO)
			ck_assert_int_eq(decision.refusal,
					 verdicts[_i].refusal);
		if (verdict == VERDICT_DEFER) {
			ck_assert_pstr_eq(decision.table, verdicts[_i].maps);
			ck_assert_pstr_eq(decision.why,
					  "its lookups always fail");
		}
		ck_assert_int_eq(decision.asked_count == 0,
				 decision.reason[0] != '\0');
		ck_assert_uint_eq(decision.asked_count, 0);
	}
	sender_login_close(maps);
	resolver_free(resolver);
}
END_TEST

START_TEST(asks_by_its_name)
{
	static const struct restriction *const each[] = { &ANY, &AUTHENTICATED,
							  &UNAUTHENTICATED,
							  &KNOWN };
	struct table_loader loader = { .config_directory = place_directory,
				       .lenient = true };
	struct resolver *resolver = make_resolver(NULL, NULL);
	const char *why;
	struct error error;
	struct sender_login *maps =
		open_maps(OWNED " mysql:/etc/x.cf", resolver, &loader, &error);
	struct request request;
	struct subject subject = { .request = &request };

	ck_assert_str_eq(sender_login_asks(maps, &why), "mysql:/etc/x.cf");
	ck_assert_ptr_nonnull(strstr(why, "only Postfix"));
	sender_login_close(maps);
	maps = open_maps(OWNED, resolver, &loader, &error);
	ck_assert_ptr_null(sender_login_asks(maps, &why));
	sender_login_close(maps);
	maps = open_maps("mysql:/etc/x.cf " OWNED, resolver, &loader, &error);
	ck_assert_str_eq(sender_login_asks(maps, &why), "mysql:/etc/x.cf");
	request_init(&request);
	for (int i = 0; i < 2 * COUNT(each); i++) {
		const struct restriction *restriction = each[i / 2];
		struct decision decision = { .reason = "" };
		/* These two do not look at the other half. */
		bool looks = i % 2 == 0 ? restriction != &UNAUTHENTICATED
					: restriction != &AUTHENTICATED;

		request.sasl_username = i % 2 == 0 ? "alice" : "";
		request.sender = "x@b.test";
		ck_assert_int_eq(
			restriction->evaluate(&subject, maps, &decision),
			VERDICT_DUNNO);
		ck_assert_uint_eq(decision.asked_count, looks ? 1 : 0);
		if (!looks)
			continue;
		ck_assert_str_eq(decision.asked[0], restriction->name);
		ck_assert_pstr_eq(decision.table, "mysql:/etc/x.cf");
		ck_assert_ptr_nonnull(strstr(decision.why, "only Postfix"));
	}
	sender_login_close(maps);
	resolver_free(resolver);
}
END_TEST

/* Settings that are refused at load. */
static const struct {
	const char *maps;
	const char *error; /* part of the reason */
} refusals[] = {
	{ "alice", "\"alice\": is not type:name" },
	{ "/etc/postfix/logins", "\"/etc/postfix/logins\": is not type:name" },
	{ "static:x table:/x", "\"table:/x\": Postfix has no table type" },
	{ "static:x, hash:/no-such/x", "\"hash:/no-such/x\": " },
	{ "texthash:/no-such/x", "No such file" },
	{ "texthash:x", "is not an absolute path" },
	{ "inline:{ a=x, A=y }", "appears twice" },
	{ "static:{ }", "its result is empty" },
	{ "pcre:{{/x", "a brace is not closed" },
};

START_TEST(refuses)
{
	struct table_loader loader = { .config_directory = place_directory,
				       .lenient = false };
	struct resolver *resolver = make_resolver(NULL, NULL);
	struct error error = { "" };

	ck_assert_ptr_null(
		open_maps(refusals[_i].maps, resolver, &loader, &error));
	ck_assert_msg(strstr(error.text, refusals[_i].error) != NULL,
		      "\"%s\": %s", refusals[_i].maps, error.text);
	resolver_free(resolver);
}
END_TEST

/* All restrictions of a load have the same maps, until the last is closed. */
START_TEST(shares_the_maps)
{
	struct table_loader loader = { .config_directory = place_directory,
				       .lenient = true };
	struct resolver *resolver = make_resolver(NULL, NULL);
	struct sender_login *shared = NULL;
	struct restriction_context context = {
		.loader = &loader,
		.resolver = resolver,
		.sender_login = &shared,
	};
	char owners[DECISION_OWNERS_MAX];
	void *one = NULL, *other = NULL;
	struct error error;

	ck_assert_int_eq(ANY.open("hash:/no-such/x", &context, &one, &error),
			 0);
	ck_assert_int_eq(
		KNOWN.open("hash:/no-such/x", &context, &other, &error), 0);
	ck_assert_ptr_eq(one, other);
	ck_assert_uint_eq(loader.failures, 1);
	ANY.close(one);
	ck_assert_int_eq(
		sender_login_find(other, "a@b.test", "", owners, &trouble),
		SENDER_FAILED);
	KNOWN.close(other);
	KNOWN.close(NULL);
	resolver_free(resolver);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("sender_login_words");

	tcase_add_checked_fixture(tests, place_make_postfix, place_remove);
	tcase_add_loop_test(tests, judges, 0, COUNT(verdicts));
	tcase_add_test(tests, asks_by_its_name);
	tcase_add_loop_test(tests, refuses, 0, COUNT(refusals));
	tcase_add_test(tests, shares_the_maps);
	return run_tests("sender_login_words", tests);
}
