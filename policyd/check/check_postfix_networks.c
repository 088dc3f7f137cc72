/* SPDX-License-Identifier: ISC */
/* check_postfix_networks - mynetworks, as Postfix reads it
 *
 * What is written in main.cf and master.cf itself is checked, where
 * permit_mynetworks looks at it. Of tables and files, it is only said if they
 * contain more than anybody has. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/ip_address.h"
#include "lib/base/number.h"
#include "lib/base/xalloc.h"
#include "lib/table/network_list.h"
#include "lib/table/prefix.h"

/* A network as it is written: bits of its address may be set. */
struct network {
	struct ip_address address;
	unsigned bits;
};

/* Networks without strangers (RFC 1122, 1918, 3927, 4193, 4291, 6598). */
static const struct {
	const char *base;
	unsigned bits;
} harmless[] = {
	{ "127.0.0.0", 8 },    { "10.0.0.0", 8 },     { "172.16.0.0", 12 },
	{ "192.168.0.0", 16 }, { "169.254.0.0", 16 }, { "100.64.0.0", 10 },
	{ "::1", 128 },	       { "fe80::", 10 },      { "fc00::", 7 },
};

/* unmap - an IPv4 network that is written as one of IPv6 */
static void unmap(struct network *network)
{
	static const unsigned char mapped[12] = { [10] = 0xff, 0xff };
	unsigned char *bytes = network->address.bytes;

	if (network->address.family != AF_INET6 || network->bits < 96 ||
	    !ip_has_prefix(bytes, mapped, 96))
		return;
	memmove(bytes, bytes + 12, 4);
	network->address.family = AF_INET;
	network->bits -= 96;
}

/* network_read - "10.0.0.0/8", "[2001:db8::]/32", "192.0.2.1"; -1: it is a
 * table, a file, or invalid */
static int network_read(struct network *network, const char *word)
{
	char *copy = xstrdup(word), *address = copy, *length;
	int result = -1;
	uint64_t bits;

	if (ip_split(&address, &length) == 0 &&
	    ip_parse(&network->address, address) == 0) {
		bits = network->address.bits;
		if (length == NULL ||
		    number_parse(length, network->address.bits, &bits) == 0)
			result = 0;
		network->bits = (unsigned)bits;
		unmap(network);
	}
	free(copy);
	return result;
}

/* is_harmless - is it a network without strangers? */
static bool is_harmless(const struct network *network)
{
	struct ip_address base;
	size_t i;

	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (ip_parse(&base, harmless[i].base) == 0 &&
		    base.family == network->address.family &&
		    network->bits >= harmless[i].bits &&
		    ip_has_prefix(base.bytes, network->address.bytes,
				  harmless[i].bits))
			return true;
	return false;
}

/* has_value - has a service that value, which is its own, or that of main.cf
 * (NULL)? */
static bool has_value(const struct check *check,
		      const struct postfix_service *service,
		      const struct postfix_service *owner)
{
	return owner != NULL ? service == owner
			     : postfix_where(check->postfix, service,
					     "mynetworks") != POSTFIX_MASTER;
}

/* is_used - does a list of the service look at mynetworks? */
static bool is_used(const struct check *check,
		    const struct postfix_service *service)
{
	size_t i, at;

	for (i = 0; i < check->list_count; i++) {
		const struct list *list = &check->lists[i];

		for (at = 0; at < list->restrictions.count; at++)
			if (has_value(check, list->service, service) &&
			    check_is_word(&list->restrictions.items[at],
					  "permit_mynetworks"))
				return true;
	}
	return false;
}

/* found_network - report an entry of mynetworks; format has its text */
static void found_network(struct check *check,
			  const struct postfix_service *service,
			  enum severity severity, const char *advice,
			  const char *word, const char *what)
{
	char *on = check_on(check, service, "mynetworks");

	check_found(check,
		    &(struct mistake){ .severity = severity,
				       .service = service,
				       .parameter = "mynetworks",
				       .advice = advice },
		    "mynetworks%s contains %s, which %s", on, word, what);
	free(on);
}

/* found_strangers - report what contains more than anybody has */
static void found_strangers(struct check *check,
			    const struct postfix_service *service,
			    const char *word, const char *what)
{
	char *text = xasprintf("%s: anyone in it gets whatever "
			       "permit_mynetworks permits, as in an open relay",
			       what);

	found_network(check, service, SEVERITY_ERROR,
		      "write the addresses of your own clients instead, or let "
		      "them log in",
		      word, text);
	free(text);
}

/* check_held - what a file or a table contains, as far as it can be read here
 */
static void check_held(struct check *check,
		       const struct postfix_service *service, const char *word)
{
	struct error error;
	struct network_list *list = network_list_new(word, true, NULL, &error);

	if (list != NULL && network_list_is_wide(list))
		found_strangers(check, service, word,
				"contains a network that nobody owns");
	network_list_free(list);
}

/* check_bracketed - an IPv6 address or network in brackets */
char *check_bracketed(const char *word)
{
	const char *pattern = word + strspn(word, "!");
	size_t length = strcspn(pattern, "/");
	struct network network;

	if (network_read(&network, pattern) != 0)
		return NULL;
	return xasprintf("%.*s[%.*s]%s", (int)(pattern - word), word,
			 (int)length, pattern, pattern + length);
}

/* check_table - type:name to Postfix: is it an IPv6 network that lacks its
 * brackets? One that begins with a colon ends smtpd(8), see
 * check_postfix_fatal.c. */
static void check_table(struct check *check,
			const struct postfix_service *service, const char *word)
{
	const char *pattern = word + strspn(word, "!");
	char *advice = check_bracketed(word), *what;

	if (*pattern == ':') {
		free(advice);
		return;
	}
	if (advice == NULL) {
		check_held(check, service, word);
		return;
	}
	what = xasprintf("is a table of type %.*s to Postfix, for want of "
			 "brackets: every client that gets to "
			 "permit_mynetworks is deferred (451)",
			 (int)strcspn(pattern, ":"), pattern);
	found_network(check, service, SEVERITY_ERROR, advice, word, what);
	free(what);
	free(advice);
}

/* check_whose - a network that is trusted */
static void check_whose(struct check *check,
			const struct postfix_service *service, const char *word,
			const struct network *network)
{
	if (is_harmless(network))
		return;
	if (prefix_is_wide(network->address.family, network->address.bytes,
			   network->bits))
		found_strangers(check, service, word, "nobody owns");
	else
		found_network(check, service, SEVERITY_WARNING,
			      "keep it only if all of it is yours; otherwise "
			      "write the addresses that are",
			      word,
			      "is neither loopback nor private: "
			      "permit_mynetworks trusts all of it");
}

/* check_pattern - an address or a network, or what is meant to be one */
static void check_pattern(struct check *check,
			  const struct postfix_service *service,
			  const char *word)
{
	const char *pattern = word + strspn(word, "!");
	struct network_list *list;
	struct network network;
	struct error error = { "" };

	list = network_list_new(pattern, true, NULL, &error);
	if (list == NULL && strpbrk(pattern, "/[") == NULL)
		found_network(check, service, SEVERITY_WARNING,
			      "write its address", word,
			      "is not an address: Postfix ignores it");
	else if (list == NULL)
		found_network(check, service, SEVERITY_ERROR, error.text, word,
			      "Postfix cannot read: every client that gets to "
			      "permit_mynetworks is deferred (451)");
	else if (*word != '!' && network_read(&network, word) == 0)
		check_whose(check, service, word, &network);
	network_list_free(list);
}

/* check_network - one entry, as Postfix reads it; false: it reads no more */
static bool check_network(struct check *check,
			  const struct postfix_service *service,
			  const char *word)
{
	const char *pattern = word + strspn(word, "!");

	if (*pattern == '#') {
		found_network(check, service, SEVERITY_ERROR,
			      "put comments on lines of their own", word,
			      "begins a comment to Postfix: the rest of the "
			      "list is lost");
		return false;
	}
	if (*pattern == '/' && strchr("0123456789", pattern[1]) == NULL)
		check_held(check, service, word);
	else if (*pattern != '[' && strchr(pattern, ':') != NULL)
		check_table(check, service, word);
	else
		check_pattern(check, service, word);
	return true;
}

/* check_value - mynetworks in master.cf (of a service), or in main.cf */
static void check_value(struct check *check,
			const struct postfix_service *service)
{
	const char *rest = postfix_get(check->postfix, service, "mynetworks");
	bool more = true;
	char *word;

	if (postfix_where(check->postfix, service, "mynetworks") ==
		    POSTFIX_DEFAULT ||
	    !is_used(check, service))
		return;
	while (more && (word = postfix_next_word(&rest)) != NULL) {
		more = check_network(check, service, word);
		free(word);
	}
}

/* check_networks - mynetworks, of all services */
void check_networks(struct check *check)
{
	size_t i;

	check_value(check, NULL);
	for (i = 0; i < check->list_count; i += SMTPD_ALL_LISTS)
		check_value(check, check->lists[i].service);
}
