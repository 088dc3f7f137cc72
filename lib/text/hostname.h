/* SPDX-License-Identifier: ISC */
#ifndef LIB_TEXT_HOSTNAME_H
#define LIB_TEXT_HOSTNAME_H

#include <stdbool.h>

/* The syntax that Postfix accepts for host names and network addresses. */

/* hostname_valid - an ASCII domain name: labels of letters, digits, "_" and
 * "-" (not first or last), 63 bytes at most, 255 in all, not a number. */
bool hostname_valid(const char *name);

/* hostname_is_address - a bare IPv4 or IPv6 address. */
bool hostname_is_address(const char *text);

/* hostname_literal - text is the part between [ and ] of a domain: the bare
 * address in it (after "IPv6:"), or NULL. */
const char *hostname_literal(const char *text);

#endif
