/* SPDX-License-Identifier: ISC */
#ifndef LIB_NETWORK_H
#define LIB_NETWORK_H

#include "lib/error.h"

/* One list of addresses and networks in the syntax of postconf(5),
 * mynetworks: "10.0.0.0/8", "192.0.2.1", "[2001:db8::]/32", "2001:db8::1";
 * separated by commas and white space; first match wins; !pattern; /file read
 * in place, also !/file. Immutable once made; shared between threads. */
struct network_list;

/* network_list_new - read a list. NULL and the reason: an unreadable file,
 * a name, a bad mask, host bits set behind it, type:table entries until those
 * are supported. An empty list is allowed. The caller frees it. */
struct network_list *network_list_new(const char *text, struct error *error);

/* network_list_free - NULL is allowed. */
void network_list_free(struct network_list *list);

/* network_list_match - 1 the address is in the list; 0 it is not, a negated
 * pattern matched first, or it is not an address ("unknown"). An IPv4 address
 * mapped into IPv6 is an IPv6 address. */
int network_list_match(const struct network_list *list, const char *address);

#endif
