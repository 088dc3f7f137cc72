/* SPDX-License-Identifier: ISC */
/* permit_auth_destination - permit when the destination is ours
 *
 * Local, virtual or relayed, and not sender-routed: see postconf(5),
 * permit_auth_destination. A list that could not be searched is not "no": it
 * defers. If only Postfix can look it up, Postfix is asked, with this very
 * word; the rest of the list then determines what to do if the answer is no. */

#include "lib/decision/restrictions.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	int authorized = decision_authorized(
		decision, subject->facts->authorized,
		restriction_permit_auth_destination.name, false);

	(void)state;
	decision->reason = facts_destination(subject->facts);
	if (authorized < 0) {
		decision->refusal = REFUSAL_LOOKUP;
		return VERDICT_DEFER;
	}
	return authorized == 1 ? VERDICT_PERMIT : VERDICT_DUNNO;
}

const struct restriction restriction_permit_auth_destination = {
	.name = "permit_auth_destination",
	.evaluate = evaluate,
};
