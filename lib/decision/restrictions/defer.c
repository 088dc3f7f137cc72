/* SPDX-License-Identifier: ISC */
/* defer - always ask the client to try again later */

#include "lib/decision/restrictions.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	(void)subject;
	(void)state;
	decision->reason = "always";
	decision->refusal = REFUSAL_DEFER;
	return VERDICT_DEFER;
}

const struct restriction restriction_defer = {
	.name = "defer",
	.evaluate = evaluate,
};
