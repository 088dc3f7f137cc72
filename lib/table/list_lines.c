/* SPDX-License-Identifier: ISC */
/* list_lines - which lines of a /file in a list Postfix reads
 *
 * Postfix 3.7 and older read each line by itself (readline(3) of its library),
 * later ones put them together first, as in the source of a table. Words are
 * the same ones, as there is white space between two lines in either case;
 * only those differ that are now behind a comment, or at the beginning of a
 * file, where a line that begins with white space continues nothing. So lines
 * need not be joined here, and words keep their places.
 *
 * If the version is not known, what some versions leave out is not read,
 * unless it is negated: that takes something away. */

#include "lib/table/list_lines.h"

#include <ctype.h>
#include <stdlib.h>

#include "lib/base/xalloc.h"

/* list_lines_init - at the beginning of a file */
void list_lines_init(struct list_lines *lines,
		     const struct table_loader *loader)
{
	*lines = (struct list_lines){
		.joins = loader == NULL ? POSTFIX_HAS_NOT
					: postfix_has(loader->postfix,
						      POSTFIX_LISTS_JOIN_LINES),
	};
}

/* list_lines_next - the next physical line */
enum list_line list_lines_next(struct list_lines *lines, const char *line,
			       size_t length)
{
	size_t blank = 0;

	while (blank < length && isspace((unsigned char)line[blank]))
		blank++;
	if (blank == length || line[blank] == '#')
		return LIST_LINE_NOTHING;
	if (blank == 0) {
		lines->open = true;
		lines->comment = false;
	} else if (lines->joins != POSTFIX_HAS_NOT &&
		   (!lines->open || lines->comment)) {
		return lines->joins == POSTFIX_HAS ? LIST_LINE_LEFT_OUT
						   : LIST_LINE_DOUBTFUL;
	}
	return LIST_LINE_READ;
}

/* list_lines_note - a line is left out, or in doubt */
void list_lines_note(struct list_lines *lines,
		     const struct table_loader *loader, const char *list,
		     const char *file, int number)
{
	char *note;

	if (lines->noted || loader == NULL || loader->note == NULL)
		return;
	lines->noted = true;
	note = xasprintf("%s: %s:%d: this line begins with white space, so it "
			 "continues %s; it is left out, as Postfix %s and "
			 "later do; begin it in the first column",
			 list, file, number,
			 lines->open ? "a comment" : "nothing",
			 postfix_since(POSTFIX_LISTS_JOIN_LINES));
	loader->note(loader->context, note);
	free(note);
}
