/* SPDX-License-Identifier: ISC */
/* json - building and printing JSON */

#include "policyd/query/json.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/xalloc.h"

/* json_start - have jansson use our allocation, which cannot fail */
void json_start(void)
{
	json_set_alloc_funcs(xmalloc, free);
}

/* json_text - a string, or null for NULL */
json_t *json_text(const char *text)
{
	json_t *made;
	size_t size;
	char *quoted;

	if (text == NULL)
		return json_null();
	made = json_string(text);
	if (made != NULL)
		return made;
	size = 4 * strlen(text);
	quoted = xmalloc(size + 1);
	log_quote(quoted, size, text);
	made = json_string(quoted);
	free(quoted);
	return made;
}

/* json_whether - true, false, or null: unknown */
json_t *json_whether(int known)
{
	return known == 0 || known == 1 ? json_boolean(known) : json_null();
}

/* json_set - add a member. Names are ASCII and allocation cannot fail, so
 * nothing else can go wrong. */
void json_set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) != 0)
		abort();
}

/* json_append - add an element */
void json_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		abort();
}

/* json_append_line - add a line to write */
void json_append_line(void *array, const char *where, const char *write)
{
	json_t *object = json_object();

	json_set(object, "where", json_text(where));
	json_set(object, "write", json_text(write));
	json_append(array, object);
}

/* put - write a piece of output: DEL is the one control character that jansson
 * does not escape. It can occur only in a string. */
static int put(const char *bytes, size_t length, void *context)
{
	FILE *output = context;
	size_t i;

	for (i = 0; i < length; i++)
		if (bytes[i] == 0x7f)
			fputs("\\u007f", output);
		else
			putc(bytes[i], output);
	return 0;
}

/* json_print - one line */
void json_print(json_t *object, FILE *output)
{
	json_dump_callback(object, put, output,
			   JSON_COMPACT | JSON_ENSURE_ASCII);
	putc('\n', output);
	json_decref(object);
}
