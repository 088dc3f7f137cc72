/* SPDX-License-Identifier: ISC */
/* table - one list of domains, such as mydestination
 *
 * The list is read as Postfix match_list(3) reads it, but not searched from
 * one end to the other: patterns stand in a hash table by their folded text,
 * each with its place in the list. To search, the domain and what follows
 * each of its dots are looked up, and the match that comes first in the list
 * wins. A name that is repeated is kept once, at its first place.
 *
 * All texts lie in one arena and refer to each other by 32-bit offsets, so
 * that a million domains take some 50 MB. The hash is keyed (SipHash-1-3) by
 * random bytes: nobody can choose names that are slow to look up. */

#include "lib/table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/casefold.h"
#include "lib/xalloc.h"

#define SEPARATORS   ", \t\r\n"
#define DEPTH_MAX    16		/* /file in a /file in a /file */
#define FILE_MAX     (1U << 30) /* bytes */
#define ARENA_MAX    (1U << 31) /* bytes */
#define DOMAIN_USUAL 255	/* longer ones are folded on the heap */

/* One pattern; its index in the array is its place in the list. */
struct pattern {
	uint32_t key;	 /* folded text, in the arena */
	uint32_t text;	 /* as written, in the arena */
	int line;	 /* in the file, 0: in the list itself */
	uint32_t file : 31; /* index in files */
	uint32_t negated : 1;
};

struct table {
	bool subdomains;
	bool parent;
	bool utf8;
	uint64_t seed[2];
	char *arena;
	size_t arena_used;
	size_t arena_size;
	struct pattern *patterns;
	size_t pattern_count;
	size_t pattern_size;
	uint32_t *slots; /* index + 1 of a pattern; 0: free */
	size_t slot_count; /* a power of 2 */
	char **files;
	size_t file_count;
	size_t size;	/* patterns read, those repeated too */
};

/* Where reading is. */
struct reader {
	struct table *table;
	const char *name;	/* of the list, for messages */
	size_t file;		/* index in files of the present file */
	int line;
	int depth;		/* 0: the list itself */
	struct error *error;
};

static int read_text(struct reader *reader, const char *text, size_t length,
		     bool negated);

/* rotate - turn the bits of x to the left */
static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

/* sip_round - one round of SipHash */
static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* hash - SipHash-1-3 of length bytes */
static uint64_t hash(const uint64_t seed[2], const char *text, size_t length)
{
	uint64_t v[4] = {
		seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d,
		seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573,
	};
	uint64_t word = 0;
	uint64_t last = (uint64_t)length << 56;

	for (; length >= 8; length -= 8, text += 8) {
		memcpy(&word, text, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	for (size_t i = 0; i < length; i++)
		last |= (uint64_t)(unsigned char)text[i] << (8 * i);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* find_slot - the slot of a folded text, or the free one where it belongs */
static uint32_t *find_slot(const struct table *table, const char *key,
			   size_t length)
{
	size_t mask = table->slot_count - 1;
	size_t at = (size_t)hash(table->seed, key, length) & mask;

	for (; table->slots[at] != 0; at = (at + 1) & mask) {
		const char *other =
			table->arena +
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

		*find_slot(table, key, strlen(key)) = (uint32_t)i + 1;
	}
}

/* reserve - make room for length bytes in the arena */
static char *reserve(struct table *table, size_t length)
{
	if (table->arena_size - table->arena_used < length) {
		table->arena_size = table->arena_size / 2 * 3 + length + 256;
		table->arena = xreallocarray(table->arena, table->arena_size,
					     1);
	}
	return table->arena + table->arena_used;
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
	if (table->arena_used > ARENA_MAX - FILE_MAX ||
	    table->pattern_count == UINT32_MAX - 1 || length > FILE_MAX / 8)
		return error_set(reader->error, "%s: the list is too large",
				 reader->name);
	grow_slots(table);
	key = reserve(table, CASEFOLD_SIZE(length) + prefix + length + 1);
	folded = casefold(key, bare, length, table->utf8);
	slot = find_slot(table, key, folded);
	if (*slot != 0)
		return 0;
	if (table->pattern_count == table->pattern_size) {
		table->pattern_size = table->pattern_size / 2 * 3 + 16;
		table->patterns = xreallocarray(table->patterns,
						table->pattern_size,
						sizeof(*table->patterns));
	}
	pattern = &table->patterns[table->pattern_count++];
	pattern->key = (uint32_t)table->arena_used;
	pattern->text = pattern->key;
	pattern->line = reader->line;
	pattern->file = reader->file & 0x7fffffff;
	pattern->negated = negated;
	*slot = (uint32_t)table->pattern_count;
	table->arena_used += folded + 1;
	if (prefix > 0 || folded != length || memcmp(key, bare, length) != 0) {
		pattern->text = (uint32_t)table->arena_used;
		memcpy(key + folded + 1, written, prefix + length);
		key[folded + 1 + prefix + length] = '\0';
		table->arena_used += prefix + length + 1;
	}
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

/* load_file - the whole content of a regular file, or NULL */
static char *load_file(const char *path, size_t *length, const char **reason)
{
	struct stat status;
	char *content = NULL;
	size_t size = 0;
	ssize_t got = 1;
	int fd;

	*length = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		*reason = strerror(errno);
		return NULL;
	}
	if (fstat(fd, &status) < 0) {
		*reason = strerror(errno);
	} else if (!S_ISREG(status.st_mode)) {
		*reason = "not a regular file";
	} else if (status.st_size > FILE_MAX) {
		*reason = "the file is too large";
	} else {
		size = (size_t)status.st_size + 1;
		content = xmalloc(size);
	}
	while (content != NULL && got > 0) {
		if (*length == size) {
			size *= 2;
			content = xreallocarray(content, size, 1);
		}
		got = read(fd, content + *length, size - *length);
		if (got > 0)
			*length += (size_t)got;
		if (got < 0 && errno == EINTR)
			got = 1;
		if (got < 0 || *length > FILE_MAX) {
			*reason = got < 0 ? strerror(errno)
					  : "the file is too large";
			free(content);
			content = NULL;
		}
	}
	close(fd);
	return content;
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
		const char *newline = memchr(content, '\n',
					     (size_t)(end - content));
		size_t line = (size_t)((newline != NULL ? newline : end) -
				       content);

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

/* read_file - take in the patterns of /file */
static int read_file(struct reader *reader, const char *word, size_t length,
		     bool negated)
{
	struct reader inner = {reader->table, reader->name, 0, 0,
			       reader->depth + 1, reader->error};
	const char *reason = NULL;
	size_t content_length;
	char *content;
	char *path;
	int result;

	if (inner.depth > DEPTH_MAX)
		return read_error(reader, word, length,
				  "files that name files, too deep");
	path = xstrndup(word, length);
	content = load_file(path, &content_length, &reason);
	if (content != NULL)
		inner.file = add_file(reader->table, path);
	free(path);
	if (content == NULL)
		return read_error(reader, word, length, reason);
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
		return read_error(reader, word, length,
				  "type:table entries such as hash:/x are not "
				  "supported yet");
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

/* make_seed - random bytes for the hash */
static int make_seed(struct table *table, struct error *error)
{
	ssize_t got;

	do {
		got = getrandom(table->seed, sizeof(table->seed), 0);
	} while (got < 0 && errno == EINTR);
	if (got != sizeof(table->seed))
		return error_set(error, "getrandom: %s", strerror(errno));
	return 0;
}

/* table_new - read a list */
struct table *table_new(const char *list, const struct table_options *options,
			struct error *error)
{
	struct table *table = xcalloc(1, sizeof(*table));
	struct reader reader = {table, options->name, 0, 0, 0, error};

	table->subdomains = options->subdomains;
	table->parent = options->parent;
	table->utf8 = options->utf8;
	grow_slots(table);
	if (make_seed(table, error) < 0 ||
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
	free(table->files);
	free(table->slots);
	free(table->patterns);
	free(table->arena);
	free(table);
}

/* look_up - place in the list of a folded text, from 1; 0: not there */
static uint32_t look_up(const struct table *table, const char *key,
			size_t length)
{
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

/* tell_match - fill match with what is known about a pattern */
static void tell_match(const struct table *table, uint32_t place,
		       struct table_match *match)
{
	const struct pattern *pattern = &table->patterns[place - 1];

	match->pattern = table->arena + pattern->text;
	match->line = pattern->line;
	if (pattern->line > 0)
		match->file = table->files[pattern->file];
}

/* table_match - is the domain in the list? */
int table_match(const struct table *table, const char *domain,
		struct table_match *match)
{
	char usual[CASEFOLD_SIZE(DOMAIN_USUAL)];
	size_t length = strlen(domain);
	char *folded = usual;
	uint32_t place;

	if (match != NULL)
		*match = (struct table_match){NULL, NULL, 0};
	if (length > DOMAIN_USUAL)
		folded = xmalloc(CASEFOLD_SIZE(length));
	length = casefold(folded, domain, length, table->utf8);
	place = find_first(table, folded, length);
	if (folded != usual)
		free(folded);
	if (place == 0)
		return 0;
	if (match != NULL)
		tell_match(table, place, match);
	return table->patterns[place - 1].negated ? 0 : 1;
}

/* table_size - number of patterns */
size_t table_size(const struct table *table)
{
	return table->size;
}
