/* SPDX-License-Identifier: ISC */
/* permit_mynetworks - permit when the client's address is in mynetworks
 *
 * Postfix derives mynetworks from the host's interfaces when it is not set.
 * Here it has no default: only clients that are listed are trusted. If the
 * lookup in a table fails, it is unknown whether the client is. */

#include "lib/decision/restrictions.h"
#include "lib/table/network_list.h"

/* open - read mynetworks */
static int open_networks(const char *argument,
			 const struct restriction_context *context,
			 void **state, struct error *error)
{
	*state = network_list_new(argument, context->utf8, context->loader,
				  error);
	return *state != NULL ? 0 : -1;
}

/* close - free it */
static void close_networks(void *state)
{
	network_list_free(state);
}

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	const struct request *request = subject->request;
	struct domain_list_match match;

	switch (network_list_find(state, request->client_address,
				  request->client_name, &match)) {
	case 0:
		decision->reason = "the client is not in mynetworks";
		return VERDICT_DUNNO;
	case 1:
		decision->reason = "the client is in mynetworks";
		return VERDICT_PERMIT;
	default:
		decision->refusal = REFUSAL_LOOKUP;
		decision->reason = "a table in mynetworks cannot be looked up";
		decision->table = table_name(match.table);
		decision->why = match.why;
		return VERDICT_DEFER;
	}
}

/* find - find the network of the client */
static void find(const struct subject *subject, void *state,
		 struct domain_list_match *match, const char **key)
{
	*key = subject->request->client_address;
	network_list_find(state, *key, subject->request->client_name, match);
}

const struct restriction restriction_permit_mynetworks = {
	.name = "permit_mynetworks",
	.parameter = "mynetworks",
	.open = open_networks,
	.close = close_networks,
	.evaluate = evaluate,
	.find = find,
};
