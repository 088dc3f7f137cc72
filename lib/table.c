/* SPDX-License-Identifier: ISC */
/* table - one list of domains, such as mydestination
 *
 * The list is read as Postfix match_list(3) reads it, but not searched from
 * one end to the other: patterns stand in a hash table by their folded text,
 * each with its place in the list. To search, the domain and what follows
 * each of its dots are looked up, and the match that comes first in the list
 * wins. A name that is repeated is kept once, at its first place.
 *
 * A type:table stands in the list at its place, and is asked only if no name
 * comes before it: for the domain, and in relay_domains for what the domain
 * lies below, as match_hostname does. When only Postfix can look it up
 * (TABLE_ASK), the search goes on, since a later entry may make the answer
 * "in the list" whatever that table has: it is 1 only if no negated entry is
 * involved and the rest of the list says 1 for sure. Everything else stays
 * open, also where the table can only make it "not in the list" and so does
 * the rest: Postfix may fail to look it up, and then it defers.
 *
 * All texts lie in one arena and refer to each other by 32-bit offsets, so
 * that a million domains take some 50 MB. The hash is keyed (SipHash-1-3) by
 * random bytes: nobody can choose names that are slow to look up. */

#include "lib/table.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/casefold.h"
#include "lib/dictionary.h"
#include "lib/file.h"
#include "lib/siphash.h"
#include "lib/xalloc.h"

#define SEPARATORS   ", \t\r\n"
#define DEPTH_MAX    16		/* /file in a /file in a /file */
#define ARENA_MAX    (1U << 31) /* bytes */
#define DOMAIN_USUAL 255	/* longer ones are folded on the heap */
#define NO_KEY	     UINT32_MAX

/* One pattern; its index in the array is its place in the list. */
struct pattern {
	uint32_t key;	    /* folded text, in the arena; NO_KEY: a table */
	uint32_t text;	    /* as written, in the arena */
	int line;	    /* in the file, 0: in the list itself */
	uint32_t file : 31; /* index in files */
	uint32_t negated : 1;
};

/* A type:table entry, or a file that could not be read. */
struct entry {
	struct dictionary *dictionary;
	uint32_t place; /* in the list, from 1, as slots have it */
};

struct table {
	bool subdomains;
	bool parent;
	bool utf8;
	uint64_t seed[2];
	uint64_t lengths; /* bit n % 64: there is a pattern of n bytes */
	char *arena;
	size_t arena_used;
	size_t arena_size;
	struct pattern *patterns;
	size_t pattern_count;
	size_t pattern_size;
	uint32_t *slots;       /* index + 1 of a pattern; 0: free */
	size_t slot_count;     /* a power of 2 */
	struct entry *entries; /* by place */
	size_t entry_count;
	char **files;
	size_t file_count;
	size_t size; /* patterns read, those repeated too */
};

/* Where reading is. */
struct reader {
	struct table *table;
	const char *name; /* of the list, for messages */
	struct dictionary_loader *loader;
	size_t file; /* index in files of the present file */
	int line;
	int depth; /* 0: the list itself */
	struct error *error;
};

static int read_text(struct reader *reader, const char *text, size_t length,
		     bool negated);

/* length_bit - in the set of lengths */
static uint64_t length_bit(size_t length)
{
	return UINT64_C(1) << length % 64;
}

/* find_slot - the slot of a folded text, or the free one where it belongs */
static uint32_t *find_slot(const struct table *table, const char *key,
			   size_t length)
{
	size_t mask = table->slot_count - 1;
	size_t at = (size_t)siphash(table->seed, key, length) & mask;

	for (; table->slots[at] != 0; at = (at + 1) & mask) {
		const char *other = table->arena +
				    table->patterns[table->slots[at] - 1].key;

		if (strncmp(other, key, length) == 0 && other[length] == '\0')
			break;
	}
	return &table->slots[at];
}

/* grow_slots - double the hash table when it is more than two thirds full */
static void grow_slots(struct table *table)
{
	if (table->slot_count > 0 &&
	    table->pattern_count + 1 <= table->slot_count / 3 * 2)
		return;
	free(table->slots);
	table->slot_count = table->slot_count > 0 ? 2 * table->slot_count : 16;
	table->slots = xcalloc(table->slot_count, sizeof(*table->slots));
	for (size_t i = 0; i < table->pattern_count; i++) {
		const char *key = table->arena + table->patterns[i].key;

		if (table->patterns[i].key == NO_KEY)
			continue;
		*find_slot(table, key, strlen(key)) = (uint32_t)i + 1;
	}
}

/* reserve - make room for length bytes in the arena */
static char *reserve(struct table *table, size_t length)
{
	if (table->arena_size - table->arena_used < length) {
		table->arena_size = table->arena_size / 2 * 3 + length + 256;
		table->arena =
			xreallocarray(table->arena, table->arena_size, 1);
	}
	return table->arena + table->arena_used;
}

/* append - one pattern at the end of the list, whose texts the caller fills
 * in; there must be room for it */
static struct pattern *append(struct reader *reader, bool negated)
{
	struct table *table = reader->table;
	struct pattern *pattern;

	if (table->pattern_count == table->pattern_size) {
		table->pattern_size = table->pattern_size / 2 * 3 + 16;
		table->patterns =
			xreallocarray(table->patterns, table->pattern_size,
				      sizeof(*table->patterns));
	}
	pattern = &table->patterns[table->pattern_count++];
	pattern->key = NO_KEY;
	pattern->text = (uint32_t)table->arena_used;
	pattern->line = reader->line;
	pattern->file = reader->file & 0x7fffffff;
	pattern->negated = negated;
	return pattern;
}

/* check_room - can the list take another text? */
static int check_room(const struct reader *reader, size_t length)
{
	if (reader->table->arena_used > ARENA_MAX - FILE_SIZE_MAX ||
	    reader->table->pattern_count == UINT32_MAX - 1 ||
	    length > FILE_SIZE_MAX / 8)
		return error_set(reader->error, "%s: the list is too large",
				 reader->name);
	return 0;
}

/* add_pattern - put a pattern at the end of the list. written begins with the
 * "!" that belong to it; bare is the part behind them. */
static int add_pattern(struct reader *reader, const char *written,
		       const char *bare, size_t length, bool negated)
{
	struct table *table = reader->table;
	size_t prefix = (size_t)(bare - written);
	size_t folded;
	uint32_t *slot;
	char *key;
	struct pattern *pattern;

	table->size++;
	if (check_room(reader, length) < 0)
		return -1;
	grow_slots(table);
	key = reserve(table, CASEFOLD_SIZE(length) + prefix + length + 1);
	folded = casefold(key, bare, length, table->utf8);
	slot = find_slot(table, key, folded);
	if (*slot != 0)
		return 0;
	pattern = append(reader, negated);
	pattern->key = pattern->text;
	*slot = (uint32_t)table->pattern_count;
	table->lengths |= length_bit(folded);
	table->arena_used += folded + 1;
	if (prefix > 0 || folded != length || memcmp(key, bare, length) != 0) {
		pattern->text = (uint32_t)table->arena_used;
		memcpy(key + folded + 1, written, prefix + length);
		key[folded + 1 + prefix + length] = '\0';
		table->arena_used += prefix + length + 1;
	}
	return 0;
}

/* add_entry - put a dictionary at the end of the list, which will own it */
static int add_entry(struct reader *reader, struct dictionary *dictionary,
		     const char *written, size_t length, bool negated)
{
	struct table *table = reader->table;

	table->entries = xreallocarray(table->entries, table->entry_count + 1,
				       sizeof(*table->entries));
	table->entries[table->entry_count++] =
		(struct entry){ dictionary,
				(uint32_t)table->pattern_count + 1 };
	if (check_room(reader, length) < 0)
		return -1;
	table->size += 1 + dictionary_size(dictionary);
	reserve(table, length + 1);
	append(reader, negated);
	memcpy(table->arena + table->arena_used, written, length);
	table->arena[table->arena_used + length] = '\0';
	table->arena_used += length + 1;
	return 0;
}

/* read_error - a complaint about the present place in the list */
static int read_error(struct reader *reader, const char *word, size_t length,
		      const char *reason)
{
	int shown = (int)(length < 200 ? length : 200);

	if (reader->depth == 0)
		return error_set(reader->error, "%s: \"%.*s\": %s",
				 reader->name, shown, word, reason);
	return error_set(reader->error, "%s: %s:%d: \"%.*s\": %s", reader->name,
			 reader->table->files[reader->file], reader->line,
			 shown, word, reason);
}

/* add_file - remember the name of a file; returns its index */
static size_t add_file(struct table *table, const char *path)
{
	table->files = xreallocarray(table->files, table->file_count + 1,
				     sizeof(*table->files));
	table->files[table->file_count] = xstrdup(path);
	return table->file_count++;
}

/* read_lines - the patterns of a file. Lines that begin with # are comments;
 * each other line is a list of its own. */
static int read_lines(struct reader *reader, const char *content, size_t length,
		      bool negated)
{
	const char *end = content + length;

	if (memchr(content, '\0', length) != NULL)
		return error_set(reader->error, "%s: %s: has a NUL byte in it",
				 reader->name,
				 reader->table->files[reader->file]);
	while (content < end) {
		const char *newline =
			memchr(content, '\n', (size_t)(end - content));
		size_t line =
			(size_t)((newline != NULL ? newline : end) - content);

		if (reader->line == INT_MAX)
			return error_set(reader->error, "%s: too many lines",
					 reader->name);
		reader->line++;
		if (content[0] != '#' &&
		    read_text(reader, content, line, negated) < 0)
			return -1;
		content += line + (newline != NULL ? 1 : 0);
	}
	return 0;
}

/* add_dictionary - one that is open; it is refused if it cannot be read and
 * the loader is strict */
static int add_dictionary(struct reader *reader, struct dictionary *dictionary,
			  const char *written, size_t length, bool negated)
{
	int result = 0;

	if (dictionary_failure(dictionary) != NULL &&
	    !dictionary_let_pass(dictionary, reader->name, reader->loader))
		result = read_error(reader, written, length,
				    dictionary_failure(dictionary));
	if (result == 0)
		return add_entry(reader, dictionary, written, length, negated);
	dictionary_free(dictionary);
	return result;
}

/* read_dictionary - type:name; its "!" are written before bare */
static int read_dictionary(struct reader *reader, const char *written,
			   const char *bare, size_t length, bool negated)
{
	char *text = xstrndup(bare, length);
	struct dictionary *dictionary;
	struct error error;

	length += (size_t)(bare - written);
	dictionary = dictionary_new(text, reader->table->utf8, reader->loader,
				    &error);
	free(text);
	if (dictionary == NULL)
		return read_error(reader, written, length, error.text);
	return add_dictionary(reader, dictionary, written, length, negated);
}

/* read_file - take in the patterns of /file */
static int read_file(struct reader *reader, const char *word, size_t length,
		     bool negated)
{
	struct reader inner = {
		reader->table,	   reader->name, reader->loader, 0, 0,
		reader->depth + 1, reader->error
	};
	const char *reason = NULL;
	size_t content_length;
	char *content;
	char *path;
	int result;

	if (inner.depth > DEPTH_MAX)
		return read_error(reader, word, length,
				  "files that name files, too deep");
	path = xstrndup(word, length);
	content = file_read(path, &content_length, &reason);
	if (content == NULL) {
		result = add_dictionary(reader, dictionary_broken(path, reason),
					word, length, negated);
		free(path);
		return result;
	}
	inner.file = add_file(reader->table, path);
	free(path);
	result = read_lines(&inner, content, content_length, negated);
	free(content);
	return result;
}

/* read_word - one element of a list */
static int read_word(struct reader *reader, const char *word, size_t length,
		     bool negated)
{
	size_t bangs = 0;
	const char *bare;
	size_t left;

	while (bangs < length && word[bangs] == '!')
		bangs++;
	if (bangs % 2 == 1)
		negated = !negated;
	bare = word + bangs;
	left = length - bangs;
	if (left == 0)
		return read_error(reader, word, length,
				  "no pattern after \"!\"");
	if (bare[0] == '/')
		return read_file(reader, bare, left, negated);
	if (bare[0] != '[' && memchr(bare, ':', left) != NULL)
		return read_dictionary(reader, word, bare, left, negated);
	return add_pattern(reader, word, bare, left, negated);
}

/* word_length - up to the next separator that is not in braces */
static size_t word_length(const char *text, size_t length)
{
	size_t level = 0;
	size_t n = 0;

	for (; n < length; n++) {
		if (text[n] == '{')
			level++;
		else if (text[n] == '}' && level > 0)
			level--;
		else if (level == 0 && strchr(SEPARATORS, text[n]) != NULL)
			break;
	}
	return n;
}

/* read_text - a list, or one line of a file. A word that begins with # ends
 * it. */
static int read_text(struct reader *reader, const char *text, size_t length,
		     bool negated)
{
	size_t word;

	for (size_t i = 0; i < length; i += word) {
		word = 1;
		if (strchr(SEPARATORS, text[i]) != NULL)
			continue;
		if (text[i] == '#')
			break;
		word = word_length(text + i, length - i);
		if (read_word(reader, text + i, word, negated) < 0)
			return -1;
	}
	return 0;
}

/* table_new - read a list */
struct table *table_new(const char *list, const struct table_options *options,
			struct error *error)
{
	struct table *table = xcalloc(1, sizeof(*table));
	struct dictionary_loader strict = { 0 };
	struct reader reader = {
		table,
		options->name,
		options->loader != NULL ? options->loader : &strict,
		0,
		0,
		0,
		error
	};

	table->subdomains = options->subdomains;
	table->parent = options->parent;
	table->utf8 = options->utf8;
	grow_slots(table);
	if (siphash_seed(table->seed, error) < 0 ||
	    read_text(&reader, list, strlen(list), false) < 0) {
		table_free(table);
		return NULL;
	}
	return table;
}

/* table_free - free it */
void table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->file_count; i++)
		free(table->files[i]);
	for (size_t i = 0; i < table->entry_count; i++)
		dictionary_free(table->entries[i].dictionary);
	free(table->entries);
	free(table->files);
	free(table->slots);
	free(table->patterns);
	free(table->arena);
	free(table);
}

/* look_up - place in the list of a folded text, from 1; 0: not there, which
 * in a short list its length mostly tells */
static uint32_t look_up(const struct table *table, const char *key,
			size_t length)
{
	if ((table->lengths & length_bit(length)) == 0)
		return 0;
	return *find_slot(table, key, length);
}

/* find_first - place in the list of the first pattern that matches a folded
 * domain or what it lies below */
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

/* look_in - ask a dictionary for a folded domain, and where the list is one of
 * host names for what it lies below, in the order of match_hostname */
static enum dictionary_answer look_in(const struct table *table,
				      const struct dictionary *dictionary,
				      const char *domain)
{
	enum dictionary_answer answer = DICTIONARY_NOT_FOUND;
	const char *next = domain;

	while (next != NULL && *next != '\0') {
		answer = dictionary_lookup(dictionary, next);
		if (answer != DICTIONARY_NOT_FOUND || !table->subdomains ||
		    dictionary_is_pattern(dictionary))
			break;
		next = strchr(next + 1, '.');
		if (next != NULL && table->parent)
			next++;
	}
	return answer;
}

/* search - is a folded domain in the list? *place: of the pattern that said
 * so, or that cannot be looked up, from 1; 0: none. */
static int search(const struct table *table, const char *domain, size_t length,
		  uint32_t *place)
{
	uint32_t first = find_first(table, domain, length);
	uint32_t asked = 0;

	for (size_t i = 0; i < table->entry_count; i++) {
		const struct entry *entry = &table->entries[i];
		enum dictionary_answer answer;

		if (first != 0 && first < entry->place)
			break;
		answer = look_in(table, entry->dictionary, domain);
		if (answer == DICTIONARY_NOT_FOUND)
			continue;
		*place = asked != 0 ? asked : entry->place;
		if (answer == DICTIONARY_FAILED)
			return asked != 0 ? TABLE_ASK : -1;
		if (answer == DICTIONARY_FOUND) {
			first = entry->place;
			break;
		}
		if (table->patterns[entry->place - 1].negated)
			return TABLE_ASK;
		asked = *place;
	}
	*place = first;
	if (first != 0 && !table->patterns[first - 1].negated)
		return 1;
	if (asked != 0)
		*place = asked;
	return asked != 0 ? TABLE_ASK : 0;
}

/* tell_match - fill match with what is known about a pattern */
static void tell_match(const struct table *table, uint32_t place,
		       struct table_match *match)
{
	const struct pattern *pattern = &table->patterns[place - 1];

	match->pattern = table->arena + pattern->text;
	match->line = pattern->line;
	if (pattern->line > 0)
		match->file = table->files[pattern->file];
	for (size_t i = 0; i < table->entry_count; i++)
		if (table->entries[i].place == place)
			match->dictionary = table->entries[i].dictionary;
}

/* table_match_folded - is the domain in the list? */
int table_match_folded(const struct table *table, const char *folded,
		       size_t length, struct table_match *match)
{
	uint32_t place;
	int result = search(table, folded, length, &place);

	if (match != NULL)
		*match = (struct table_match){ 0 };
	if (match != NULL && place != 0)
		tell_match(table, place, match);
	return result;
}

/* table_match - is the domain in the list? */
int table_match(const struct table *table, const char *domain,
		struct table_match *match)
{
	char usual[CASEFOLD_SIZE(DOMAIN_USUAL)];
	size_t length = strlen(domain);
	char *folded = usual;
	int result;

	if (length > DOMAIN_USUAL)
		folded = xmalloc(CASEFOLD_SIZE(length));
	length = casefold(folded, domain, length, table->utf8);
	result = table_match_folded(table, folded, length, match);
	if (folded != usual)
		free(folded);
	return result;
}

/* table_match_line - where in a type:table a match stands */
int table_match_line(const struct table_match *match, const char *domain,
		     bool utf8, const char **file)
{
	size_t length = strlen(domain);
	char *folded = xmalloc(CASEFOLD_SIZE(length));
	const char *next = folded;
	int line = 0;

	casefold(folded, domain, length, utf8);
	while (match->dictionary != NULL && line == 0 && next != NULL &&
	       *next != '\0') {
		line = dictionary_line(match->dictionary, next, file);
		next = *next == '.' ? next + 1 : strchr(next, '.');
	}
	free(folded);
	return line;
}

/* table_each - each domain that is named */
int table_each(const struct table *table,
	       int (*visit)(void *context, const char *domain,
			    const struct table_match *match),
	       void *context)
{
	int result = 0;

	for (size_t i = 0; i < table->pattern_count && result == 0; i++) {
		const struct pattern *pattern = &table->patterns[i];
		struct table_match match = { 0 };

		if (pattern->key == NO_KEY || pattern->negated)
			continue;
		tell_match(table, (uint32_t)i + 1, &match);
		result = visit(context, table->arena + pattern->key, &match);
	}
	return result;
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

/* table_size - number of patterns */
size_t table_size(const struct table *table)
{
	return table->size;
}
