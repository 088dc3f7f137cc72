/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_LIST_LINES_H
#define LIB_TABLE_LIST_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/postfix/postfix_version.h"
#include "lib/table/table.h"

/* Which lines of a /file in a list Postfix reads. Since 3.8 a line that begins
 * with white space continues the previous one; so it is left out if there is
 * none, or if a comment had begun. */
struct list_lines {
	enum postfix_has joins;
	bool open;    /* there is a line that can be continued */
	bool comment; /* and it has come to a comment: set by the reader */
	bool noted;   /* that a line is left out */
};

enum list_line {
	LIST_LINE_NOTHING, /* empty, or a comment */
	LIST_LINE_READ,
	LIST_LINE_LEFT_OUT, /* by this Postfix */
	LIST_LINE_DOUBTFUL, /* by some versions: only what is negated, which
			     * permits nothing, is to be read */
};

/* list_lines_init - for a file; loader may be NULL: the list is none of
 * Postfix's, and nothing is left out. */
void list_lines_init(struct list_lines *lines,
		     const struct table_loader *loader);

/* list_lines_next - what to do with the next physical line. */
enum list_line list_lines_next(struct list_lines *lines, const char *line,
			       size_t length);

/* list_lines_note - have the loader's owner know, once for a file, that its
 * line with that number is left out, or in doubt. list: its name. */
void list_lines_note(struct list_lines *lines,
		     const struct table_loader *loader, const char *list,
		     const char *file, int number);

#endif
