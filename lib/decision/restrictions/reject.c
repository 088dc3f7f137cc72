/* SPDX-License-Identifier: ISC */
/* reject - always reject */

#include "lib/decision/restrictions.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	(void)subject;
	(void)state;
	decision->reason = "always";
	decision->refusal = REFUSAL_RELAY;
	return VERDICT_REJECT;
}

const struct restriction restriction_reject = {
	.name = "reject",
	.evaluate = evaluate,
};
