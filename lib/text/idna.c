/* SPDX-License-Identifier: ISC */
/* idna - syntax of internationalised domain names
 *
 * Postfix accepts a domain with UTF-8 in it if ICU can convert it to ASCII
 * labels that form a valid host name. This does the same with utf8proc: map
 * (compatibility forms, case), refuse what no label may contain, encode
 * (Punycode, RFC 3492), and check the result as a host name. The mapping is
 * NFKC_Casefold, which is close to the UTS 46 table; but UTS 46 keeps four
 * characters that NFKC_Casefold changes, and forbids some that it does not.
 * Lists are compared by lib/text/casefold, not in this form. */

#include "lib/text/idna.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <utf8proc.h>

#include "lib/base/xalloc.h"
#include "lib/text/hostname.h"

#define LABEL_POINTS_MAX 64 /* more do not fit into a label of 63 bytes */

/* Parameters of RFC 3492, section 5. */
enum {
	BASE = 36,
	TMIN = 1,
	TMAX = 26,
	SKEW = 38,
	DAMP = 700,
	INITIAL_BIAS = 72,
	INITIAL_N = 128,
};

/* Characters to keep: replaced by others that no label may contain, and
 * restored afterwards. */
static const struct kept {
	utf8proc_int32_t point;
	utf8proc_int32_t stand_in;
} kept[] = {
	{ 0xdf, 0xe000 },   /* sharp s */
	{ 0x3c2, 0xe001 },  /* final sigma */
	{ 0x200c, 0xe002 }, /* zero width non-joiner */
	{ 0x200d, 0xe003 }, /* zero width joiner */
};
#define KEPT_COUNT (sizeof(kept) / sizeof(kept[0]))

#define NEVER 0xf8ff /* for private use: no label may contain it */

/* Characters that UTS 46 forbids, and NFKC_Casefold keeps, drops or
 * replaces. */
static const struct range {
	utf8proc_int32_t first;
	utf8proc_int32_t last;
} forbidden[] = {
	{ 0x4c0, 0x4c0 },     { 0x61c, 0x61c },	    { 0x10a0, 0x10c5 },
	{ 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x1806, 0x1806 },
	{ 0x180e, 0x180e },   { 0x200e, 0x200f },   { 0x2024, 0x2024 },
	{ 0x202a, 0x202e },   { 0x2061, 0x2063 },   { 0x2066, 0x206f },
	{ 0x2132, 0x2132 },   { 0x2183, 0x2183 },   { 0x2488, 0x249b },
	{ 0x2ff0, 0x2ffb },   { 0x3164, 0x3164 },   { 0x33c2, 0x33c2 },
	{ 0x33c7, 0x33c7 },   { 0x33d8, 0x33d8 },   { 0xfe12, 0xfe12 },
	{ 0xfe52, 0xfe52 },   { 0xffa0, 0xffa0 },   { 0xfffc, 0xfffd },
	{ 0x1d173, 0x1d17a }, { 0x1f100, 0x1f100 }, { 0x2f868, 0x2f868 },
	{ 0x2f874, 0x2f874 }, { 0x2f91f, 0x2f91f }, { 0x2f95f, 0x2f95f },
	{ 0x2f9bf, 0x2f9bf }, { 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f },
};
#define FORBIDDEN_COUNT (sizeof(forbidden) / sizeof(forbidden[0]))

struct output {
	char text[IDNA_ASCII_MAX];
	size_t used;
};

/* put - append one byte; a name that becomes too long is refused later */
static void put(struct output *out, char c)
{
	if (out->used < sizeof(out->text))
		out->text[out->used] = c;
	out->used++;
}

/* put_digit - append one digit of base 36 */
static void put_digit(struct output *out, uint32_t digit)
{
	put(out, (char)(digit < 26 ? 'a' + digit : '0' + (digit - 26)));
}

/* adapt - the next bias (RFC 3492, section 6.1) */
static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

/* put_number - append delta as a variable-length number */
static void put_number(struct output *out, uint32_t delta, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? TMIN : k - bias;

		if (t > TMAX)
			t = TMAX;
		if (delta < t)
			break;
		put_digit(out, t + (delta - t) % (BASE - t));
		delta = (delta - t) / (BASE - t);
	}
	put_digit(out, delta);
}

/* smallest_from - the smallest code point of a label that is at least n */
static uint32_t smallest_from(const uint32_t *points, uint32_t count,
			      uint32_t n)
{
	uint32_t least = UINT32_MAX;

	for (uint32_t i = 0; i < count; i++) {
		if (points[i] >= n && points[i] < least)
			least = points[i];
	}
	return least;
}

/* put_punycode - append a label; numbers cannot overflow because a label has
 * few code points (LABEL_POINTS_MAX * 0x110000 is below 2^32) */
static void put_punycode(struct output *out, const uint32_t *points,
			 uint32_t count)
{
	uint32_t n = INITIAL_N, bias = INITIAL_BIAS, delta = 0;
	uint32_t basic = 0, handled;

	for (uint32_t i = 0; i < count; i++) {
		if (points[i] < INITIAL_N) {
			put(out, (char)points[i]);
			basic++;
		}
	}
	if (basic > 0)
		put(out, '-');
	for (handled = basic; handled < count; n++, delta++) {
		uint32_t next = smallest_from(points, count, n);

		delta += (next - n) * (handled + 1);
		n = next;
		for (uint32_t i = 0; i < count; i++) {
			if (points[i] < n)
				delta++;
			if (points[i] != n)
				continue;
			put_number(out, delta, bias);
			bias = adapt(delta, handled + 1, handled == basic);
			delta = 0;
			handled++;
		}
	}
}

/* prepare - called by utf8proc for each character before it is mapped. A
 * replacement character in the input is as forbidden as it was. */
static utf8proc_int32_t prepare(utf8proc_int32_t point, void *unused)
{
	(void)unused;
	for (size_t i = 0; i < KEPT_COUNT; i++) {
		if (point == kept[i].point)
			return kept[i].stand_in;
		if (point == kept[i].stand_in)
			return NEVER;
	}
	for (size_t i = 0; i < FORBIDDEN_COUNT; i++) {
		if (point >= forbidden[i].first && point <= forbidden[i].last)
			return NEVER;
	}
	return point;
}

/* show_kept - the character that a replacement represents */
static uint32_t show_kept(utf8proc_int32_t point)
{
	for (size_t i = 0; i < KEPT_COUNT; i++) {
		if (point == kept[i].stand_in)
			return (uint32_t)kept[i].point;
	}
	return (uint32_t)point;
}

/* map - compatibility and case mapping; the caller frees it. NULL: not UTF-8 */
static utf8proc_uint8_t *map(const char *text)
{
	utf8proc_uint8_t *mapped;

	if (utf8proc_map_custom((const utf8proc_uint8_t *)text, 0, &mapped,
				UTF8PROC_NULLTERM | UTF8PROC_STABLE |
					UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
					UTF8PROC_CASEFOLD | UTF8PROC_IGNORE,
				prepare, NULL) < 0)
		return NULL;
	return mapped;
}

/* is_allowed - may a label contain this character at all? */
static bool is_allowed(uint32_t point)
{
	if (point == 0x200c || point == 0x200d)
		return true;
	switch (utf8proc_category((utf8proc_int32_t)point)) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return false;
	default:
		return true;
	}
}

/* is_mark - a combining mark, which cannot begin a label? */
static bool is_mark(uint32_t point)
{
	utf8proc_category_t category =
		utf8proc_category((utf8proc_int32_t)point);

	return category == UTF8PROC_CATEGORY_MN ||
	       category == UTF8PROC_CATEGORY_MC ||
	       category == UTF8PROC_CATEGORY_ME;
}

/* digit_value - of a digit of base 36, or BASE */
static uint32_t digit_value(uint32_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0' + 26;
	return c >= 'a' && c <= 'z' ? c - 'a' : BASE;
}

/* take_number - read a variable-length number at *next; false: it is
 * incomplete, or larger than needed */
static bool take_number(const uint32_t *text, uint32_t length, uint32_t *next,
			uint32_t bias, uint32_t *number)
{
	uint64_t weight = 1;
	uint64_t sum = 0;

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? TMIN : k - bias;
		uint32_t digit;

		if (t > TMAX)
			t = TMAX;
		if (*next == length)
			return false;
		digit = digit_value(text[(*next)++]);
		sum += digit * weight;
		if (digit == BASE || sum > INT32_MAX)
			return false;
		if (digit < t)
			break;
		weight *= BASE - t;
		if (weight > INT32_MAX)
			return false;
	}
	*number = (uint32_t)sum;
	return true;
}

/* unpunycode - decode a label without its "xn--"; returns the number of code
 * points, 0: invalid */
static uint32_t unpunycode(const uint32_t *text, uint32_t length,
			   uint32_t points[LABEL_POINTS_MAX])
{
	uint32_t n = INITIAL_N, bias = INITIAL_BIAS, place = 0;
	uint32_t count = 0, next = 0, basic, number;

	for (uint32_t i = 0; i < length; i++) {
		if (text[i] == '-')
			count = i;
	}
	memcpy(points, text, count * sizeof(points[0]));
	basic = count;
	for (next = count > 0 ? count + 1 : 0; next < length; place++) {
		if (count == LABEL_POINTS_MAX ||
		    !take_number(text, length, &next, bias, &number))
			return 0;
		bias = adapt(number, count + 1, count == basic);
		place += number;
		n += place / (count + 1);
		place %= count + 1;
		if (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff))
			return 0;
		memmove(points + place + 1, points + place,
			(count - place) * sizeof(points[0]));
		points[place] = n;
		count++;
	}
	return count > basic ? count : 0;
}

/* is_stable - would mapping leave these code points unchanged? */
static bool is_stable(const uint32_t *points, uint32_t count)
{
	utf8proc_uint8_t text[4 * LABEL_POINTS_MAX + 1];
	utf8proc_uint8_t *mapped;
	const utf8proc_uint8_t *at;
	utf8proc_int32_t point;
	size_t length = 0;
	uint32_t same = 0;

	for (uint32_t i = 0; i < count; i++)
		length += (size_t)utf8proc_encode_char(
			(utf8proc_int32_t)points[i], text + length);
	text[length] = '\0';
	mapped = map((const char *)text);
	if (mapped == NULL)
		return false;
	for (at = mapped; *at != '\0' && same < count; same++) {
		at += utf8proc_iterate(at, -1, &point);
		if (show_kept(point) != points[same])
			break;
	}
	length = strlen((const char *)at);
	free(mapped);
	return same == count && length == 0;
}

/* has_prefix - are the third and fourth characters "-"? Positions are counted
 * as in ICU, in UTF-16. */
static bool has_prefix(const uint32_t *points, uint32_t count)
{
	uint32_t place = 0;
	uint32_t hyphens = 0;

	for (uint32_t i = 0; i < count && place < 4; i++) {
		if (place >= 2 && points[i] == '-')
			hyphens++;
		place += points[i] > 0xffff ? 2 : 1;
	}
	return hyphens == 2;
}

/* is_label - are these code points, not all ASCII, a valid label? */
static bool is_label(const uint32_t *points, uint32_t count)
{
	if (is_mark(points[0]) || points[0] == '-' || points[count - 1] == '-')
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (points[i] >= INITIAL_N ? !is_allowed(points[i])
					   : points[i] == '.')
			return false;
	}
	return !has_prefix(points, count);
}

/* is_ascii_label - may these code points, all ASCII, be next to labels that are
 * not ASCII? A label that begins with "xn--" must be valid Punycode.
 * hostname_valid() checks the rest. */
static bool is_ascii_label(const uint32_t *points, uint32_t count)
{
	uint32_t decoded[LABEL_POINTS_MAX + 1];
	uint32_t length;

	if (count < 4 || !has_prefix(points, count))
		return true;
	if (points[0] != 'x' || points[1] != 'n')
		return false;
	length = unpunycode(points + 4, count - 4, decoded);
	return length > 0 && is_label(decoded, length) &&
	       is_stable(decoded, length);
}

/* put_label - append one label in ASCII form; false: it has none */
static bool put_label(struct output *out, const uint32_t *points,
		      uint32_t count)
{
	bool ascii = true;

	if (count == 0)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (points[i] >= INITIAL_N)
			ascii = false;
	}
	if (ascii) {
		for (uint32_t i = 0; i < count; i++)
			put(out, (char)points[i]);
		return is_ascii_label(points, count);
	}
	if (!is_label(points, count))
		return false;
	for (const char *prefix = "xn--"; *prefix != '\0'; prefix++)
		put(out, *prefix);
	put_punycode(out, points, count);
	return true;
}

/* put_labels - append all labels of the mapped text */
static bool put_labels(struct output *out, const utf8proc_uint8_t *text)
{
	uint32_t points[LABEL_POINTS_MAX];
	uint32_t count = 0;
	utf8proc_int32_t point;

	while (text[0] != '\0') {
		text += utf8proc_iterate(text, -1, &point);
		if (point == '.' || point == 0x3002) {
			if (!put_label(out, points, count))
				return false;
			put(out, '.');
			count = 0;
		} else if (count == LABEL_POINTS_MAX) {
			return false;
		} else {
			points[count++] = show_kept(point);
		}
	}
	return put_label(out, points, count);
}

/* idna_to_ascii - the ASCII form of a domain */
bool idna_to_ascii(const char *domain, char ascii[IDNA_ASCII_MAX])
{
	struct output out = { .used = 0 };
	utf8proc_uint8_t *mapped;
	bool valid;

	mapped = map(domain);
	if (mapped == NULL)
		return false;
	valid = put_labels(&out, mapped) && out.used < sizeof(out.text);
	free(mapped);
	if (!valid)
		return false;
	out.text[out.used] = '\0';
	memcpy(ascii, out.text, out.used + 1);
	return hostname_valid(ascii);
}

/* idna_valid - can this domain be written in ASCII? */
bool idna_valid(const char *domain)
{
	char ascii[IDNA_ASCII_MAX];

	return idna_to_ascii(domain, ascii);
}

/* decode_label - the UTF-8 form of a label, without its "xn--"; returns its
 * length, 0: invalid */
static size_t decode_label(char *out, const char *label, size_t length)
{
	uint32_t text[LABEL_POINTS_MAX], points[LABEL_POINTS_MAX + 1];
	uint32_t count;
	size_t used = 0;

	if (length == 0 || length > LABEL_POINTS_MAX)
		return 0;
	for (size_t i = 0; i < length; i++) {
		text[i] = (unsigned char)label[i];
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] += 'a' - 'A';
	}
	count = unpunycode(text, (uint32_t)length, points);
	for (uint32_t i = 0; i < count; i++)
		used += (size_t)utf8proc_encode_char(
			(utf8proc_int32_t)points[i],
			(utf8proc_uint8_t *)out + used);
	return used;
}

/* idna_to_unicode - the UTF-8 form of an ASCII domain; it is valid if it
 * converts back to the same ASCII */
char *idna_to_unicode(const char *ascii)
{
	char *text = xmalloc(4 * strlen(ascii) + 1);
	char back[IDNA_ASCII_MAX];
	size_t used = 0;
	bool decoded = false;

	for (const char *label = ascii;; label++) {
		size_t length = strcspn(label, ".");
		size_t more = 0;

		if (strncasecmp(label, "xn--", 4) == 0)
			more = decode_label(text + used, label + 4, length - 4);
		if (more == 0)
			memcpy(text + used, label, length);
		decoded |= more > 0;
		used += more > 0 ? more : length;
		label += length;
		if (*label == '\0')
			break;
		text[used++] = '.';
	}
	text[used] = '\0';
	if (decoded && idna_to_ascii(text, back) &&
	    strcasecmp(back, ascii) == 0)
		return text;
	free(text);
	return NULL;
}
