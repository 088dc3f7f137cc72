/* SPDX-License-Identifier: ISC */
#ifndef LIB_ADDRESS_INTERFACES_H
#define LIB_ADDRESS_INTERFACES_H

#include <stdbool.h>

#include "lib/base/error.h"

/* Our own network addresses: inet_interfaces and proxy_interfaces, expanded
 * once at load. Immutable; shared between threads. */
struct interfaces;

/* interfaces_new - the arguments are main.cf texts. "all" and "loopback-only"
 * become the addresses that the host has now; names are looked up. NULL and the
 * reason when a name has no address or a protocol is unknown. The caller frees
 * it. */
struct interfaces *interfaces_new(const char *inet_interfaces,
				  const char *proxy_interfaces,
				  const char *inet_protocols,
				  struct error *error);

/* interfaces_free - NULL is allowed. */
void interfaces_free(struct interfaces *interfaces);

/* interfaces_own - is this bare address, of valid syntax, one of ours? The name
 * of the parameter that lists it ("inet_interfaces", ...), or NULL. Addresses
 * are compared in binary, so any notation will do. No lookups. */
const char *interfaces_own(const struct interfaces *interfaces,
			   const char *address);

#endif
