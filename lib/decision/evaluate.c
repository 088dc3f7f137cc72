/* SPDX-License-Identifier: ISC */
/* evaluate - walk an ordered list of restrictions until one decides
 *
 * A restriction may answer later: it returns evaluation_wait(), and calls
 * evaluation_resume() from the event loop when it has the answer. The walk then
 * continues from there.
 *
 * Sometimes only Postfix knows whether the destination is ours. A restriction
 * that needs to know then says DUNNO, and the walk continues under the
 * assumption that makes what follows relevant: "not ours" after
 * permit_auth_destination, "ours" after reject_unauth_destination. The outcome
 * of that walk becomes the list of restrictions that Postfix has to try instead
 * of us:
 *
 *   after permit_auth_destination	after reject_unauth_destination
 *   W permits	that, W, reject_unauth_	that, W, reject
 *		destination
 *   rejects	that, reject_unauth_	a reject in either case
 *		destination
 *   defers	that, defer		a defer: never less than a refusal
 *
 * A restriction about the sender that only Postfix can look up can only refuse,
 * like the one on the right: the walk continues after it, and if the outcome is
 * or may be a permit, Postfix has to try that restriction, too, in its place.
 *
 * The last word refuses everything that the ones before it did not decide.
 * Without a recipient there is nothing to refuse yet, and no such word. */

#include "lib/decision/evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

/* restriction_list_add - open a restriction and append it */
int restriction_list_add(struct restriction_list *list,
			 const struct restriction *restriction,
			 const char *argument,
			 const struct restriction_context *context,
			 struct error *error)
{
	struct restriction_use use = { .restriction = restriction };

	if (restriction->open != NULL &&
	    restriction->open(argument, context, &use.state, error) != 0)
		return -1;
	if (restriction->argument != NULL)
		use.word = xasprintf("%s:%s", restriction->name, argument);
	list->uses = xreallocarray(list->uses, list->count + 1, sizeof(use));
	list->uses[list->count++] = use;
	return 0;
}

/* restriction_list_has - by its name */
bool restriction_list_has(const struct restriction_list *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->uses[i].restriction->name, name) == 0)
			return true;
	return false;
}

/* restriction_list_clear - close and free all */
void restriction_list_clear(struct restriction_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (list->uses[i].restriction->close != NULL)
			list->uses[i].restriction->close(list->uses[i].state);
		free(list->uses[i].word);
	}
	free(list->uses);
	memset(list, 0, sizeof(*list));
}

/* last_ask - the word that refuses everything that those before it did not
 * decide */
static const char *last_ask(const struct decision *decision)
{
	if (decision->assumed != ASSUMED_NOT_OURS)
		return "reject";
	return decision->verdict == VERDICT_DEFER ? "defer"
						  : "reject_unauth_destination";
}

/* ask_reason - what only Postfix knows */
static const char *ask_reason(const struct decision *decision)
{
	if (decision->assumed == ASSUMED_NOTHING)
		return "only Postfix can look the sender up";
	return decision->asked_count == 1
		       ? "only Postfix can look the destination up"
		       : "only Postfix can look destination and sender up";
}

/* decide_asked - the walk is over, and Postfix has to do some of the lookups */
static void decide_asked(struct decision *decision, bool has_recipient)
{
	bool permits = decision->verdict == VERDICT_PERMIT;
	size_t count = decision->asked_count;

	/* The recorded restrictions can only refuse. */
	if (!permits && decision->assumed != ASSUMED_NOT_OURS)
		return;
	memcpy(decision->asks, decision->asked,
	       count * sizeof(decision->asked[0]));
	if (permits)
		decision->asks[count++] = decision->restriction;
	if (has_recipient)
		decision->asks[count] = last_ask(decision);
	/* Permitted whatever Postfix finds: nothing is left to ask. */
	if (permits && decision->assumed == ASSUMED_NOT_OURS &&
	    decision->asked_count == 1)
		return;
	decision->verdict = VERDICT_ASK;
	decision->restriction = decision->asked[0];
	decision->reason = ask_reason(decision);
}

/* decide - the walk is over; without a recipient nothing is refused yet */
static void decide(struct evaluation *evaluation, enum verdict verdict,
		   const char *restriction, bool anytime)
{
	struct decision *decision = &evaluation->decision;
	bool has_recipient = evaluation->subject.facts->has_recipient;

	decision->verdict = verdict;
	decision->restriction = restriction;
	if (verdict != VERDICT_PERMIT && !has_recipient && !anytime) {
		decision->verdict = VERDICT_DUNNO;
		decision->restriction = "none";
		decision->reason = "no recipient at this stage";
	} else if (decision->asked_count > 0) {
		decide_asked(decision, has_recipient);
	}
}

/* judge - handle one answer; true: it decides */
static bool judge(struct evaluation *evaluation,
		  const struct restriction_use *use, enum verdict verdict)
{
	const struct restriction *restriction = use->restriction;

	if (evaluation->trace != NULL)
		evaluation->trace(evaluation->trace_context, restriction,
				  verdict, &evaluation->decision);
	if (verdict == VERDICT_DUNNO)
		return false;
	decide(evaluation, verdict, restriction_use_word(use),
	       restriction->anytime);
	return true;
}

/* walk - try one restriction after the other; true: decided */
static bool walk(struct evaluation *evaluation)
{
	const struct restriction_list *list = evaluation->list;

	while (evaluation->next < list->count) {
		const struct restriction_use *use =
			&list->uses[evaluation->next];
		enum verdict verdict;

		evaluation->decision.reason = "";
		evaluation->decision.table = NULL;
		evaluation->decision.why = NULL;
		verdict = use->restriction->evaluate(&evaluation->subject,
						     use->state,
						     &evaluation->decision);
		if (verdict == VERDICT_WAIT)
			return false;
		evaluation->next++;
		if (judge(evaluation, use, verdict))
			return true;
	}
	evaluation->decision.refusal = REFUSAL_RELAY;
	evaluation->decision.reason = "end of the list";
	decide(evaluation, VERDICT_REJECT, "end", false);
	return true;
}

/* evaluation_start - walk the list from its beginning */
bool evaluation_start(struct evaluation *evaluation,
		      const struct restriction_list *list,
		      const struct request *request, const struct facts *facts,
		      time_t now, void (*done)(struct evaluation *))
{
	evaluation->list = list;
	evaluation->subject.request = request;
	evaluation->subject.facts = facts;
	evaluation->subject.now = now;
	evaluation->subject.evaluation = evaluation;
	decision_init(&evaluation->decision);
	evaluation->next = 0;
	evaluation->waiter = NULL;
	evaluation->done = done;
	return walk(evaluation);
}

/* evaluation_wait - a restriction answers later */
enum verdict evaluation_wait(struct evaluation *evaluation, void *waiter)
{
	evaluation->waiter = waiter;
	return VERDICT_WAIT;
}

/* evaluation_resume - the waiting restriction has its answer */
void evaluation_resume(struct evaluation *evaluation, enum verdict verdict,
		       enum refusal refusal, const char *reason)
{
	const struct restriction_use *use =
		&evaluation->list->uses[evaluation->next];

	evaluation->waiter = NULL;
	evaluation->decision.refusal = refusal;
	evaluation->decision.reason = reason;
	evaluation->next++;
	if (judge(evaluation, use, verdict) || walk(evaluation))
		evaluation->done(evaluation);
}

/* evaluation_cancel - forget the request */
void evaluation_cancel(struct evaluation *evaluation)
{
	const struct restriction *restriction;

	if (evaluation->waiter == NULL)
		return;
	restriction = evaluation->list->uses[evaluation->next].restriction;
	if (restriction->cancel != NULL)
		restriction->cancel(evaluation->waiter);
	evaluation->waiter = NULL;
}
