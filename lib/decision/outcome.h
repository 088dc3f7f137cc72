/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_OUTCOME_H
#define LIB_DECISION_OUTCOME_H

#include <stdbool.h>

#include "lib/decision/decision.h"
#include "lib/decision/judgement.h"
#include "lib/decision/reply.h"

/* What was or would be decided about one request. */
struct outcome {
	const char *service;
	enum verdict verdict;
	const char *restriction;
	bool observed;	       /* mode = observe: answered DUNNO */
	char reply[REPLY_MAX]; /* "": not known */
};

/* outcome_of - what came of a judgement that is done, but for the reply. Its
 * texts belong to the configuration. */
void outcome_of(struct outcome *outcome, const struct judgement *judgement);

/* outcome_differ - would Postfix be told something else? */
bool outcome_differ(const struct outcome *old, const struct outcome *new);

/* outcome_opens - does the new one permit, or no longer refuse, what the
 * old one did not let pass? */
bool outcome_opens(const struct outcome *old, const struct outcome *new);

#endif
