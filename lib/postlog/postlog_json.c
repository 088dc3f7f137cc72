/* SPDX-License-Identifier: ISC */
/* postlog_json - an entry of journald
 *
 * There is a member for each field; a text that is not UTF-8 is an array of
 * bytes. */

#include "lib/postlog/postlog_json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "lib/base/xalloc.h"
#include "lib/postlog/postlog_time.h"

/* bytes_of - a string, or an array of bytes; NULL: it is neither, or has a NUL.
 * The caller frees it. */
static char *bytes_of(const json_t *value)
{
	size_t count = json_array_size(value);
	char *text;
	size_t i;

	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (!json_is_array(value))
		return NULL;
	text = xmalloc(count + 1);
	for (i = 0; i < count; i++) {
		json_int_t byte = json_integer_value(json_array_get(value, i));

		if (byte <= 0 || byte > 255) {
			free(text);
			return NULL;
		}
		text[i] = (char)byte;
	}
	text[count] = '\0';
	return text;
}

/* take - copy a member; false: it is missing, or too long */
static bool take(const json_t *object, const char *name, char *to, size_t size)
{
	const char *value = json_string_value(json_object_get(object, name));

	if (value == NULL || strlen(value) >= size)
		return false;
	memcpy(to, value, strlen(value) + 1);
	return true;
}

/* take_journal - an entry of journald */
static int take_journal(struct postlog_json *entry, const json_t *object)
{
	char time[24];

	entry->time = take(object, "__REALTIME_TIMESTAMP", time, sizeof(time))
			      ? strtoll(time, NULL, 10) / 1000000
			      : POSTLOG_NO_TIME;
	if (!take(object, "SYSLOG_IDENTIFIER", entry->name,
		  sizeof(entry->name)) ||
	    (!take(object, "SYSLOG_PID", entry->pid, sizeof(entry->pid)) &&
	     !take(object, "_PID", entry->pid, sizeof(entry->pid))))
		return -1;
	if (!take(object, "_HOSTNAME", entry->host, sizeof(entry->host)))
		entry->host[0] = '\0';
	entry->text = bytes_of(json_object_get(object, "MESSAGE"));
	return entry->text != NULL ? 0 : -1;
}

/* postlog_json_read - one entry */
int postlog_json_read(struct postlog_json *entry, const char *bytes)
{
	json_t *object = json_loads(bytes, JSON_REJECT_DUPLICATES, NULL);
	int result;

	memset(entry, 0, sizeof(*entry));
	result = take_journal(entry, object);
	json_decref(object);
	return result;
}
