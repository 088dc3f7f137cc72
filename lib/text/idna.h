/* SPDX-License-Identifier: ISC */
#ifndef LIB_TEXT_IDNA_H
#define LIB_TEXT_IDNA_H

#include <stdbool.h>

/* idna_valid - can this domain, which is not all ASCII, be written in ASCII
 * (UTS 46, as Postfix checks with smtputf8_enable = yes)? If in doubt, no.
 * Allocates. */
bool idna_valid(const char *domain);

#define IDNA_ASCII_MAX 256 /* a name of 255 bytes and its NUL */

/* idna_to_ascii - the ASCII form ("xn--...") of such a domain. False: it has
 * none. Allocates. */
bool idna_to_ascii(const char *domain, char ascii[IDNA_ASCII_MAX]);

/* idna_to_unicode - the folded UTF-8 form of an ASCII domain with "xn--"
 * labels; the caller frees it. NULL: it has no such form, or no such label. */
char *idna_to_unicode(const char *ascii);

#endif
