/* SPDX-License-Identifier: ISC */
#ifndef LIB_HOSTNAME_H
#define LIB_HOSTNAME_H

#include <stdbool.h>

/* Which texts Postfix takes for a host name or for a network address. */

/* hostname_valid - an ASCII domain name: labels of letters, digits, "_" and
 * "-" (not first or last), 63 bytes at most, 255 in all, not a number. */
bool hostname_valid(const char *name);

/* hostname_is_address - a bare IPv4 or IPv6 address. */
bool hostname_is_address(const char *text);

/* hostname_literal - text is what stands between [ and ] in a domain: return
 * the bare address in it ("IPv6:" skipped), or NULL when it is none. */
const char *hostname_literal(const char *text);

#endif
