/* SPDX-License-Identifier: ISC */
/* forecast_sender - what if the log does not have the sender?
 *
 * Most mail is permitted or refused whoever sends it: it never comes to a
 * restriction that looks at the sender, or such a restriction could only refuse
 * what is refused anyway. So a request is judged without a sender, which passes
 * all of them, and only a permit after one of them is not certain. */

#include "policyd/query/forecast_sender.h"

#include <string.h>

/* forecast_sender_unsaid - Postfix rewrites no empty one */
const char *forecast_sender_unsaid(const struct postlog_case *taken,
				   const struct forecast_ports *ports)
{
	if (!taken->has_sender)
		return "the log does not say who the sender was";
	if (taken->accepted && ports->senders_renamed && *taken->sender != '\0')
		return "the sender was rewritten before it was logged "
		       "(canonical_maps, masquerade_domains)";
	return NULL;
}

/* looks - does a restriction look at the sender of such a client? */
static bool looks(const char *name, bool login)
{
	if (strstr(name, "_sender_") == NULL)
		return false;
	return strstr(name, login ? "_unauthenticated_" : "_authenticated_") ==
	       NULL;
}

/* forecast_sender_decides - any of those before */
bool forecast_sender_decides(const struct service *service,
			     const struct request *request,
			     const char *permitting)
{
	const struct restriction_list *list = &service->restrictions;
	size_t i;

	for (i = 0; i < list->count; i++) {
		const char *name = list->uses[i].restriction->name;

		if (strcmp(name, permitting) == 0)
			return false;
		if (looks(name, *request->sasl_username != '\0'))
			return true;
	}
	return false;
}
