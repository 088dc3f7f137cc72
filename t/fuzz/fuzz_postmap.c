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
static bool is_lookup(const struct table *table, const char *key, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (isupper((unsigned char)key[i]) ||
		    (key[i] == '@' && !table->values))
			return false;
	return !table->utf8 || casefold_is_ascii(key, length) ||
	       casefold_is_utf8(key, length);
}

/* check_line - "key TAB value": the key is found, unless it is folded */
static void check_line(const struct table *table, const char *line,
		       size_t length)
{
	const char *tab = memchr(line, '\t', length);
	struct table_result result;
	char *key;

	require(tab != NULL && tab > line);
	key = xstrndup(line, (size_t)(tab - line));
	if (is_lookup(table, key, strlen(key)) &&
	    casefold_is_ascii(key, strlen(key))) {
		require(table_lookup(table, key) != TABLE_NOT_FOUND);
		if (table->values &&
		    table_find(table, key, &result) == TABLE_FOUND)
			require(*result.text != '\0');
	}
	free(key);
}

/* check_lines - all of what was taken */
static void check_lines(const struct table *table, const char *text,
			size_t length)
{
	while (length > 0) {
		const char *end = memchr(text, '\n', length);

		require(end != NULL);
		check_line(table, text, (size_t)(end - text));
		length -= (size_t)(end + 1 - text);
		text = end + 1;
	}
}

/* LLVMFuzzerTestOneInput - one table */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct table table = { .method = &table_postmap };
	struct error error = { "" };
	char *text;

	if (size == 0)
		return 0;
	table.full = (char *)kinds[data[0] & 3];
	table.type = (data[0] & 3) == 0	  ? "hash"
		     : (data[0] & 3) == 1 ? "inline"
					  : "texthash";
	table.name = "/t";
	table.utf8 = (data[0] & 4) != 0;
	table.values = (data[0] & 8) != 0;
	table.map = table.values || (data[0] & 16) != 0;
	table.data = string_set_new(table.values, &error);
	require(table.data != NULL);
	text = xmalloc(size);
	memcpy(text, data + 1, size - 1);
	if (table_postmap_read(&table, text, size - 1, &error) == 0)
		check_lines(&table, text, size - 1);
	else
		require(*error.text != '\0');
	string_set_fit(table.data);
	require(table_lookup(&table, "no.such.key.in\tit") == TABLE_NOT_FOUND);
	string_set_free(table.data);
	free(text);
	return 0;
}
