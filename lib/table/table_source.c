/* SPDX-License-Identifier: ISC */
/* table_source - the line of a key in the text file of a table
 *
 * postmap(1) builds hash:/etc/postfix/domains from /etc/postfix/domains, so
 * that is where an administrator looks. The file is read only for explanations,
 * never to decide: it may be newer than the table. */

#include "lib/table/table_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/table/logical_lines.h"
#include "lib/text/casefold.h"

/* The search. */
struct search {
	const char *key; /* folded */
	bool utf8;
	int line; /* where it was found; 0: not yet */
};

/* compare - is the first word of the line the key? The first such line wins. */
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

/* table_source_line - the line of the key; 0: not found */
int table_source_line(const struct table *table, const char *key)
{
	struct search search = {
		key, table->utf8 && table_folds_ascii(table) != POSTFIX_HAS, 0
	};
	struct error error;
	char *text = table_text(table, &error);

	if (text == NULL)
		return 0;
	logical_lines_each(text, compare, &search, &error);
	free(text);
	return search.line;
}
