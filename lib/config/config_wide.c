/* SPDX-License-Identifier: ISC */
/* config_wide - find lists that contain more than anybody can own
 *
 * Whoever is in such a list may relay, or mail is relayed to them. It is left
 * to chance whether one of the strangers evaluated at load is in it. So
 * networks are checked as they are written, and lists of domains are searched
 * for names below domains that belong to everybody. */

#include "lib/config/config_internal.h"

#include <stdio.h>
#include <string.h>

#include "lib/address/resolve.h"
#include "lib/decision/restrictions.h"
#include "lib/table/network_list.h"
#include "lib/text/hostname.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LOCALHOST    "localhost"

/* Domains that nobody has: three below the largest top-level domains, which
 * cannot all belong to one owner, and some of RFC 2606 and RFC 5737. */
static const char *const foreign[] = {
	"open-relay-test-3c9f.com",
	"open-relay-test-3c9f.net",
	"open-relay-test-3c9f.org",
	"open-relay-test.invalid",
	"[192.0.2.252]",
	"relay.stranger.example",
};
#define LARGEST 3 /* the first ones */

const char *const config_fingerprints[CONFIG_FINGERPRINTS] = {
	"ED:5F:43:46:2A:20:A7:3B:06:CC:47:76:5B:A0:84:4F:"
	"68:26:E1:D4:DD:A2:41:B2:CB:50:A8:BE:47:64:FD:12",
	"69:9E:03:22:9D:75:68:3A:F1:4D:C9:39:BC:F1:E7:09:"
	"CA:65:2C:B7:E5:45:29:58:F0:4C:63:11:20:C2:BC:0F:"
	"32:5F:82:AB:70:AA:75:F4:98:0B:AE:80:61:67:0F:1D",
	"47:73:3C:7F:41:0D:5B:3C:B2:43:80:F1:7F:52:20:AB:"
	"E6:59:94:05:F2:F2:77:49:DF:B6:32:7B:06:C4:59:E6:"
	"B3:14:CF:AA:7A:EE:5B:07:74:4E:BD:69:C8:E9:DD:F8:"
	"C3:A0:A6:E2:5F:00:74:D8:8F:0A:32:DC:A7:73:FA:CE",
};

/* is_ours - is the domain one of ours? */
static bool is_ours(const struct resolver *resolver, const char *domain)
{
	struct resolution resolution;
	char address[80];

	snprintf(address, sizeof(address), "postmaster@%s", domain);
	resolve_address(resolver, address, &resolution);
	return resolution_authorized(resolver, &resolution) == 1;
}

/* config_foreign - a domain that is not ours; if all of the largest are, every
 * domain that matters is */
const char *config_foreign(const struct resolver *resolver)
{
	const char *found = NULL;
	size_t i, ours = 0;

	for (i = 0; i < COUNT(foreign); i++) {
		if (is_ours(resolver, foreign[i]))
			ours += i < LARGEST;
		else if (found == NULL || i == LARGEST)
			found = foreign[i];
	}
	return ours == LARGEST || found == NULL ? foreign[0] : found;
}

/* The configuration that is being checked. */
struct check {
	const struct config *config;
	struct config_notes *notes;
};

/* imported - an addition to a message about an option: where its value comes
 * from */
static const char *imported(const struct setting *setting)
{
	return setting->source != NULL ? setting->source : "";
}

/* value_line - the line of the value that contains a word */
static int value_line(const struct setting *setting, const char *word)
{
	size_t i;

	for (i = 0; i < setting->count; i++)
		if (strstr(setting->values[i], word) != NULL)
			return setting->lines[i];
	return setting->line;
}

/* wide_network - report a network in mynetworks */
static void wide_network(void *context, const char *text, const char *file,
			 int line)
{
	const struct check *check = context;
	const struct setting *from =
		settings_top(check->config->settings, OPTION_MYNETWORKS);
	char rule[32] = "";

	if (line > 0)
		snprintf(rule, sizeof(rule), ", line %d", line);
	config_error(check->notes, value_line(from, file != NULL ? file : text),
		     "mynetworks: %.200s%s%s%s is an open relay: it contains "
		     "more than a /8 of IPv4 or a /16 of IPv6, and anyone in "
		     "it may relay; name your own networks, as in "
		     "\"192.0.2.0/24\" or \"[2001:db8:1::]/48\", or set "
		     "allow_open_relay = yes%s%s",
		     text, rule, file != NULL ? " in " : "",
		     file != NULL ? file : "",
		     from->source != NULL ? "; so it is in " : "",
		     imported(from));
}

/* first_use - the first use of a restriction in any service, or NULL; its
 * argument is the same everywhere */
static const struct restriction_use *
first_use(const struct check *check, const struct restriction *restriction)
{
	const struct service_list *services = &check->config->services;
	size_t i, k;

	for (i = 0; i < services->count; i++) {
		const struct restriction_list *list =
			&services->services[i].restrictions;

		for (k = 0; k < list->count; k++)
			if (list->uses[k].restriction == restriction)
				return &list->uses[k];
	}
	return NULL;
}

/* check_networks - mynetworks */
static void check_networks(struct check *check)
{
	const struct restriction_use *use =
		first_use(check, &restriction_permit_mynetworks);

	if (use != NULL && !check->config->allow_open_relay)
		network_list_each_wide(use->state, wide_network, check);
}

/* is_listed - is a certificate in relay_clientcerts? */
static bool is_listed(const struct restriction_use *use,
		      const char *fingerprint)
{
	static const struct facts encrypted = { .weak = NULL };
	struct decision decision;
	struct request request;
	struct subject subject = { .request = &request, .facts = &encrypted };

	request_init(&request);
	decision_init(&decision);
	request.ccert_fingerprint = fingerprint;
	return use->restriction->evaluate(&subject, use->state, &decision) ==
	       VERDICT_PERMIT;
}

/* check_certificates - relay_clientcerts */
static void check_certificates(const struct check *check)
{
	const struct setting *from =
		settings_top(check->config->settings, OPTION_RELAY_CLIENTCERTS);
	const struct restriction_use *use =
		first_use(check, &restriction_permit_tls_clientcerts);
	size_t i;

	for (i = 0; i < CONFIG_FINGERPRINTS && use != NULL; i++) {
		if (!is_listed(use, config_fingerprints[i]))
			continue;
		config_warning(
			check->notes, from->line,
			"relay_clientcerts: it contains certificates that "
			"nobody has, as static: and patterns do: anyone can "
			"make one that is listed; name the fingerprints of "
			"your clients%s%s",
			from->source != NULL ? "; so it is in " : "",
			imported(from));
		return;
	}
}

/* A list of domains. */
struct list {
	const struct check *check;
	enum parameter parameter;
	const struct domain_list *domains;
};

/* warn_domain - warn that a list contains all domains below one */
static void warn_domain(const struct list *list, const char *pattern,
			const char *below)
{
	const char *name = parameter_name(list->parameter);
	const struct setting *from = settings_parameter(
		list->check->config->settings, list->parameter);

	config_warning(list->check->notes, value_line(from, pattern),
		       "%s: %.200s contains every domain below %.80s, and so "
		       "the domains of others; name your own%s%s",
		       name, pattern, below,
		       from->source != NULL ? "; so it is in " : "",
		       imported(from));
}

/* check_largest - does a list contain everything below a large domain? */
static void check_largest(const struct list *list)
{
	struct domain_list_match match;
	size_t i;

	for (i = 0; i < LARGEST; i++) {
		if (domain_list_match(list->domains, foreign[i], &match) != 1)
			continue;
		warn_domain(list, match.pattern != NULL ? match.pattern : "",
			    strrchr(foreign[i], '.') + 1);
		return;
	}
}

/* check_label - is a domain in relay_domains a single label, so that everything
 * below it is relayed? */
static int check_label(void *context, const char *domain,
		       const struct domain_list_match *match)
{
	const struct list *list = context;
	const char *label = domain + (*domain == '.');
	char below[96];

	if (strchr(label, '.') != NULL || strlen(label) > 63 ||
	    strcmp(label, LOCALHOST) == 0 || !hostname_valid(label))
		return 0;
	snprintf(below, sizeof(below), "open-relay-test-3c9f.%s", label);
	if (domain_list_match(list->domains, below, NULL) == 1)
		warn_domain(list, match->pattern, label);
	return 0;
}

/* check_domains - the four lists of our domains */
static void check_domains(const struct check *check)
{
	const struct resolver_list *lists =
		resolver_lists(check->config->resolver);
	size_t i;

	for (i = 0; i < RESOLVER_LISTS; i++) {
		struct list list = { check, lists[i].parameter,
				     lists[i].domains };

		check_largest(&list);
		if (list.parameter == PARAMETER_RELAY_DOMAINS)
			domain_list_each(list.domains, check_label, &list);
	}
}

/* check_routing - allow_untrusted_routing */
static void check_routing(const struct check *check)
{
	const struct setting *from = settings_parameter(
		check->config->settings, PARAMETER_ALLOW_UNTRUSTED_ROUTING);

	if (resolver_routes(check->config->resolver))
		config_warning(check->notes, from->line,
			       "allow_untrusted_routing: strangers may send to "
			       "anywhere by recipients such as "
			       "user%%elsewhere@relayed.example, if the next "
			       "host follows them; leave it at no%s%s",
			       from->source != NULL ? "; so it is in " : "",
			       imported(from));
}

/* config_wide - all of these */
void config_wide(const struct config *config, struct config_notes *notes)
{
	struct check check = { config, notes };

	check_networks(&check);
	check_certificates(&check);
	check_domains(&check);
	check_routing(&check);
}
