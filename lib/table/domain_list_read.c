/* SPDX-License-Identifier: ISC */
/* domain_list_read - read a list of main.cf, and the files that it names, into
 * a table
 *
 * The list is read as Postfix match_list(3) reads it. All of it is in one
 * block, in order, so that a million domains take some 27 MB; a pattern is
 * identified by the offset of its folded text there. A repeated name is stored
 * once, at its first position. */

#include "lib/table/domain_list_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/table/list_lines.h"
#include "lib/text/casefold.h"

#define DEPTH_MAX    16				   /* nesting of /file */
#define RECORD_EXTRA (3 + sizeof(struct position)) /* besides texts */

/* The state of reading. */
struct reader {
	struct domain_list *domains;
	const char *name; /* of the list, for messages */
	struct table_loader *loader;
	struct position position;
	int depth;	   /* 0: the list itself */
	bool only_negated; /* nothing else is to be read */
	struct error *error;
};

/* How far read_text() has read, if it did not fail. */
enum text_end { TEXT_WHOLE, TEXT_COMMENT };

static int read_text(struct reader *reader, const char *text, size_t length,
		     bool negated);

/* reserve - make room for length bytes in the block */
static char *reserve(struct domain_list *domains, size_t length)
{
	if (domains->block_size - domains->block_used < length) {
		domains->block_size =
			domains->block_size / 2 * 3 + length + 256;
		domains->block =
			xreallocarray(domains->block, domains->block_size, 1);
	}
	return domains->block + domains->block_used;
}

/* put - append bytes to the block, which has room */
static void put(struct domain_list *domains, const void *bytes, size_t length)
{
	memcpy(domains->block + domains->block_used, bytes, length);
	domains->block_used += length;
}

/* lines_below - the number of lines since the last pattern; files are read from
 * the first line to the last. If it is more than LINES_MAX, or that pattern is
 * in another file, the position is stored in full */
static unsigned lines_below(const struct reader *reader)
{
	const struct position *last = &reader->domains->last;

	if (reader->position.file != last->file ||
	    reader->position.line - last->line > LINES_MAX)
		return LINES_MAX + 1;
	return (unsigned)(reader->position.line - last->line);
}

/* append - append a pattern whose text, terminated by a NUL, is already in the
 * block, one byte after its end; there must be room. written: NULL if it is the
 * same. Returns the offset. */
static uint32_t append(struct reader *reader, unsigned flags,
		       const char *written, size_t length)
{
	struct domain_list *domains = reader->domains;
	uint32_t place = (uint32_t)domains->block_used + 1;
	unsigned lines = lines_below(reader);

	flags |= written != NULL ? FLAG_WRITTEN : 0;
	flags |= lines > LINES_MAX ? FLAG_PLACE : lines << LINES_SHIFT;
	domains->block[domains->block_used] = (char)flags;
	domains->block_used = place + strlen(domains->block + place) + 1;
	if (written != NULL) {
		put(domains, written, length);
		put(domains, "", 1);
	}
	if (lines > LINES_MAX)
		put(domains, &reader->position, sizeof(reader->position));
	domains->last = reader->position;
	return place;
}

/* check_room - is there room for another text? */
static int check_room(const struct reader *reader, size_t length)
{
	if (reader->domains->block_used >
		    STRING_INDEX_PLACE_MAX - FILE_SIZE_MAX ||
	    length > FILE_SIZE_MAX / 8)
		return error_set(reader->error, "%s: the list is too large",
				 reader->name);
	return 0;
}

/* add_pattern - append a pattern. written begins with its "!"; bare is the part
 * after them. */
static int add_pattern(struct reader *reader, const char *written,
		       const char *bare, size_t length, bool negated)
{
	struct domain_list *domains = reader->domains;
	size_t prefix = (size_t)(bare - written);
	size_t folded;
	char *text;
	bool same;

	domains->size++;
	text = reserve(domains,
		       CASEFOLD_SIZE(length) + prefix + length + RECORD_EXTRA) +
	       1;
	folded = casefold(text, bare, length, domains->utf8);
	if (string_index_add(&domains->slots, domains->block,
			     (uint32_t)domains->block_used + 1, folded) != 0)
		return 0;
	same = prefix == 0 && folded == length &&
	       memcmp(text, bare, length) == 0;
	append(reader, negated ? FLAG_NEGATED : 0, same ? NULL : written,
	       prefix + length);
	domains->lengths |= domain_list_length_bit(folded);
	return 0;
}

/* add_entry - append a table to the list, which then owns it */
static void add_entry(struct reader *reader, struct table *table,
		      const char *written, size_t length, bool negated)
{
	struct domain_list *domains = reader->domains;

	struct entry *entry;
	char *text;

	domains->entries =
		xreallocarray(domains->entries, domains->entry_count + 1,
			      sizeof(*domains->entries));
	entry = &domains->entries[domains->entry_count++];
	*entry = (struct entry){ .table = table };
	domains->size += 1 + table_size(table);
	text = reserve(domains, length + RECORD_EXTRA) + 1;
	memcpy(text, written, length);
	text[length] = '\0';
	entry->place = append(reader, FLAG_TABLE | (negated ? FLAG_NEGATED : 0),
			      NULL, 0);
}

/* read_error - an error at the current position in the list */
static int read_error(struct reader *reader, const char *word, size_t length,
		      const char *reason)
{
	int shown = (int)(length < 200 ? length : 200);

	if (reader->depth == 0)
		return error_set(reader->error, "%s: \"%.*s\": %s",
				 reader->name, shown, word, reason);
	return error_set(reader->error, "%s: %s:%d: \"%.*s\": %s", reader->name,
			 reader->domains->files[reader->position.file],
			 reader->position.line, shown, word, reason);
}

/* add_file - store the name of a file; returns its index */
static uint32_t add_file(struct domain_list *domains, const char *path)
{
	domains->files = xreallocarray(domains->files, domains->file_count + 1,
				       sizeof(*domains->files));
	domains->files[domains->file_count] = xstrdup(path);
	return (uint32_t)domains->file_count++;
}

_Static_assert(FILE_SIZE_MAX < INT_MAX, "no file has too many lines");

/* read_line - one line of a file, as far as Postfix reads it */
static int read_line(struct reader *reader, struct list_lines *lines,
		     const char *line, size_t length, bool negated)
{
	enum list_line how = list_lines_next(lines, line, length);
	bool only_negated = reader->only_negated;
	int result;

	if (how == LIST_LINE_NOTHING)
		return 0;
	if (how != LIST_LINE_READ)
		list_lines_note(lines, reader->loader, reader->name,
				reader->domains->files[reader->position.file],
				reader->position.line);
	if (how == LIST_LINE_LEFT_OUT)
		return 0;
	reader->only_negated = only_negated || how == LIST_LINE_DOUBTFUL;
	result = read_text(reader, line, length, negated);
	reader->only_negated = only_negated;
	lines->comment = lines->comment || result == TEXT_COMMENT;
	return result < 0 ? -1 : 0;
}

/* read_lines - the patterns of a file */
static int read_lines(struct reader *reader, const char *content, size_t length,
		      bool negated)
{
	const char *end = content + length;
	struct list_lines state;
	size_t lines;

	list_lines_init(&state, reader->loader);
	if (memchr(content, '\0', length) != NULL)
		return error_set(reader->error, "%s: %s: contains a NUL byte",
				 reader->name,
				 reader->domains->files[reader->position.file]);
	lines = file_lines(content, length);
	string_index_reserve(&reader->domains->slots, reader->domains->block,
			     lines,
			     reader->domains->block_used + length + 2 * lines);
	while (content < end) {
		const char *newline =
			memchr(content, '\n', (size_t)(end - content));
		size_t line =
			(size_t)((newline != NULL ? newline : end) - content);

		reader->position.line++;
		if (read_line(reader, &state, content, line, negated) < 0)
			return -1;
		content += line + (newline != NULL ? 1 : 0);
	}
	return 0;
}

/* add_table - append an open table; if it cannot be read and the
 * loader is strict, it is refused */
static int add_table(struct reader *reader, struct table *table,
		     const char *written, size_t length, bool negated)
{
	if (table_failure(table) != NULL &&
	    !table_let_pass(table, reader->name, reader->loader)) {
		read_error(reader, written, length, table_failure(table));
		table_free(table);
		return -1;
	}
	add_entry(reader, table, written, length, negated);
	return 0;
}

/* read_table - read type:name; its "!" are written before bare */
static int read_table(struct reader *reader, const char *written,
		      const char *bare, size_t length, bool negated)
{
	char *text = xstrndup(bare, length);
	struct table *table;
	struct error error;

	length += (size_t)(bare - written);
	table = table_new(text, reader->domains->utf8, reader->loader, &error);
	free(text);
	if (table == NULL)
		return read_error(reader, written, length, error.text);
	return add_table(reader, table, written, length, negated);
}

/* read_file - read the patterns of /file */
static int read_file(struct reader *reader, const char *word, size_t length,
		     bool negated)
{
	struct reader inner = {
		.domains = reader->domains,
		.name = reader->name,
		.loader = reader->loader,
		.depth = reader->depth + 1,
		.only_negated = reader->only_negated,
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
		result = add_table(reader, table_broken(path, reason), word,
				   length, negated);
		free(path);
		return result;
	}
	inner.position.file = add_file(reader->domains, path);
	free(path);
	result = read_lines(&inner, content, content_length, negated);
	free(content);
	return result;
}

/* read_word - read one element of a list */
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
	if (reader->only_negated && !negated)
		return 0;
	if (bare[0] == '/')
		return read_file(reader, bare, left, negated);
	if (bare[0] != '[' && memchr(bare, ':', left) != NULL)
		return read_table(reader, word, bare, left, negated);
	return add_pattern(reader, word, bare, left, negated);
}

/* read_text - a list, or one line of a file. A word that begins with # ends
 * it, and so does, as far as lines are joined, a brace that is not closed. -1,
 * or enum text_end. */
static int read_text(struct reader *reader, const char *text, size_t length,
		     bool negated)
{
	bool open = false;
	size_t word;

	for (size_t i = 0; i < length; i += word) {
		word = 1;
		if (strchr(WORDS_SEPARATORS, text[i]) != NULL)
			continue;
		if (text[i] == '#')
			return TEXT_COMMENT;
		word = words_length(text + i, length - i, WORDS_SEPARATORS,
				    &open);
		if (read_word(reader, text + i, word, negated) < 0)
			return -1;
	}
	return open ? TEXT_COMMENT : TEXT_WHOLE;
}

/* fit - release memory that is not needed */
static void fit(struct domain_list *domains)
{
	if (domains->block_used == 0)
		return;
	domains->block = xreallocarray(domains->block, domains->block_used, 1);
	domains->block_size = domains->block_used;
	string_index_fit(&domains->slots, domains->block, domains->block_used);
}

/* domain_list_new - read a list */
struct domain_list *domain_list_new(const char *list,
				    const struct domain_list_options *options,
				    struct error *error)
{
	struct domain_list *domains = xcalloc(1, sizeof(*domains));
	struct table_loader strict = { 0 };
	struct reader reader = {
		.domains = domains,
		.name = options->name,
		.loader = options->loader != NULL ? options->loader : &strict,
		.position = { NO_FILE, 0 },
		.error = error,
	};

	domains->subdomains = options->subdomains;
	domains->parent = options->parent;
	domains->utf8 = options->utf8;
	domains->last = reader.position;
	if (string_index_init(&domains->slots, error) < 0 ||
	    read_text(&reader, list, strlen(list), false) < 0) {
		domain_list_free(domains);
		return NULL;
	}
	fit(domains);
	return domains;
}

/* domain_list_free - free it */
void domain_list_free(struct domain_list *domains)
{
	if (domains == NULL)
		return;
	for (size_t i = 0; i < domains->file_count; i++)
		free(domains->files[i]);
	for (size_t i = 0; i < domains->entry_count; i++)
		table_free(domains->entries[i].table);
	free(domains->entries);
	free(domains->files);
	string_index_clear(&domains->slots);
	free(domains->block);
	free(domains);
}
