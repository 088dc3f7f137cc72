/* SPDX-License-Identifier: ISC */
/* check_postfix_domains - domains, networks, and logins in plain text
 *
 * Only what is written in main.cf itself is checked: tables and files in a list
 * are skipped. */

#include "policyd/check/check_postfix_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/number.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
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

/* is_same - are they the same word, or the same domain? */
static bool is_same(const char *word, const char *other)
{
	return strcmp(word, other) == 0 ||
	       (is_domain(word) && same_domain(word, other));
}

/* list_without - the list without one word; the caller frees it */
static char *list_without(const char *list, const char *gone)
{
	char *text = xstrdup(""), *word, *longer;

	while ((word = postfix_next_word(&list)) != NULL) {
		if (!is_same(word, gone)) {
			longer = xasprintf("%s%s%s", text,
					   *text != '\0' ? ", " : "", word);
			free(text);
			text = longer;
		}
		free(word);
	}
	return text;
}

/* check_pair - a domain in two classes: the second is never used. By default
 * relay_domains may repeat mydestination. */
static void check_pair(struct check *check, size_t first, size_t second)
{
	const struct postfix *postfix = check->postfix;
	const char *list = postfix_get(postfix, NULL, classes[first]);
	const char *other = postfix_get(postfix, NULL, classes[second]);
	char *word, *value;

	if (postfix_where(postfix, NULL, classes[second]) == POSTFIX_DEFAULT)
		return;
	while ((word = postfix_next_word(&list)) != NULL) {
		if (is_domain(word) && has_domain(other, word)) {
			value = list_without(other, word);
			check_found(
				check,
				&(struct mistake){ .severity = SEVERITY_WARNING,
						   .parameter = classes[second],
						   .value = value },
				"%s is in both %s and %s: only the first "
				"applies",
				word, classes[first], classes[second]);
			free(value);
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
	char *other = other_spelling(word), *value;

	if (other == NULL || in_any_class(check, other) ||
	    (!utf8 && casefold_is_ascii(word, strlen(word)))) {
		free(other);
		return;
	}
	value = xasprintf("%s, %s", postfix_get(check->postfix, NULL, class),
			  other);
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_WARNING,
				       .parameter = class,
				       .value = value },
		    "%s is in %s without its other spelling, %s: to Postfix "
		    "these are two domains",
		    word, class, other);
	free(value);
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

/* check_networks - mynetworks in master.cf (of a service), or in main.cf */
static void check_networks(struct check *check,
			   const struct postfix_service *service)
{
	const char *list = postfix_get(check->postfix, service, "mynetworks");
	const char *rest = list;
	char *word, *value, *on;

	if (postfix_where(check->postfix, service, "mynetworks") ==
	    POSTFIX_DEFAULT)
		return;
	while ((word = postfix_next_word(&rest)) != NULL) {
		struct network network;

		if (*word != '!' && network_read(&network, word) == 0 &&
		    !is_harmless(&network)) {
			value = list_without(list, word);
			on = check_on(check, service, "mynetworks");
			check_found(
				check,
				&(struct mistake){
					.severity = is_vast(&network)
							    ? SEVERITY_ERROR
							    : SEVERITY_WARNING,
					.service = service,
					.parameter = "mynetworks",
					.value = value },
				"mynetworks%s contains %s, which is neither "
				"loopback nor private: permit_mynetworks "
				"trusts all of it",
				on, word);
			free(value);
			free(on);
		}
		free(word);
	}
}

/* check_offers_plain_auth - can a client log in before TLS? */
bool check_offers_plain_auth(const struct check *check,
			     const struct postfix_service *service)
{
	const struct postfix *postfix = check->postfix;

	return postfix_get_bool(postfix, service, "smtpd_sasl_auth_enable") &&
	       !postfix_get_bool(postfix, service, "smtpd_tls_auth_only") &&
	       !postfix_get_bool(postfix, service, "smtpd_tls_wrappermode") &&
	       !postfix_get_bool(postfix, service, "smtpd_enforce_tls") &&
	       strcasecmp(postfix_get(postfix, service,
				      "smtpd_tls_security_level"),
			  "encrypt") != 0;
}

/* check_auth - a port that accepts passwords in plain text */
static void check_auth(struct check *check,
		       const struct postfix_service *service)
{
	if (!check_offers_plain_auth(check, service))
		return;
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = service,
				       .parameter = "smtpd_tls_auth_only",
				       .value = "yes" },
		    "port %s offers AUTH without TLS: passwords travel in "
		    "plain text",
		    service->name);
}

/* check_domains - domains, networks, AUTH */
void check_domains(struct check *check)
{
	size_t i;

	check_two_classes(check);
	check_spellings(check);
	check_networks(check, NULL);
	for (i = 0; i < check->list_count; i += LIST_COUNT) {
		const struct postfix_service *service = check->lists[i].service;

		check_networks(check, service);
		check_auth(check, service);
	}
}
