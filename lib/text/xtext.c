/* SPDX-License-Identifier: ISC */
/* xtext - the encoding of text in delivery status notifications
 *
 * A byte that is not printable ASCII, or a plus sign, is written as a plus sign
 * and two hexadecimal digits: "J+C3+BCrgen" is UTF-8. In a policy request,
 * Postfix encodes subject and issuer of a client certificate in this way. */

#include "lib/text/xtext.h"

#include <string.h>

/* hex_value - the value of a hexadecimal digit, in either case; -1: invalid */
static int hex_value(char digit)
{
	static const char digits[] = "0123456789ABCDEFabcdef";
	const char *place = digit != '\0' ? strchr(digits, digit) : NULL;
	int value = place != NULL ? (int)(place - digits) : -1;

	return value < 16 ? value : value - 6;
}

/* decode_byte - the byte for "+XX"; 0: not of that form */
static int decode_byte(const char *text)
{
	int high;
	int low;

	if (text[0] != '+')
		return 0;
	high = hex_value(text[1]);
	low = high >= 0 ? hex_value(text[2]) : -1;
	return low >= 0 ? high * 16 + low : 0;
}

/* xtext_decode - undo the encoding */
size_t xtext_decode(char *buffer, size_t size, const char *text)
{
	size_t length = 0;

	while (*text != '\0' && length + 1 < size) {
		int byte = decode_byte(text);

		buffer[length++] = (char)(byte != 0 ? byte : *text);
		text += byte != 0 ? 3 : 1;
	}
	buffer[length] = '\0';
	return length;
}
