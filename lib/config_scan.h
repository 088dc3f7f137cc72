/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_SCAN_H
#define LIB_CONFIG_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

/* The look at a configuration file before libconfuse reads it: refuses what
 * libconfuse would take silently, and remembers on which line all stands. */

#define CONFIG_SCAN_DEPTH 8	       /* braces within braces */
#define CONFIG_SCAN_TOP	  ((size_t)-1) /* the parent of top-level lines */

/* One `name = value` or `name "title" { ... }`. */
struct config_statement {
	char *name;
	char *title; /* of a section, unquoted; NULL: has none */
	bool section;
	bool braces;   /* the value was written as { list } */
	int line;      /* of the name */
	size_t parent; /* index of the section it stands in */
	int *value_lines;
	size_t value_count;
};

/* All statements, in the order of the file. */
struct config_scan {
	struct config_statement *statements;
	size_t count;
};

/* config_scan - check text, length bytes that a NUL follows; fill scan and
 * overwrite the comments in text with spaces. 0, or -1 with the line of the
 * trouble (0: none) and the reason. Clear scan in both cases. */
int config_scan(struct config_scan *scan, char *text, size_t length, int *line,
		struct error *error);

/* config_scan_clear - free what scan holds. */
void config_scan_clear(struct config_scan *scan);

#endif
