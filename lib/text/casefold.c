/* SPDX-License-Identifier: ISC */
/* casefold - compare domain names without regard to case
 *
 * Postfix compares lists and domains after ICU's default full case folding
 * (smtputf8_enable = yes) or after lower-casing A to Z. This calls the same
 * library, so that the answer is the same with each version of Unicode; but
 * only for what is not ASCII. */

#include "lib/text/casefold.h"

#include <stdint.h>
#include <string.h>

#include <unicode/ucasemap.h>

#include "lib/base/utf8.h"
#include "lib/base/xalloc.h"

/* Texts are looked at eight bytes at a time; the last eight may be some that
 * were looked at before. */
#define WORD sizeof(uint64_t)

/* load - eight bytes */
static uint64_t load(const char *text)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return word;
}

/* is_ascii - are these eight bytes below 128? */
static bool is_ascii(const char *text)
{
	return (load(text) & UINT64_C(0x8080808080808080)) == 0;
}

/* ascii_length - the number of leading bytes below 128 */
static size_t ascii_length(const char *text, size_t length)
{
	size_t i = 0;

	while (length - i >= WORD && is_ascii(text + i))
		i += WORD;
	if (length - i < WORD && length >= WORD &&
	    is_ascii(text + length - WORD))
		return length;
	while (i < length && (unsigned char)text[i] < 128)
		i++;
	return i;
}

/* casefold_is_ascii - no byte above 127? */
bool casefold_is_ascii(const char *text, size_t length)
{
	return ascii_length(text, length) == length;
}

/* casefold_is_utf8 - well-formed UTF-8 of RFC 3629? */
bool casefold_is_utf8(const char *text, size_t length)
{
	uint32_t point;
	size_t used;

	for (size_t i = ascii_length(text, length); i < length; i += used) {
		used = utf8_next(text + i, length - i, &point);
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

/* fold_word - fold_byte() for eight bytes below 128: after adding the distance
 * from the byte after Z, and from A, the top bit of a byte shows whether it is
 * above Z, and not below A */
static void fold_word(char *out, const char *text)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t word = load(text);

	word |= (((word + each * (128 - 'A')) & ~(word + each * (127 - 'Z'))) &
		 each * 128) >>
		2;
	memcpy(out, &word, sizeof(word));
}

/* fold_ascii - fold_byte() for length bytes below 128 */
static void fold_ascii(char *out, const char *text, size_t length)
{
	size_t i = 0;

	for (; length - i >= WORD; i += WORD)
		fold_word(out + i, text + i);
	if (i < length && length >= WORD) {
		fold_word(out + length - WORD, text + length - WORD);
		return;
	}
	for (; i < length; i++)
		out[i] = fold_byte(text[i]);
}

/* fold_unicode - the folded text; its length. Folding does not depend on the
 * language, and ICU copies what is not UTF-8. With enough room, it can only
 * fail without memory. */
static size_t fold_unicode(char *out, const char *text, size_t length)
{
	UErrorCode error = U_ZERO_ERROR;
	UCaseMap *map = ucasemap_open("", U_FOLD_CASE_DEFAULT, &error);
	int32_t written =
		ucasemap_utf8FoldCase(map, out, (int32_t)CASEFOLD_SIZE(length),
				      text, (int32_t)length, &error);

	if (U_FAILURE(error))
		xalloc_failed();
	ucasemap_close(map);
	return (size_t)written;
}

/* casefold - write the folded text and a NUL to out */
size_t casefold(char *out, const char *text, size_t length, bool utf8)
{
	size_t written = ascii_length(text, length);

	fold_ascii(out, text, written);
	if (written < length && utf8) {
		written += fold_unicode(out + written, text + written,
					length - written);
	} else {
		for (; written < length; written++)
			out[written] = fold_byte(text[written]);
	}
	out[written] = '\0';
	return written;
}
