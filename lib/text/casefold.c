/* SPDX-License-Identifier: ISC */
/* casefold - compare domain names without regard to case
 *
 * Postfix compares lists and domains after ICU's default full case folding
 * (smtputf8_enable = yes) or after lower-casing A to Z. utf8proc does the same
 * folding if no other transformation, such as normalisation, is requested. */

#include "lib/text/casefold.h"

#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#define FOLDED_MAX 8 /* code points that one code point can expand to */

/* ascii_length - the number of leading bytes below 128 */
static size_t ascii_length(const char *text, size_t length)
{
	uint64_t word;
	size_t i = 0;

	for (; length - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, text + i, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (i < length && (unsigned char)text[i] < 128)
		i++;
	return i;
}

/* casefold_is_ascii - no byte above 127? */
bool casefold_is_ascii(const char *text, size_t length)
{
	return ascii_length(text, length) == length;
}

/* next_point - the first code point of text; returns its length, 0: not
 * UTF-8 */
static size_t next_point(const char *text, size_t length, utf8proc_int32_t *out)
{
	utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)text,
						 (utf8proc_ssize_t)length, out);

	return used > 0 ? (size_t)used : 0;
}

/* casefold_is_utf8 - well-formed UTF-8 of RFC 3629? */
bool casefold_is_utf8(const char *text, size_t length)
{
	utf8proc_int32_t point;
	size_t used;

	for (size_t i = ascii_length(text, length); i < length; i += used) {
		used = next_point(text + i, length - i, &point);
		if (used == 0)
			return false;
	}
	return true;
}

/* fold_byte - lower-case A to Z */
static char fold_byte(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* fold_ascii - fold_byte() for length bytes below 128, eight at a time: after
 * adding the distance from the byte after Z, and from A, the top bit of a byte
 * shows whether it is above Z, and not below A */
static void fold_ascii(char *out, const char *text, size_t length)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t word;
	size_t i = 0;

	for (; length - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, text + i, sizeof(word));
		word |= (((word + each * (128 - 'A')) &
			  ~(word + each * (127 - 'Z'))) &
			 each * 128) >>
			2;
		memcpy(out + i, &word, sizeof(word));
	}
	for (; i < length; i++)
		out[i] = fold_byte(text[i]);
}

/* fold_point - write the folding of one code point; 0: it has none */
static size_t fold_point(char *out, utf8proc_int32_t point)
{
	utf8proc_int32_t folded[FOLDED_MAX];
	utf8proc_ssize_t count;
	size_t written = 0;

	count = utf8proc_decompose_char(point, folded, FOLDED_MAX,
					UTF8PROC_CASEFOLD, NULL);
	if (count <= 0 || count > FOLDED_MAX)
		return 0;
	for (utf8proc_ssize_t i = 0; i < count; i++)
		written += (size_t)utf8proc_encode_char(
			folded[i], (utf8proc_uint8_t *)out + written);
	return written;
}

/* casefold - write the folded text and a NUL to out */
size_t casefold(char *out, const char *text, size_t length, bool utf8)
{
	utf8proc_int32_t point;
	size_t written = ascii_length(text, length);
	size_t folded;
	size_t used;

	fold_ascii(out, text, written);
	for (size_t i = written; i < length; i += used) {
		used = 1;
		folded = 0;
		if (utf8 && (unsigned char)text[i] > 127)
			used = next_point(text + i, length - i, &point);
		if (used > 1)
			folded = fold_point(out + written, point);
		if (used == 0)
			used = 1;
		if (folded > 0) {
			written += folded;
			continue;
		}
		memcpy(out + written, text + i, used);
		if (used == 1)
			out[written] = fold_byte(text[i]);
		written += used;
	}
	out[written] = '\0';
	return written;
}
