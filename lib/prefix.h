/* SPDX-License-Identifier: ISC */
#ifndef LIB_PREFIX_H
#define LIB_PREFIX_H

#include <stdbool.h>

/* prefix_is_wide - does a network hold so many hosts that strangers are among
 * them: is it shorter than /8, or than /16 in IPv6? One of IPv6 that holds
 * IPv4 addresses is judged by what it holds of those. family is AF_INET or
 * AF_INET6; bytes are 4 or 16. */
bool prefix_is_wide(int family, const unsigned char *bytes, unsigned bits);

#endif
