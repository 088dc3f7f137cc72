/* SPDX-License-Identifier: ISC */
/* permit_mynetworks - permit when the client's address is in mynetworks
 *
 * Postfix derives mynetworks from the host's interfaces when it is not set.
 * Here it never has a default: nobody is trusted who is not written down. */

#include "lib/network.h"
#include "lib/restrictions.h"

/* open - read mynetworks */
static int open_networks(const char *argument, void **state,
			 struct error *error)
{
	*state = network_list_new(argument, error);
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
	(void)decision;
	return network_list_match(state, subject->request->client_address)
		       ? VERDICT_PERMIT
		       : VERDICT_DUNNO;
}

const struct restriction restriction_permit_mynetworks = {
	.name = "permit_mynetworks",
	.parameter = "mynetworks",
	.open = open_networks,
	.close = close_networks,
	.evaluate = evaluate,
};
