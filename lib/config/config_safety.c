/* SPDX-License-Identifier: ISC */
/* config_safety - refuse configurations that would let strangers relay
 *
 * Requests of strangers are evaluated as if they had arrived
 * (config_strangers.c), and lists that contain more than anybody can own are
 * found (config_wide.c). A service that depends on lookups that only Postfix
 * can do is refused, unless its replies leave the decision to Postfix. */

#include "lib/config/config_internal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/decision/restrictions.h"
#include "lib/decision/sender_login.h"

/* judges_destination - do its restrictions look at the destination? */
static bool judges_destination(const struct service *service)
{
	const struct restriction_list *list = &service->restrictions;
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct restriction *each = list->uses[i].restriction;

		if (each == &restriction_permit_auth_destination ||
		    each == &restriction_reject_unauth_destination)
			return true;
	}
	return false;
}

/* sender_login - the sender_login_maps of a service, or NULL */
static const struct sender_login *sender_login(const struct service *service)
{
	const struct restriction_list *list = &service->restrictions;

	for (size_t i = 0; i < list->count; i++)
		if (list->uses[i].restriction->open == sender_login_open)
			return list->uses[i].state;
	return NULL;
}

/* A table that only Postfix can look up. */
struct ask {
	const char *name;
	const char *list; /* that it is in */
	const char *why;
};

/* sender_asks - is there one that a sender address may depend on? */
static bool sender_asks(const struct config *config,
			const struct service *service, struct ask *ask)
{
	const struct sender_login *maps = sender_login(service);

	if (maps == NULL)
		return false;
	ask->list = config_option_name(OPTION_SENDER_LOGIN_MAPS);
	ask->name = sender_login_asks(maps, &ask->why);
	if (ask->name != NULL)
		return true;
	ask->name = resolver_asks(config->resolver, &ask->list, &ask->why);
	return ask->name != NULL &&
	       strcmp(ask->list, parameter_name(PARAMETER_MYDESTINATION)) == 0;
}

/* check_mode - only reply = lock can leave a decision to Postfix */
static void check_mode(const struct service *service, const struct ask *ask,
		       struct config_notes *notes)
{
	if (service->reply.mode != REPLY_LOCK)
		config_error(
			notes, service->line,
			"service %s: reply = %s cannot be combined with "
			"%.200s in %s: %s; use reply = lock, so that Postfix "
			"decides, or a type of table that can be read",
			service->name, reply_mode_name(service->reply.mode),
			ask->name, ask->list, ask->why);
}

/* check_maps - Postfix must look up the same maps as configured here */
static void check_maps(const struct config *config,
		       const struct service *service, const struct ask *ask,
		       struct config_notes *notes)
{
	const struct setting *maps =
		settings_top(config->settings, OPTION_SENDER_LOGIN_MAPS);
	const char *theirs = config->postfix_sender_login_maps;
	char *text = setting_join(maps);

	if (theirs == NULL || strcmp(text, theirs) != 0)
		config_error(notes, maps->line,
			     "sender_login_maps: service %s leaves senders "
			     "to Postfix because of %.200s in %s: %s; remove "
			     "sender_login_maps here, set "
			     "smtpd_sender_login_maps in main.cf, and set "
			     "import_postfix here",
			     service->name, ask->name, ask->list, ask->why);
	free(text);
}

/* check_asks - can Postfix do the lookups that are left to it? */
static void check_asks(const struct config *config,
		       const struct service *service,
		       struct config_notes *notes)
{
	struct ask ask;

	ask.name = resolver_asks(config->resolver, &ask.list, &ask.why);
	if (ask.name != NULL && judges_destination(service))
		check_mode(service, &ask, notes);
	if (sender_asks(config, service, &ask)) {
		check_mode(service, &ask, notes);
		check_maps(config, service, &ask, notes);
	}
}

/* config_safety - check lookups left to Postfix, lists, and strangers */
void config_safety(const struct config *config, struct config_notes *notes)
{
	size_t i;

	for (i = 0; i < config->services.count; i++)
		check_asks(config, &config->services.services[i], notes);
	config_wide(config, notes);
	config_strangers(config, notes);
}
