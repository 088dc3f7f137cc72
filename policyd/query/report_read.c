/* SPDX-License-Identifier: ISC */
/* report_read - from a decision line of the log back to the request
 *
 * The line has everything that a decision depends on, escaped so that text from
 * the network cannot imitate any part of it. Other programs are less careful: a
 * HELO name may appear unescaped in a line of Postfix. So a line is read only
 * if policyd wrote it (lib/base/log_prefix.c). */

#include "policyd/query/report_read.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/log_prefix.h"
#include "lib/base/number.h"
#include "lib/base/xalloc.h"
#include "lib/decision/report.h"

/* One key of the line. */
enum key {
	KEY_ID,
	KEY_SERVICE,
	KEY_VERDICT,
	KEY_RESTRICTION,
	KEY_DESTINATION,
	KEY_MODE,
	KEY_US,
	KEY_ATTRIBUTE, /* this key and those after it are for the request */
	KEY_CLIENT = KEY_ATTRIBUTE,
	KEY_HELO,
	KEY_FROM,
	KEY_TO,
	KEY_TLS,
	KEY_SASL,
	KEY_PORT,
	KEY_CONTEXT,
	KEY_CERT,
	KEY_KEY,
	KEY_INSTANCE,
	KEY_QUEUE_ID,
	KEY_RECIPIENTS,
	KEY_SIZE,
	KEY_STATE,
	KEY_COUNT
};

/* Properties of each key: is it required, and at which length is its value cut;
 * 0: never mind. */
static const struct {
	const char *name;
	bool needed;
	size_t limit;
} keys[KEY_COUNT] = {
	[KEY_ID] = { "id", true, 0 },
	[KEY_SERVICE] = { "service", true, 0 },
	[KEY_VERDICT] = { "verdict", true, 0 },
	[KEY_RESTRICTION] = { "restriction", true, 0 },
	[KEY_DESTINATION] = { "destination", true, 0 },
	[KEY_MODE] = { "mode", false, 0 },
	[KEY_US] = { "us", true, 0 },
	[KEY_CLIENT] = { "client", true, REPORT_NAME_MAX },
	[KEY_HELO] = { "helo", false, 0 },
	[KEY_FROM] = { "from", true, REPORT_ADDRESS_MAX },
	[KEY_TO] = { "to", true, REPORT_ADDRESS_MAX },
	[KEY_TLS] = { "tls", true, 1 },
	[KEY_SASL] = { "sasl", true, 1 },
	[KEY_PORT] = { "port", false, REPORT_NAME_MAX },
	[KEY_CONTEXT] = { "context", false, REPORT_NAME_MAX },
	[KEY_CERT] = { "cert", false, REPORT_FINGERPRINT_MAX },
	[KEY_KEY] = { "key", false, REPORT_FINGERPRINT_MAX },
	[KEY_INSTANCE] = { "instance", false, 0 },
	[KEY_QUEUE_ID] = { "queue_id", false, 0 },
	[KEY_RECIPIENTS] = { "recipients", false, 0 },
	[KEY_SIZE] = { "size", false, 0 },
	[KEY_STATE] = { "state", false, 0 },
};

/* find_start - the text of policyd in a log line; NULL: another program's
 * line */
static const char *find_start(const char *line)
{
	const char *text = log_prefix_text(line, "policyd");

	return text != NULL && strncmp(text, "id=", 3) == 0 ? text : NULL;
}

/* next_word - the next KEY=VALUE, terminated by a NUL; a quoted value may
 * contain blanks. NULL: no more. */
static char *next_word(char **rest)
{
	char *word = *rest;
	char *end;

	if (word == NULL)
		return NULL;
	end = word + strcspn(word, " \"");
	if (*end == '"' && end > word && end[-1] == '=')
		end = end + 1 + strcspn(end + 1, "\"");
	end += strcspn(end, " ");
	*rest = *end == '\0' ? NULL : end + 1;
	*end = '\0';
	return word;
}

/* split - split the line into the values of its keys; unknown keys, of a newer
 * version, are ignored */
static int split(char *line, char *values[KEY_COUNT], struct error *error)
{
	char *rest = line;
	char *word;

	while ((word = next_word(&rest)) != NULL) {
		char *equals = strchr(word, '=');
		int key = 0;

		if (equals == NULL || equals == word)
			return error_set(error, "\"%.40s\" is not KEY=VALUE",
					 word);
		*equals = '\0';
		while (key < KEY_COUNT && strcmp(keys[key].name, word) != 0)
			key++;
		if (key == KEY_COUNT)
			continue;
		if (values[key] != NULL)
			return error_set(error, "%s= appears twice", word);
		values[key] = equals + 1;
	}
	return 0;
}

/* hex - the value of a digit as log_quote() writes it; -1: invalid */
static int hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* unquote - undo log_quote() in place */
static int unquote(char *value, struct error *error)
{
	char *to = value;

	for (; *value != '\0'; value++) {
		int byte = (unsigned char)*value;

		if (byte <= ' ' || byte >= 0x7f || byte == '"')
			return error_set(error, "a byte that policyd does not "
						"log");
		if (byte == '\\') {
			if (value[1] != 'x' || hex(value[2]) < 0 ||
			    hex(value[3]) < 0)
				return error_set(error, "a bad escape");
			byte = hex(value[2]) * 16 + hex(value[3]);
			value += 3;
		}
		if (byte == 0)
			return error_set(error, "a NUL byte");
		*to++ = (char)byte;
	}
	*to = '\0';
	return 0;
}

/* is_cut - does the log have only the beginning of a value? If a value has
 * parts with their own limits, dots anywhere mean that. */
static bool is_cut(enum key key, const char *value)
{
	size_t length = strlen(value);
	/* The characters around the quoted text: <>, or []: and a port. */
	size_t around = key == KEY_CLIENT ? 0 : 2;

	if (keys[key].limit == 0)
		return false;
	if (keys[key].limit == 1 || key == KEY_CLIENT)
		return strstr(value, "...") != NULL;
	if (length > 0 && value[length - 1] == '>')
		length--;
	return length + around > keys[key].limit - 4 && length >= 3 &&
	       strncmp(value + length - 3, "...", 3) == 0;
}

/* check - is the line complete? */
static int check(char *values[KEY_COUNT], struct error *error)
{
	uint64_t us;
	int key;

	if (values[KEY_US] == NULL ||
	    number_parse(values[KEY_US], UINT64_MAX, &us) != 0)
		return error_set(error, "the end of the line is missing");
	for (key = 0; key < KEY_COUNT; key++) {
		if (keys[key].needed && values[key] == NULL)
			return error_set(error, "%s= is missing",
					 keys[key].name);
		if (values[key] != NULL && is_cut((enum key)key, values[key]))
			return error_set(error,
					 "%s= is cut: the log has only a part "
					 "of it",
					 keys[key].name);
	}
	return 0;
}

/* take - store the values in reported */
static int take(struct reported *reported, char *values[KEY_COUNT],
		struct error *error)
{
	int verdict;
	int key;

	for (key = 0; key < KEY_COUNT; key++)
		if (values[key] != NULL && unquote(values[key], error) < 0)
			return error_prefix(error, "%s=: ", keys[key].name);
	verdict = verdict_find(values[KEY_VERDICT]);
	if (verdict < 0)
		return error_set(error,
				 "verdict=%.40s: there is no such "
				 "verdict",
				 values[KEY_VERDICT]);
	reported->verdict = (enum verdict)verdict;
	for (key = KEY_ATTRIBUTE; key < KEY_COUNT; key++)
		if (values[key] != NULL &&
		    notation_set(&reported->notation, keys[key].name,
				 values[key], error) < 0)
			return -1;
	reported->id = values[KEY_ID];
	reported->service = values[KEY_SERVICE];
	reported->restriction = values[KEY_RESTRICTION];
	reported->destination = values[KEY_DESTINATION];
	reported->observed = values[KEY_MODE] != NULL &&
			     strcmp(values[KEY_MODE], "observe") == 0;
	reported->has_port = values[KEY_PORT] != NULL;
	return 0;
}

/* report_is_line - is this a line of policyd about a request? A warning about a
 * request has an id, too. */
bool report_is_line(const char *line)
{
	const char *start = find_start(line);
	const char *space = start != NULL ? strchr(start, ' ') : NULL;

	return space != NULL && strncmp(space, " service=", 9) == 0;
}

/* report_read - read back a decision line */
int report_read(struct reported *reported, char *line, struct error *error)
{
	char *values[KEY_COUNT] = { NULL };

	report_read_clear(reported);
	reported->notation.lax = true;
	if (!report_is_line(line))
		return 0;
	line += find_start(line) - line;
	if (split(line, values, error) < 0 || check(values, error) < 0 ||
	    take(reported, values, error) < 0)
		return -1;
	return 1;
}

/* report_read_clear - free what reported holds */
void report_read_clear(struct reported *reported)
{
	notation_clear(&reported->notation);
	memset(reported, 0, sizeof(*reported));
	notation_init(&reported->notation);
}
