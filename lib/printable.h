/* SPDX-License-Identifier: ISC */
#ifndef LIB_PRINTABLE_H
#define LIB_PRINTABLE_H

#include <stddef.h>
#include <stdio.h>

/* What may reach a terminal. Texts come from the network and from files; a
 * control character among them could move the cursor, a bidirectional override
 * show a line in another order. Printable is well-formed UTF-8 without control
 * and format characters, line and paragraph separators, private use. */

/* printable_length - of the character that text begins with, in bytes; 0: it is
 * not printable. left: bytes that may be looked at, at least 1. */
size_t printable_length(const char *text, size_t left);

/* printable_replace - "?" for each byte of what is not printable, in place; a
 * newline and a tab too. */
void printable_replace(char *text);

/* printable_put - write a text; what is not printable becomes \xNN as in the
 * log, but for newlines, tabs and the colours that policyd itself uses. */
void printable_put(const char *text, size_t length, FILE *output);

/* Output that is collected, and then written as printable_put() does. */
struct printable {
	FILE *stream; /* to write to */
	char *text;
	size_t length;
};

/* printable_open, printable_close - begin; write all of it and free it. */
void printable_open(struct printable *printable);
void printable_close(struct printable *printable, FILE *output);

#endif
