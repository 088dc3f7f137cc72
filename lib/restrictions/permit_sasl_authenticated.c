/* SPDX-License-Identifier: ISC */
/* permit_sasl_authenticated - permit when the client has logged in
 *
 * Any SASL mechanism but ANONYMOUS, and a user name; postconf(5). It says
 * nothing of encryption: reject_plaintext_session stands before it. */

#include "lib/restrictions.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	(void)state;
	(void)decision;
	return subject->facts->authenticated ? VERDICT_PERMIT : VERDICT_DUNNO;
}

const struct restriction restriction_permit_sasl_authenticated = {
	.name = "permit_sasl_authenticated",
	.evaluate = evaluate,
};
