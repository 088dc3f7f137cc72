/* SPDX-License-Identifier: ISC */
/* test_decision - names of verdicts, and what is left to Postfix */

#include "lib/decision/decision.h"

#include <string.h>

#include "lib/address/resolve.h"
#include "t/unit/test.h"

START_TEST(names_verdicts)
{
	static const char *const names[VERDICT_COUNT] = { "dunno",  "permit",
							  "reject", "defer",
							  "ask",    "hold" };

	for (int i = 0; i < VERDICT_COUNT; i++) {
		ck_assert_str_eq(verdict_name((enum verdict)i), names[i]);
		ck_assert_int_eq(verdict_find(names[i]), i);
	}
	/* A restriction may wait, a decision cannot. */
	ck_assert_str_eq(verdict_name(VERDICT_WAIT), "wait");
	ck_assert_int_eq(verdict_find("wait"), -1);
	ck_assert_int_eq(verdict_find("Permit"), -1);
	ck_assert_int_eq(verdict_find(""), -1);
}
END_TEST

/* The memory of a decision is used again for each request. */
START_TEST(begins_with_nothing_of_the_last_one)
{
	struct decision decision;

	memset(&decision, 'x', sizeof(decision));
	decision_init(&decision);
	ck_assert_int_eq(decision.verdict, VERDICT_DUNNO);
	ck_assert_str_eq(decision.reason, "");
	ck_assert_str_eq(decision.owners, "");
	ck_assert_uint_eq(decision.asked_count, 0);
	ck_assert_ptr_null(decision.table);
	ck_assert_ptr_null(decision.charge);
	ck_assert_ptr_null(decision.text);
}
END_TEST

/* A known answer does not depend on who asks. */
START_TEST(asks_only_for_what_is_open)
{
	struct decision decision = { .reason = "" };

	for (int known = -1; known <= 1; known++)
		ck_assert_int_eq(
			decision_authorized(&decision, known, "x", true),
			known);
	ck_assert_uint_eq(decision.asked_count, 0);
	ck_assert_int_eq(decision.assumed, ASSUMED_NOTHING);
}
END_TEST

/* The first restriction that gets to it asks, and later ones continue with what
 * that one assumed. */
START_TEST(goes_on_with_what_is_assumed)
{
	struct decision decision = { .reason = "" };
	bool ours = _i == 1;

	ck_assert_int_eq(
		decision_authorized(&decision, AUTHORIZED_ASK, "one", ours),
		AUTHORIZED_ASK);
	ck_assert_int_eq(
		decision_authorized(&decision, AUTHORIZED_ASK, "two", !ours),
		ours ? 1 : 0);
	ck_assert_uint_eq(decision.asked_count, 1);
	ck_assert_str_eq(decision.asked[0], "one");
	ck_assert_int_eq(decision.assumed,
			 ours ? ASSUMED_OURS : ASSUMED_NOT_OURS);
}
END_TEST

/* Each is asked once, and there is room for a limited number; nobody passes
 * because there was none. */
START_TEST(defers_when_there_are_too_many)
{
	static const char *const words[DECISION_ASKED + 1] = { "a", "b", "c",
							       "d", "e", "f" };
	struct decision decision = { .reason = "" };

	for (int i = 0; i < 2 * DECISION_ASKED; i++)
		ck_assert_int_eq(decision_ask_sender(&decision, words[i / 2]),
				 VERDICT_DUNNO);
	ck_assert_uint_eq(decision.asked_count, DECISION_ASKED);
	for (int i = 0; i < DECISION_ASKED; i++)
		ck_assert_str_eq(decision.asked[i], words[i]);
	ck_assert_int_eq(decision_authorized(&decision, AUTHORIZED_ASK,
					     words[DECISION_ASKED], true),
			 -1);
	ck_assert_int_eq(decision.assumed, ASSUMED_NOTHING);
	ck_assert_int_eq(decision_ask_sender(&decision, words[DECISION_ASKED]),
			 VERDICT_DEFER);
	ck_assert_int_eq(decision.refusal, REFUSAL_LOOKUP);
	ck_assert_str_ne(decision.reason, "");
	ck_assert_uint_eq(decision.asked_count, DECISION_ASKED);
}
END_TEST

/* A decision, and what remains of it once the files have changed. */
static const struct {
	struct decision before;
	bool refuses;
	enum verdict verdict;
	const char *last; /* for Postfix to try */
} postponed[] = {
	{ { .verdict = VERDICT_REJECT, .refusal = REFUSAL_RELAY },
	  true,
	  VERDICT_DEFER,
	  NULL },
	{ { .verdict = VERDICT_REJECT, .refusal = REFUSAL_OWNER },
	  true,
	  VERDICT_DEFER,
	  NULL },
	/* The name of a table is nothing to try. */
	{ { .verdict = VERDICT_REJECT,
	    .refusal = REFUSAL_OWNER,
	    .table = "hash:x" },
	  true,
	  VERDICT_DEFER,
	  NULL },
	{ { .verdict = VERDICT_PERMIT }, false, VERDICT_PERMIT, NULL },
	{ { .verdict = VERDICT_DUNNO }, false, VERDICT_DUNNO, NULL },
	{ { .verdict = VERDICT_DEFER, .refusal = REFUSAL_LOOKUP },
	  false,
	  VERDICT_DEFER,
	  NULL },
	{ { .verdict = VERDICT_ASK,
	    .asks = { "permit_auth_destination",
		      "reject_unauth_destination" } },
	  true,
	  VERDICT_ASK,
	  "defer" },
	{ { .verdict = VERDICT_ASK,
	    .asks = { "reject_sender_login_mismatch", "permit_auth_destination",
		      "reject" } },
	  true,
	  VERDICT_ASK,
	  "defer" },
	/* Only one is left to Postfix. */
	{ { .verdict = VERDICT_ASK,
	    .asks = { "reject_sender_login_mismatch" } },
	  true,
	  VERDICT_ASK,
	  "defer" },
	{ { .verdict = VERDICT_PERMIT,
	    .asks = { "permit_auth_destination", NULL, "reject" } },
	  true,
	  VERDICT_PERMIT,
	  "defer" },
	{ { .verdict = VERDICT_ASK,
	    .asks = { "permit_auth_destination", "defer" } },
	  false,
	  VERDICT_ASK,
	  "defer" },
};

START_TEST(postpones_refusals)
{
	struct decision decision = postponed[_i].before;
	const char *last = NULL;

	ck_assert_int_eq(decision_refuses(&decision), postponed[_i].refuses);
	if (postponed[_i].refuses)
		decision_postpone(&decision);
	ck_assert_int_eq(decision.verdict, postponed[_i].verdict);
	ck_assert(!decision_refuses(&decision));
	for (int i = 0; i < DECISION_ASKS; i++)
		if (decision.asks[i] != NULL)
			last = decision.asks[i];
	ck_assert_pstr_eq(last, postponed[_i].last);
	if (postponed[_i].refuses && last == NULL) {
		ck_assert_int_eq(decision.refusal, REFUSAL_DEFER);
		ck_assert_pstr_eq(decision.reason, "files have changed, and "
						   "are not loaded yet");
	}
	ck_assert_pstr_eq(decision.table, postponed[_i].before.table);
}
END_TEST

/* A decision, and what is left of it if the destination is not ours. */
static const struct {
	struct decision decision;
	enum verdict verdict;
	const char *word;
} elsewhere[] = {
	{ { .verdict = VERDICT_REJECT, .restriction = "reject" },
	  VERDICT_REJECT,
	  "reject" },
	{ { .verdict = VERDICT_PERMIT,
	    .restriction = "permit",
	    .asks = { "permit_auth_destination", "permit", "reject" } },
	  VERDICT_PERMIT,
	  "permit" },
	{ { .verdict = VERDICT_ASK,
	    .asks = { "permit_auth_destination",
		      "reject_unauth_destination" } },
	  VERDICT_REJECT,
	  "reject_unauth_destination" },
	{ { .verdict = VERDICT_ASK,
	    .asks = { "permit_auth_destination", "defer" } },
	  VERDICT_DEFER,
	  "defer" },
	{ { .verdict = VERDICT_ASK,
	    .asks = { "reject_unauth_destination", "permit", "reject" } },
	  VERDICT_REJECT,
	  "reject_unauth_destination" },
	{ { .verdict = VERDICT_ASK,
	    .asks = { "reject_sender_login_mismatch", "permit_auth_destination",
		      "reject_unauth_destination" } },
	  VERDICT_REJECT,
	  "reject_unauth_destination" },
	{ { .verdict = VERDICT_ASK,
	    .asks = { "reject_sender_login_mismatch", "permit", "reject" } },
	  VERDICT_ASK,
	  "permit" },
	{ { .verdict = VERDICT_ASK,
	    .asks = { "reject_sender_login_mismatch", "permit_auth_destination",
		      "permit_sasl_authenticated",
		      "reject_unauth_destination" } },
	  VERDICT_ASK,
	  "permit_sasl_authenticated" },
	/* without a recipient nothing is refused */
	{ { .verdict = VERDICT_ASK,
	    .restriction = "permit_auth_destination",
	    .asks = { "permit_auth_destination" } },
	  VERDICT_ASK,
	  "permit_auth_destination" },
	/* the name of a table is no word of the list */
	{ { .verdict = VERDICT_ASK,
	    .restriction = "permit_auth_destination",
	    .asks = { "permit_auth_destination" },
	    .table = "reject" },
	  VERDICT_ASK,
	  "permit_auth_destination" },
};

START_TEST(judges_destinations_elsewhere)
{
	const char *word;

	ck_assert_int_eq(decision_elsewhere(&elsewhere[_i].decision, &word),
			 elsewhere[_i].verdict);
	ck_assert_str_eq(word, elsewhere[_i].word);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("decision");

	tcase_add_loop_test(tests, judges_destinations_elsewhere, 0,
			    COUNT(elsewhere));

	tcase_add_test(tests, names_verdicts);
	tcase_add_test(tests, begins_with_nothing_of_the_last_one);
	tcase_add_test(tests, asks_only_for_what_is_open);
	tcase_add_loop_test(tests, goes_on_with_what_is_assumed, 0, 2);
	tcase_add_test(tests, defers_when_there_are_too_many);
	tcase_add_loop_test(tests, postpones_refusals, 0,
			    sizeof(postponed) / sizeof(postponed[0]));
	return run_tests("decision", tests);
}
