/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_EXAMPLE_H
#define POLICYD_QUERY_EXAMPLE_H

#include <stddef.h>

/* A part of an example: a name, a text that is quoted as in the log, and what
 * follows it. It is left out if the text and the end are empty. */
struct example_part {
	const char *name, *text, *end;
};

/* example_text - "FILE:LINE:" and the parts, in the short names of -q; without
 * the line if that is 0. The caller frees it. */
char *example_text(const char *file, unsigned long line,
		   const struct example_part parts[], size_t count);

#endif
