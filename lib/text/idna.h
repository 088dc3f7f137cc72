/* SPDX-License-Identifier: ISC */
#ifndef LIB_TEXT_IDNA_H
#define LIB_TEXT_IDNA_H

#include <stdbool.h>

#include "lib/base/error.h"

/* International domain names, as Postfix judges them with smtputf8_enable =
 * yes: by the ICU library. All of these allocate. */

/* idna_load - have the library read what it needs; afterwards, the others open
 * no file. -1: it cannot, and *error says why. */
int idna_load(struct error *error);

/* idna_valid - can this domain, which is not all ASCII, be written in ASCII
 * (UTS 46)? */
bool idna_valid(const char *domain);

#define IDNA_ASCII_MAX 256 /* a name of 255 bytes and its NUL */

/* idna_to_ascii - the ASCII form ("xn--...") of such a domain. False: it has
 * none. */
bool idna_to_ascii(const char *domain, char ascii[IDNA_ASCII_MAX]);

/* idna_to_unicode - the folded UTF-8 form of an ASCII domain with "xn--"
 * labels; the caller frees it. NULL: it has no such form, or no such label. */
char *idna_to_unicode(const char *ascii);

/* idna_library - its name and version, as "ICU 72.1, Unicode 15.0"; text has
 * room for IDNA_LIBRARY_MAX bytes. */
#define IDNA_LIBRARY_MAX 80
void idna_library(char text[IDNA_LIBRARY_MAX]);

#endif
