/* SPDX-License-Identifier: ISC */
/* log_wrapping - lines in the log of a container
 *
 * Docker (json-file) writes {"log":"TEXT\n","stream":"stderr","time":"..."},
 * Podman and Kubernetes TIME stderr F TEXT; docker logs -t, podman logs -t and
 * kubectl logs --timestamps print TIME TEXT; socklog writes TIME mail.info:
 * TEXT. TEXT is what the container wrote, and is judged like a line of any
 * file: it must begin with what policyd, or a log daemon, puts at the beginning
 * of its lines. */

#include "policyd/query/log_wrapping.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log_prefix.h"
#include "lib/base/xalloc.h"
#include "policyd/query/json.h"

#define DIGITS	"0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz" DIGITS

/* unwrap_object - of Docker. A text of several lines is none. */
static char *unwrap_object(const char *line)
{
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *log = json_string_value(json_object_get(object, "log"));
	char *text = NULL;
	size_t length;

	if (log != NULL && json_is_string(json_object_get(object, "stream"))) {
		length = strcspn(log, "\r\n");
		if (log[length + strspn(log + length, "\r\n")] == '\0')
			text = xstrndup(log, length);
	}
	json_decref(object);
	return text;
}

/* skip_facility - "mail.info: "; unchanged: there is none */
static const char *skip_facility(const char *text)
{
	const char *end = text + strspn(text, LETTERS);

	if (end == text || *end != '.')
		return text;
	end += 1 + strspn(end + 1, LETTERS);
	return end[0] == ':' && end[1] == ' ' ? end + 2 : text;
}

/* unwrap_time - behind the time is a line that has one of its own. No log
 * daemon writes two, and the brackets of the kernel are none. */
static char *unwrap_time(const char *line, size_t length)
{
	const char *text = line + length;
	struct log_prefix prefix;

	if (*text != ' ')
		return NULL;
	text = skip_facility(text + 1);
	if (*text == '[' || !log_prefix_read(&prefix, text) ||
	    prefix.stamp_length == 0)
		return NULL;
	return xstrdup(text);
}

/* unwrap_words - of Podman: F says that the line is whole */
static char *unwrap_words(const char *line)
{
	static const char *const streams[] = { " stdout F ", " stderr F " };
	size_t length = strspn(line, DIGITS "-+:.TZ"), i;

	if (*line == '@')
		return unwrap_time(line, 1 + strspn(line + 1, DIGITS "abcdef"));
	if (length < strlen("2026-11-24T15:00:00Z") || line[10] != 'T')
		return NULL;
	for (i = 0; i < 2; i++)
		if (strncmp(line + length, streams[i], strlen(streams[i])) == 0)
			return xstrdup(line + length + strlen(streams[i]));
	return unwrap_time(line, length);
}

/* log_unwrap - either */
char *log_unwrap(const char *line)
{
	if (strncmp(line, "{\"", 2) == 0)
		return unwrap_object(line);
	return unwrap_words(line);
}
