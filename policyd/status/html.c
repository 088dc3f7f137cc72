/* SPDX-License-Identifier: ISC */
/* html - text of strangers on a page */

#include "policyd/status/html.h"

#include <stdbool.h>
#include <utf8proc.h>

/* is_shown - a letter, mark, digit or sign, not a control or format
 * character */
static bool is_shown(utf8proc_int32_t character)
{
	switch (utf8proc_category(character)) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return false;
	case UTF8PROC_CATEGORY_ZS:
		return character == ' ';
	default:
		return true;
	}
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

/* html_put - write text so that it stays text */
void html_put(FILE *output, const char *text)
{
	const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
	utf8proc_int32_t character;
	utf8proc_ssize_t length;

	for (; *bytes != '\0'; bytes += length) {
		utf8proc_ssize_t i;

		length = utf8proc_iterate(bytes, -1, &character);
		if (length == 1 && *bytes >= ' ' && *bytes < 0x7f) {
			put_ascii(output, (char)*bytes);
		} else if (length > 1 && is_shown(character)) {
			fwrite(bytes, 1, (size_t)length, output);
		} else {
			if (length < 1)
				length = 1;
			for (i = 0; i < length; i++)
				fprintf(output, "\\x%02X", bytes[i]);
		}
	}
}
