/* SPDX-License-Identifier: ISC */
/* forecast_asks - does a port ask policyd already?
 *
 * Where it does, and follows the answers, Postfix is as it is. Where it does
 * not, --init will change more than that: AUTH is offered in TLS only. */

#include <string.h>
#include <strings.h>

#include "lib/config/config_options.h"
#include "lib/net/listener.h"
#include "lib/postfix/smtpd_ports.h"
#include "policyd/query/forecast_asks.h"

/* is_policyd - does an address end as a listener of the configuration does? A
 * policyd without one is started by Postfix, under any name. */
static bool is_policyd(const struct config *config, const char *server)
{
	const struct config_settings *settings = config->settings;
	size_t i;

	for (i = 0; i < settings->listen_count; i++)
		if (strcmp(listener_ending(settings->listens[i].title),
			   listener_ending(server)) == 0)
			return true;
	return settings->listen_count == 0;
}

/* list_asks - is it in this list? */
static bool list_asks(const struct config *config,
		      const struct smtpd_restrictions *list)
{
	struct postfix_policy policy;
	bool found = false;
	size_t i;

	for (i = 0; i < list->count && !found; i++) {
		if (strcasecmp(list->items[i].word, "check_policy_service") !=
		    0)
			continue;
		postfix_policy_parse(&policy, list->items[i].argument);
		found = policy.server != NULL &&
			is_policyd(config, policy.server);
		postfix_policy_clear(&policy);
	}
	return found;
}

/* is_observed - does Postfix go on to decide itself, as --init --observe makes
 * it? It will be connected once more, in another way. */
static bool is_observed(const struct config *config,
			const struct smtpd_port *port)
{
	const struct service_list *all = &config->services;
	size_t i = 0;

	if (*postfix_get(port->postfix, NULL, "policyd_previous_1") != '\0')
		return true;
	while (i < all->count && all->services[i].reply.observe)
		i++;
	return i == all->count;
}

/* forecast_asks - in a list that is evaluated for each recipient? */
bool forecast_asks(const struct config *config, const struct smtpd_port *port)
{
	int list;

	if (is_observed(config, port))
		return false;

	for (list = SMTPD_LIST_CLIENT; list <= SMTPD_LIST_RECIPIENT; list++)
		if (list_asks(config, &port->lists[list]))
			return true;
	return false;
}

/* forecast_ends_plain_login - as --init decides */
bool forecast_ends_plain_login(const struct config *config,
			       const struct smtpd_port *port)
{
	return port->tls != SMTPD_NO && !port->wraps && !port->demands_tls &&
	       !forecast_asks(config, port);
}
