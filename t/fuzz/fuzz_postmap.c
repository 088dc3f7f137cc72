/* SPDX-License-Identifier: ISC */
/* fuzz_postmap - any bytes as what "postmap -s" writes
 *
 * The first byte is the kind of table. What is taken must be found again by
 * each key that a lookup could have, and nothing else is. */

#include <ctype.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/table/table_internal.h"
#include "lib/text/casefold.h"
#include "lib/text/string_set.h"
#include "t/fuzz/fuzz.h"

static const char *const kinds[] = { "hash:/t", "inline:{ a = b }",
				     "texthash:/t", "proxy:texthash:/t" };

/* is_lookup - could Postfix look this up: no upper case, and UTF-8 where it has
 * to be? */
static bool is_lookup(const struct dictionary *dictionary, const char *key,
		      size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (isupper((unsigned char)key[i]) ||
		    (key[i] == '@' && !dictionary->values))
			return false;
	return !dictionary->utf8 || casefold_is_ascii(key, length) ||
	       casefold_is_utf8(key, length);
}

/* check_line - "key TAB value": the key is found, unless it is folded */
static void check_line(const struct dictionary *dictionary, const char *line,
		       size_t length)
{
	const char *tab = memchr(line, '\t', length);
	struct dictionary_result result;
	char *key;

	require(tab != NULL && tab > line);
	key = xstrndup(line, (size_t)(tab - line));
	if (is_lookup(dictionary, key, strlen(key)) &&
	    casefold_is_ascii(key, strlen(key))) {
		require(dictionary_lookup(dictionary, key) !=
			DICTIONARY_NOT_FOUND);
		if (dictionary->values &&
		    dictionary_find(dictionary, key, &result) ==
			    DICTIONARY_FOUND)
			require(*result.text != '\0');
	}
	free(key);
}

/* check_lines - all of what was taken */
static void check_lines(const struct dictionary *dictionary, const char *text,
			size_t length)
{
	while (length > 0) {
		const char *end = memchr(text, '\n', length);

		require(end != NULL);
		check_line(dictionary, text, (size_t)(end - text));
		length -= (size_t)(end + 1 - text);
		text = end + 1;
	}
}

/* LLVMFuzzerTestOneInput - one table */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dictionary dictionary = { .method = &dictionary_postmap };
	struct error error = { "" };
	char *text;

	if (size == 0)
		return 0;
	dictionary.full = (char *)kinds[data[0] & 3];
	dictionary.type = (data[0] & 3) == 0   ? "hash"
			  : (data[0] & 3) == 1 ? "inline"
					       : "texthash";
	dictionary.name = "/t";
	dictionary.utf8 = (data[0] & 4) != 0;
	dictionary.values = (data[0] & 8) != 0;
	dictionary.map = dictionary.values || (data[0] & 16) != 0;
	dictionary.data = keyset_new(dictionary.values, &error);
	require(dictionary.data != NULL);
	text = xmalloc(size);
	memcpy(text, data + 1, size - 1);
	if (dictionary_postmap_read(&dictionary, text, size - 1, &error) == 0)
		check_lines(&dictionary, text, size - 1);
	else
		require(*error.text != '\0');
	keyset_fit(dictionary.data);
	require(dictionary_lookup(&dictionary, "no.such.key.in\tit") ==
		DICTIONARY_NOT_FOUND);
	keyset_free(dictionary.data);
	free(text);
	return 0;
}
