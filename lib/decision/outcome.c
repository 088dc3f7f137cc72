/* SPDX-License-Identifier: ISC */
/* outcome - what was or would be decided about one request
 *
 * To compare what two configurations make of it, or one and the log. */

#include "lib/decision/outcome.h"

#include <string.h>

/* outcome_of - what came of a judgement */
void outcome_of(struct outcome *outcome, const struct judgement *judgement)
{
	const struct decision *decision = &judgement->evaluation.decision;

	outcome->service = judgement->service->name;
	outcome->verdict = decision->verdict;
	outcome->restriction = decision->restriction;
	outcome->observed = judgement->service->reply.observe;
	outcome->reply[0] = '\0';
}

/* openness - how much an answer lets pass: refused, the next restriction
 * decides, Postfix looks, permitted */
static int openness(const struct outcome *outcome)
{
	if (outcome->observed)
		return 1;
	switch (outcome->verdict) {
	case VERDICT_PERMIT:
		return 3;
	case VERDICT_ASK:
		return 2;
	case VERDICT_DUNNO:
		return 1;
	default:
		return 0;
	}
}

/* outcome_opens - does the new one let more pass? */
bool outcome_opens(const struct outcome *old, const struct outcome *new)
{
	return openness(new) > openness(old);
}

/* outcome_differ - would the answer to Postfix differ? */
bool outcome_differ(const struct outcome *old, const struct outcome *new)
{
	if (old->reply[0] != '\0' && new->reply[0] != '\0')
		return strcmp(old->reply, new->reply) != 0 ||
		       openness(old) != openness(new);
	return old->verdict != new->verdict || old->observed != new->observed;
}
