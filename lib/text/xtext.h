/* SPDX-License-Identifier: ISC */
#ifndef LIB_TEXT_XTEXT_H
#define LIB_TEXT_XTEXT_H

#include <stddef.h>

/* xtext_decode - decode xtext (RFC 3461, section 4), as Postfix sends the names
 * in certificates: "+20" becomes a space. Text that is not of that form, and
 * "+00", are kept. The text is cut to the size bytes of buffer, NUL included;
 * returns its length. It may contain any byte but NUL, so escape it before
 * writing it to a log. */
size_t xtext_decode(char *buffer, size_t size, const char *text);

#endif
