/* SPDX-License-Identifier: ISC */
/* forecast_keep - advice on networks and on domains
 *
 * What a log shows is only that Postfix accepted something. A client in
 * mynetworks, or in a private network, is probably one of this host; of any
 * other it is as likely that the host is a backup MX for the domain, where the
 * whole world may be the client. So such a group has both pieces of advice, and
 * is no part of what is advised for all together. */

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_options.h"
#include "lib/table/network_list.h"
#include "policyd/query/forecast_advice_internal.h"

#define PRIVATE                                                    \
	"127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, " \
	"[::1]/128, [fc00::]/7, [fe80::]/10"
#define DOMAIN_BYTES \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"

/* networks_of - mynetworks, as it is set or imported */
static struct setting *networks_of(const struct config *config)
{
	return settings_top(config->settings, OPTION_MYNETWORKS);
}

/* forecast_adviser_open - read mynetworks; a table in it is not read */
void forecast_adviser_open(struct forecast_adviser *adviser,
			   const struct config *config,
			   const struct forecast_ports *ports)
{
	char *text = setting_join(networks_of(config));
	struct error error;

	*adviser = (struct forecast_adviser){
		.config = config,
		.ports = ports,
		.used = service_list_has(&config->services, ADVICE_NETWORKS)
	};
	if (*text != '\0')
		adviser->ours = network_list_new(text, true, NULL, &error);
	if (adviser->ours != NULL && network_list_is_wide(adviser->ours)) {
		network_list_free(adviser->ours); /* it says nothing */
		adviser->ours = NULL;
	}
	adviser->named = adviser->ours != NULL;
	if (!adviser->named)
		adviser->ours = network_list_new(PRIVATE, true, NULL, &error);
	free(text);
}

/* forecast_adviser_close - free what it holds */
void forecast_adviser_close(struct forecast_adviser *adviser)
{
	network_list_free(adviser->ours);
	adviser->ours = NULL;
}

/* is_ours - is the address in mynetworks, or in a private network? */
static bool is_ours(const struct forecast_adviser *adviser, const char *address)
{
	return adviser->ours != NULL &&
	       network_list_match(adviser->ours, address, "") == 1;
}

/* advice_is_of_strangers - clients that are probably not ours */
bool advice_is_of_strangers(const struct forecast_adviser *adviser,
			    const struct forecast_group *group)
{
	size_t i;

	for (i = 0; i < group->clients.count; i++)
		if (!is_ours(adviser, group->clients.texts[i]))
			return true;
	return false;
}

/* is_address - or only a word, such as "unknown"? */
static bool is_address(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 ||
	       inet_pton(AF_INET6, text, bytes) == 1;
}

/* forecast_all_strangers - that have an address */
bool forecast_all_strangers(const struct forecast_adviser *adviser,
			    const struct forecast_group *group)
{
	size_t i;

	for (i = 0; i < group->clients.count; i++)
		if (!is_address(group->clients.texts[i]) ||
		    is_ours(adviser, group->clients.texts[i]))
			return false;
	return true;
}

/* advice_is_nowhere - Postfix logs "unknown" for a client that was gone at
 * once, or that a proxy has not named */
bool advice_is_nowhere(const struct forecast_group *group)
{
	size_t i;

	for (i = 0; i < group->clients.count; i++)
		if (is_address(group->clients.texts[i]))
			return false;
	return true;
}

/* A list of networks that is being written. */
struct networks {
	const struct forecast_adviser *adviser;
	char *text;
	size_t count;
	bool added; /* an entry that was not there */
};

/* put_entry - one entry in quotes, once, unless no configuration could have it
 */
static void put_entry(struct networks *networks, const char *entry)
{
	char *quoted;

	if (strpbrk(entry, "\"'\\$\n") != NULL)
		return;
	quoted = xasprintf("\"%s\"", entry);
	if (strstr(networks->text, quoted) == NULL)
		xappend(&networks->text, "%s %s",
			networks->count++ > 0 ? "," : "", quoted);
	free(quoted);
}

/* advice_entry - IPv6 is in brackets */
bool advice_entry(char entry[ADVICE_ENTRY_SIZE], const char *text)
{
	size_t length = strcspn(text, "/");
	char host[64];

	snprintf(host, sizeof(host), "%.*s", (int)length, text);
	if (!is_address(host))
		return false;
	if (strchr(host, ':') == NULL)
		snprintf(entry, ADVICE_ENTRY_SIZE, "%s", text);
	else
		snprintf(entry, ADVICE_ENTRY_SIZE, "[%s]%s", host,
			 text[length] != '\0' ? text + length : "/128");
	return true;
}

/* advice_each - its clients, or the networks if there are many */
void advice_each(const struct forecast_group *group,
		 void (*visit)(void *context, const char *text,
			       const char *address),
		 void *context)
{
	size_t i;

	if (group->clients.more && *group->network != '\0')
		visit(context, group->network, group->clients.texts[0]);
	for (i = 0; i < group->networks.count && group->clients.more; i++)
		visit(context, group->networks.texts[i], "");
	for (i = 0; i < group->clients.count && !group->clients.more; i++)
		visit(context, group->clients.texts[i],
		      group->clients.texts[i]);
}

/* put_address - an address or a network, if it is not in the list already */
static void put_address(void *context, const char *text, const char *address)
{
	struct networks *networks = context;
	const struct forecast_adviser *adviser = networks->adviser;
	char entry[ADVICE_ENTRY_SIZE];

	if ((adviser->used && adviser->named && is_ours(adviser, address)) ||
	    !advice_entry(entry, text))
		return;
	put_entry(networks, entry);
	networks->added = true;
}

/* advice_is_first - a file may contain such an entry, too */
bool advice_is_first(const char *networks)
{
	return strchr(networks, '!') != NULL || networks[0] == '/' ||
	       strstr(networks, " /") != NULL || strstr(networks, ",/") != NULL;
}

/* put_present - what is there stays there, if anything looks at it */
static void put_present(struct networks *networks, const struct setting *now)
{
	size_t i;

	for (i = 0; i < now->count && networks->adviser->used; i++)
		put_entry(networks, now->values[i]);
}

/* advice_networks - the new ones are last, if that is enough */
char *advice_networks(const struct forecast_adviser *adviser,
		      const struct forecast_group **groups, size_t count)
{
	const struct setting *now = networks_of(adviser->config);
	char *present = setting_join(now);
	bool first = adviser->used && advice_is_first(present);
	struct networks networks = { .adviser = adviser,
				     .text = xstrdup("mynetworks = {") };
	size_t i;

	if (!first)
		put_present(&networks, now);
	for (i = 0; i < count; i++)
		advice_each(groups[i], put_address, &networks);
	if (first)
		put_present(&networks, now);
	xappend(&networks.text, " }");
	free(present);
	if (networks.added)
		return networks.text;
	free(networks.text);
	return NULL;
}

/* advice_is_domain - nothing else than letters, digits, "." and "-" */
bool advice_is_domain(const char *text)
{
	return text[strspn(text, DOMAIN_BYTES)] == '\0';
}

/* advice_relay - the domains of a group of strangers; an address is none, and
 * no single client sends to many of a backup MX */
char *advice_relay(const struct forecast_adviser *adviser,
		   const struct forecast_group *group)
{
	char *text;
	size_t i;

	if (!advice_is_of_strangers(adviser, group) ||
	    (group->domains.more && group->clients.count == 1))
		return NULL;
	text = xstrdup("");
	for (i = 0; i < group->domains.count; i++)
		if (*group->domains.texts[i] != '\0' &&
		    advice_is_domain(group->domains.texts[i]))
			xappend(&text, "%s%s", *text != '\0' ? ", " : "",
				group->domains.texts[i]);
	if (*text != '\0')
		return text;
	free(text);
	return NULL;
}

/* advice_relay_here - it counts instead of that of main.cf */
char *advice_relay_here(const struct forecast_adviser *adviser,
			const char *domains)
{
	const struct setting *now = settings_parameter(
		adviser->config->settings, PARAMETER_RELAY_DOMAINS);
	struct networks entries = { .adviser = adviser };
	size_t i;

	if (adviser->config->import_postfix == NULL || now->line == 0 ||
	    now->source != NULL)
		return NULL;
	entries.text = xstrdup("relay_domains = {");
	for (i = 0; i < now->count; i++)
		put_entry(&entries, now->values[i]);
	put_entry(&entries, domains);
	xappend(&entries.text, " }");
	return entries.text;
}
