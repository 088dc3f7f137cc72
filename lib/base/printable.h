/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_PRINTABLE_H
#define LIB_BASE_PRINTABLE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Text that may reach a terminal. It comes from the network and from files; a
 * control character in it could move the cursor, and a bidirectional override
 * reorder a line. Printable is well-formed UTF-8 without control and format
 * characters, line and paragraph separators, and private use. */

/* printable_length - the length in bytes of the first character of text; 0: it
 * is not printable. left: the number of bytes that may be read, at least 1. */
size_t printable_length(const char *text, size_t left);

/* printable_replace - replace each byte that is not printable by "?", in place;
 * newlines and tabs, too. */
void printable_replace(char *text);

/* printable_format - vsnprintf(), made printable; what does not fit is cut
 * between two characters. */
void printable_format(char *text, size_t size, const char *format,
		      va_list arguments) __attribute__((format(printf, 3, 0)));

/* printable_say - "policyd: " and such a text, on a line of its own. */
void printable_say(FILE *output, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* printable_put - write a text; what is not printable becomes \xNN as in the
 * log, except newlines, tabs and the marks of printable_colour(). */
void printable_put(const char *text, size_t length, FILE *output);

enum printable_colour {
	PRINTABLE_PLAIN,
	PRINTABLE_BOLD,
	PRINTABLE_RED,
	PRINTABLE_GREEN,
	PRINTABLE_YELLOW,
};

/* printable_colour - from here on, in this colour. To the stream of a struct
 * printable goes a mark that no string can contain, so an escape sequence in a
 * text is never taken for one of ours. */
void printable_colour(FILE *stream, enum printable_colour colour);

/* Output that is collected, and then written as by printable_put(). */
struct printable {
	FILE *stream; /* to write to */
	char *text;
	size_t length;
};

/* printable_open, printable_close - begin; write all of it and free it. */
void printable_open(struct printable *printable);
void printable_close(struct printable *printable, FILE *output);

#endif
