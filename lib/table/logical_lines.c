/* SPDX-License-Identifier: ISC */
/* logical_lines - the logical lines of a Postfix table source
 *
 * See postmap(1), TABLE FORMAT. A comment or an empty line inside a continued
 * line does not end it. The first line of a file cannot continue anything; if
 * it tries to, it is skipped, as in Postfix. */

#include "lib/table/logical_lines.h"

#include <limits.h>
#include <string.h>

#define BLANKS " \t\n\v\f\r"

/* A walk through a text. */
struct walk {
	char *next; /* next physical line */
	int number; /* number of lines taken */
};

/* take_line - the next physical line, without its line end, or NULL */
static char *take_line(struct walk *walk, size_t *length)
{
	char *line = walk->next;

	if (*line == '\0')
		return NULL;
	*length = strcspn(line, "\n");
	walk->next = line + *length + (line[*length] == '\n');
	if (walk->number < INT_MAX)
		walk->number++;
	return line;
}

/* is_nothing - is it a comment, or only white space? */
static int is_nothing(const char *line, size_t length)
{
	size_t blank = strspn(line, " \t\v\f\r");

	return blank >= length || line[blank] == '#';
}

/* goes_on - does the next physical line continue this logical one? */
static int goes_on(const struct walk *walk)
{
	return *walk->next == '#' ||
	       (*walk->next != '\0' && strchr(BLANKS, *walk->next) != NULL);
}

/* take_logical - join physical lines in place; NULL at the end */
static char *take_logical(struct walk *walk, int *number)
{
	char *logical = NULL;
	char *end = NULL;
	size_t length;
	char *line;

	while ((line = take_line(walk, &length)) != NULL) {
		if (!is_nothing(line, length)) {
			if (logical == NULL) {
				logical = end = line;
				*number = walk->number;
			}
			memmove(end, line, length);
			end += length;
		}
		if (logical != NULL && !goes_on(walk))
			break;
	}
	/* The rest has been examined, or follows a newline. */
	if (logical != NULL)
		*end = '\0';
	return logical;
}

/* logical_lines_each - call handler with each logical line */
int logical_lines_each(char *text, logical_lines_handler *handler,
		       void *context, struct error *error)
{
	struct walk walk = { text, 0 };
	char *line;
	int number = 0;

	while ((line = take_logical(&walk, &number)) != NULL) {
		if (strchr(BLANKS, *line) == NULL &&
		    handler(context, number, line, error) < 0)
			return -1;
	}
	return 0;
}

/* logical_lines_orphan - only the first line can be one */
int logical_lines_orphan(const char *text)
{
	size_t length;
	int number = 1;

	for (;; text += length + 1) {
		length = strcspn(text, "\n");
		if (!is_nothing(text, length))
			return strchr(BLANKS, *text) != NULL ? number : 0;
		if (text[length] == '\0')
			return 0;
		if (number < INT_MAX)
			number++;
	}
}
