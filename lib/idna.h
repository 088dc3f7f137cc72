/* SPDX-License-Identifier: ISC */
#ifndef LIB_IDNA_H
#define LIB_IDNA_H

#include <stdbool.h>

/* idna_valid - can this domain, which is not all ASCII, be written in ASCII
 * (UTS 46, as Postfix checks it with smtputf8_enable = yes)? In doubt no.
 * Allocates. */
bool idna_valid(const char *domain);

#define IDNA_ASCII_MAX 256 /* a name of 255 bytes and its NUL */

/* idna_to_ascii - the ASCII form ("xn--...") of such a domain. False: it has
 * none. Allocates. */
bool idna_to_ascii(const char *domain, char ascii[IDNA_ASCII_MAX]);

/* idna_to_unicode - the form in UTF-8 of an ASCII domain with labels "xn--",
 * folded; the caller frees it. NULL: it has none, or there is no such label in
 * it. */
char *idna_to_unicode(const char *ascii);

#endif
