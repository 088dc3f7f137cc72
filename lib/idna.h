/* SPDX-License-Identifier: ISC */
#ifndef LIB_IDNA_H
#define LIB_IDNA_H

#include <stdbool.h>

/* idna_valid - can this domain, which is not all ASCII, be written in ASCII
 * (UTS 46, as Postfix checks it with smtputf8_enable = yes)? In doubt no.
 * Allocates. */
bool idna_valid(const char *domain);

#endif
