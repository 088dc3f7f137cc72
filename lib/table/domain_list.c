/* SPDX-License-Identifier: ISC */
/* table - is a domain in a list such as mydestination?
 *
 * A list is not searched from one end to the other: a hash table has the
 * patterns by their folded text, each with its position in the list. A search
 * looks up the domain and the part after each of its dots, and the match that
 * comes first in the list wins.
 *
 * A type:table has its position in the list, too, and is searched only if no
 * name comes before it: for the domain, and in relay_domains for its parent
 * domains, as match_hostname does. If only Postfix can look it up (TABLE_ASK),
 * the search continues, since a later entry may make the answer "in the list"
 * whatever that table contains. The answer is 1 only if no negated entry is
 * involved and the rest of the list says 1 for certain. In all other cases it
 * is unknown, even if the table can only make it "not in the list" and so does
 * the rest: Postfix may fail to look it up, and then it defers. */

#include "lib/table/domain_list_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/text/casefold.h"

#define DOMAIN_USUAL 255 /* longer ones are folded on the heap */

/* look_up - the position of a folded text; 0: it is not there, which in a short
 * list its length usually reveals */
static uint32_t look_up(const struct table *table, const char *key,
			size_t length)
{
	if ((table->lengths & table_length_bit(length)) == 0)
		return 0;
	return slots_find(&table->slots, table->block, key, length);
}

/* is_negated - is the pattern at a position negated? */
static bool is_negated(const struct table *table, uint32_t place)
{
	return (table->block[place - 1] & FLAG_NEGATED) != 0;
}

/* find_first - the position of the first pattern that matches a folded domain
 * or its parent domains */
static uint32_t find_first(const struct table *table, const char *domain,
			   size_t length)
{
	uint32_t best = look_up(table, domain, length);

	if (!table->subdomains)
		return best;
	for (size_t i = 0; i < length; i++) {
		size_t start = table->parent ? i + 1 : i;
		uint32_t found;

		if (domain[i] != '.' || start == 0)
			continue;
		found = look_up(table, domain + start, length - start);
		if (found != 0 && (best == 0 || found < best))
			best = found;
	}
	return best;
}

/* look_in - look a folded domain up in a dictionary, and in a list of host
 * names its parent domains, in the order of match_hostname. *why is set for the
 * first one of a search that has no answer. */
static enum dictionary_answer look_in(const struct table *table,
				      const struct dictionary *dictionary,
				      const char *domain, size_t *steps,
				      const char **why)
{
	enum dictionary_answer answer = DICTIONARY_NOT_FOUND;
	const char *next = domain;

	while (next != NULL && *next != '\0') {
		answer = dictionary_lookup_shared(dictionary, next, steps);
		if (answer != DICTIONARY_NOT_FOUND || !table->subdomains ||
		    dictionary_is_pattern(dictionary))
			break;
		next = strchr(next + 1, '.');
		if (next != NULL && table->parent)
			next++;
	}
	if (*why == NULL &&
	    (answer == DICTIONARY_FAILED || answer == DICTIONARY_ASK))
		*why = dictionary_why(dictionary, next, *steps);
	return answer;
}

/* search - is a folded domain in the list? *place: the pattern that decided, or
 * that cannot be looked up; 0: none. */
static int search(const struct table *table, const char *domain, size_t length,
		  uint32_t *place, size_t *steps, const char **why)
{
	uint32_t first = find_first(table, domain, length);
	uint32_t asked = 0;

	for (size_t i = 0; i < table->entry_count; i++) {
		const struct entry *entry = &table->entries[i];
		enum dictionary_answer answer;

		if (first != 0 && first < entry->place)
			break;
		answer = look_in(table, entry->dictionary, domain, steps, why);
		if (answer == DICTIONARY_NOT_FOUND)
			continue;
		*place = asked != 0 ? asked : entry->place;
		if (answer == DICTIONARY_FAILED)
			return asked != 0 ? TABLE_ASK : -1;
		if (answer == DICTIONARY_FOUND) {
			first = entry->place;
			break;
		}
		if (is_negated(table, entry->place))
			return TABLE_ASK;
		asked = *place;
	}
	*place = first;
	if (first != 0 && !is_negated(table, first))
		return 1;
	if (asked != 0)
		*place = asked;
	return asked != 0 ? TABLE_ASK : 0;
}

/* table_tell - fill match with the data of a pattern */
void table_tell(const struct table *table, uint32_t place,
		struct table_match *match)
{
	unsigned flags = (unsigned char)table->block[place - 1];

	match->table = table;
	match->place = place;
	match->pattern = table->block + place;
	if ((flags & FLAG_WRITTEN) != 0)
		match->pattern += strlen(match->pattern) + 1;
	if ((flags & FLAG_TABLE) == 0)
		return;
	for (size_t i = 0; i < table->entry_count; i++)
		if (table->entries[i].place == place)
			match->dictionary = table->entries[i].dictionary;
}

/* table_match_folded - is the domain in the list? */
int table_match_folded(const struct table *table, const char *folded,
		       size_t length, struct table_match *match, size_t *steps)
{
	const char *why = NULL;
	uint32_t place;
	int result = search(table, folded, length, &place, steps, &why);

	if (match != NULL)
		*match = (struct table_match){ 0 };
	if (match != NULL && place != 0)
		table_tell(table, place, match);
	if (match != NULL && (result < 0 || result == TABLE_ASK))
		match->why = why;
	return result;
}

/* table_match_shared - is the domain in the list? */
int table_match_shared(const struct table *table, const char *domain,
		       struct table_match *match, size_t *steps)
{
	char usual[CASEFOLD_SIZE(DOMAIN_USUAL)];
	size_t length = strlen(domain);
	char *folded = usual;
	int result;

	if (length > DOMAIN_USUAL)
		folded = xmalloc(CASEFOLD_SIZE(length));
	length = casefold(folded, domain, length, table->utf8);
	result = table_match_folded(table, folded, length, match, steps);
	if (folded != usual)
		free(folded);
	return result;
}

/* table_match - the same, for a single lookup */
int table_match(const struct table *table, const char *domain,
		struct table_match *match)
{
	size_t steps = 0;

	return table_match_shared(table, domain, match, &steps);
}

/* table_asks - the first entry that only Postfix can look up */
const char *table_asks(const struct table *table, const char **why)
{
	for (size_t i = 0; i < table->entry_count; i++) {
		const struct dictionary *dictionary =
			table->entries[i].dictionary;

		if (dictionary_asks(dictionary) == NULL ||
		    dictionary_failure(dictionary) != NULL)
			continue;
		*why = dictionary_asks(dictionary);
		return dictionary_name(dictionary);
	}
	return NULL;
}

/* table_size - the number of patterns */
size_t table_size(const struct table *table)
{
	return table->size;
}
