/* SPDX-License-Identifier: ISC */
/* table_postmap - tables that can be enumerated, in memory
 *
 * "postmap -s" prints each key, a tab and the value on a line. So every type
 * and format that Postfix supports can be read. -f: keys are not folded on the
 * way, because Postfix does not fold them either when it looks up a domain.
 * texthash: is read here: a repeated key makes Postfix give up the table, and
 * postmap does not report it.
 *
 * Only keys that could be a domain, as it is looked up, are kept: no upper case
 * and no "@". This reduces a virtual_alias_maps of a million users to its
 * domains. A key whose value is not UTF-8 fails, as in Postfix.
 *
 * In a map (table_new_map) Postfix looks up folded keys. texthash: and
 * inline: then fold their own keys, too; the others have them as they were
 * stored, so that a key in upper case is never found. Behind proxy: these two
 * fold since Postfix 3.11; but since then, too, only A to Z are folded, and
 * a key with another letter that folding changes is never found. Without a
 * known version the lookup of such a key fails, as both "found" and "not found"
 * may permit something. Values, and keys that are addresses, are kept only if
 * they matter (table_new_values). */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text/casefold.h"
#include "lib/table/table_internal.h"
#include "lib/base/clock.h"
#include "lib/text/string_set.h"
#include "lib/table/logical_lines.h"
#include "lib/postfix/postfix_version.h"
#include "lib/base/subprocess.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"

#define ONE_RUN_MS 20000 /* one table that hangs leaves time for others */
#define OUTPUT_MAX (256u << 20) /* bytes */

/* is_text - may Postfix use this text at all? */
static bool is_text(const struct table *table, const char *text, size_t length)
{
	return !table->utf8 || casefold_is_ascii(text, length) ||
	       casefold_is_utf8(text, length);
}

/* is_key - could the key be a domain, or an address, as it is looked up? */
static bool is_key(const struct table *table, const char *key, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((key[i] == '@' && !table->values) ||
		    isupper((unsigned char)key[i]))
			return false;
	return true;
}

/* is_behind_proxy - does proxymap(8) open the table for Postfix? */
static bool is_behind_proxy(const struct table *table)
{
	return !table->own &&
	       strncmp(table->full, "proxy:", strlen("proxy:")) == 0;
}

/* folds - does Postfix fold the keys of the table too? */
static enum postfix_has folds(const struct table *table)
{
	if (!table->map || (strcmp(table->type, "texthash") != 0 &&
			    strcmp(table->type, "inline") != 0))
		return POSTFIX_HAS_NOT;
	if (!is_behind_proxy(table))
		return POSTFIX_HAS;
	return postfix_has(table->postfix, POSTFIX_PROXY_FOLDS_KEYS);
}

/* table_folds_ascii - are only A to Z folded in the keys? (Without utf8,
 * always, and in whatever is looked up, too.) */
enum postfix_has table_folds_ascii(const struct table *table)
{
	if (table->own || folds(table) == POSTFIX_HAS_NOT)
		return POSTFIX_HAS_NOT;
	return postfix_has(table->postfix, POSTFIX_KEYS_FOLD_ASCII);
}

/* A key and its value. */
struct entry {
	const char *key;
	size_t length;
	const char *value;
	size_t value_length;
	bool doubtful; /* some versions of Postfix find it, others do not */
};

/* is_bad - would Postfix fail when it finds such a value, or is it not known
 * whether it finds it? */
static bool is_bad(const struct table *table, const struct entry *entry)
{
	return entry->doubtful || (table->map && entry->value_length == 0) ||
	       !is_text(table, entry->value, entry->value_length);
}

/* add - keep an entry; 0: its key exists already */
static int add(struct table *table, const struct entry *entry,
	       struct error *error)
{
	return string_set_add_value(table->data, entry->key, entry->length,
				    entry->value, entry->value_length,
				    is_bad(table, entry), error);
}

/* is_same - is the key of both the same? */
static bool is_same(const struct entry *one, const struct entry *other)
{
	return one->length == other->length &&
	       memcmp(one->key, other->key, one->length) == 0;
}

/* is_doubtful - is it not known whether Postfix finds an entry by its key,
 * which was folded in full? */
static bool is_doubtful(const struct table *table, const struct entry *entry,
			const struct entry *folded)
{
	struct entry ascii = *entry;
	char *key;
	bool doubtful;

	if (folds(table) == POSTFIX_MAY_HAVE)
		return !is_same(entry, folded);
	if (table_folds_ascii(table) != POSTFIX_MAY_HAVE)
		return false;
	ascii.key = key = xmalloc(CASEFOLD_SIZE(entry->length));
	ascii.length = casefold(key, entry->key, entry->length, false);
	doubtful = !is_same(&ascii, folded);
	free(key);
	return doubtful;
}

/* add_folded - keep an entry with its key folded. A repeated key is an error,
 * since postmap does not print them in order. */
static int add_folded(struct table *table, const struct entry *entry,
		      struct error *error)
{
	char *key = xmalloc(CASEFOLD_SIZE(entry->length));
	struct entry folded = *entry;
	int result = 1;

	folded.key = key;
	folded.length = casefold(key, entry->key, entry->length,
				 table->utf8 && table_folds_ascii(table) !=
							POSTFIX_HAS);
	folded.doubtful = is_doubtful(table, entry, &folded);
	if (is_key(table, key, folded.length))
		result = add(table, &folded, error);
	if (result == 0)
		error_set(error,
			  "the key \"%.*s\" appears twice, ignoring case",
			  (int)(entry->length < 200 ? entry->length : 200),
			  entry->key);
	free(key);
	return result == 1 ? 0 : -1;
}

/* add_entry - keep an entry whose key may be needed */
static int add_entry(struct table *table, const struct entry *entry,
		     struct error *error)
{
	if (!is_text(table, entry->key, entry->length))
		return 0;
	if (folds(table) != POSTFIX_HAS_NOT)
		return add_folded(table, entry, error);
	if (!is_key(table, entry->key, entry->length))
		return 0;
	return add(table, entry, error) < 0 ? -1 : 0;
}

/* table_postmap_read - read the output of postmap -s */
int table_postmap_read(struct table *table, const char *output, size_t length,
		       struct error *error)
{
	const char *end = output + length;

	string_set_reserve(table->data, output, length);
	while (output < end) {
		struct entry entry = { .key = output };
		size_t left = (size_t)(end - output);
		const char *newline = memchr(output, '\n', left);
		const char *tab = newline == NULL
					  ? NULL
					  : memchr(output, '\t',
						   (size_t)(newline - output));

		if (tab == NULL || tab == output ||
		    memchr(output, '\0', (size_t)(newline - output)) != NULL)
			return error_set(error,
					 "postmap -s printed something other "
					 "than keys and values; is the table "
					 "incomplete?");
		entry.length = (size_t)(tab - output);
		entry.value = tab + 1;
		entry.value_length = (size_t)(newline - tab - 1);
		if (add_entry(table, &entry, error) < 0)
			return -1;
		output = newline + 1;
	}
	return 0;
}

/* run_postmap - run it within the time that is left for this load; folded: let
 * it fold the keys */
static int run_postmap(const struct table *table, struct table_loader *loader,
		       bool folded, char **output, size_t *length,
		       struct error *error)
{
	char *type_name = xasprintf("%s:%s", table->type, table->name);
	const char *argv[7] = { "postmap" };
	struct subprocess_limits limits = { .output_max = OUTPUT_MAX };
	int64_t left = TABLE_TIME_MS - loader->spent_ms;
	uint64_t start = clock_ms();
	size_t argc = 1;
	int status;

	if (loader->config_directory != NULL) {
		argv[argc++] = "-c";
		argv[argc++] = loader->config_directory;
	}
	if (!folded)
		argv[argc++] = "-f";
	argv[argc++] = "-s";
	argv[argc] = type_name;
	limits.timeout_ms = left < 1		? 1
			    : left < ONE_RUN_MS ? (unsigned)left
						: ONE_RUN_MS;
	status = subprocess_run(argv, &limits, output, length, error);
	loader->spent_ms += (int64_t)(clock_ms() - start);
	free(type_name);
	if (status < 0)
		return -1;
	if (status == 0)
		return 0;
	free(*output);
	if (error->text[0] == '\0')
		error_set(error, "postmap -s: exit status %d", status);
	return -1;
}

/* read_keys - read all keys into new data */
static int read_keys(struct table *table, struct table_loader *loader,
		     bool folded, struct error *error)
{
	size_t length;
	char *output;
	int result;

	string_set_free(table->data);
	table->data = string_set_new(table->values, error);
	if (table->data == NULL ||
	    run_postmap(table, loader, folded, &output, &length, error) < 0)
		return -1;
	result = table_postmap_read(table, output, length, error);
	free(output);
	return result;
}

/* is_folded_alike - does postmap(1) fold the keys of the table as Postfix does
 * when it opens it? Then it knows, too, which one of two that are the same is
 * found. */
static bool is_folded_alike(const struct table *table)
{
	return !table->own && strcmp(table->type, "inline") == 0 &&
	       folds(table) == POSTFIX_HAS &&
	       table_folds_ascii(table) != POSTFIX_MAY_HAVE;
}

/* open_postmap - read all keys */
static int open_postmap(struct table *table, struct table_loader *loader,
			struct error *error)
{
	int result = read_keys(table, loader, false, error);

	if (result < 0 && table->data != NULL && is_folded_alike(table))
		result = read_keys(table, loader, true, error);
	if (result < 0)
		return -1;
	string_set_fit(table->data);
	table->size = string_set_size(table->data);
	return result;
}

/* The state of reading a texthash:. */
struct texthash {
	struct table *table;
	const struct table_loader *loader;
	struct string_set
		*seen; /* keys that are not kept in the form they have there */
};

/* key_end - the white space after a key, which may be quoted; NULL: the quotes
 * are not closed */
static char *key_end(char *line)
{
	bool quoted = false;

	for (; *line != '\0'; line++) {
		if (line[0] == '\\' && line[1] != '\0')
			line++;
		else if (line[0] == '"')
			quoted = !quoted;
		else if (!quoted && isspace((unsigned char)line[0]))
			break;
	}
	return quoted ? NULL : line;
}

/* find_value - the text after a key, without surrounding white space */
static void find_value(struct entry *entry, const char *text)
{
	entry->value_length = strlen(text);
	entry->value = words_trim(text, &entry->value_length);
}

/* is_kept - does Postfix keep an entry that has bytes which are not UTF-8?
 * Behind proxy: it always did. If it is not known, a repeated key is an error.
 */
static bool is_kept(const struct table *table)
{
	return is_behind_proxy(table) ||
	       postfix_has(table->postfix, POSTFIX_TEXTHASH_KEEPS_BAD_VALUES) !=
		       POSTFIX_HAS_NOT;
}

/* take_unseen - of an entry whose key is not UTF-8 matters only that it is new:
 * nothing that is looked up has it */
static int take_unseen(const struct texthash *texthash,
		       const struct entry *entry, struct error *error)
{
	char *key = xmalloc(CASEFOLD_SIZE(entry->length));
	size_t length = entry->length;
	int result;

	memcpy(key, entry->key, length);
	if (folds(texthash->table) != POSTFIX_HAS_NOT)
		length = casefold(key, entry->key, entry->length, false);
	result = string_set_add(texthash->seen, key, length, false, error);
	free(key);
	return result;
}

/* take - keep an entry whose key must be new: 1; 0: it is not; -1: failed */
static int take(const struct texthash *texthash, const struct entry *entry,
		struct error *error)
{
	struct table *table = texthash->table;
	int result;

	if (!is_text(table, entry->key, entry->length))
		return take_unseen(texthash, entry, error);
	if (folds(table) == POSTFIX_HAS_NOT &&
	    is_key(table, entry->key, entry->length))
		return add(table, entry, error);
	result = string_set_add(texthash->seen, entry->key, entry->length,
				false, error);
	return result == 1 && add_entry(table, entry, error) < 0 ? -1 : result;
}

/* is_left_out - does Postfix not see an entry whose bytes are as they are? */
static bool is_left_out(const struct table *table, const struct entry *entry)
{
	return (!is_text(table, entry->key, entry->length) ||
		!is_text(table, entry->value, entry->value_length)) &&
	       !is_kept(table);
}

/* read_line - read one line of a texthash: */
static int read_line(void *context, int number, char *line, struct error *error)
{
	struct texthash *texthash = context;
	struct entry entry = { .key = line };
	char *end = key_end(line);

	if (end != NULL) {
		entry.length = (size_t)(end - line);
		find_value(&entry, end);
	}
	if (end == NULL || entry.value_length == 0 ||
	    is_left_out(texthash->table, &entry)) {
		table_note(texthash->table, texthash->loader, number,
			   "is not a key and a value; it is skipped, as "
			   "in Postfix");
		return 0;
	}
	switch (take(texthash, &entry, error)) {
	case 1:
		return 0;
	case 0:
		return error_set(
			error, "line %d: the key \"%.*s\" appears twice",
			number, (int)(entry.length < 200 ? entry.length : 200),
			line);
	default:
		return -1;
	}
}

/* open_texthash - read the file */
static int open_texthash(struct table *table, struct table_loader *loader,
			 struct error *error)
{
	struct texthash texthash = { table, loader, NULL };
	char *text = NULL;
	int result = -1;

	if (table->name[0] == '{')
		return error_set(error, "is not an absolute path");
	table->data = string_set_new(table->values, error);
	texthash.seen = string_set_new(false, error);
	if (table->data != NULL && texthash.seen != NULL)
		text = table_text(table, error);
	if (text != NULL) {
		string_set_reserve(table->data, text, strlen(text));
		if (folds(table) != POSTFIX_HAS_NOT)
			string_set_reserve(texthash.seen, text, strlen(text));
		table_note_orphan(table, loader, text);
		result = logical_lines_each(text, read_line, &texthash, error);
	}
	if (result == 0) {
		string_set_fit(table->data);
		table->size = string_set_size(table->data);
	}
	string_set_free(texthash.seen);
	free(text);
	return result;
}

/* look_up - does the key exist? */
static enum table_answer look_up(const struct table *table, const char *key)
{
	switch (string_set_find(table->data, key, strlen(key))) {
	case 0:
		return TABLE_NOT_FOUND;
	case 1:
		return TABLE_FOUND;
	default:
		return TABLE_FAILED;
	}
}

/* find - the value of the key */
static enum table_answer find(const struct table *table, const char *key,
			      struct table_result *result)
{
	enum table_answer answer = look_up(table, key);

	if (answer == TABLE_FOUND)
		result->text = string_set_value(table->data, key, strlen(key));
	return answer;
}

/* each - all keys and their values */
static void each(const struct table *table,
		 void (*visit)(void *context, const char *key,
			       const char *value),
		 void *context)
{
	string_set_each(table->data, visit, context);
}

/* close_keys - free them */
static void close_keys(struct table *table)
{
	string_set_free(table->data);
}

const struct table_method table_postmap = {
	.open = open_postmap,
	.lookup = look_up,
	.line = table_source_line,
	.find = find,
	.each = each,
	.close = close_keys,
};

const struct table_method table_texthash = {
	.open = open_texthash,
	.lookup = look_up,
	.line = table_source_line,
	.find = find,
	.each = each,
	.close = close_keys,
};
