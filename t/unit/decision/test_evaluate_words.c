/* SPDX-License-Identifier: ISC */
/* test_evaluate_words - what each restriction decides, and what is left to
 * Postfix */

#include <check.h>
#include <string.h>

#include "lib/decision/judgement.h"
#include "t/unit/decision/walking.h"
#include "t/unit/test.h"

/* Each word under each set of facts: the whole of what it may say. */
static const struct {
	const char *word;
	int authorized;
	bool encrypted, authenticated;
	enum verdict verdict;
	enum refusal refusal;
} words[] = {
	{ "permit_auth_destination", 1, false, false, VERDICT_PERMIT, 0 },
	{ "permit_auth_destination", 0, true, true, VERDICT_DUNNO, 0 },
	{ "permit_auth_destination", -1, true, true, VERDICT_DEFER,
	  REFUSAL_LOOKUP },
	{ "reject_unauth_destination", 1, false, false, VERDICT_DUNNO, 0 },
	{ "reject_unauth_destination", 0, true, true, VERDICT_REJECT,
	  REFUSAL_RELAY },
	{ "reject_unauth_destination", -1, true, true, VERDICT_DEFER,
	  REFUSAL_LOOKUP },
	{ "permit_sasl_authenticated", 0, true, true, VERDICT_PERMIT, 0 },
	{ "permit_sasl_authenticated", 0, false, true, VERDICT_PERMIT, 0 },
	{ "permit_sasl_authenticated", 1, true, false, VERDICT_DUNNO, 0 },
	{ "reject_plaintext_session", 1, false, true, VERDICT_REJECT,
	  REFUSAL_PLAINTEXT },
	{ "reject_plaintext_session", 1, true, false, VERDICT_DUNNO, 0 },
	{ "permit", 0, false, false, VERDICT_PERMIT, 0 },
	{ "reject", 1, true, true, VERDICT_REJECT, REFUSAL_RELAY },
	{ "defer", 1, true, true, VERDICT_DEFER, REFUSAL_DEFER },
};

START_TEST(words_say_what_they_mean)
{
	const struct restriction *restriction =
		restriction_find(words[_i].word);
	struct request request;
	struct facts facts = {
		.has_recipient = true,
		.authorized = words[_i].authorized,
		.destination.list = "relay_domains",
		.weak = words[_i].encrypted ? NULL : "not encrypted",
		.authenticated = words[_i].authenticated,
	};
	struct subject subject = { .request = &request, .facts = &facts };
	/* As another restriction may have left it. */
	struct decision decision = { .reason = "", .refusal = REFUSAL_OWNER };
	enum verdict verdict;

	request_init(&request);
	ck_assert_ptr_nonnull(restriction);
	verdict = restriction->evaluate(&subject, NULL, &decision);
	ck_assert_int_eq(verdict, words[_i].verdict);
	if (verdict == VERDICT_REJECT || verdict == VERDICT_DEFER)
		ck_assert_int_eq(decision.refusal, words[_i].refusal);
	ck_assert_str_ne(decision.reason, "");
}
END_TEST

/* A restriction whose argument must be "good", and its state. */
static int open_good(const char *argument,
		     const struct restriction_context *context, void **state,
		     struct error *error)
{
	(void)context;
	*state = &permit;
	return strcmp(argument, "good") == 0 ? 0 : error_set(error, "not good");
}

static const struct restriction opener = { .name = "opener",
					   .open = open_good,
					   .evaluate = say };

START_TEST(adds_what_can_be_opened)
{
	struct restriction_list list = { 0 };
	struct error error;

	ck_assert_int_eq(
		restriction_list_add(&list, &opener, "bad", NULL, &error), -1);
	ck_assert_uint_eq(list.count, 0);
	ck_assert_int_eq(
		restriction_list_add(&list, &opener, "good", NULL, &error), 0);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_ptr_eq(list.uses[0].state, &permit);
	restriction_list_clear(&list);
	ck_assert_uint_eq(list.count, 0);
	ck_assert_ptr_null(list.uses);
}
END_TEST

/* refuse_anytime - a restriction with an argument */
static enum verdict refuse_anytime(const struct subject *subject, void *state,
				   struct decision *decision)
{
	(void)subject;
	(void)state;
	(void)decision;
	return VERDICT_DEFER;
}

/* An argument is part of the word that decided; and some refusals hold without
 * a recipient, too. */
START_TEST(names_the_argument)
{
	static const struct restriction limiter = { .name = "limiter",
						    .argument = "a name",
						    .anytime = true,
						    .evaluate =
							    refuse_anytime };
	struct restriction_list list = { 0 };
	struct evaluation evaluation = { 0 };
	struct request request;
	struct facts facts = { 0 };
	struct error error;

	request_init(&request);
	ck_assert_int_eq(
		restriction_list_add(&list, &limiter, "one", NULL, &error), 0);
	for (int i = 0; i < 2; i++) {
		facts.has_recipient = i == 0;
		ck_assert(evaluation_start(&evaluation, &list, &request, &facts,
					   0, NULL));
		ck_assert_int_eq(evaluation.decision.verdict, VERDICT_DEFER);
		ck_assert_str_eq(evaluation.decision.restriction,
				 "limiter:one");
	}
	restriction_list_clear(&list);
}
END_TEST

/* Lists and sessions where only Postfix can look the destination up, and what
 * it is to try. said: after those words; NULL: nothing. */
static const struct {
	const char *words[4];
	bool encrypted, authenticated;
	const enum verdict *said;
	enum verdict verdict;
	const char *restriction;
	const char *asks[3];
} asked[] = {
	{ { "permit_auth_destination", "reject_plaintext_session",
	    "permit_sasl_authenticated", "reject_unauth_destination" },
	  true,
	  true,
	  NULL,
	  VERDICT_PERMIT,
	  "permit_sasl_authenticated",
	  { "permit_auth_destination", "permit_sasl_authenticated",
	    "reject_unauth_destination" } },
	{ { "permit_auth_destination", "reject_plaintext_session",
	    "permit_sasl_authenticated", "reject_unauth_destination" },
	  false,
	  true,
	  NULL,
	  VERDICT_ASK,
	  "permit_auth_destination",
	  { "permit_auth_destination", "reject_unauth_destination" } },
	{ { "permit_auth_destination", "reject_plaintext_session",
	    "permit_sasl_authenticated", "reject_unauth_destination" },
	  true,
	  false,
	  NULL,
	  VERDICT_ASK,
	  "permit_auth_destination",
	  { "permit_auth_destination", "reject_unauth_destination" } },
	{ { "permit_auth_destination" },
	  true,
	  true,
	  NULL,
	  VERDICT_ASK,
	  "permit_auth_destination",
	  { "permit_auth_destination", "reject_unauth_destination" } },
	{ { "permit_auth_destination" },
	  true,
	  true,
	  &defer,
	  VERDICT_ASK,
	  "permit_auth_destination",
	  { "permit_auth_destination", "defer" } },
	{ { "permit_auth_destination", "permit_auth_destination", "reject" },
	  true,
	  true,
	  NULL,
	  VERDICT_ASK,
	  "permit_auth_destination",
	  { "permit_auth_destination", "reject_unauth_destination" } },
	{ { "reject_plaintext_session", "permit_auth_destination" },
	  false,
	  true,
	  NULL,
	  VERDICT_REJECT,
	  "reject_plaintext_session",
	  { NULL } },
	{ { "permit", "permit_auth_destination" },
	  false,
	  false,
	  NULL,
	  VERDICT_PERMIT,
	  "permit",
	  { NULL } },
	{ { "reject_unauth_destination", "permit_sasl_authenticated" },
	  true,
	  true,
	  NULL,
	  VERDICT_ASK,
	  "reject_unauth_destination",
	  { "reject_unauth_destination", "permit_sasl_authenticated",
	    "reject" } },
	{ { "reject_unauth_destination", "permit_sasl_authenticated" },
	  true,
	  false,
	  NULL,
	  VERDICT_REJECT,
	  "end",
	  { NULL } },
	{ { "reject_unauth_destination", "permit_auth_destination" },
	  false,
	  false,
	  NULL,
	  VERDICT_ASK,
	  "reject_unauth_destination",
	  { "reject_unauth_destination", "permit_auth_destination",
	    "reject" } },
	{ { "reject_unauth_destination" },
	  true,
	  true,
	  &defer,
	  VERDICT_DEFER,
	  "sayer",
	  { NULL } },
	{ { "reject_unauth_destination" },
	  true,
	  true,
	  &reject,
	  VERDICT_REJECT,
	  "sayer",
	  { NULL } },
};

START_TEST(leaves_to_postfix_what_only_it_knows)
{
	struct restriction_list list = { 0 };
	struct evaluation evaluation = { 0 };
	struct request request;
	struct facts facts = {
		.has_recipient = true,
		.authorized = AUTHORIZED_ASK,
		.destination.list = "relay_domains",
		.weak = asked[_i].encrypted ? NULL : "not encrypted",
		.authenticated = asked[_i].authenticated,
	};
	struct error error;
	enum verdict said;

	request_init(&request);
	request.sasl_method = asked[_i].authenticated ? "PLAIN" : "";
	for (size_t i = 0; i < 4 && asked[_i].words[i] != NULL; i++)
		ck_assert_int_eq(restriction_list_add(
					 &list,
					 restriction_find(asked[_i].words[i]),
					 NULL, NULL, &error),
				 0);
	if (asked[_i].said != NULL) {
		said = *asked[_i].said;
		ck_assert_int_eq(
			restriction_list_add(&list, &sayer, NULL, NULL, &error),
			0);
		list.uses[list.count - 1].state = &said;
	}
	ck_assert(evaluation_start(&evaluation, &list, &request, &facts, 0,
				   NULL));
	restriction_list_clear(&list);
	ck_assert_int_eq(evaluation.decision.verdict, asked[_i].verdict);
	ck_assert_str_eq(evaluation.decision.restriction,
			 asked[_i].restriction);
	for (size_t i = 0; i < 3; i++)
		ck_assert_pstr_eq(evaluation.decision.asks[i],
				  asked[_i].asks[i]);
}
END_TEST

/* A restriction about the sender that only Postfix can look up. */
static enum verdict ask_sender(const struct subject *subject, void *state,
			       struct decision *decision)
{
	const struct restriction *const *asker = state;

	(void)subject;
	return decision_ask_sender(decision, (*asker)->name);
}

static const struct restriction known = { .name = "known",
					  .evaluate = ask_sender };

static const struct restriction login = { .name = "login",
					  .evaluate = ask_sender };

/* Lists with such a restriction, in an encrypted session. */
static const struct {
	const char *words[5]; /* "known", "login": the two above */
	int authorized;
	bool authenticated;
	bool has_recipient;
	enum verdict verdict;
	const char *restriction;
	const char *asks[6];
	const char *reason;
} senders[] = {
	{ { "login", "permit_sasl_authenticated" },
	  0,
	  true,
	  true,
	  VERDICT_ASK,
	  "login",
	  { "login", "permit_sasl_authenticated", "reject" },
	  "only Postfix can look the sender up" },
	{ { "login", "permit_auth_destination" },
	  1,
	  false,
	  true,
	  VERDICT_ASK,
	  "login",
	  { "login", "permit_auth_destination", "reject" },
	  "only Postfix can look the sender up" },
	{ { "login", "known", "login", "permit" },
	  0,
	  false,
	  true,
	  VERDICT_ASK,
	  "login",
	  { "login", "known", "permit", "reject" },
	  "only Postfix can look the sender up" },
	/* Refused whatever Postfix finds; or permitted ahead of it. */
	{ { "login", "permit_sasl_authenticated" },
	  0,
	  false,
	  true,
	  VERDICT_REJECT,
	  "end",
	  { NULL },
	  "end of the list" },
	{ { "login", "defer" },
	  1,
	  true,
	  true,
	  VERDICT_DEFER,
	  "defer",
	  { NULL },
	  "always" },
	{ { "login", "permit_auth_destination" },
	  -1,
	  true,
	  true,
	  VERDICT_DEFER,
	  "permit_auth_destination",
	  { NULL },
	  "a destination list could not be searched" },
	{ { "permit_auth_destination", "login", "permit" },
	  1,
	  false,
	  true,
	  VERDICT_PERMIT,
	  "permit_auth_destination",
	  { NULL },
	  "the destination is ours" },
	/* The destination too. */
	{ { "login", "permit_auth_destination", "permit_sasl_authenticated" },
	  AUTHORIZED_ASK,
	  true,
	  true,
	  VERDICT_ASK,
	  "login",
	  { "login", "permit_auth_destination", "permit_sasl_authenticated",
	    "reject_unauth_destination" },
	  "only Postfix can look destination and sender up" },
	{ { "login", "permit_auth_destination", "permit_sasl_authenticated" },
	  AUTHORIZED_ASK,
	  false,
	  true,
	  VERDICT_ASK,
	  "login",
	  { "login", "permit_auth_destination", "reject_unauth_destination" },
	  "only Postfix can look destination and sender up" },
	{ { "permit_auth_destination", "login", "permit_sasl_authenticated" },
	  AUTHORIZED_ASK,
	  true,
	  true,
	  VERDICT_ASK,
	  "permit_auth_destination",
	  { "permit_auth_destination", "login", "permit_sasl_authenticated",
	    "reject_unauth_destination" },
	  "only Postfix can look destination and sender up" },
	{ { "permit_auth_destination", "login", "defer" },
	  AUTHORIZED_ASK,
	  true,
	  true,
	  VERDICT_ASK,
	  "permit_auth_destination",
	  { "permit_auth_destination", "login", "defer" },
	  "only Postfix can look destination and sender up" },
	{ { "reject_unauth_destination", "login", "known", "permit" },
	  AUTHORIZED_ASK,
	  false,
	  true,
	  VERDICT_ASK,
	  "reject_unauth_destination",
	  { "reject_unauth_destination", "login", "known", "permit", "reject" },
	  "only Postfix can look destination and sender up" },
	{ { "login", "reject_unauth_destination" },
	  AUTHORIZED_ASK,
	  true,
	  true,
	  VERDICT_REJECT,
	  "end",
	  { NULL },
	  "end of the list" },
	/* Without a recipient nothing is refused, but by Postfix. */
	{ { "login", "permit_sasl_authenticated" },
	  0,
	  true,
	  false,
	  VERDICT_ASK,
	  "login",
	  { "login", "permit_sasl_authenticated" },
	  "only Postfix can look the sender up" },
	{ { "login", "permit_sasl_authenticated" },
	  0,
	  false,
	  false,
	  VERDICT_DUNNO,
	  "none",
	  { NULL },
	  "no recipient at this stage" },
};

/* find_word - one of the two above, or of all */
static const struct restriction *find_word(const char *word)
{
	if (strcmp(word, known.name) == 0)
		return &known;
	return strcmp(word, login.name) == 0 ? &login : restriction_find(word);
}

START_TEST(leaves_the_sender_to_postfix)
{
	const struct restriction *words_of[5];
	struct restriction_use uses[5] = { 0 };
	struct restriction_list list = { .uses = uses };
	struct evaluation evaluation = { 0 };
	struct request request;
	struct facts facts = {
		.has_recipient = senders[_i].has_recipient,
		.authorized = senders[_i].authorized,
		.destination.list = "relay_domains",
		.authenticated = senders[_i].authenticated,
	};

	request_init(&request);
	for (size_t i = 0; i < 5 && senders[_i].words[i] != NULL; i++) {
		words_of[i] = find_word(senders[_i].words[i]);
		ck_assert_ptr_nonnull(words_of[i]);
		uses[i] = (struct restriction_use){ words_of[i], &words_of[i],
						    0, NULL };
		list.count++;
	}
	ck_assert(evaluation_start(&evaluation, &list, &request, &facts, 0,
				   NULL));
	ck_assert_int_eq(evaluation.decision.verdict, senders[_i].verdict);
	ck_assert_str_eq(evaluation.decision.restriction,
			 senders[_i].restriction);
	ck_assert_str_eq(evaluation.decision.reason, senders[_i].reason);
	for (size_t i = 0; i < 6; i++)
		ck_assert_pstr_eq(evaluation.decision.asks[i],
				  senders[_i].asks[i]);
}
END_TEST

/* More than there are: refused, never forgotten. */
START_TEST(asks_for_so_many_only)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	struct decision decision = { .reason = "" };

	for (int i = 0; i < DECISION_ASKED; i++)
		ck_assert_int_eq(decision_ask_sender(&decision, names[i]),
				 VERDICT_DUNNO);
	ck_assert_int_eq(decision_ask_sender(&decision, "a"), VERDICT_DUNNO);
	ck_assert_int_eq(decision_ask_sender(&decision, "f"), VERDICT_DEFER);
	ck_assert_int_eq(decision.refusal, REFUSAL_LOOKUP);
	ck_assert_int_eq(
		decision_authorized(&decision, AUTHORIZED_ASK, "f", true), -1);
	ck_assert_uint_eq(decision.asked_count, DECISION_ASKED);
}
END_TEST

/* Why the word does not permit. */
static const struct {
	const char *method, *name, *reason;
} logins[] = {
	{ "PLAIN", "alice", "logged in" },
	{ "", "", "not logged in" },
	{ "", "alice", "not logged in" },
	{ "X", "", "a login without a name" },
	{ "ANONYMOUS", "a", "ANONYMOUS is not a login" },
	{ "ANONYMOUS", "alice", "ANONYMOUS is not a login" },
};

START_TEST(says_why_it_is_no_login)
{
	struct session_minimum *tls = session_minimum_new("", "", 0, NULL);
	struct decision decision = { .reason = "" };
	struct request request;
	struct facts facts;
	struct subject subject = { .request = &request, .facts = &facts };

	request_init(&request);
	request.sasl_method = logins[_i].method;
	request.sasl_username = logins[_i].name;
	facts_gather(&facts, &request, NULL, tls);
	ck_assert_int_eq(restriction_permit_sasl_authenticated.evaluate(
				 &subject, NULL, &decision),
			 _i == 0 ? VERDICT_PERMIT : VERDICT_DUNNO);
	ck_assert_str_eq(decision.reason, logins[_i].reason);
	session_minimum_free(tls);
}
END_TEST

START_TEST(finds_only_its_words)
{
	const struct restriction *const *each;
	int count = 0;

	for (each = restriction_each(); *each != NULL; each++, count++)
		ck_assert_ptr_eq(restriction_find((*each)->name), *each);
	ck_assert_int_ge(count, 13);
	ck_assert_ptr_null(restriction_find("permit_all"));
	ck_assert_ptr_null(restriction_find("PERMIT"));
	ck_assert_ptr_null(restriction_find("permit_auth"));
	ck_assert_ptr_null(restriction_find(""));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("evaluate");

	tcase_add_loop_test(tests, words_say_what_they_mean, 0, COUNT(words));
	tcase_add_test(tests, adds_what_can_be_opened);
	tcase_add_test(tests, names_the_argument);
	tcase_add_loop_test(tests, leaves_to_postfix_what_only_it_knows, 0,
			    COUNT(asked));
	tcase_add_loop_test(tests, leaves_the_sender_to_postfix, 0,
			    COUNT(senders));
	tcase_add_test(tests, asks_for_so_many_only);
	tcase_add_loop_test(tests, says_why_it_is_no_login, 0, COUNT(logins));
	tcase_add_test(tests, finds_only_its_words);

	return run_tests("evaluate_words", tests);
}
