/* SPDX-License-Identifier: ISC */
/* shell - quote words for commands that are printed */

#include "lib/base/shell.h"

#include <stdbool.h>
#include <stdlib.h>
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

/* shell_option - most paths need no quotes */
char *shell_option(const char *path, const char *usual)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+,:@%=";
	bool is_plain = path[strspn(path, plain)] == '\0';
	char *word, *option;

	if (strcmp(path, usual) == 0)
		return xstrdup("");
	word = is_plain ? xstrdup(path) : shell_quote(path);
	option = xasprintf(" -c %s", word);
	free(word);
	return option;
}
