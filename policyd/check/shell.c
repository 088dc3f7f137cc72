/* SPDX-License-Identifier: ISC */
/* shell - quote words for commands that are printed */

#include "policyd/check/shell.h"

#include <string.h>

#include "lib/base/xalloc.h"

/* shell_quote - in single quotes */
char *shell_quote(const char *text)
{
	char *result = xmalloc(4 * strlen(text) + 3);
	char *end = result;

	*end++ = '\'';
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			memcpy(end, "'\\'", 3);
			end += 3;
		}
		*end++ = *text;
	}
	*end++ = '\'';
	*end = '\0';
	return result;
}
