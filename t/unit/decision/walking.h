/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_DECISION_WALKING_H
#define T_UNIT_DECISION_WALKING_H

#include "lib/decision/restrictions.h"

/* Restrictions that a test makes up. */

/* A restriction that says what its state points to. */
static inline enum verdict say(const struct subject *subject, void *state,
			       struct decision *decision)
{
	(void)subject;
	decision->refusal = REFUSAL_RELAY;
	return *(enum verdict *)state;
}

static const struct restriction sayer = { .name = "sayer", .evaluate = say };
static enum verdict permit = VERDICT_PERMIT;
static enum verdict reject = VERDICT_REJECT;
static enum verdict defer = VERDICT_DEFER;

#endif
