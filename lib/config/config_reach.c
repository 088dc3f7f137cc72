/* SPDX-License-Identifier: ISC */
/* config_reach - find restrictions that are never reached
 *
 * This is not guessed from names: the restrictions before one are tried on
 * every kind of request, and if one of them always decides, it is never
 * reached. */

#include "lib/config/config_internal.h"

#include <string.h>

#include "lib/decision/evaluate.h"
#include "lib/decision/facts.h"

/* config_verdict - of one kind of request. A restriction that looks into a list
 * of its own may not decide. */
enum verdict config_verdict(const struct restriction_use *use, unsigned kind)
{
	struct facts facts = {
		.has_recipient = true,
		.authorized = (kind & CONFIG_OURS) != 0,
		.weak = (kind & CONFIG_ENCRYPTED) != 0 ? NULL : "not encrypted",
		.authenticated = (kind & CONFIG_LOGIN) != 0,
	};
	struct decision decision = { .reason = "" };
	struct request request;
	struct subject subject = { .request = &request, .facts = &facts };

	if (use->restriction->parameter != NULL ||
	    use->restriction->cancel != NULL)
		return VERDICT_DUNNO;
	facts.destination.status = RESOLVE_DONE;
	facts.destination.list = "";
	facts.destination.domain = facts.destination.address;
	request_init(&request);
	return use->restriction->evaluate(&subject, use->state, &decision);
}

/* first_unreached - index of the first restriction that is never reached;
 * count: there is none */
static size_t first_unreached(const struct restriction_list *list)
{
	size_t farthest = 0;
	unsigned kind;

	for (kind = 0; kind < CONFIG_REQUEST_KINDS; kind++) {
		size_t i = 0;

		while (i < list->count &&
		       config_verdict(&list->uses[i], kind) == VERDICT_DUNNO)
			i++;
		if (i > farthest)
			farthest = i;
	}
	return farthest + 1 < list->count ? farthest + 1 : list->count;
}

/* warn_unreached - warn of restrictions of a service that are never tried */
static void warn_unreached(const struct service *service,
			   struct config_notes *notes)
{
	const struct restriction_list *list = &service->restrictions;
	size_t first = first_unreached(list);

	if (first < list->count)
		config_warning(notes, list->uses[first].line,
			       "restrictions: nothing after %s is ever tried",
			       restriction_use_word(&list->uses[first - 1]));
}

/* warn_repeated - warn of a word that is in the list twice; an argument that is
 * an option is the same each time */
static void warn_repeated(const struct service *service,
			  struct config_notes *notes)
{
	const struct restriction_list *list = &service->restrictions;
	size_t i;
	size_t k;

	for (i = 0; i < list->count; i++)
		for (k = 0; k < i; k++)
			if (strcmp(restriction_use_word(&list->uses[i]),
				   restriction_use_word(&list->uses[k])) == 0)
				config_warning(
					notes, list->uses[i].line,
					"restrictions: %s is in the "
					"list twice; the second has "
					"no effect",
					restriction_use_word(&list->uses[i]));
}

/* config_reach - warn of what never takes effect */
void config_reach(const struct config *config, struct config_notes *notes)
{
	const struct service_list *list = &config->services;
	size_t i;

	for (i = 0; i < list->count; i++) {
		warn_unreached(&list->services[i], notes);
		warn_repeated(&list->services[i], notes);
	}
	config_match(list, notes);
}
