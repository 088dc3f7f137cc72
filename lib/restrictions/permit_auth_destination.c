/* SPDX-License-Identifier: ISC */
/* permit_auth_destination - permit when the destination is ours
 *
 * Local, virtual or relayed, and not sender-routed: see postconf(5),
 * permit_auth_destination. A list that could not be searched is not "no":
 * it defers. */

#include "lib/restrictions.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	(void)state;
	if (subject->facts->authorized < 0) {
		decision->refusal = REFUSAL_LOOKUP;
		decision->reason = "a destination list could not be searched";
		return VERDICT_DEFER;
	}
	return subject->facts->authorized ? VERDICT_PERMIT : VERDICT_DUNNO;
}

const struct restriction restriction_permit_auth_destination = {
	.name = "permit_auth_destination",
	.evaluate = evaluate,
};
