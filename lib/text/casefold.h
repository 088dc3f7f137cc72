/* SPDX-License-Identifier: ISC */
#ifndef LIB_TEXT_CASEFOLD_H
#define LIB_TEXT_CASEFOLD_H

#include <stdbool.h>
#include <stddef.h>

/* Case folding of domain names: names that differ only in case become equal
 * bytes. */

/* CASEFOLD_SIZE - the size casefold() needs for length bytes, NUL included. At
 * worst, full folding turns two bytes (U+0390) into six. */
#define CASEFOLD_SIZE(length) (3 * (length) + 1)

/* casefold - write the folded text and a NUL to out. With utf8: full Unicode
 * folding as with smtputf8_enable = yes, where bytes that are not UTF-8 are
 * copied unchanged; without: A to Z only. Allocates nothing if the text is
 * ASCII. Returns the length. */
size_t casefold(char *out, const char *text, size_t length, bool utf8);

/* casefold_is_ascii - no byte above 127? */
bool casefold_is_ascii(const char *text, size_t length);

/* casefold_is_utf8 - well-formed UTF-8 of RFC 3629? */
bool casefold_is_utf8(const char *text, size_t length);

#endif
