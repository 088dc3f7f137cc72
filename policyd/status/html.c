/* SPDX-License-Identifier: ISC */
/* html - text of strangers on a page */

#include "policyd/status/html.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <unicode/uchar.h>

#include "lib/base/utf8.h"

/* is_shown - a letter, mark, digit or sign, not a control or format
 * character */
static bool is_shown(uint32_t character)
{
	uint32_t category = U_MASK(u_charType((UChar32)character));

	if ((category & U_GC_ZS_MASK) != 0)
		return character == ' ';
	return (category & (U_GC_C_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK)) == 0;
}

/* put_ascii - write one byte that may be markup */
static void put_ascii(FILE *output, char byte)
{
	switch (byte) {
	case '&':
		fputs("&amp;", output);
		break;
	case '<':
		fputs("&lt;", output);
		break;
	case '>':
		fputs("&gt;", output);
		break;
	case '"':
		fputs("&quot;", output);
		break;
	case '\'':
		fputs("&#39;", output);
		break;
	default:
		putc(byte, output);
		break;
	}
}

/* put_hidden - write the bytes of what is not shown */
static void put_hidden(FILE *output, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		fprintf(output, "\\x%02X", (unsigned char)text[i]);
}

/* html_put - write text so that it stays text */
void html_put(FILE *output, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t character;
		size_t length = utf8_next(text, left, &character);
		bool shown = length > 0 && is_shown(character);

		if (length == 0)
			length = 1;
		if (!shown)
			put_hidden(output, text, length);
		else if (length == 1)
			put_ascii(output, *text);
		else
			fwrite(text, 1, length, output);
		text += length;
		left -= length;
	}
}
