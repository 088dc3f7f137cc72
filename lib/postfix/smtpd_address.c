/* SPDX-License-Identifier: ISC */
/* smtpd_address - where a port of smtpd(8) is, and who can reach it
 *
 * The first column of master.cf is "smtp", "25", "127.0.0.1:10025",
 * "[::1]:10025" or "localhost:10025". Names are not looked up. */

#include "lib/postfix/smtpd_port.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/ip_address.h"
#include "lib/base/xalloc.h"

/* Addresses that only this host, or hosts nearby, can have. */
static const struct {
	int family;
	unsigned char bytes[4];
	unsigned bits;
} private_networks[] = {
	{ AF_INET, { 127 }, 8 },	  { AF_INET, { 10 }, 8 },
	{ AF_INET, { 172, 16 }, 12 },	  { AF_INET, { 192, 168 }, 16 },
	{ AF_INET, { 169, 254 }, 16 },	  { AF_INET6, { 0xfc }, 7 },
	{ AF_INET6, { 0xfe, 0x80 }, 10 },
};

/* host_of - "HOST" of "HOST:PORT" or "[HOST]:PORT"; "" when there is none. The
 * caller frees it. */
static char *host_of(const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon != NULL ? (size_t)(colon - text) : 0;

	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	return xstrndup(text, length);
}

/* known_host - the address of a host, as far as it is one; NULL: a name. The
 * caller frees it. */
static char *known_host(const char *host)
{
	struct ip_address address;

	if (strcasecmp(host, "localhost") == 0)
		return xstrdup("127.0.0.1");
	if (strncasecmp(host, "ipv6:", 5) == 0)
		host += 5;
	if (ip_parse(&address, host) < 0)
		return NULL;
	return xstrdup(host);
}

/* is_any - does the address mean all those of this host? */
static bool is_any(const char *host)
{
	return strcmp(host, "") == 0 || strcmp(host, "0.0.0.0") == 0 ||
	       strcmp(host, "::") == 0;
}

/* loopback_of - the address at which a port of all addresses has its clients on
 * this host; NULL: it has none of loopback */
static char *loopback_of(const struct smtpd_port *port)
{
	static const char *const all[] = { "all", "loopback-only", "127.0.0.1",
					   "localhost" };
	const char *rest =
		postfix_get(port->postfix, port->service, "inet_interfaces");
	const char *protocols =
		postfix_get(port->postfix, port->service, "inet_protocols");
	bool found = false;
	char *word;
	size_t i;

	while ((word = postfix_next_word(&rest)) != NULL) {
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			found |= strcasecmp(word, all[i]) == 0;
		free(word);
	}
	if (!found)
		return NULL;
	return xstrdup(strcasecmp(protocols, "ipv6") == 0 ? "::1"
							  : "127.0.0.1");
}

/* smtpd_port_host - the address by which a client on this host comes */
char *smtpd_port_host(const struct smtpd_port *port)
{
	char *host = host_of(port->service->name);
	char *address;

	if (strcmp(port->service->type, "inet") != 0)
		address = NULL;
	else if (strcmp(host, "::") == 0)
		address = xstrdup("::1");
	else
		address = is_any(host) ? loopback_of(port) : known_host(host);
	free(host);
	return address;
}

/* is_private - loopback, or an address for networks of one's own? */
static bool is_private(const char *address)
{
	struct ip_address ip;
	size_t i;

	if (strcmp(address, "::1") == 0)
		return true;
	if (ip_parse(&ip, address) < 0)
		return false;
	for (i = 0; i < sizeof(private_networks) / sizeof(private_networks[0]);
	     i++)
		if (ip.family == private_networks[i].family &&
		    ip_has_prefix(ip.bytes, private_networks[i].bytes,
				  private_networks[i].bits))
			return true;
	return false;
}

/* is_loopback - an address of loopback? */
static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* smtpd_port_is_private - only from this host, or from a network nearby? */
bool smtpd_port_is_private(const struct smtpd_port *port)
{
	const char *interfaces =
		postfix_get(port->postfix, port->service, "inet_interfaces");
	char *host = host_of(port->service->name);
	char *address = known_host(host);
	bool private;

	if (is_any(host))
	private = strcmp(port->service->type, "inet") == 0 &&
		  strcasecmp(interfaces, "loopback-only") == 0;
	else private = address != NULL && is_private(address);
	free(address);
	free(host);
	return private;
}

/* smtpd_port_is_loopback - only at an address of loopback? */
bool smtpd_port_is_loopback(const struct smtpd_port *port)
{
	char *host = host_of(port->service->name);
	char *address = known_host(host);
	bool loopback = address != NULL && is_loopback(address);

	free(address);
	free(host);
	return loopback;
}

/* is_here - does a client that connects to a host on this one come to the port?
 * What is on loopback only, or not there at all, may be another Postfix. */
static bool is_here(const struct smtpd_port *port, const char *host)
{
	char *here = smtpd_port_host(port);
	char *address = known_host(*host == '\0' ? "localhost" : host);
	bool same = address != NULL && here != NULL &&
		    (strcmp(address, here) == 0 ||
		     (is_loopback(address) && is_loopback(here)));

	free(address);
	free(here);
	return same;
}

/* leads_here - does "HOST:PORT", maybe with a transport before it, name this
 * port? */
static bool leads_here(const struct smtpd_port *port, const char *text)
{
	const char *bracket = strchr(text, '['), *colon = strrchr(text, ':');
	const struct postfix_service where = {
		.name = (char *)text,
		.type = (char *)"inet",
	};
	char *host;
	bool same;

	if (port->number == 0 || colon == NULL ||
	    postfix_port(port->postfix, &where) != port->number)
		return false;
	if (bracket == NULL) {
		bracket = colon;
		while (bracket > text && bracket[-1] != ':')
			bracket--;
	}
	host = host_of(bracket);
	same = is_here(port, host);
	free(host);
	return same;
}

/* is_next_hop - do settings lead to this port? service: only those that are its
 * own; NULL: those of main.cf */
static bool is_next_hop(const struct smtpd_port *port,
			const struct postfix_service *service)
{
	static const char *const names[] = {
		"content_filter",    "smtpd_proxy_filter",  "relayhost",
		"default_transport", "relay_transport",	    "local_transport",
		"virtual_transport", "smtp_fallback_relay",
	};
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = service == NULL
				? postfix_get(port->postfix, NULL, names[i])
				: postfix_get_own(service, names[i]);
		if (value != NULL && leads_here(port, value))
			return true;
	}
	return false;
}

/* smtpd_port_is_named - does this Postfix itself deliver to the port? */
bool smtpd_port_is_named(const struct smtpd_port *port)
{
	const struct postfix *postfix = port->postfix;
	bool named = is_next_hop(port, NULL);
	size_t i;

	for (i = 0; i < postfix->service_count && !named; i++)
		named = is_next_hop(port, &postfix->services[i]);
	return named;
}
