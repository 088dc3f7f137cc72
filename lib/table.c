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
 * All of the list lies in one block, in its order, so that a million domains
 * take some 27 MB; a pattern is known by the place of its folded text there.
 * Where a pattern stands in a file is found by reading the block from its
 * beginning, which is only done for those who explain. */

#include "lib/table.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/casefold.h"
#include "lib/dictionary.h"
#include "lib/file.h"
#include "lib/slots.h"
#include "lib/xalloc.h"

#define SEPARATORS   ", \t\r\n"
#define DEPTH_MAX    16 /* /file in a /file in a /file */
#define RECORD_EXTRA (3 + sizeof(struct position)) /* beside texts */
#define DOMAIN_USUAL 255 /* longer ones are folded on the heap */

/* A pattern in the block: a byte of flags; the folded text, or that of a table
 * as written, and a NUL; as flags say, the text as written and a NUL; as flags
 * say, where it stands, else the upper bits of the flags are how many lines
 * below the pattern before it. */
enum {
	FLAG_NEGATED = 1,
	FLAG_WRITTEN = 2,
	FLAG_TABLE = 4,
	FLAG_PLACE = 8,
};
#define LINES_SHIFT 4
#define LINES_MAX   15

/* Where a pattern stands. */
struct position {
	uint32_t file; /* index in files; NO_FILE: the list itself */
	int line;
};
#define NO_FILE UINT32_MAX

/* A type:table entry, or a file that could not be read. */
struct entry {
	struct dictionary *dictionary;
	uint32_t place;
};

struct table {
	bool subdomains;
	bool parent;
	bool utf8;
	struct slots slots;
	uint64_t lengths; /* bit n % 64: there is a pattern of n bytes */
	char *block;
	size_t block_used;
	size_t block_size;
	struct position last;  /* of the last pattern */
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
	struct position position;
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

/* reserve - make room for length bytes in the block */
static char *reserve(struct table *table, size_t length)
{
	if (table->block_size - table->block_used < length) {
		table->block_size = table->block_size / 2 * 3 + length + 256;
		table->block =
			xreallocarray(table->block, table->block_size, 1);
	}
	return table->block + table->block_used;
}

/* put - bytes at the end of the block, where there is room */
static void put(struct table *table, const void *bytes, size_t length)
{
	memcpy(table->block + table->block_used, bytes, length);
	table->block_used += length;
}

/* lines_below - the last pattern stands the present place; more than
 * LINES_MAX: this has to be said */
static unsigned lines_below(const struct reader *reader)
{
	const struct position *last = &reader->table->last;

	if (reader->position.file != last->file ||
	    reader->position.line < last->line ||
	    reader->position.line - last->line > LINES_MAX)
		return LINES_MAX + 1;
	return (unsigned)(reader->position.line - last->line);
}

/* append - a pattern whose text, ended by a NUL, is already at its place in
 * the block, one byte behind its end; there must be room. written: NULL, it is
 * the same. Returns the place. */
static uint32_t append(struct reader *reader, unsigned flags,
		       const char *written, size_t length)
{
	struct table *table = reader->table;
	uint32_t place = (uint32_t)table->block_used + 1;
	unsigned lines = lines_below(reader);

	flags |= written != NULL ? FLAG_WRITTEN : 0;
	flags |= lines > LINES_MAX ? FLAG_PLACE : lines << LINES_SHIFT;
	table->block[table->block_used] = (char)flags;
	table->block_used = place + strlen(table->block + place) + 1;
	if (written != NULL) {
		put(table, written, length);
		put(table, "", 1);
	}
	if (lines > LINES_MAX)
		put(table, &reader->position, sizeof(reader->position));
	table->last = reader->position;
	return place;
}

/* check_room - can the list take another text? */
static int check_room(const struct reader *reader, size_t length)
{
	if (reader->table->block_used > SLOTS_PLACE_MAX - FILE_SIZE_MAX ||
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
	char *text;
	bool same;

	table->size++;
	text = reserve(table,
		       CASEFOLD_SIZE(length) + prefix + length + RECORD_EXTRA) +
	       1;
	folded = casefold(text, bare, length, table->utf8);
	if (slots_add(&table->slots, table->block,
		      (uint32_t)table->block_used + 1, folded) != 0)
		return 0;
	same = prefix == 0 && folded == length &&
	       memcmp(text, bare, length) == 0;
	append(reader, negated ? FLAG_NEGATED : 0, same ? NULL : written,
	       prefix + length);
	table->lengths |= length_bit(folded);
	return 0;
}

/* add_entry - put a dictionary at the end of the list, which will own it */
static void add_entry(struct reader *reader, struct dictionary *dictionary,
		      const char *written, size_t length, bool negated)
{
	struct table *table = reader->table;

	struct entry *entry;
	char *text;

	table->entries = xreallocarray(table->entries, table->entry_count + 1,
				       sizeof(*table->entries));
	entry = &table->entries[table->entry_count++];
	*entry = (struct entry){ .dictionary = dictionary };
	table->size += 1 + dictionary_size(dictionary);
	text = reserve(table, length + RECORD_EXTRA) + 1;
	memcpy(text, written, length);
	text[length] = '\0';
	entry->place = append(reader, FLAG_TABLE | (negated ? FLAG_NEGATED : 0),
			      NULL, 0);
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
			 reader->table->files[reader->position.file],
			 reader->position.line, shown, word, reason);
}

/* add_file - remember the name of a file; returns its index */
static uint32_t add_file(struct table *table, const char *path)
{
	table->files = xreallocarray(table->files, table->file_count + 1,
				     sizeof(*table->files));
	table->files[table->file_count] = xstrdup(path);
	return (uint32_t)table->file_count++;
}

_Static_assert(FILE_SIZE_MAX < INT_MAX, "no file has too many lines");

/* read_lines - the patterns of a file. Each line is a list of its own, so that
 * those that begin with # are comments. */
static int read_lines(struct reader *reader, const char *content, size_t length,
		      bool negated)
{
	const char *end = content + length;
	size_t lines;

	if (memchr(content, '\0', length) != NULL)
		return error_set(reader->error, "%s: %s: has a NUL byte in it",
				 reader->name,
				 reader->table->files[reader->position.file]);
	lines = file_lines(content, length);
	slots_reserve(&reader->table->slots, reader->table->block, lines,
		      reader->table->block_used + length + 2 * lines);
	while (content < end) {
		const char *newline =
			memchr(content, '\n', (size_t)(end - content));
		size_t line =
			(size_t)((newline != NULL ? newline : end) - content);

		reader->position.line++;
		if (read_text(reader, content, line, negated) < 0)
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
	if (dictionary_failure(dictionary) != NULL &&
	    !dictionary_let_pass(dictionary, reader->name, reader->loader)) {
		read_error(reader, written, length,
			   dictionary_failure(dictionary));
		dictionary_free(dictionary);
		return -1;
	}
	add_entry(reader, dictionary, written, length, negated);
	return 0;
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
		.table = reader->table,
		.name = reader->name,
		.loader = reader->loader,
		.depth = reader->depth + 1,
		.error = reader->error,
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
	if (reader->loader->progress != NULL)
		reader->loader->progress(reader->loader->context, path);
	content = file_read(path, &content_length, &reason);
	if (content == NULL) {
		result = add_dictionary(reader, dictionary_broken(path, reason),
					word, length, negated);
		free(path);
		return result;
	}
	inner.position.file = add_file(reader->table, path);
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
	if (check_room(reader, length) < 0)
		return -1;
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

/* fit - no more memory than needed */
static void fit(struct table *table)
{
	if (table->block_used == 0)
		return;
	table->block = xreallocarray(table->block, table->block_used, 1);
	table->block_size = table->block_used;
	slots_fit(&table->slots, table->block, table->block_used);
}

/* table_new - read a list */
struct table *table_new(const char *list, const struct table_options *options,
			struct error *error)
{
	struct table *table = xcalloc(1, sizeof(*table));
	struct dictionary_loader strict = { 0 };
	struct reader reader = {
		.table = table,
		.name = options->name,
		.loader = options->loader != NULL ? options->loader : &strict,
		.position = { NO_FILE, 0 },
		.error = error,
	};

	table->subdomains = options->subdomains;
	table->parent = options->parent;
	table->utf8 = options->utf8;
	table->last = reader.position;
	if (slots_init(&table->slots, error) < 0 ||
	    read_text(&reader, list, strlen(list), false) < 0) {
		table_free(table);
		return NULL;
	}
	fit(table);
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
	slots_clear(&table->slots);
	free(table->block);
	free(table);
}

/* look_up - the place of a folded text; 0: it is not there, which
 * in a short list its length mostly tells */
static uint32_t look_up(const struct table *table, const char *key,
			size_t length)
{
	if ((table->lengths & length_bit(length)) == 0)
		return 0;
	return slots_find(&table->slots, table->block, key, length);
}

/* is_negated - the pattern at a place */
static bool is_negated(const struct table *table, uint32_t place)
{
	return (table->block[place - 1] & FLAG_NEGATED) != 0;
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
 * so, or that cannot be looked up; 0: none. */
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

/* tell_match - fill match with what is known about a pattern */
static void tell_match(const struct table *table, uint32_t place,
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

/* A way through the block. */
struct walk {
	const struct table *table;
	size_t end;	/* of the patterns seen so far */
	uint32_t place; /* of the present one */
	unsigned flags;
	struct position position;
};

/* walk_start - before the first pattern */
static struct walk walk_start(const struct table *table)
{
	return (struct walk){ .table = table, .position = { NO_FILE, 0 } };
}

/* walk_next - to the next pattern; false: there is none */
static bool walk_next(struct walk *walk)
{
	const char *block = walk->table->block;

	if (walk->end == walk->table->block_used)
		return false;
	walk->flags = (unsigned char)block[walk->end];
	walk->place = (uint32_t)walk->end + 1;
	walk->end = walk->place + strlen(block + walk->place) + 1;
	if ((walk->flags & FLAG_WRITTEN) != 0)
		walk->end += strlen(block + walk->end) + 1;
	walk->position.line += (int)(walk->flags >> LINES_SHIFT);
	if ((walk->flags & FLAG_PLACE) != 0) {
		memcpy(&walk->position, block + walk->end,
		       sizeof(walk->position));
		walk->end += sizeof(walk->position);
	}
	return true;
}

/* line_in_file - where the pattern stands; 0: in the list itself */
static int line_in_file(const struct table_match *match, const char **file)
{
	struct walk walk = walk_start(match->table);

	while (walk_next(&walk) && walk.place != match->place)
		;
	if (walk.position.file == NO_FILE)
		return 0;
	*file = match->table->files[walk.position.file];
	return walk.position.line;
}

/* line_in_table - where in a type:table the key stands */
static int line_in_table(const struct table_match *match, const char *domain,
			 bool utf8, const char **file)
{
	size_t length = strlen(domain);
	char *folded = xmalloc(CASEFOLD_SIZE(length));
	const char *next = folded;
	int line = 0;

	casefold(folded, domain, length, utf8);
	while (line == 0 && next != NULL && *next != '\0') {
		line = dictionary_line(match->dictionary, next, file);
		next = *next == '.' ? next + 1 : strchr(next, '.');
	}
	free(folded);
	return line;
}

/* table_match_line - where what matched stands */
int table_match_line(const struct table_match *match, const char *domain,
		     bool utf8, const char **file)
{
	int line = 0;

	if (match->dictionary != NULL)
		line = line_in_table(match, domain, utf8, file);
	if (line == 0 && match->table != NULL)
		line = line_in_file(match, file);
	return line;
}

/* table_each - each domain that is named */
int table_each(const struct table *table,
	       int (*visit)(void *context, const char *domain,
			    const struct table_match *match),
	       void *context)
{
	struct walk walk = walk_start(table);
	int result = 0;

	while (result == 0 && walk_next(&walk)) {
		struct table_match match = { 0 };

		if ((walk.flags & (FLAG_TABLE | FLAG_NEGATED)) != 0)
			continue;
		tell_match(table, walk.place, &match);
		result = visit(context, table->block + walk.place, &match);
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
