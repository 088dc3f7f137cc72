/* SPDX-License-Identifier: ISC */
/* postlog_text - parts of Postfix's log texts */

#include "lib/postlog/postlog_text.h"

#include <string.h>

/* postlog_word - exactly this */
bool postlog_word(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*text, word, length) != 0)
		return false;
	*text += length;
	return true;
}

/* postlog_until - everything before one of some bytes */
bool postlog_until(const char **text, const char *stops, char *to, size_t size)
{
	size_t length = strcspn(*text, stops);

	if (length >= size)
		return false;
	memcpy(to, *text, length);
	to[length] = '\0';
	*text += length;
	return true;
}

/* postlog_client - "name[address]" */
bool postlog_client(const char **text, char *address, size_t size)
{
	const char *rest = *text + strcspn(*text, "[ ");

	if (!postlog_word(&rest, "[") ||
	    !postlog_until(&rest, "] ", address, size) ||
	    !postlog_word(&rest, "]"))
		return false;
	if (*rest == ':' && rest[1] != ' ')
		rest += 1 + strspn(rest + 1, "0123456789");
	*text = rest;
	return true;
}

/* quoted_length - the length of a quoted local part, quotes included, that an
 * "@" or the end of the address follows; 0: there is none */
static size_t quoted_length(const char *text)
{
	size_t i;

	if (*text != '"')
		return 0;
	for (i = 1; text[i] != '\0' && text[i] != '"'; i++)
		if (text[i] == '\\' && text[i + 1] != '\0')
			i++;
	return text[i] == '"' && (text[i + 1] == '@' || text[i + 1] == '>')
		       ? i + 1
		       : 0;
}

/* postlog_address - "<address>" */
bool postlog_address(const char **text, char *to, size_t size)
{
	const char *from = *text + 1;
	size_t quoted, i;
	size_t length = 0;

	if (**text != '<')
		return false;
	quoted = quoted_length(from);
	if (quoted >= size)
		return false;
	for (i = 1; i + 1 < quoted; i++) {
		if (from[i] == '\\' && i + 2 < quoted)
			i++;
		to[length++] = from[i];
	}
	from += quoted;
	if (!postlog_until(&from, ">", to + length, size - length) ||
	    !postlog_word(&from, ">"))
		return false;
	*text = from;
	return true;
}

/* postlog_times - how often is a word in a text? */
size_t postlog_times(const char *text, const char *word)
{
	size_t count = 0;

	while ((text = strstr(text, word)) != NULL) {
		count++;
		text += strlen(word);
	}
	return count;
}
