/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_SCAN_H
#define LIB_CONFIG_CONFIG_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

/* Checks a configuration file before libconfuse reads it: refuses what
 * libconfuse would accept silently, and records the line of everything. */

#define CONFIG_SCAN_DEPTH 8	       /* nested braces */
#define CONFIG_SCAN_TOP	  ((size_t)-1) /* the parent of top-level statements */

/* One `name = value` or `name "title" { ... }`. */
struct config_statement {
	char *name;
	char *title; /* of a section, unquoted; NULL: no title */
	bool section;
	bool braces;   /* the value is a { list } */
	int line;      /* of the name */
	size_t parent; /* index of the section that contains it */
	int *value_lines;
	size_t value_count;
};

/* All statements, in the order of the file. */
struct config_scan {
	struct config_statement *statements;
	size_t count;
};

/* config_scan - check length bytes of text, followed by a NUL; fill scan, and
 * overwrite the comments in text with spaces. 0, or -1 with the line of the
 * error (0: none) and the reason. Clear scan in both cases. */
int config_scan(struct config_scan *scan, char *text, size_t length, int *line,
		struct error *error);

/* config_scan_clear - free what scan holds. */
void config_scan_clear(struct config_scan *scan);

#endif
