/* SPDX-License-Identifier: ISC */
/* test_evaluate - the walk through a list of restrictions, waiting included */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/decision/judgement.h"
#include "t/unit/decision/walking.h"
#include "t/unit/test.h"

/* A restriction that answers later; its waiter is its state. */
static enum verdict later(const struct subject *subject, void *state,
			  struct decision *decision)
{
	(void)decision;
	return evaluation_wait(subject->evaluation, state);
}

static void count_cancel(void *waiter)
{
	(*(int *)waiter)++;
}

static const struct restriction waiter = { .name = "waiter",
					   .evaluate = later,
					   .cancel = count_cancel };

static enum verdict dunno = VERDICT_DUNNO;

/* Lists and what they come to. */
static const struct {
	enum verdict *said[3];
	enum verdict verdict;
	enum verdict without_recipient;
	const char *restriction;
} walks[] = {
	{ { NULL }, VERDICT_REJECT, VERDICT_DUNNO, "end" },
	{ { &dunno }, VERDICT_REJECT, VERDICT_DUNNO, "end" },
	{ { &permit }, VERDICT_PERMIT, VERDICT_PERMIT, "sayer" },
	{ { &reject }, VERDICT_REJECT, VERDICT_DUNNO, "sayer" },
	{ { &defer }, VERDICT_DEFER, VERDICT_DUNNO, "sayer" },
	{ { &dunno, &permit }, VERDICT_PERMIT, VERDICT_PERMIT, "sayer" },
	{ { &reject, &permit }, VERDICT_REJECT, VERDICT_DUNNO, "sayer" },
	{ { &defer, &permit }, VERDICT_DEFER, VERDICT_DUNNO, "sayer" },
	{ { &permit, &reject }, VERDICT_PERMIT, VERDICT_PERMIT, "sayer" },
	{ { &dunno, &dunno, &defer }, VERDICT_DEFER, VERDICT_DUNNO, "sayer" },
};

START_TEST(walks_in_order)
{
	struct restriction_use uses[3] = { 0 };
	struct restriction_list list = { .uses = uses };
	struct evaluation evaluation = { 0 };
	struct request request;
	struct facts facts = { 0 };

	request_init(&request);
	while (list.count < 3 && walks[_i].said[list.count] != NULL) {
		uses[list.count].restriction = &sayer;
		uses[list.count].state = walks[_i].said[list.count];
		list.count++;
	}
	facts.has_recipient = true;
	ck_assert(evaluation_start(&evaluation, &list, &request, &facts, 0,
				   NULL));
	ck_assert_int_eq(evaluation.decision.verdict, walks[_i].verdict);
	ck_assert_str_eq(evaluation.decision.restriction,
			 walks[_i].restriction);
	facts.has_recipient = false;
	ck_assert(evaluation_start(&evaluation, &list, &request, &facts, 0,
				   NULL));
	ck_assert_int_eq(evaluation.decision.verdict,
			 walks[_i].without_recipient);
}
END_TEST

static int done_count;

static void done(struct evaluation *evaluation)
{
	(void)evaluation;
	done_count++;
}

/* start_waiting - a list "waiter, sayer", waiting at the waiter */
static void start_waiting(struct evaluation *evaluation,
			  struct restriction_list *list,
			  const struct facts *facts, int *cancelled)
{
	static struct request request;

	request_init(&request);
	list->uses[0] = (struct restriction_use){ &waiter, cancelled, 0, NULL };
	list->uses[1] = (struct restriction_use){ &sayer, &reject, 0, NULL };
	list->count = 2;
	ck_assert(
		!evaluation_start(evaluation, list, &request, facts, 0, done));
}

START_TEST(waits_and_resumes)
{
	struct restriction_use uses[2] = { 0 };
	struct restriction_list list = { .uses = uses };
	struct evaluation evaluation = { 0 };
	struct facts facts = { .has_recipient = true };
	int cancelled = 0;

	start_waiting(&evaluation, &list, &facts, &cancelled);
	evaluation_resume(&evaluation, VERDICT_PERMIT, REFUSAL_RELAY, "");
	ck_assert_int_eq(done_count, 1);
	ck_assert_int_eq(evaluation.decision.verdict, VERDICT_PERMIT);
	ck_assert_str_eq(evaluation.decision.restriction, "waiter");

	start_waiting(&evaluation, &list, &facts, &cancelled);
	evaluation_resume(&evaluation, VERDICT_DUNNO, REFUSAL_RELAY, "");
	ck_assert_int_eq(done_count, 2);
	ck_assert_int_eq(evaluation.decision.verdict, VERDICT_REJECT);
	ck_assert_str_eq(evaluation.decision.restriction, "sayer");

	start_waiting(&evaluation, &list, &facts, &cancelled);
	evaluation_resume(&evaluation, VERDICT_DEFER, REFUSAL_LOOKUP, "");
	ck_assert_int_eq(evaluation.decision.verdict, VERDICT_DEFER);
	ck_assert_int_eq(evaluation.decision.refusal, REFUSAL_LOOKUP);
	ck_assert_int_eq(cancelled, 0);
}
END_TEST

/* One may wait behind another: it is done when the last has answered. */
START_TEST(waits_again)
{
	static const struct restriction unable = { .name = "unable",
						   .evaluate = later };
	int cancelled = 0, other = 0;
	int before = done_count;
	struct restriction_use uses[] = { { &waiter, &cancelled, 0, NULL },
					  { &unable, &other, 0, NULL } };
	struct restriction_list list = { uses, COUNT(uses) };
	struct evaluation evaluation = { 0 };
	struct facts facts = { .has_recipient = true };
	struct request request;

	request_init(&request);
	for (int cancel = 0; cancel < 2; cancel++) {
		ck_assert(!evaluation_start(&evaluation, &list, &request,
					    &facts, 0, done));
		evaluation_resume(&evaluation, VERDICT_DUNNO, REFUSAL_RELAY,
				  "");
		ck_assert_int_eq(done_count, before);
		/* This one has nothing to forget. */
		if (cancel == 0)
			evaluation_cancel(&evaluation);
	}
	evaluation_resume(&evaluation, VERDICT_DEFER, REFUSAL_LOOKUP, "");
	ck_assert_int_eq(done_count, before + 1);
	ck_assert_str_eq(evaluation.decision.restriction, "unable");
	ck_assert_int_eq(evaluation.decision.verdict, VERDICT_DEFER);
	ck_assert_int_eq(cancelled + other, 0);
}
END_TEST

/* Where nothing can wait, a restriction that wants to is cancelled. */
START_TEST(cancels_where_nobody_can_wait)
{
	int cancelled = 0;
	struct restriction_use uses[] = { { &sayer, &dunno, 0, NULL },
					  { &waiter, &cancelled, 0, NULL } };
	struct service service = { .restrictions = { uses, COUNT(uses) } };
	struct judgement judgement = { 0 };
	struct request request;

	request_init(&request);
	service.tls = session_minimum_new("", "", 0, NULL);
	ck_assert_int_eq(judgement_now(&judgement, &service, NULL, &request, 0),
			 -1);
	ck_assert_int_eq(cancelled, 1);
	uses[1] = (struct restriction_use){ &sayer, &permit, 0, NULL };
	ck_assert_int_eq(judgement_now(&judgement, &service, NULL, &request, 0),
			 0);
	ck_assert_int_eq(judgement.evaluation.decision.verdict, VERDICT_PERMIT);
	session_minimum_free(service.tls);
}
END_TEST

START_TEST(cancels_the_waiter_once)
{
	struct restriction_use uses[2] = { 0 };
	struct restriction_list list = { .uses = uses };
	struct evaluation evaluation = { 0 };
	struct facts facts = { .has_recipient = true };
	int before = done_count;
	int cancelled = 0;

	start_waiting(&evaluation, &list, &facts, &cancelled);
	evaluation_cancel(&evaluation);
	evaluation_cancel(&evaluation);
	ck_assert_int_eq(cancelled, 1);
	ck_assert_int_eq(done_count, before);
}
END_TEST

/* Each restriction that was opened is closed once, in any order. */
START_TEST(closes_each_once)
{
	static const struct restriction closer = { .name = "closer",
						   .close = count_cancel };
	struct restriction_list list = { 0 };
	int closed[3] = { 0, 0, 0 };
	struct error error;

	for (int i = 0; i < COUNT(closed); i++) {
		ck_assert_int_eq(
			restriction_list_add(&list, &closer, "", NULL, &error),
			0);
		list.uses[i].state = &closed[i];
	}
	ck_assert_int_eq(restriction_list_add(&list, &sayer, "", NULL, &error),
			 0);
	restriction_list_clear(&list);
	for (int i = 0; i < COUNT(closed); i++)
		ck_assert_int_eq(closed[i], 1);
	restriction_list_clear(&list);
	ck_assert_int_eq(closed[0], 1);
}
END_TEST

/* explains - a restriction that gives a reason, and a table */
static enum verdict explains(const struct subject *subject, void *state,
			     struct decision *decision)
{
	(void)subject;
	decision->reason = state;
	decision->table = "hash:x";
	decision->why = "away";
	return VERDICT_DUNNO;
}

/* note_answer - a line for each answer, with its reason, and the table */
static void note_answer(void *context, const struct restriction *restriction,
			enum verdict verdict, const struct decision *decision)
{
	char *text = context;

	sprintf(text + strlen(text), "%s %s (%s%s%s%s%s)\n", restriction->name,
		verdict_name(verdict), decision->reason,
		decision->table != NULL ? ", " : "",
		decision->table != NULL ? decision->table : "",
		decision->why != NULL ? " is " : "",
		decision->why != NULL ? decision->why : "");
}

/* leaves_refusal - no opinion, but for what it left in the decision */
static enum verdict leaves_refusal(const struct subject *subject, void *state,
				   struct decision *decision)
{
	*(time_t *)state = subject->now;
	decision->refusal = REFUSAL_LOOKUP;
	decision->reason = "left";
	return VERDICT_DUNNO;
}

/* The end of the list refuses by itself; what those before left is gone. */
START_TEST(ends_with_a_refusal_of_its_own)
{
	static const struct restriction leaver = { .name = "leaver",
						   .evaluate = leaves_refusal };
	time_t seen = 0;
	struct restriction_use uses[] = { { &leaver, &seen, 0, NULL } };
	struct restriction_list list = { uses, COUNT(uses) };
	struct evaluation evaluation = { 0 };
	struct facts facts = { .has_recipient = true };
	struct request request;

	request_init(&request);
	ck_assert(evaluation_start(&evaluation, &list, &request, &facts, 1234,
				   NULL));
	ck_assert_int_eq(seen, 1234);
	ck_assert_int_eq(evaluation.decision.verdict, VERDICT_REJECT);
	ck_assert_int_eq(evaluation.decision.refusal, REFUSAL_RELAY);
	ck_assert_str_eq(evaluation.decision.restriction, "end");
	ck_assert_str_eq(evaluation.decision.reason, "end of the list");
}
END_TEST

/* One evaluation serves many requests; nothing is left of the last one. */
START_TEST(begins_each_walk_with_nothing_decided)
{
	struct restriction_use uses[] = { { &sayer, &permit, 0, NULL } };
	struct restriction_list list = { uses, 1 };
	struct facts facts = { .has_recipient = true };
	struct evaluation evaluation = { 0 };
	struct request request;

	request_init(&request);
	evaluation.decision.asked[0] = "permit_auth_destination";
	evaluation.decision.asked_count = 1;
	evaluation.decision.assumed = ASSUMED_NOT_OURS;
	strcpy(evaluation.decision.owners, "alice");
	ck_assert(evaluation_start(&evaluation, &list, &request, &facts, 0,
				   NULL));
	ck_assert_int_eq(evaluation.decision.verdict, VERDICT_PERMIT);
	ck_assert_str_eq(evaluation.decision.restriction, "sayer");
	ck_assert_ptr_null(evaluation.decision.asks[0]);
	ck_assert_str_eq(evaluation.decision.owners, "");
}
END_TEST

/* A restriction is cancelled only while it waits. */
START_TEST(cancels_nobody_who_has_answered)
{
	struct restriction_use uses[2] = { 0 };
	struct restriction_list list = { .uses = uses };
	struct evaluation evaluation = { 0 };
	struct facts facts = { .has_recipient = true };
	struct restriction_use waiting;
	int cancelled = 0;

	start_waiting(&evaluation, &list, &facts, &cancelled);
	uses[1] = uses[0]; /* which is not reached */
	evaluation_resume(&evaluation, VERDICT_PERMIT, REFUSAL_RELAY, "late");
	ck_assert_str_eq(evaluation.decision.reason, "late");
	evaluation_cancel(&evaluation);
	ck_assert_int_eq(cancelled, 0);
	/* Nor one of a walk that is over, when another begins and ends ahead of
	 * it. */
	start_waiting(&evaluation, &list, &facts, &cancelled);
	waiting = uses[0];
	uses[0] = uses[1];
	uses[1] = waiting;
	ck_assert(evaluation_start(&evaluation, &list,
				   evaluation.subject.request, &facts, 0,
				   done));
	evaluation_cancel(&evaluation);
	ck_assert_int_eq(cancelled, 0);
}
END_TEST

/* Each answer is traced, in order, with the reason and the table of its own
 * restriction and not with those of the previous one. */
START_TEST(tells_each_answer)
{
	static const struct restriction explainer = { .name = "explainer",
						      .evaluate = explains };
	static char why[] = "why";
	char told[256] = "";
	int cancelled = 0;
	struct restriction_use uses[] = {
		{ &explainer, why, 0, NULL },	  { &sayer, &dunno, 0, NULL },
		{ &waiter, &cancelled, 0, NULL }, { &explainer, why, 0, NULL },
		{ &sayer, &permit, 0, NULL },	  { &sayer, &reject, 0, NULL }
	};
	struct restriction_list list = { uses, COUNT(uses) };
	struct evaluation evaluation = { .trace = note_answer,
					 .trace_context = told };
	struct facts facts = { .has_recipient = true };
	struct request request;

	request_init(&request);
	ck_assert(!evaluation_start(&evaluation, &list, &request, &facts, 0,
				    done));
	evaluation_resume(&evaluation, VERDICT_DUNNO, REFUSAL_RELAY, "late");
	ck_assert_str_eq(told, "explainer dunno (why, hash:x is away)\n"
			       "sayer dunno ()\n"
			       "waiter dunno (late)\n"
			       "explainer dunno (why, hash:x is away)\n"
			       "sayer permit ()\n");
	ck_assert_str_eq(evaluation.decision.reason, "");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("evaluate");

	tcase_add_loop_test(tests, walks_in_order, 0, COUNT(walks));
	tcase_add_test(tests, waits_and_resumes);
	tcase_add_test(tests, waits_again);
	tcase_add_test(tests, cancels_the_waiter_once);
	tcase_add_test(tests, cancels_where_nobody_can_wait);
	tcase_add_test(tests, closes_each_once);
	tcase_add_test(tests, ends_with_a_refusal_of_its_own);
	tcase_add_test(tests, begins_each_walk_with_nothing_decided);
	tcase_add_test(tests, cancels_nobody_who_has_answered);
	tcase_add_test(tests, tells_each_answer);
	return run_tests("evaluate", tests);
}
