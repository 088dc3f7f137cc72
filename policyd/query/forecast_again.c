/* SPDX-License-Identifier: ISC */
/* forecast_again - what Postfix says when it is to decide again
 *
 * With reply = lock, policyd answers with the name of a restriction, and
 * Postfix evaluates that with lists of its own. Those that policyd.conf imports
 * are the same. Where it has others, main.cf is loaded once more, without
 * policyd.conf. */

#include "policyd/query/forecast_again.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_options.h"
#include "lib/decision/judgement.h"
#include "lib/table/network_list.h"

#define LOGIN	     "permit_sasl_authenticated"
#define NETWORKS     "permit_mynetworks"
#define DESTINATION  "permit_auth_destination"
#define CERTIFICATES "permit_tls_clientcerts"

/* The restrictions that look into lists, and why Postfix refuses then. */
static const struct {
	const char *name, *why;
} looking[] = {
	{ DESTINATION, "policyd.conf says that the domain is ours, and main.cf "
		       "does not; Postfix decides again (reply = lock)" },
	{ NETWORKS, "the client is in mynetworks of policyd.conf, and not in "
		    "that of Postfix, which decides again (reply = lock)" },
	{ CERTIFICATES,
	  "the certificate is in relay_clientcerts of policyd.conf, and not in "
	  "that of main.cf; Postfix decides again (reply = lock)" },
	{ LOGIN, "Postfix will permit no login without TLS there "
		 "(smtpd_tls_auth_only, which --init sets)" },
};

#define LOOKING	 (sizeof(looking) / sizeof(looking[0]))
#define IN_LISTS (LOOKING - 1) /* the last one is not */

/* forecast_again_why - the text of the table */
const char *forecast_again_why(const char *restriction)
{
	size_t i = 0;

	while (i + 1 < LOOKING && strcmp(looking[i].name, restriction) != 0)
		i++;
	return looking[i].why;
}

/* is_own - is an option written into policyd.conf? */
static bool is_own(const struct config *config, enum config_option option)
{
	const struct setting *setting = settings_top(config->settings, option);

	return setting->line > 0 && setting->source == NULL;
}

/* has_own - does policyd.conf have any list of its own? */
static bool has_own(const struct config *config)
{
	int option;

	for (option = OPTION_PARAMETER; option < OPTION_QUESTION; option++)
		if (is_own(config, (enum config_option)option))
			return true;
	return is_own(config, OPTION_MYNETWORKS) ||
	       is_own(config, OPTION_RELAY_CLIENTCERTS);
}

/* own_text - one service for each of the first restrictions that is used */
static char *own_text(const struct config *config, size_t count)
{
	char *text =
		xasprintf("import_postfix = \"%s\"\n", config->import_postfix);
	size_t i;

	for (i = 0; i < count; i++) {
		const char *name = looking[i].name;

		if (service_list_has(&config->services, name))
			xappend(&text,
				"service \"%s\" {\n\tpolicy_context = \"%s\"\n"
				"\trestrictions = { %s, reject }\n}\n",
				name, name, name);
	}
	return text;
}

/* forecast_again_load - without the restrictions whose lists main.cf does not
 * have: that is an error */
struct config *forecast_again_load(const struct config *config, bool *failed)
{
	struct config *own = NULL;
	size_t count = IN_LISTS;

	*failed = false;
	if (config->import_postfix == NULL || !has_own(config))
		return NULL;
	for (; own == NULL && count > 0; count--) {
		struct config_messages messages = { 0 };
		char *text = own_text(config, count);
		const struct config_load_options options = {
			.lenient = true,
			.unserved = true,
			.inspected = true,
			.text = text,
			.text_length = strlen(text),
		};

		own = config_load_with(config->path, &options, &messages);
		config_messages_clear(&messages);
		free(text);
	}
	*failed = own == NULL;
	return own;
}

/* forecast_again_network - is the client in the mynetworks of a port? */
enum forecast_again forecast_again_network(const char *networks,
					   const char *address)
{
	struct error error;
	struct network_list *list =
		network_list_new(networks, true, NULL, &error);
	int found = list != NULL ? network_list_match(list, address, "") : -1;

	network_list_free(list);
	return found < 0 ? AGAIN_UNKNOWN
			 : (found == 1 ? AGAIN_PERMITS : AGAIN_REFUSES);
}

/* look - in the lists of main.cf */
static enum forecast_again look(const struct config *own,
				const char *restriction,
				const struct request *request)
{
	static struct judgement judgement;
	const struct service_list *all = &own->services;
	size_t i = 0;

	while (i < all->count &&
	       strcmp(all->services[i].name, restriction) != 0)
		i++;
	if (i == all->count)
		return AGAIN_REFUSES;
	memset(&judgement.evaluation, 0, sizeof(judgement.evaluation));
	if (judgement_now(&judgement, &all->services[i], own->resolver, request,
			  0) < 0)
		return AGAIN_UNKNOWN;
	switch (judgement.evaluation.decision.verdict) {
	case VERDICT_PERMIT:
		return AGAIN_PERMITS;
	case VERDICT_REJECT:
		return AGAIN_REFUSES;
	default:
		return AGAIN_UNKNOWN;
	}
}

/* forecast_again_no_login - is it a login in plain text that is not possible,
 * or will not be? */
bool forecast_again_no_login(const struct forecast_port *port,
			     const struct request *request)
{
	return *request->sasl_username != '\0' &&
	       *request->encryption_protocol == '\0' &&
	       (port->no_plain_login || port->ends_plain_login);
}

/* forecast_again - what Postfix says */
enum forecast_again forecast_again(const struct forecast_ports *ports,
				   const struct forecast_port *port,
				   const char *restriction,
				   const struct request *request)
{
	size_t i = 0;

	while (i < LOOKING && strcmp(looking[i].name, restriction) != 0)
		i++;
	if (i == LOOKING)
		return AGAIN_PERMITS;
	if (strcmp(restriction, LOGIN) == 0)
		return forecast_again_no_login(port, request) ? AGAIN_REFUSES
							      : AGAIN_PERMITS;
	if (!ports->from_postfix)
		return AGAIN_NO_POSTFIX;
	if (port->networks != NULL && strcmp(restriction, NETWORKS) == 0)
		return forecast_again_network(port->networks,
					      request->client_address);
	if ((port->own_destinations && strcmp(restriction, DESTINATION) == 0) ||
	    (port->own_certificates && strcmp(restriction, CERTIFICATES) == 0))
		return AGAIN_OTHERWISE;
	if (ports->own_failed)
		return AGAIN_UNKNOWN;
	return ports->own == NULL ? AGAIN_PERMITS
				  : look(ports->own, restriction, request);
}
