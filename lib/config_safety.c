/* SPDX-License-Identifier: ISC */
/* config_safety - what a stranger may do under a configuration
 *
 * Whatever the restrictions say: he is judged as if he were there. A service
 * that lets him relay is an open relay, and refused at load. So is one that has
 * to judge what only Postfix can look up, unless its replies leave it to
 * Postfix. */

#include "lib/config_safety.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/config_options.h"
#include "lib/judgement.h"
#include "lib/restrictions.h"
#include "lib/sender_login.h"

/* Domains that nobody has (RFC 2606, RFC 5737); several, since a list may hold
 * one of them. */
static const char *const foreign[] = {
	"postmaster@open-relay-test.invalid",
	"postmaster@[192.0.2.252]",
	"postmaster@relay.stranger.example",
};

/* find_foreign - an address whose domain is not in our lists. When all of them
 * are, the lists hold every domain, and any one will show it. */
static const char *find_foreign(const struct resolver *resolver)
{
	static struct resolution resolution;
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		resolve_address(resolver, foreign[i], &resolution);
		if (resolution_authorized(resolver, &resolution) != 1)
			return foreign[i];
	}
	return foreign[0];
}

/* is_permitted - would this service permit such a request? */
static bool is_permitted(const struct config *config,
			 const struct service *service,
			 const struct request *request)
{
	static struct judgement judgement;

	return judgement_now(&judgement, service, config->resolver, request,
			     0) == 0 &&
	       judgement.evaluation.decision.verdict == VERDICT_PERMIT;
}

/* make_stranger - RCPT in plaintext, from an address that nobody has */
static void make_stranger(struct request *request,
			  const struct service *service, char *port,
			  size_t size, const char *recipient)
{
	request_init(request);
	request->request = "smtpd_access_policy";
	request->protocol_state = "RCPT";
	request->client_address = "192.0.2.254";
	/* The one sender address that nobody can own. */
	request->sender = "";
	request->recipient = recipient;
	if (service->server_port_count > 0) {
		snprintf(port, size, "%u", service->server_ports[0]);
		request->server_port = port;
	}
	if (service->policy_context_count > 0)
		request->policy_context = service->policy_contexts[0];
}

/* check_service - what he may do, without and with a login */
static void check_service(const struct config *config,
			  const struct service *service, const char *recipient,
			  struct config_notes *notes)
{
	struct request request;
	char port[8];

	make_stranger(&request, service, port, sizeof(port), recipient);
	if (is_permitted(config, service, &request)) {
		if (!config->allow_open_relay)
			config_error(notes, service->line,
				     "service %s is an open relay: a stranger "
				     "may send to %s; mend its restrictions "
				     "or lists, or set allow_open_relay = yes",
				     service->name, recipient);
		return;
	}
	request.sasl_method = "PLAIN";
	request.sasl_username = "stranger";
	if (is_permitted(config, service, &request))
		config_warning(notes, service->line,
			       "service %s: who logs in without encryption "
			       "may relay; reject_plaintext_session ahead of "
			       "permit_sasl_authenticated prevents it",
			       service->name);
}

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
	const char *list; /* that it stands in */
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
			"service %s: reply = %s cannot go with %.200s in %s: "
			"%s; use reply = lock, by which Postfix decides, or a "
			"type of table that can be read",
			service->name, reply_mode_name(service->reply.mode),
			ask->name, ask->list, ask->why);
}

/* check_maps - Postfix must look up in the maps that are meant here */
static void check_maps(const struct config *config,
		       const struct service *service, const struct ask *ask,
		       struct config_notes *notes)
{
	const struct setting *maps =
		&config->settings->top.settings[OPTION_SENDER_LOGIN_MAPS];
	const char *theirs = config->postfix_sender_login_maps;
	char *text = setting_join(maps);

	if (theirs == NULL || strcmp(text, theirs) != 0)
		config_error(notes, maps->line,
			     "sender_login_maps: service %s needs Postfix to "
			     "look senders up, since %.200s in %s is there: "
			     "%s; leave sender_login_maps out, set "
			     "smtpd_sender_login_maps in main.cf, and "
			     "import_postfix here",
			     service->name, ask->name, ask->list, ask->why);
	free(text);
}

/* check_asks - where Postfix has to look up, can it do so? */
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

/* config_safety - judge a stranger under every service */
void config_safety(const struct config *config, struct config_notes *notes)
{
	const char *recipient = find_foreign(config->resolver);
	size_t i;

	for (i = 0; i < config->services.count; i++)
		check_asks(config, &config->services.services[i], notes);
	for (i = 0; i < config->services.count; i++)
		check_service(config, &config->services.services[i], recipient,
			      notes);
}
