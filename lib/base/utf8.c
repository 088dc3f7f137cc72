/* SPDX-License-Identifier: ISC */
/* utf8 - the characters of a text
 *
 * As strict as parse_utf8_char() of Postfix: neither surrogates, nor forms that
 * are longer than needed. */

#include "lib/base/utf8.h"

/* sequence_length - of the character that begins with this byte; 0: none
 * does */
static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* utf8_next - the first character of text */
size_t utf8_next(const char *text, size_t left, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length = left > 0 ? sequence_length(bytes[0]) : 0;

	if (length == 0 || length > left)
		return 0;
	*point = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (bytes[i] & 0x3f);
	}
	if (*point < least[length] || *point > 0x10ffff ||
	    (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return length;
}
