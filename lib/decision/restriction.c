/* SPDX-License-Identifier: ISC */
/* restriction - from the word in the configuration to its code
 *
 * Each restriction is one file in lib/decision/restrictions, with the same
 * name. */

#include "lib/decision/restriction.h"

#include <string.h>

#include "lib/decision/restrictions.h"

static const struct restriction *const restrictions[] = {
	&restriction_permit_auth_destination,
	&restriction_reject_unauth_destination,
	&restriction_permit_sasl_authenticated,
	&restriction_permit_tls_clientcerts,
	&restriction_reject_plaintext_session,
	&restriction_permit_mynetworks,
	&restriction_reject_sender_login_mismatch,
	&restriction_reject_authenticated_sender_login_mismatch,
	&restriction_reject_unauthenticated_sender_login_mismatch,
	&restriction_reject_known_sender_login_mismatch,
	&restriction_check_rate,
	&restriction_permit,
	&restriction_reject,
	&restriction_defer,
	NULL,
};

/* restriction_each - the table */
const struct restriction *const *restriction_each(void)
{
	return restrictions;
}

/* restriction_find - the restriction with that name */
const struct restriction *restriction_find(const char *name)
{
	const struct restriction *const *each;

	for (each = restrictions; *each != NULL; each++)
		if (strcmp((*each)->name, name) == 0)
			return *each;
	return NULL;
}
