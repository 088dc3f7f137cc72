/* SPDX-License-Identifier: ISC */
/* idna - syntax of internationalised domain names
 *
 * Postfix accepts a domain with UTF-8 in it when ICU can turn it into ASCII
 * labels that make a valid host name. The same is done here with what
 * utf8proc knows: map (compatibility forms, case), refuse what no label may
 * contain, encode (Punycode, RFC 3492), and check the outcome as a host name.
 * The mapping is that of NFKC_Casefold, a near relative of the UTS 46 table.
 * Nothing but the validity is used: lists are compared by lib/casefold. */

#include "lib/idna.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "lib/hostname.h"

#define LABEL_POINTS_MAX 64  /* more cannot fit a label of 63 bytes */
#define ASCII_MAX	 256 /* a name of 255 bytes and its NUL */

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

struct output {
	char text[ASCII_MAX];
	size_t used;
};

/* put - append one byte; a name that grows too long is refused later */
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

/* adapt - the bias for the next number (RFC 3492, section 6.1) */
static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

/* put_number - append delta as a number of variable length */
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

/* smallest_from - the least code point of a label that is not below n */
static uint32_t smallest_from(const uint32_t *points, uint32_t count, uint32_t n)
{
	uint32_t least = UINT32_MAX;

	for (uint32_t i = 0; i < count; i++) {
		if (points[i] >= n && points[i] < least)
			least = points[i];
	}
	return least;
}

/* put_punycode - append a label; numbers cannot overflow as a label has few
 * code points (LABEL_POINTS_MAX * 0x110000 is below 2^32) */
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

/* is_allowed - may a label hold this character at all? */
static bool is_allowed(uint32_t point)
{
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

/* is_mark - a combining mark, which no label begins with? */
static bool is_mark(uint32_t point)
{
	utf8proc_category_t category =
		utf8proc_category((utf8proc_int32_t)point);

	return category == UTF8PROC_CATEGORY_MN ||
	       category == UTF8PROC_CATEGORY_MC ||
	       category == UTF8PROC_CATEGORY_ME;
}

/* put_label - append one label in ASCII form; false: it has none */
static bool put_label(struct output *out, const uint32_t *points,
		      uint32_t count)
{
	bool ascii = true;

	if (count == 0 || is_mark(points[0]))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (points[i] >= INITIAL_N)
			ascii = false;
		if (points[i] >= INITIAL_N && !is_allowed(points[i]))
			return false;
	}
	if (points[0] == '-' || points[count - 1] == '-')
		return false;
	if (count >= 4 && points[2] == '-' && points[3] == '-')
		return false;
	if (ascii) {
		for (uint32_t i = 0; i < count; i++)
			put(out, (char)points[i]);
		return true;
	}
	put(out, 'x');
	put(out, 'n');
	put(out, '-');
	put(out, '-');
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
			points[count++] = (uint32_t)point;
		}
	}
	return put_label(out, points, count);
}

/* idna_valid - can this domain be written in ASCII? */
bool idna_valid(const char *domain)
{
	struct output out = {.used = 0};
	utf8proc_uint8_t *mapped;
	bool valid;

	mapped = utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)domain);
	if (mapped == NULL)
		return false;
	valid = put_labels(&out, mapped) && out.used < sizeof(out.text);
	free(mapped);
	if (!valid)
		return false;
	out.text[out.used] = '\0';
	return hostname_valid(out.text);
}
