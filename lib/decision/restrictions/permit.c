/* SPDX-License-Identifier: ISC */
/* permit - always permit */

#include "lib/decision/restrictions.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	(void)subject;
	(void)state;
	decision->reason = "always";
	return VERDICT_PERMIT;
}

const struct restriction restriction_permit = {
	.name = "permit",
	.evaluate = evaluate,
};
