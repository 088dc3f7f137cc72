/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_PREFIX_H
#define LIB_TABLE_PREFIX_H

#include <stdbool.h>

/* prefix_is_wide - is a network so large that it contains strangers: shorter
 * than /8, or in IPv6 /16? An IPv6 network that contains IPv4 addresses is
 * judged by those; one of local addresses (fc00::/7, fe80::/10) contains none.
 * family is AF_INET or AF_INET6; bytes are 4 or 16. */
bool prefix_is_wide(int family, const unsigned char *bytes, unsigned bits);

#endif
