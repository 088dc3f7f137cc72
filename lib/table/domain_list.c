/* SPDX-License-Identifier: ISC */
/* domain_list - is a domain in a list such as mydestination?
 *
 * A list is not searched from one end to the other: a hash table has the
 * patterns by their folded text, each with its position in the list. A search
 * looks up the domain and the part after each of its dots, and the match that
 * comes first in the list wins.
 *
 * A type:table has its position in the list, too, and is searched only if no
 * name comes before it: for the domain, and in relay_domains for its parent
 * domains, as match_hostname does. If only Postfix can look it up
 * (DOMAIN_LIST_ASK), the search continues, since a later entry may make the
 * answer "in the list" whatever that table contains. The answer is 1 only if no
 * negated entry is involved and the rest of the list says 1 for certain. In all
 * other cases it is unknown, even if the table can only make it "not in the
 * list" and so does the rest: Postfix may fail to look it up, and then it
 * defers. */

#include "lib/table/domain_list_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/text/casefold.h"

#define DOMAIN_USUAL 255 /* longer ones are folded on the heap */

/* look_up - the position of a folded text; 0: it is not there, which in a short
 * list its length usually reveals */
static uint32_t look_up(const struct domain_list *domains, const char *key,
			size_t length)
{
	if ((domains->lengths & domain_list_length_bit(length)) == 0)
		return 0;
	return string_index_find(&domains->slots, domains->block, key, length);
}

/* is_negated - is the pattern at a position negated? */
static bool is_negated(const struct domain_list *domains, uint32_t place)
{
	return (domains->block[place - 1] & FLAG_NEGATED) != 0;
}

/* find_first - the position of the first pattern that matches a folded domain
 * or its parent domains */
static uint32_t find_first(const struct domain_list *domains,
			   const char *domain, size_t length)
{
	uint32_t best = look_up(domains, domain, length);

	if (!domains->subdomains)
		return best;
	for (size_t i = 0; i < length; i++) {
		size_t start = domains->parent ? i + 1 : i;
		uint32_t found;

		if (domain[i] != '.' || start == 0)
			continue;
		found = look_up(domains, domain + start, length - start);
		if (found != 0 && (best == 0 || found < best))
			best = found;
	}
	return best;
}

/* look_in - look a folded domain up in a table, and in a list of host
 * names its parent domains, in the order of match_hostname. *why is set for the
 * first one of a search that has no answer. */
static enum table_answer look_in(const struct domain_list *domains,
				 const struct table *table, const char *domain,
				 size_t *steps, const char **why)
{
	enum table_answer answer = TABLE_NOT_FOUND;
	const char *next = domain;

	while (next != NULL && *next != '\0') {
		answer = table_lookup_shared(table, next, steps);
		if (answer != TABLE_NOT_FOUND || !domains->subdomains ||
		    table_is_pattern(table))
			break;
		next = strchr(next + 1, '.');
		if (next != NULL && domains->parent)
			next++;
	}
	if (*why == NULL && (answer == TABLE_FAILED || answer == TABLE_ASK))
		*why = table_why(table, next, *steps);
	return answer;
}

/* search - is a folded domain in the list? *place: the pattern that decided, or
 * that cannot be looked up; 0: none. */
static int search(const struct domain_list *domains, const char *domain,
		  size_t length, uint32_t *place, size_t *steps,
		  const char **why)
{
	uint32_t first = find_first(domains, domain, length);
	uint32_t asked = 0;

	for (size_t i = 0; i < domains->entry_count; i++) {
		const struct entry *entry = &domains->entries[i];
		enum table_answer answer;

		if (first != 0 && first < entry->place)
			break;
		answer = look_in(domains, entry->table, domain, steps, why);
		if (answer == TABLE_NOT_FOUND)
			continue;
		*place = asked != 0 ? asked : entry->place;
		if (answer == TABLE_FAILED)
			return asked != 0 ? DOMAIN_LIST_ASK : -1;
		if (answer == TABLE_FOUND) {
			first = entry->place;
			break;
		}
		if (is_negated(domains, entry->place))
			return DOMAIN_LIST_ASK;
		asked = *place;
	}
	*place = first;
	if (first != 0 && !is_negated(domains, first))
		return 1;
	if (asked != 0)
		*place = asked;
	return asked != 0 ? DOMAIN_LIST_ASK : 0;
}

/* domain_list_tell - fill match with the data of a pattern */
void domain_list_tell(const struct domain_list *domains, uint32_t place,
		      struct domain_list_match *match)
{
	unsigned flags = (unsigned char)domains->block[place - 1];

	match->domains = domains;
	match->place = place;
	match->pattern = domains->block + place;
	if ((flags & FLAG_WRITTEN) != 0)
		match->pattern += strlen(match->pattern) + 1;
	if ((flags & FLAG_TABLE) == 0)
		return;
	for (size_t i = 0; i < domains->entry_count; i++)
		if (domains->entries[i].place == place)
			match->table = domains->entries[i].table;
}

/* domain_list_match_folded - is the domain in the list? */
int domain_list_match_folded(const struct domain_list *domains,
			     const char *folded, size_t length,
			     struct domain_list_match *match, size_t *steps)
{
	const char *why = NULL;
	uint32_t place;
	int result = search(domains, folded, length, &place, steps, &why);

	if (match != NULL)
		*match = (struct domain_list_match){ 0 };
	if (match != NULL && place != 0)
		domain_list_tell(domains, place, match);
	if (match != NULL && (result < 0 || result == DOMAIN_LIST_ASK))
		match->why = why;
	return result;
}

/* table_match_shared - is the domain in the list? */
int table_match_shared(const struct domain_list *domains, const char *domain,
		       struct domain_list_match *match, size_t *steps)
{
	char usual[CASEFOLD_SIZE(DOMAIN_USUAL)];
	size_t length = strlen(domain);
	char *folded = usual;
	int result;

	if (length > DOMAIN_USUAL)
		folded = xmalloc(CASEFOLD_SIZE(length));
	length = casefold(folded, domain, length, domains->utf8);
	result =
		domain_list_match_folded(domains, folded, length, match, steps);
	if (folded != usual)
		free(folded);
	return result;
}

/* domain_list_match - the same, for a single lookup */
int domain_list_match(const struct domain_list *domains, const char *domain,
		      struct domain_list_match *match)
{
	size_t steps = 0;

	return table_match_shared(domains, domain, match, &steps);
}

/* domain_list_asks - the first entry that only Postfix can look up */
const char *domain_list_asks(const struct domain_list *domains,
			     const char **why)
{
	for (size_t i = 0; i < domains->entry_count; i++) {
		const struct table *table = domains->entries[i].table;

		if (table_asks(table) == NULL || table_failure(table) != NULL)
			continue;
		*why = table_asks(table);
		return table_name(table);
	}
	return NULL;
}

/* domain_list_size - the number of patterns */
size_t domain_list_size(const struct domain_list *domains)
{
	return domains->size;
}
