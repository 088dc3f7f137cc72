/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_UTF8_H
#define LIB_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* utf8_next - the first character of text: its length in bytes; 0: the text
 * does not begin with well-formed UTF-8 of RFC 3629, or left is 0. left: the
 * number of bytes that may be read. */
size_t utf8_next(const char *text, size_t left, uint32_t *point);

#endif
