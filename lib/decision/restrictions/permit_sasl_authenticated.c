/* SPDX-License-Identifier: ISC */
/* permit_sasl_authenticated - permit when the client has logged in
 *
 * Any SASL mechanism but ANONYMOUS, and a user name; postconf(5). It does not
 * require encryption: put reject_plaintext_session before it. */

#include "lib/decision/restrictions.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	const struct request *request = subject->request;

	(void)state;
	if (subject->facts->authenticated) {
		decision->reason = "logged in";
		return VERDICT_PERMIT;
	}
	decision->reason = request->sasl_method[0] == '\0' ? "not logged in"
			   : request->sasl_username[0] == '\0'
				   ? "a login without a name"
				   : "ANONYMOUS is not a login";
	return VERDICT_DUNNO;
}

const struct restriction restriction_permit_sasl_authenticated = {
	.name = "permit_sasl_authenticated",
	.evaluate = evaluate,
};
