/* SPDX-License-Identifier: ISC */
/* facts - what is known about a request before it is judged
 *
 * Gathered once per request, so that restrictions only compare. */

#include "lib/facts.h"

#include <strings.h>

/* is_authenticated - Postfix permit_sasl_authenticated: a mechanism that is
 * not ANONYMOUS; and a name, since without one nobody is known */
static bool is_authenticated(const struct request *request)
{
	return request->sasl_method[0] != '\0' &&
	       strcasecmp(request->sasl_method, "ANONYMOUS") != 0 &&
	       request->sasl_username[0] != '\0';
}

/* facts_gather - destination class and session security of one request */
void facts_gather(struct facts *facts, const struct request *request,
		  const struct resolver *resolver, const struct tls_policy *tls)
{
	facts->weak = tls_judge(tls, request->encryption_protocol,
				request->encryption_cipher,
				request->encryption_keysize);
	facts->authenticated = is_authenticated(request);
	facts->has_recipient = request->recipient[0] != '\0';
	facts->authorized = 0;
	if (facts->has_recipient) {
		resolve_address(resolver, request->recipient,
				&facts->destination);
		facts->authorized =
			resolution_authorized(resolver, &facts->destination);
	}
}
