/* SPDX-License-Identifier: ISC */
/* facts - what is known about a request before it is evaluated
 *
 * Gathered once for each request, so that restrictions only compare. */

#include "lib/decision/facts.h"

#include <strings.h>

/* is_authenticated - as Postfix permit_sasl_authenticated: a mechanism other
 * than ANONYMOUS; and a user name, since without one the user is unknown */
static bool is_authenticated(const struct request *request)
{
	return request->sasl_method[0] != '\0' &&
	       strcasecmp(request->sasl_method, "ANONYMOUS") != 0 &&
	       request->sasl_username[0] != '\0';
}

/* facts_gather - destination class and session security of one request */
void facts_gather(struct facts *facts, const struct request *request,
		  const struct resolver *resolver,
		  const struct session_minimum *tls)
{
	facts->weak = session_judge(tls, request->encryption_protocol,
				    request->encryption_cipher,
				    request->encryption_keysize);
	facts->advice =
		facts->weak != NULL ? session_advice(tls, facts->weak) : NULL;
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

/* facts_destination - is it ours, and if not, why not? */
const char *facts_destination(const struct facts *facts)
{
	const struct resolution *destination = &facts->destination;

	if (!facts->has_recipient)
		return "there is no recipient";
	switch (facts->authorized) {
	case 1:
		return "the destination is ours";
	case 0:
		break;
	case AUTHORIZED_ASK:
		return "only Postfix can look the destination up";
	default:
		return *destination->list != '\0'
			       ? "a destination list could not be searched"
			       : "the address has too many domains to follow";
	}
	if (destination->status == RESOLVE_INVALID)
		return "the address has no valid domain";
	if (destination->class != DESTINATION_DEFAULT)
		return "the address is sender-routed";
	return "the destination is not ours";
}

/* facts_class - the name of the destination class, or why there is none */
const char *facts_class(const struct facts *facts)
{
	if (!facts->has_recipient)
		return "none";
	switch (facts->destination.status) {
	case RESOLVE_FAILED:
		return "unknown";
	case RESOLVE_ASK:
		return "ask";
	case RESOLVE_INVALID:
		return "invalid";
	case RESOLVE_DONE:
	default:
		return destination_name(facts->destination.class);
	}
}
