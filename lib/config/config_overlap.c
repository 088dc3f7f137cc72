/* SPDX-License-Identifier: ISC */
/* config_overlap - find domains that are in two lists
 *
 * Postfix searches its lists in order. It warns of a domain that is in two of
 * them only when mail for that domain arrives, which is too late. */

#include "lib/config/config_internal.h"

#include <string.h>

#include "lib/address/resolve.h"
#include "lib/config/config_origin.h"

/* Two lists that are compared. */
struct pair {
	const struct config *config;
	struct config_notes *notes;
	enum parameter first; /* searched before the second */
	enum parameter second;
	const struct domain_list *lists[2];
	size_t found;
};

/* warn - a domain is in both; only as many warnings as can be kept */
static int warn(struct pair *pair, const char *domain,
		const struct domain_list_match *first,
		const struct domain_list_match *second)
{
	const struct config *config = pair->config;
	const char *one = parameter_name(pair->first);
	const char *other = parameter_name(pair->second);
	char here[CONFIG_ORIGIN_MAX];
	char there[CONFIG_ORIGIN_MAX];

	config_origin(config, other, second, domain, here);
	config_origin(config, one, first, domain, there);
	config_warning(pair->notes,
		       settings_parameter(config->settings, pair->second)->line,
		       "%s: %s (%s) is in %s, too (%s); only the first takes "
		       "effect",
		       other, domain, here, one, there);
	return ++pair->found < CONFIG_MESSAGES_MAX ? 0 : -1;
}

/* in_first - a domain of the second list: is it also in the first? */
static int in_first(void *context, const char *domain,
		    const struct domain_list_match *match)
{
	struct pair *pair = context;
	struct domain_list_match other;

	if (domain_list_match(pair->lists[0], domain, &other) != 1)
		return 0;
	return warn(pair, domain, &other, match);
}

/* in_tables - a domain of the first list: is it a key in a table of the second?
 * A domain below such a key is fine: a subdomain of a relayed domain can be
 * local. */
static int in_tables(void *context, const char *domain,
		     const struct domain_list_match *match)
{
	struct pair *pair = context;
	struct domain_list_match other;

	if (domain_list_match(pair->lists[1], domain, &other) != 1 ||
	    other.table == NULL ||
	    table_lookup(other.table, domain) != TABLE_FOUND)
		return 0;
	return warn(pair, domain, match, &other);
}

/* has_words - does a list hold the text of another, with whole words? */
static bool has_words(const char *list, const char *text)
{
	static const char separators[] = ", \t\r\n";
	size_t length = strlen(text);
	const char *found = list;

	while (length > 0 && (found = strstr(found, text)) != NULL) {
		if ((found == list || strchr(separators, found[-1]) != NULL) &&
		    strchr(separators, found[length]) != NULL)
			return true;
		found++;
	}
	return false;
}

/* is_repeated - does the second list contain the text of the first, as with
 * relay_domains = $mydestination? That is the default before Postfix 3.0, and
 * the domains are repeated on purpose, for their subdomains. In other lists a
 * single domain is not: it may have been written twice. */
static bool is_repeated(const struct config *config, enum parameter first,
			enum parameter second)
{
	const char *one = parameters_get(&config->parameters, first);
	const char *other = parameters_get(&config->parameters, second);

	if (strcmp(one, other) == 0)
		return true;
	return (strpbrk(one, ", \t") != NULL ||
		(first == PARAMETER_MYDESTINATION &&
		 second == PARAMETER_RELAY_DOMAINS)) &&
	       has_words(other, one);
}

/* compare - compare two lists */
static void compare(struct pair *pair)
{
	if (domain_list_each(pair->lists[1], in_first, pair) == 0)
		domain_list_each(pair->lists[0], in_tables, pair);
}

/* config_overlap - compare every pair of lists */
void config_overlap(const struct config *config, struct config_notes *notes)
{
	const struct resolver_list *lists = resolver_lists(config->resolver);
	size_t i;
	size_t k;

	for (i = 0; i < RESOLVER_LISTS; i++) {
		for (k = i + 1; k < RESOLVER_LISTS; k++) {
			struct pair pair = {
				.config = config,
				.notes = notes,
				.first = lists[i].parameter,
				.second = lists[k].parameter,
				.lists = { lists[i].domains, lists[k].domains },
			};

			if (!is_repeated(config, pair.first, pair.second))
				compare(&pair);
		}
	}
}
