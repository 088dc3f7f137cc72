/* SPDX-License-Identifier: ISC */
/* dictionary_source - the line of a key in the text that a table is made of
 *
 * postmap(1) makes hash:/etc/postfix/domains from /etc/postfix/domains, so that
 * is where an administrator looks. Read when somebody asks for an explanation,
 * and never to decide: the text may be newer than the table. */

#include "lib/dictionary_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/casefold.h"
#include "lib/logical_lines.h"
#include "lib/xalloc.h"

/* What is looked for. */
struct search {
	const char *key; /* folded */
	bool utf8;
	int line; /* found; 0: not yet */
};

/* compare - is the first word of the line the key? The first one counts. */
static int compare(void *context, int number, char *line, struct error *error)
{
	struct search *search = context;
	size_t length = strcspn(line, " \t\v\f\r");
	char *folded = xmalloc(CASEFOLD_SIZE(length));

	casefold(folded, line, length, search->utf8);
	if (strcmp(folded, search->key) == 0)
		search->line = number;
	free(folded);
	return search->line != 0 ? error_set(error, "found") : 0;
}

/* dictionary_source_line - where the key stands; 0: nowhere */
int dictionary_source_line(const struct dictionary *dictionary, const char *key)
{
	struct search search = { key, dictionary->utf8, 0 };
	struct error error;
	char *text = dictionary_text(dictionary, &error);

	if (text == NULL)
		return 0;
	logical_lines_each(text, compare, &search, &error);
	free(text);
	return search.line;
}
