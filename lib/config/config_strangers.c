/* SPDX-License-Identifier: ISC */
/* config_strangers - may strangers relay?
 *
 * A set of strangers is evaluated under every service, in all combinations of
 * the kinds of session that tls_* distinguish, addresses of both families,
 * certificates, senders, and foreign recipients. A recipient is foreign because
 * of the way it is constructed, whatever the resolver says about it: it names a
 * domain that nobody has, directly or behind routing through our domains.
 *
 * Restrictions see a session and a recipient only through the facts of
 * lib/decision/facts, so of those with the same facts only one is evaluated. */

#include "lib/config/config_internal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/address/resolve.h"
#include "lib/base/xalloc.h"
#include "lib/decision/judgement.h"
#include "lib/decision/restrictions.h"

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define OURS_MAX      8 /* our domains that recipients are routed through */
#define TRIES_MAX     8 /* to find one in a list */
#define RECIPIENT_MAX 4 /* kinds: possible values of facts->authorized */

/* Addresses that nobody has (RFC 5737, 2544, 3849, 5180, 6666). Several of each
 * family, since our networks may contain one. */
static const char *const clients[][3] = {
	{ "192.0.2.254", "198.18.51.254", "203.0.113.254" },
	{ "2001:db8:bad::fe", "2001:2::bad:fe", "100::bad:fe" },
};

/* Forms of foreign recipients: F is the foreign domain, O one of ours. */
static const char *const forms[] = {
	"postmaster@F",	    /* plain */
	"victim%F",	    /* no domain, but routing */
	"F!victim",	    /* the same */
	"victim@F@",	    /* followed by an empty domain */
	"victim%F@O",	    /* routed through us */
	"F!victim@O",	    /* the same */
	"O!F!victim",	    /* the same, without a domain */
	"victim%F%O@O",	    /* twice */
	"victim@F@O",	    /* "victim@F"@O, as Postfix sends it */
	"\"victim@F\"@O",   /* with literal quotes */
	"victim@\"F\"@O",   /* likewise */
	"@O:victim@F",	    /* one of two source routes is left */
	"@O,@O:victim%F@O", /* likewise */
};

/* The set, and the stranger that is being evaluated. */
struct strangers {
	const struct config *config;
	const struct service *service;
	struct config_notes *notes;
	char *ours[OURS_MAX]; /* one of each list, and our own names */
	size_t ours_count;
	char *recipients[RECIPIENT_MAX];
	int authorized[RECIPIENT_MAX]; /* of each recipient */
	size_t recipient_count;
	char *senders[3]; /* null, foreign, one of ours */
	struct request request;
	struct judgement judgement;
};

/* authorized - facts->authorized of a recipient */
static int authorized(struct strangers *set, const char *recipient)
{
	const struct resolver *resolver = set->config->resolver;
	struct resolution *resolution = &set->judgement.facts.destination;

	resolve_address(resolver, recipient, resolution);
	return resolution_authorized(resolver, resolution);
}

/* add_ours - add a domain, if it is one of ours */
static int add_ours(struct strangers *set, const char *domain)
{
	char *address = xasprintf("postmaster@%s", domain);
	bool found = authorized(set, address) == 1;

	free(address);
	if (found && set->ours_count < OURS_MAX)
		set->ours[set->ours_count++] = xstrdup(domain);
	return found ? 1 : 0;
}

/* A search for one of our domains in a list. */
struct search {
	struct strangers *set;
	size_t tries;
};

/* try_domain - try a domain of a list; 1: it is suitable, or enough were
 * tried */
static int try_domain(void *context, const char *domain,
		      const struct domain_list_match *match)
{
	struct search *search = context;

	(void)match;
	return ++search->tries == TRIES_MAX || add_ours(search->set, domain);
}

/* find_ours - find a domain of each list, our names, and an address of ours */
static void find_ours(struct strangers *set)
{
	const struct resolver *resolver = set->config->resolver;
	const struct resolver_list *lists = resolver_lists(resolver);
	const char *const names[] = { resolver_origin(resolver),
				      resolver_hostname(resolver),
				      "[127.0.0.1]" };
	size_t i;

	for (i = 0; i < RESOLVER_LISTS; i++)
		domain_list_each(lists[i].domains, try_domain,
				 &(struct search){ set, 0 });
	for (i = 0; i < COUNT(names); i++)
		if (names[i] != NULL)
			add_ours(set, names[i]);
}

/* fill_in - insert the domains into a form; the caller frees it */
static char *fill_in(const char *form, const char *foreign, const char *ours)
{
	char *address = xstrdup("");

	for (; *form != '\0'; form++) {
		if (*form == 'F')
			xappend(&address, "%s", foreign);
		else if (*form == 'O')
			xappend(&address, "%s", ours);
		else
			xappend(&address, "%c", *form);
	}
	return address;
}

/* is_completed - did append_dot_mydomain turn the foreign domain into one below
 * mydomain? In quotes it has no dot. Then it is ours for a good reason. */
static bool is_completed(const struct strangers *set, const char *foreign)
{
	const struct resolution *resolution = &set->judgement.facts.destination;
	char *completed = xasprintf(
		"%s.%s", foreign,
		parameters_get(&set->config->parameters, PARAMETER_MYDOMAIN));
	bool same = resolution->status == RESOLVE_DONE &&
		    strcasecmp(resolution->domain, completed) == 0;

	free(completed);
	return same;
}

/* add_recipient - add a recipient, unless there is one of its kind. With
 * allow_untrusted_routing, routing through us is allowed; that causes a warning
 * of its own. */
static void add_recipient(struct strangers *set, bool routed, char *recipient,
			  const char *foreign)
{
	int kind = authorized(set, recipient);
	size_t i = 0;

	if (is_completed(set, foreign)) {
		free(recipient);
		return;
	}
	while (i < set->recipient_count && set->authorized[i] != kind)
		i++;
	if (i < set->recipient_count || i == RECIPIENT_MAX ||
	    (routed && kind == 1 && resolver_routes(set->config->resolver))) {
		free(recipient);
		return;
	}
	set->authorized[i] = kind;
	set->recipients[set->recipient_count++] = recipient;
}

/* make_recipients - make all forms with all domains */
static void make_recipients(struct strangers *set)
{
	const char *foreign = config_foreign(set->config->resolver);
	size_t i, k;

	for (i = 0; i < COUNT(forms); i++) {
		if (strchr(forms[i], 'O') == NULL)
			add_recipient(set, i > 0,
				      fill_in(forms[i], foreign, ""), foreign);
		else
			for (k = 0; k < set->ours_count; k++)
				add_recipient(set, true,
					      fill_in(forms[i], foreign,
						      set->ours[k]),
					      foreign);
	}
}

/* make_senders - make the null sender, which nobody can own, and two others */
static void make_senders(struct strangers *set)
{
	set->senders[0] = xstrdup("");
	set->senders[1] = xstrdup("spam@open-relay-test.invalid");
	set->senders[2] =
		xasprintf("postmaster@%s",
			  set->ours_count > 0 ? set->ours[0] : "localhost");
}

/* is_permitted - would the service permit the current request? */
static bool is_permitted(struct strangers *set)
{
	return judgement_now(&set->judgement, set->service,
			     set->config->resolver, &set->request, 0) == 0 &&
	       set->judgement.evaluation.decision.verdict == VERDICT_PERMIT;
}

/* is_anybody - is it permitted from every address of a family? */
static bool is_anybody(struct strangers *set, size_t family)
{
	size_t i;

	for (i = 0; i < COUNT(clients[family]); i++) {
		set->request.client_address = clients[family][i];
		if (!is_permitted(set))
			return false;
	}
	return true;
}

/* try_certificates - 1: the current request is permitted, with or without a
 * certificate, from all addresses of some family */
static int try_certificates(struct strangers *set)
{
	size_t i, family;

	for (i = 0; i <= CONFIG_FINGERPRINTS; i++) {
		const char *fingerprint =
			i == 0 ? "" : config_fingerprints[i - 1];

		set->request.ccert_fingerprint = fingerprint;
		set->request.ccert_pubkey_fingerprint = fingerprint;
		for (family = 0; family < COUNT(clients); family++)
			if (is_anybody(set, family))
				return 1;
	}
	return 0;
}

/* try_session - 1: a stranger may relay in such a session */
static int try_session(void *context, const char *protocol, const char *cipher,
		       const char *keysize)
{
	struct strangers *set = context;
	size_t i, k;

	set->request.encryption_protocol = protocol;
	set->request.encryption_cipher = cipher;
	set->request.encryption_keysize = keysize;
	for (i = 0; i < set->recipient_count; i++)
		for (k = 0; k < COUNT(set->senders); k++) {
			set->request.recipient = set->recipients[i];
			set->request.sender = set->senders[k];
			if (try_certificates(set) != 0)
				return 1;
		}
	return 0;
}

/* advice - what to write instead; the caller frees it */
static char *advice(const struct strangers *set, const char *word)
{
	const struct resolution *destination =
		&set->judgement.facts.destination;

	if (strcmp(word, restriction_permit_auth_destination.name) == 0)
		return xasprintf("%s contains every domain because of "
				 "%.200s: list your own domains there",
				 destination->list,
				 destination->match.pattern != NULL
					 ? destination->match.pattern
					 : "its entries");
	if (strcmp(word, restriction_permit_mynetworks.name) == 0)
		return xstrdup("name your own networks in mynetworks, as in "
			       "\"192.0.2.0/24\"");
	if (strcmp(word, restriction_permit_tls_clientcerts.name) == 0)
		return xstrdup("name the fingerprints of your clients in "
			       "relay_clientcerts");
	return xasprintf("write reject_unauth_destination ahead of %s, or "
			 "permit_sasl_authenticated in its place",
			 word);
}

/* line_of - the line of the service; at top level, the line of the word that
 * decided, or if the list is the default, that of the list of domains */
static int line_of(const struct strangers *set, const char *word)
{
	const struct restriction_list *list = &set->service->restrictions;
	const struct config_section *top = &set->config->settings->top;
	int option = config_option_find(set->judgement.facts.destination.list);
	size_t i;

	if (set->service->line != 0)
		return set->service->line;
	for (i = 0; i < list->count; i++)
		if (strcmp(restriction_use_word(&list->uses[i]), word) == 0 &&
		    list->uses[i].line != 0)
			return list->uses[i].line;
	return option >= 0 ? top->settings[option].line : 0;
}

/* tell - report that the current stranger may relay */
static void tell(const struct strangers *set)
{
	const struct request *request = &set->request;
	const char *word = set->judgement.evaluation.decision.restriction;
	const char *protocol = request->encryption_protocol;
	char *instead = advice(set, word);
	bool ipv6 = strchr(request->client_address, ':') != NULL;

	config_error(
		set->notes, line_of(set, word),
		"service %s is an open relay: %s permits a stranger to send "
		"to %.100s (%s, %s, %s certificate, %s sender); %s, or set "
		"allow_open_relay = yes",
		set->service->name, word, request->recipient,
		*protocol != '\0' ? protocol : "no TLS", ipv6 ? "IPv6" : "IPv4",
		*request->ccert_fingerprint != '\0' ? "an unknown" : "no",
		*request->sender != '\0' ? "a" : "the null", instead);
	free(instead);
}

/* start - the part of the request that all strangers have in common */
static void start(struct strangers *set, char *port, size_t size)
{
	const struct service *service = set->service;
	struct request *request = &set->request;

	request_init(request);
	request->request = "smtpd_access_policy";
	request->protocol_state = "RCPT";
	request->client_name = "unknown";
	request->reverse_client_name = "unknown";
	request->helo_name = "stranger.example";
	if (service->server_port_count > 0) {
		snprintf(port, size, "%u", service->server_ports[0]);
		request->server_port = port;
	}
	if (service->policy_context_count > 0)
		request->policy_context = service->policy_contexts[0];
}

/* check_login - may clients that log in without encryption relay? */
static void check_login(struct strangers *set)
{
	set->request.recipient = set->recipients[0];
	set->request.sender = "";
	set->request.sasl_method = "PLAIN";
	set->request.sasl_username = "stranger";
	if (is_anybody(set, 0))
		config_warning(set->notes, set->service->line,
			       "service %s: clients that log in without "
			       "encryption may relay; put "
			       "reject_plaintext_session before "
			       "permit_sasl_authenticated",
			       set->service->name);
}

/* check_service - evaluate all strangers, and one with a login */
static void check_service(struct strangers *set, const struct service *service)
{
	char port[8];

	set->service = service;
	start(set, port, sizeof(port));
	if (tls_each_kind(service->tls, try_session, set) != 0) {
		if (!set->config->allow_open_relay)
			tell(set);
		return;
	}
	start(set, port, sizeof(port));
	check_login(set);
}

/* config_strangers - evaluate them under every service */
void config_strangers(const struct config *config, struct config_notes *notes)
{
	struct strangers *set = xcalloc(1, sizeof(*set));
	size_t i;

	set->config = config;
	set->notes = notes;
	find_ours(set);
	make_senders(set);
	make_recipients(set);
	for (i = 0; i < config->services.count; i++)
		check_service(set, &config->services.services[i]);
	for (i = 0; i < set->recipient_count; i++)
		free(set->recipients[i]);
	for (i = 0; i < COUNT(set->senders); i++)
		free(set->senders[i]);
	for (i = 0; i < set->ours_count; i++)
		free(set->ours[i]);
	free(set);
}
