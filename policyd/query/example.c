/* SPDX-License-Identifier: ISC */
/* example - one of the requests that are counted together, for a reader
 *
 * It can be given to -q as it is. */

#include "policyd/query/example.h"

#include <stdio.h>

#include "lib/base/log.h"
#include "lib/base/xalloc.h"

#define EXAMPLE_SIZE 1024

/* example_text - where it is, and what it is */
char *example_text(const char *file, unsigned long line,
		   const struct example_part parts[], size_t count)
{
	char *text = xmalloc(EXAMPLE_SIZE);
	size_t length;

	length = (size_t)snprintf(text, EXAMPLE_SIZE, "%.200s:", file);
	if (line > 0)
		length += (size_t)snprintf(text + length, EXAMPLE_SIZE - length,
					   "%lu:", line);
	for (size_t i = 0; i < count; i++) {
		char quoted[81];

		if (*parts[i].text == '\0' && *parts[i].end == '\0')
			continue;
		log_quote(quoted, sizeof(quoted) - 1, parts[i].text);
		length += (size_t)snprintf(text + length, EXAMPLE_SIZE - length,
					   "%s%s%s", parts[i].name, quoted,
					   parts[i].end);
	}
	return text;
}
