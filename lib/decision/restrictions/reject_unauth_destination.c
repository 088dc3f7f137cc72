/* SPDX-License-Identifier: ISC */
/* reject_unauth_destination - reject when the destination is not ours
 *
 * The reverse of permit_auth_destination; postconf(5). If only Postfix can look
 * it up, Postfix is asked; the rest of the list then determines what to do if
 * the destination is ours. */

#include "lib/decision/restrictions.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	int authorized = decision_authorized(
		decision, subject->facts->authorized,
		restriction_reject_unauth_destination.name, true);

	(void)state;
	decision->reason = facts_destination(subject->facts);
	if (authorized < 0) {
		decision->refusal = REFUSAL_LOOKUP;
		return VERDICT_DEFER;
	}
	if (authorized != 0)
		return VERDICT_DUNNO;
	decision->refusal = REFUSAL_RELAY;
	return VERDICT_REJECT;
}

const struct restriction restriction_reject_unauth_destination = {
	.name = "reject_unauth_destination",
	.evaluate = evaluate,
};
