/* SPDX-License-Identifier: ISC */
/* config_messages - errors and warnings found while a file is loaded
 *
 * They are kept with their line numbers, and in the end sorted by line, in
 * whatever order the checks were made. */

#include "lib/config/config_messages.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/printable.h"
#include "lib/base/xalloc.h"

#define WARNING "warning: "

/* is_known - has this message been recorded already? */
static bool is_known(const struct config_notes *notes, int line,
		     const char *text)
{
	size_t i;

	for (i = 0; i < notes->count; i++)
		if (notes->notes[i].line == line &&
		    strcmp(notes->notes[i].text, text) == 0)
			return true;
	return false;
}

/* The kinds of messages. */
enum kind { KIND_ERROR, KIND_OBSTACLE, KIND_WARNING };

/* add - record a message, unless it is a repetition or there are too many */
__attribute__((format(printf, 4, 0))) static void
add(struct config_notes *notes, enum kind kind, int line, const char *format,
    va_list arguments)
{
	struct config_note *note = &notes->notes[notes->count];
	size_t alike = kind == KIND_ERROR ? notes->errors
					  : notes->count - notes->errors;
	char text[2048];

	printable_format(text, sizeof(text), format, arguments);
	if (alike == CONFIG_MESSAGES_MAX || is_known(notes, line, text))
		return;
	note->line = line;
	note->warning = kind == KIND_WARNING;
	note->text = xstrdup(text);
	notes->count++;
	notes->errors += kind == KIND_ERROR;
}

/* config_error - record an error */
int(config_error)(struct config_notes *notes, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(notes, KIND_ERROR, line, format, arguments);
	va_end(arguments);
	return -1;
}

/* config_obstacle - record what keeps this host from serving it */
void config_obstacle(struct config_notes *notes, int line, const char *format,
		     ...)
{
	va_list arguments;

	notes->obstacles++;
	va_start(arguments, format);
	add(notes, notes->inspected ? KIND_OBSTACLE : KIND_ERROR, line, format,
	    arguments);
	va_end(arguments);
}

/* config_warning - record a warning */
void config_warning(struct config_notes *notes, int line, const char *format,
		    ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(notes, KIND_WARNING, line, format, arguments);
	va_end(arguments);
}

/* is_before - does one come before other? On the same line, errors come before
 * warnings; messages without a line come last. */
static bool is_before(const struct config_note *one,
		      const struct config_note *other)
{
	if (one->line == other->line)
		return !one->warning && other->warning;
	return one->line != 0 && (other->line == 0 || one->line < other->line);
}

/* first - the first message in that order, or NULL */
static struct config_note *first(struct config_notes *notes)
{
	struct config_note *found = NULL;
	size_t i;

	for (i = 0; i < notes->count; i++) {
		struct config_note *note = &notes->notes[i];

		if (note->text != NULL &&
		    (found == NULL || is_before(note, found)))
			found = note;
	}
	return found;
}

/* config_notes_move - sort the notes, and make them ready to print */
void config_notes_move(struct config_notes *notes,
		       struct config_messages *messages)
{
	struct config_note *note;

	messages->lines = xcalloc(notes->count, sizeof(*messages->lines));
	messages->count = 0;
	messages->errors = notes->errors;
	messages->obstacles = notes->obstacles;
	while ((note = first(notes)) != NULL) {
		const char *kind = note->warning ? WARNING : "";

		messages->lines[messages->count++] =
			note->line == 0
				? xasprintf("%s: %s%s", notes->path, kind,
					    note->text)
				: xasprintf("%s:%d: %s%s", notes->path,
					    note->line, kind, note->text);
		free(note->text);
		note->text = NULL;
	}
	notes->count = 0;
	notes->errors = 0;
	notes->obstacles = 0;
}

/* config_messages_print - print each on its own line */
void config_messages_print(const struct config_messages *messages, FILE *file)
{
	size_t i;

	for (i = 0; i < messages->count; i++)
		fprintf(file, "%s\n", messages->lines[i]);
}

/* config_message_plain - remove the word for its kind, which follows "FILE: "
 * or "FILE:LINE: " */
char *config_message_plain(const char *message, const char *path, bool *warning)
{
	size_t length = strlen(path);
	const char *kind = message + length;

	*warning = false;
	if (strncmp(message, path, length) != 0 || *kind != ':')
		return xstrdup(message);
	if (isdigit((unsigned char)kind[1]))
		kind += 1 + strspn(kind + 1, "0123456789");
	if (strncmp(kind, ": " WARNING, strlen(": " WARNING)) != 0)
		return xstrdup(message);
	*warning = true;
	kind += strlen(": ");
	return xasprintf("%.*s%s", (int)(kind - message), message,
			 kind + strlen(WARNING));
}

/* config_messages_clear - free the texts */
void config_messages_clear(struct config_messages *messages)
{
	size_t i;

	for (i = 0; i < messages->count; i++)
		free(messages->lines[i]);
	free(messages->lines);
	memset(messages, 0, sizeof(*messages));
}

/* config_option_error - record an error that names the option */
void config_option_error(struct config_notes *notes, enum config_option option,
			 int line, const struct error *error)
{
	config_error(notes, line, "%s: %s", config_option_name(option),
		     error->text);
}

/* config_show - text in quotes, printable and not too long */
const char *config_show(char *buffer, const char *text)
{
	size_t length = 0;

	buffer[length++] = '"';
	for (; *text != '\0' && length < CONFIG_SHOWN - 9; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < ' ' || byte > '~')
			length += (size_t)snprintf(buffer + length, 5,
						   "\\x%02x", byte);
		else
			buffer[length++] = *text;
	}
	snprintf(buffer + length, CONFIG_SHOWN - length, "%s\"",
		 *text != '\0' ? "..." : "");
	return buffer;
}
