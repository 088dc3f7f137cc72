/* SPDX-License-Identifier: ISC */
/* printable - keep control sequences away from terminals
 *
 * One rule for all text for people: messages, explanations, findings. The log
 * is stricter (log_quote), and JSON is ASCII. */

#include "lib/base/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/utf8.h"
#include "lib/base/xalloc.h"

/* Characters without a visible shape: Unicode's categories Cc, Cf, Co, Zl and
 * Zp, in order. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x0000, 0x001f },   { 0x007f, 0x009f },    { 0x00ad, 0x00ad },
	{ 0x0600, 0x0605 },   { 0x061c, 0x061c },    { 0x06dd, 0x06dd },
	{ 0x070f, 0x070f },   { 0x0890, 0x0891 },    { 0x08e2, 0x08e2 },
	{ 0x180e, 0x180e },   { 0x200b, 0x200f },    { 0x2028, 0x202e },
	{ 0x2060, 0x206f },   { 0xe000, 0xf8ff },    { 0xfeff, 0xfeff },
	{ 0xfff0, 0xfffb },   { 0xfffe, 0xffff },    { 0x110bd, 0x110cd },
	{ 0x13430, 0x1345f }, { 0x1bca0, 0x1bca3 },  { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
};

/* The escape sequences of enum printable_colour. */
static const char *const colours[] = { "\033[0m", "\033[1m", "\033[31m",
				       "\033[32m", "\033[33m" };
#define COLOUR_COUNT (sizeof(colours) / sizeof(colours[0]))

/* is_hidden - is the character invisible? */
static bool is_hidden(uint32_t point)
{
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (point >= hidden[i].first && point <= hidden[i].last)
			return true;
	return false;
}

/* printable_length - the length of one character */
size_t printable_length(const char *text, size_t left)
{
	uint32_t point;
	size_t length = utf8_next(text, left, &point);

	return length > 0 && !is_hidden(point) ? length : 0;
}

/* printable_replace - replace in place */
void printable_replace(char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t length = printable_length(text, left);

		if (length == 0) {
			*text = '?';
			length = 1;
		}
		text += length;
		left -= length;
	}
}

/* drop_part - of a character at the end of a text that was cut */
static void drop_part(char *text)
{
	size_t length = strlen(text), at = length;
	uint32_t point;

	while (at > 0 && length - at < 3 && (text[at - 1] & 0xc0) == 0x80)
		at--;
	if (at > 0 && (text[at - 1] & 0xc0) == 0xc0 &&
	    utf8_next(text + at - 1, length - at + 1, &point) == 0)
		text[at - 1] = '\0';
}

/* printable_format - into a text of fixed size */
void printable_format(char *text, size_t size, const char *format,
		      va_list arguments)
{
	if (vsnprintf(text, size, format, arguments) >= (int)size)
		drop_part(text);
	printable_replace(text);
}

/* printable_say - a line of output */
void printable_say(FILE *output, const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	printable_format(text, sizeof(text), format, arguments);
	va_end(arguments);
	fprintf(output, "policyd: %s\n", text);
}

/* put_colour - at a mark of printable_colour(); false: it is none */
static bool put_colour(const char *text, size_t left, FILE *output)
{
	if (left < 2 || text[0] != '\0' ||
	    (unsigned char)text[1] >= COLOUR_COUNT)
		return false;
	fputs(colours[(unsigned char)text[1]], output);
	return true;
}

/* put_one - a character; returns the number of bytes that it took */
static size_t put_one(const char *text, size_t left, FILE *output)
{
	size_t length = printable_length(text, left);

	if (*text == '\n' || *text == '\t')
		length = 1;
	if (length > 0) {
		fwrite(text, 1, length, output);
		return length;
	}
	if (put_colour(text, left, output))
		return 2;
	fprintf(output, "\\x%02x", (unsigned char)*text);
	return 1;
}

/* printable_put - write text unchanged or escaped */
void printable_put(const char *text, size_t length, FILE *output)
{
	while (length > 0) {
		size_t taken = put_one(text, length, output);

		text += taken;
		length -= taken;
	}
}

/* printable_colour - a NUL, which no string contains, and which colour */
void printable_colour(FILE *stream, enum printable_colour colour)
{
	putc('\0', stream);
	putc((int)colour, stream);
}

/* printable_open - begin */
void printable_open(struct printable *printable)
{
	*printable = (struct printable){ 0 };
	printable->stream = xmemstream(&printable->text, &printable->length);
}

/* printable_close - write it all and free it */
void printable_close(struct printable *printable, FILE *output)
{
	xmemstream_close(printable->stream);
	printable_put(printable->text, printable->length, output);
	free(printable->text);
}
