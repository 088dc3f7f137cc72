/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_LOGICAL_LINES_H
#define LIB_TABLE_LOGICAL_LINES_H

#include "lib/base/error.h"

/* Called with each line, which it may change; number is that of its first
 * physical line, from 1. 0 to continue, or -1 and the reason. */
typedef int logical_lines_handler(void *context, int number, char *line,
				  struct error *error);

/* logical_lines_each - call handler with each logical line of a Postfix table
 * source: comments and empty lines are skipped, and a line that begins with
 * white space continues the previous one. Changes text. 0, or -1 as soon as
 * handler returns it. */
int logical_lines_each(char *text, logical_lines_handler *handler,
		       void *context, struct error *error);

/* logical_lines_orphan - the number of a line that begins with white space, and
 * has none before it to continue; it and the lines that continue it are skipped
 * by logical_lines_each(). 0: there is none. */
int logical_lines_orphan(const char *text);

#endif
