/* SPDX-License-Identifier: ISC */
/* dictionary_postmap - tables that can be enumerated, in memory
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
 * In a map (dictionary_new_map) Postfix looks up folded keys. texthash: and
 * inline: then fold their own keys, too; the others have them as they were
 * stored, so that a key in upper case is never found. Behind proxy: these two
 * fold since Postfix 3.11; without a known version the lookup of such a key
 * fails, as both "found" and "not found" may permit something. Values, and keys
 * that are addresses, are kept only if they matter (dictionary_new_values). */

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
#include "lib/base/xalloc.h"

#define ONE_RUN_MS 20000 /* one table that hangs leaves time for others */
#define OUTPUT_MAX (256u << 20) /* bytes */

/* is_text - may Postfix use this text at all? */
static bool is_text(const struct dictionary *dictionary, const char *text,
		    size_t length)
{
	return !dictionary->utf8 || casefold_is_ascii(text, length) ||
	       casefold_is_utf8(text, length);
}

/* is_key - could the key be a domain, or an address, as it is looked up? */
static bool is_key(const struct dictionary *dictionary, const char *key,
		   size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((key[i] == '@' && !dictionary->values) ||
		    isupper((unsigned char)key[i]))
			return false;
	return true;
}

/* folds - does Postfix fold the keys of the table too? */
static enum postfix_has folds(const struct dictionary *dictionary)
{
	bool text = strcmp(dictionary->type, "texthash") == 0;

	if (!dictionary->map ||
	    (!text && strcmp(dictionary->type, "inline") != 0))
		return POSTFIX_HAS_NOT;
	if (strncmp(dictionary->full, "proxy:", strlen("proxy:")) != 0)
		return POSTFIX_HAS;
	if (!text && postfix_has(dictionary->postfix,
				 POSTFIX_PROXY_FOLDS_TEXTHASH) == POSTFIX_HAS)
		return POSTFIX_MAY_HAVE; /* of inline: it is not known */
	return postfix_has(dictionary->postfix, POSTFIX_PROXY_FOLDS_TEXTHASH);
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
static bool is_bad(const struct dictionary *dictionary,
		   const struct entry *entry)
{
	return entry->doubtful ||
	       (dictionary->map && entry->value_length == 0) ||
	       !is_text(dictionary, entry->value, entry->value_length);
}

/* add - keep an entry; 0: its key exists already */
static int add(struct dictionary *dictionary, const struct entry *entry,
	       struct error *error)
{
	return keyset_add_value(dictionary->data, entry->key, entry->length,
				entry->value, entry->value_length,
				is_bad(dictionary, entry), error);
}

/* add_folded - keep an entry with its key folded. A repeated key is an error,
 * since it is not known which one Postfix uses. */
static int add_folded(struct dictionary *dictionary, const struct entry *entry,
		      struct error *error)
{
	char *key = xmalloc(CASEFOLD_SIZE(entry->length));
	struct entry folded = *entry;
	int result = 1;

	folded.key = key;
	folded.length =
		casefold(key, entry->key, entry->length, dictionary->utf8);
	folded.doubtful = folds(dictionary) == POSTFIX_MAY_HAVE &&
			  (folded.length != entry->length ||
			   memcmp(key, entry->key, entry->length) != 0);
	if (is_key(dictionary, key, folded.length))
		result = add(dictionary, &folded, error);
	if (result == 0)
		error_set(error,
			  "the key \"%.*s\" appears twice, ignoring case",
			  (int)(entry->length < 200 ? entry->length : 200),
			  entry->key);
	free(key);
	return result == 1 ? 0 : -1;
}

/* add_entry - keep an entry whose key may be needed */
static int add_entry(struct dictionary *dictionary, const struct entry *entry,
		     struct error *error)
{
	if (!is_text(dictionary, entry->key, entry->length))
		return 0;
	if (folds(dictionary) != POSTFIX_HAS_NOT)
		return add_folded(dictionary, entry, error);
	if (!is_key(dictionary, entry->key, entry->length))
		return 0;
	return add(dictionary, entry, error) < 0 ? -1 : 0;
}

/* dictionary_postmap_read - read the output of postmap -s */
int dictionary_postmap_read(struct dictionary *dictionary, const char *output,
			    size_t length, struct error *error)
{
	const char *end = output + length;

	keyset_reserve(dictionary->data, output, length);
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
		if (add_entry(dictionary, &entry, error) < 0)
			return -1;
		output = newline + 1;
	}
	return 0;
}

/* run_postmap - run it within the time that is left for this load */
static int run_postmap(const struct dictionary *dictionary,
		       struct dictionary_loader *loader, char **output,
		       size_t *length, struct error *error)
{
	char *table = xasprintf("%s:%s", dictionary->type, dictionary->name);
	const char *argv[7] = { "postmap" };
	struct subprocess_limits limits = { .output_max = OUTPUT_MAX };
	int64_t left = DICTIONARY_TIME_MS - loader->spent_ms;
	int64_t start = clock_ms();
	size_t argc = 1;
	int status;

	if (loader->config_directory != NULL) {
		argv[argc++] = "-c";
		argv[argc++] = loader->config_directory;
	}
	argv[argc++] = "-f";
	argv[argc++] = "-s";
	argv[argc] = table;
	limits.timeout_ms = left < 1		? 1
			    : left < ONE_RUN_MS ? (unsigned)left
						: ONE_RUN_MS;
	status = subprocess_run(argv, &limits, output, length, error);
	loader->spent_ms += clock_ms() - start;
	free(table);
	if (status < 0)
		return -1;
	if (status == 0)
		return 0;
	free(*output);
	if (error->text[0] == '\0')
		error_set(error, "postmap -s: exit status %d", status);
	return -1;
}

/* open_postmap - read all keys */
static int open_postmap(struct dictionary *dictionary,
			struct dictionary_loader *loader, struct error *error)
{
	size_t length;
	char *output;
	int result;

	dictionary->data = keyset_new(dictionary->values, error);
	if (dictionary->data == NULL ||
	    run_postmap(dictionary, loader, &output, &length, error) < 0)
		return -1;
	result = dictionary_postmap_read(dictionary, output, length, error);
	free(output);
	keyset_fit(dictionary->data);
	dictionary->size = keyset_size(dictionary->data);
	return result;
}

/* The state of reading a texthash:. */
struct texthash {
	struct dictionary *dictionary;
	const struct dictionary_loader *loader;
	struct keyset
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
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		length--;
	entry->value = text;
	entry->value_length = length;
}

/* take - keep an entry whose key must be new: 1; 0: it is not; -1: failed */
static int take(const struct texthash *texthash, const struct entry *entry,
		struct error *error)
{
	struct dictionary *dictionary = texthash->dictionary;
	int result;

	if (folds(dictionary) == POSTFIX_HAS_NOT &&
	    is_key(dictionary, entry->key, entry->length))
		return add(dictionary, entry, error);
	result = keyset_add(texthash->seen, entry->key, entry->length, false,
			    error);
	return result == 1 && add_entry(dictionary, entry, error) < 0 ? -1
								      : result;
}

/* read_line - read one line of a texthash: */
static int read_line(void *context, int number, char *line, struct error *error)
{
	struct texthash *texthash = context;
	struct entry entry = { .key = line };
	char *end = key_end(line);

	if (end != NULL)
		find_value(&entry, end);
	if (end == NULL || entry.value_length == 0 ||
	    !is_text(texthash->dictionary, line, strlen(line))) {
		dictionary_note(texthash->dictionary, texthash->loader, number,
				"is not a key and a value; it is skipped, as "
				"in Postfix");
		return 0;
	}
	entry.length = (size_t)(end - line);
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
static int open_texthash(struct dictionary *dictionary,
			 struct dictionary_loader *loader, struct error *error)
{
	struct texthash texthash = { dictionary, loader, NULL };
	char *text = NULL;
	int result = -1;

	if (dictionary->name[0] == '{')
		return error_set(error, "is not an absolute path");
	dictionary->data = keyset_new(dictionary->values, error);
	texthash.seen = keyset_new(false, error);
	if (dictionary->data != NULL && texthash.seen != NULL)
		text = dictionary_text(dictionary, error);
	if (text != NULL) {
		keyset_reserve(dictionary->data, text, strlen(text));
		if (folds(dictionary) != POSTFIX_HAS_NOT)
			keyset_reserve(texthash.seen, text, strlen(text));
		result = logical_lines_each(text, read_line, &texthash, error);
	}
	if (result == 0) {
		keyset_fit(dictionary->data);
		dictionary->size = keyset_size(dictionary->data);
	}
	keyset_free(texthash.seen);
	free(text);
	return result;
}

/* look_up - does the key exist? */
static enum dictionary_answer look_up(const struct dictionary *dictionary,
				      const char *key)
{
	switch (keyset_find(dictionary->data, key, strlen(key))) {
	case 0:
		return DICTIONARY_NOT_FOUND;
	case 1:
		return DICTIONARY_FOUND;
	default:
		return DICTIONARY_FAILED;
	}
}

/* find - the value of the key */
static enum dictionary_answer find(const struct dictionary *dictionary,
				   const char *key,
				   struct dictionary_result *result)
{
	enum dictionary_answer answer = look_up(dictionary, key);

	if (answer == DICTIONARY_FOUND)
		result->text = keyset_value(dictionary->data, key, strlen(key));
	return answer;
}

/* close_keys - free them */
static void close_keys(struct dictionary *dictionary)
{
	keyset_free(dictionary->data);
}

const struct dictionary_method dictionary_postmap = {
	.open = open_postmap,
	.lookup = look_up,
	.line = dictionary_source_line,
	.find = find,
	.close = close_keys,
};

const struct dictionary_method dictionary_texthash = {
	.open = open_texthash,
	.lookup = look_up,
	.line = dictionary_source_line,
	.find = find,
	.close = close_keys,
};
