/* SPDX-License-Identifier: ISC */
/* words - the words of a list, the lines of a file
 *
 * Most values of main.cf are words separated by commas and white space, and
 * many lists may name a /file with more of them. All modules that read such
 * values share these functions. */

#include "lib/base/words.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/xalloc.h"

/* words_length - the length up to the next separator outside braces */
size_t words_length(const char *text, size_t length, const char *separators,
		    bool *open)
{
	size_t level = 0;
	size_t n;

	for (n = 0; n < length && text[n] != '\0'; n++) {
		if (text[n] == '{')
			level++;
		else if (text[n] == '}' && level > 0)
			level--;
		else if (level == 0 && strchr(separators, text[n]) != NULL)
			break;
	}
	*open = level > 0;
	return n;
}

/* words_enclosed - the length of a text in balanced brackets, or 0 */
size_t words_enclosed(const char *text, size_t length, char open)
{
	char close = open == '(' ? ')' : '}';
	size_t level = 0;
	size_t i;

	if (length == 0 || text[0] != open)
		return 0;
	for (i = 0; i < length; i++) {
		if (text[i] == open)
			level++;
		else if (text[i] == close && --level == 0)
			return i + 1;
	}
	return 0;
}

/* words_next - the next word, or NULL */
char *words_next(const char **text, const char *separators)
{
	const char *start = *text + strspn(*text, separators);
	bool open;
	size_t length = words_length(start, SIZE_MAX, separators, &open);

	*text = start + length;
	return length > 0 ? xstrndup(start, length) : NULL;
}

/* words_trim - without surrounding white space */
const char *words_trim(const char *text, size_t *length)
{
	while (*length > 0 && isspace((unsigned char)text[*length - 1]))
		(*length)--;
	for (; *length > 0 && isspace((unsigned char)*text); text++)
		(*length)--;
	return text;
}

/* words_each - call handler with each word */
int words_each(const char *text, const char *separators, words_handler *handler,
	       void *context, struct error *error)
{
	int result = 0;

	while (result == 0 && *(text += strspn(text, separators)) != '\0') {
		size_t length = strcspn(text, separators);
		char *word = xstrndup(text, length);

		result = handler(context, word, error);
		free(word);
		text += length;
	}
	return result;
}

/* words_each_braced - the same, where a separator in braces is part of a
 * word */
int words_each_braced(const char *text, const char *separators,
		      words_handler *handler, void *context,
		      struct error *error)
{
	int result = 0;
	char *word;

	while (result == 0 && (word = words_next(&text, separators)) != NULL) {
		result = handler(context, word, error);
		free(word);
	}
	return result;
}

/* take_line - pass one line to the handler, without its line end */
static int take_line(char *line, size_t length, words_handler *handler,
		     void *context, struct error *error)
{
	line[length] = '\0';
	if (strlen(line) != length)
		return error_set(error, "NUL byte in the line");
	while (length > 0 && line[length - 1] == '\r')
		line[--length] = '\0';
	return handler(context, line, error);
}

/* words_each_line - call handler with each line of a file */
int words_each_line(const char *path, words_handler *handler, void *context,
		    struct error *error)
{
	unsigned long number = 0;
	const char *reason;
	size_t length;
	char *text = file_read(path, &length, &reason);
	char *line, *end;
	int result = 0;

	if (text == NULL)
		return error_set(error, "%s: %s", path, reason);
	for (line = text; result == 0 && line < text + length; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + length - line));
		if (end == NULL)
			end = text + length;
		number++;
		result = take_line(line, (size_t)(end - line), handler, context,
				   error);
		if (result < 0)
			error_prefix(error, "%s:%lu: ", path, number);
	}
	free(text);
	return result;
}
