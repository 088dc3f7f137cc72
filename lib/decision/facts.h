/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_FACTS_H
#define LIB_DECISION_FACTS_H

#include <stdbool.h>

#include "lib/address/resolve.h"
#include "lib/request/request.h"
#include "lib/session/session.h"

/* Everything that is known about one request before the first restriction. */
struct facts {
	bool has_recipient; /* false: no address to judge at this stage */
	int authorized;	  /* 1: ours; 0: not ours, or no recipient; -1: unknown;
			     AUTHORIZED_ASK: only Postfix knows */
	const char *weak; /* NULL: the session is encrypted; otherwise, why it
			     does not count as encrypted; static */
	const char *advice; /* with weak: what the client can change; static */
	bool authenticated; /* logged in with SASL; ANONYMOUS is not enough */
	struct resolution destination; /* valid only with has_recipient */
};

/* facts_gather - fill facts from the request. Pure. facts has no pointers into
 * request or tls, but destination points into the resolver. */
void facts_gather(struct facts *facts, const struct request *request,
		  const struct resolver *resolver,
		  const struct session_minimum *tls);

/* facts_class - the name of the destination class; or "none" (no recipient),
 * "unknown" (a list could not be searched), "ask" (only Postfix can look it
 * up), "invalid" (bad syntax). Static. */
const char *facts_class(const struct facts *facts);

/* facts_destination - is the destination ours, and if not, why not; for
 * messages; static. */
const char *facts_destination(const struct facts *facts);

#endif
