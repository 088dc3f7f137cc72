/* SPDX-License-Identifier: ISC */
/* check_postfix_domains - domains and networks
 *
 * Only what is written in main.cf itself is checked: tables and files in a list
 * are skipped. */

#include "policyd/check/check_postfix_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/number.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/table/network_list.h"
#include "lib/text/casefold.h"
#include "lib/text/idna.h"

/* The lists of our domains, in the order in which Postfix searches them. */
static const char *const classes[] = {
	"mydestination",
	"virtual_alias_domains",
	"virtual_mailbox_domains",
	"relay_domains",
};
#define CLASS_COUNT (sizeof(classes) / sizeof(classes[0]))

/* is_domain - is a word of a list a domain itself? */
static bool is_domain(const char *word)
{
	return strpbrk(word, "/:!#[") == NULL;
}

/* same_domain - are they equal, ignoring case? */
static bool same_domain(const char *one, const char *other)
{
	char *first = xmalloc(CASEFOLD_SIZE(strlen(one)));
	char *second = xmalloc(CASEFOLD_SIZE(strlen(other)));
	bool same;

	casefold(first, one, strlen(one), true);
	casefold(second, other, strlen(other), true);
	same = strcmp(first, second) == 0;
	free(first);
	free(second);
	return same;
}

/* has_domain - does a list contain a domain? */
static bool has_domain(const char *list, const char *domain)
{
	bool found = false;
	char *word;

	while (!found && (word = postfix_next_word(&list)) != NULL) {
		found = is_domain(word) && same_domain(word, domain);
		free(word);
	}
	return found;
}

/* are_apart - must no domain be in both? An entry of relay_domains may be meant
 * for the subdomains alone of one of mydestination, and Postfix accepts that.
 */
static bool are_apart(size_t first, size_t second)
{
	return strcmp(classes[first], "mydestination") != 0 ||
	       strcmp(classes[second], "relay_domains") != 0;
}

/* check_pair - a domain in two classes: the second is never used */
static void check_pair(struct check *check, size_t first, size_t second)
{
	const struct postfix *postfix = check->postfix;
	const char *list = postfix_get(postfix, NULL, classes[first]);
	const char *other = postfix_get(postfix, NULL, classes[second]);
	char *word;

	if (postfix_where(postfix, NULL, classes[second]) == POSTFIX_DEFAULT)
		return;
	while ((word = postfix_next_word(&list)) != NULL) {
		if (is_domain(word) && has_domain(other, word)) {
			check_found(check,
				    &(struct mistake){
					    .severity = SEVERITY_WARNING,
					    .parameter = classes[second],
					    .advice = "take it out of one "
						      "of them" },
				    "%s is in both %s and %s: only the first "
				    "applies",
				    word, classes[first], classes[second]);
		}
		free(word);
	}
}

/* check_two_classes - every pair of lists */
static void check_two_classes(struct check *check)
{
	size_t i, j;

	for (i = 0; i < CLASS_COUNT; i++)
		for (j = i + 1; j < CLASS_COUNT; j++)
			if (are_apart(i, j))
				check_pair(check, i, j);
}

/* in_any_class - does any of the lists contain the domain? */
static bool in_any_class(const struct check *check, const char *domain)
{
	size_t i;

	for (i = 0; i < CLASS_COUNT; i++)
		if (has_domain(postfix_get(check->postfix, NULL, classes[i]),
			       domain))
			return true;
	return false;
}

/* other_spelling - the other form of an international domain, or NULL; the
 * caller frees it */
static char *other_spelling(const char *word)
{
	char ascii[IDNA_ASCII_MAX];

	if (casefold_is_ascii(word, strlen(word)))
		return idna_to_unicode(word);
	return idna_to_ascii(word, ascii) ? xstrdup(ascii) : NULL;
}

/* check_spelling - one domain of a list. Postfix does not convert one form into
 * the other; without SMTPUTF8 only the ASCII form can arrive. */
static void check_spelling(struct check *check, const char *class,
			   const char *word)
{
	bool utf8 = postfix_get_bool(check->postfix, NULL, "smtputf8_enable");
	char *other = other_spelling(word);

	if (other == NULL || in_any_class(check, other) ||
	    (!utf8 && casefold_is_ascii(word, strlen(word)))) {
		free(other);
		return;
	}
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_WARNING,
				       .parameter = class,
				       .add = other },
		    "%s is in %s without its other spelling, %s: to Postfix "
		    "these are two domains",
		    word, class, other);
	free(other);
}

/* check_spellings - all international domains */
static void check_spellings(struct check *check)
{
	size_t i;

	for (i = 0; i < CLASS_COUNT; i++) {
		const char *list =
			postfix_get(check->postfix, NULL, classes[i]);
		char *word;

		while ((word = postfix_next_word(&list)) != NULL) {
			if (is_domain(word))
				check_spelling(check, classes[i], word);
			free(word);
		}
	}
}

/* An IPv6 address, or an IPv4 address mapped into one. */
struct network {
	unsigned char bytes[16];
	unsigned prefix;
};

/* Networks without strangers (RFC 1122, 1918, 3927, 4193, 4291, 6598). */
static const struct {
	const char *base;
	unsigned prefix;
} harmless[] = {
	{ "::ffff:127.0.0.0", 104 },
	{ "::ffff:10.0.0.0", 104 },
	{ "::ffff:172.16.0.0", 108 },
	{ "::ffff:192.168.0.0", 112 },
	{ "::ffff:169.254.0.0", 112 },
	{ "::ffff:100.64.0.0", 106 },
	{ "::1", 128 },
	{ "fe80::", 10 },
	{ "fc00::", 7 },
};

/* network_read - "10.0.0.0/8", "[2001:db8::]/32", "192.0.2.1"; -1: it is a
 * table, a file, or invalid */
static int network_read(struct network *network, const char *word)
{
	char *copy = xstrdup(word), *address = copy, *slash;
	uint64_t bits = 128;
	char mapped[64];
	bool ipv4;
	int result = -1;

	slash = strrchr(copy, '/');
	if (slash != NULL)
		*slash++ = '\0';
	if (*address == '[') {
		address++;
		address[strcspn(address, "]")] = '\0';
	}
	ipv4 = strchr(address, ':') == NULL;
	snprintf(mapped, sizeof(mapped), "%s%s", ipv4 ? "::ffff:" : "",
		 address);
	if (inet_pton(AF_INET6, mapped, network->bytes) == 1 &&
	    (slash == NULL ||
	     number_parse(slash, ipv4 ? 32 : 128, &bits) == 0)) {
		network->prefix = (unsigned)bits;
		if (slash != NULL && ipv4)
			network->prefix += 96;
		result = 0;
	}
	free(copy);
	return result;
}

/* is_inside - is a network part of another? */
static bool is_inside(const struct network *network, const char *base,
		      unsigned prefix)
{
	unsigned char bytes[16];
	unsigned bit;

	if (inet_pton(AF_INET6, base, bytes) != 1 || network->prefix < prefix)
		return false;
	for (bit = 0; bit < prefix; bit++)
		if (((network->bytes[bit / 8] ^ bytes[bit / 8]) &
		     (0x80u >> bit % 8)) != 0)
			return false;
	return true;
}

/* is_harmless - is it a network without strangers? */
static bool is_harmless(const struct network *network)
{
	size_t i;

	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (is_inside(network, harmless[i].base, harmless[i].prefix))
			return true;
	return false;
}

/* is_vast - is it larger than anyone's own network? */
static bool is_vast(const struct network *network)
{
	return is_inside(network, "::ffff:0.0.0.0", 96)
		       ? network->prefix < 96 + 8
		       : network->prefix < 16;
}

/* is_used - does a list of the service look at mynetworks? */
static bool is_used(const struct check *check,
		    const struct postfix_service *service)
{
	size_t i, at;

	for (i = 0; i < check->list_count; i++) {
		const struct list *list = &check->lists[i];

		for (at = 0; at < list->restrictions.count; at++)
			if ((service == NULL || list->service == service) &&
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

/* check_table - type:name to Postfix: is it an IPv6 network that lacks its
 * brackets? */
static void check_table(struct check *check,
			const struct postfix_service *service, const char *word)
{
	const char *pattern = word + strspn(word, "!");
	size_t length = strcspn(pattern, "/");
	struct network network;
	char *advice, *what;

	if (network_read(&network, pattern) != 0)
		return;
	advice = xasprintf("%.*s[%.*s]%s", (int)(pattern - word), word,
			   (int)length, pattern, pattern + length);
	what = xasprintf("is a table of type %.*s to Postfix, for want of "
			 "brackets: every client that gets to "
			 "permit_mynetworks is deferred (451)",
			 (int)strcspn(pattern, ":"), pattern);
	found_network(check, service, SEVERITY_ERROR, advice, word, what);
	free(what);
	free(advice);
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
	else if (*word != '!' && network_read(&network, word) == 0 &&
		 !is_harmless(&network))
		found_network(check, service,
			      is_vast(&network) ? SEVERITY_ERROR
						: SEVERITY_WARNING,
			      "keep it if all of it is yours", word,
			      "is neither loopback nor private: "
			      "permit_mynetworks trusts all of it");
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
		return true;
	if (*pattern != '[' && strchr(pattern, ':') != NULL)
		check_table(check, service, word);
	else
		check_pattern(check, service, word);
	return true;
}

/* check_networks - mynetworks in master.cf (of a service), or in main.cf */
static void check_networks(struct check *check,
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

/* check_domains - domains and networks */
void check_domains(struct check *check)
{
	size_t i;

	check_two_classes(check);
	check_spellings(check);
	check_networks(check, NULL);
	for (i = 0; i < check->list_count; i += LIST_COUNT)
		check_networks(check, check->lists[i].service);
}
