/* SPDX-License-Identifier: ISC */
#ifndef LIB_FACTS_H
#define LIB_FACTS_H

#include <stdbool.h>

#include "lib/request.h"
#include "lib/resolve.h"
#include "lib/tls.h"

/* All that is known about one request before any restriction is asked. */
struct facts {
	bool has_recipient; /* false: no address to judge at this stage */
	int authorized;	    /* 1 ours, 0 not, -1 could not be found out,
			     * AUTHORIZED_ASK only Postfix can find out;
			     * 0 without a recipient */
	const char *weak;   /* NULL: the session is encrypted; else why it
			     * does not count as encrypted, static */
	const char *advice; /* with weak: what the client can change, static */
	bool authenticated; /* logged in with SASL, ANONYMOUS not counted */
	struct resolution destination; /* valid with has_recipient only */
};

/* facts_gather - fill facts from the request. Pure; facts keep pointers into
 * neither request nor tls, but destination points into the resolver. */
void facts_gather(struct facts *facts, const struct request *request,
		  const struct resolver *resolver,
		  const struct tls_policy *tls);

/* facts_class - the name of the destination class; or none (no recipient),
 * unknown (a list could not be searched), ask (only Postfix can look it up),
 * invalid (bad syntax). Static. */
const char *facts_class(const struct facts *facts);

/* facts_destination - is the destination ours, and if not, why not: static,
 * for people. */
const char *facts_destination(const struct facts *facts);

#endif
