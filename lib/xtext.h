/* SPDX-License-Identifier: ISC */
#ifndef LIB_XTEXT_H
#define LIB_XTEXT_H

#include <stddef.h>

/* xtext_decode - the text that xtext (RFC 3461, section 4) stands for, as
 * Postfix sends the names in certificates: "+20" becomes a space. What is not
 * of that form, and "+00", is kept as it is. The text is cut to what fits into
 * the size bytes of buffer, NUL included; returns its length. The bytes can be
 * any but NUL: whoever writes them to a log quotes them. */
size_t xtext_decode(char *buffer, size_t size, const char *text);

#endif
