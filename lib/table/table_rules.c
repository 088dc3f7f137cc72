/* SPDX-License-Identifier: ISC */
/* table_rules - read the rules of cidr:, regexp: and pcre: tables
 *
 * As in Postfix, a rule that is wrong is skipped with a warning, and the others
 * apply; unless the table has to be refused, or left to Postfix, because of
 * it. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/table/logical_lines.h"
#include "lib/table/table_blocks.h"
#include "lib/table/table_internal.h"

/* read_line - one logical line */
static int read_line(void *context, int number, char *line, struct error *error)
{
	struct rule_reader *reader = context;
	struct table_blocks *rules = reader->table->data;
	size_t length = strlen(line);
	char *note;

	while (length > 0 && isspace((unsigned char)line[length - 1]))
		line[--length] = '\0';
	rules->line = number;
	if (reader->read(reader, line, error) == 0)
		return 0;
	if (reader->unsure)
		return error_prefix(error, "line %d: ", number);
	note = xasprintf(reader->table->asks != NULL
				 ? "%s: the table is left to Postfix"
				 : "%s: the rule is skipped, as in Postfix",
			 error->text);
	table_note(reader->table, reader->loader, number, note);
	free(note);
	return 0;
}

/* table_rules_read - read all rules */
int table_rules_read(struct rule_reader *reader, struct error *error)
{
	struct table *table = reader->table;
	struct table_blocks *rules = xcalloc(1, sizeof(*rules));
	char *text;
	int result;

	table->data = rules;
	text = table_text(table, error);
	if (text == NULL)
		return -1;
	table_note_orphan(table, reader->loader, text);
	result = logical_lines_each(text, read_line, reader, error);
	free(text);
	if (rules->depth > 0)
		table_note(table, reader->loader, 0, "IF without ENDIF");
	table->size = rules->count;
	return result;
}
