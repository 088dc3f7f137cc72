/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_OUTCOME_H
#define LIB_DECISION_OUTCOME_H

#include <stdbool.h>

#include "lib/decision/decision.h"
#include "lib/decision/judgement.h"
#include "lib/decision/reply.h"

/* The decision about one request, past or hypothetical. */
struct outcome {
	const char *service;
	enum verdict verdict;
	const char *restriction;
	bool observed;	       /* mode = observe: answered DUNNO */
	char reply[REPLY_MAX]; /* "": unknown */
};

/* outcome_of - the outcome of a finished judgement, without the reply. Its
 * strings belong to the configuration. */
void outcome_of(struct outcome *outcome, const struct judgement *judgement);

/* outcome_differ - would the answer to Postfix differ? */
bool outcome_differ(const struct outcome *old, const struct outcome *new);

/* outcome_opens - does the new outcome permit, or no longer refuse, what the
 * old one did not let pass? */
bool outcome_opens(const struct outcome *old, const struct outcome *new);

#endif
