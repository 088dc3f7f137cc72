/* SPDX-License-Identifier: ISC */
#ifndef LIB_NETWORK_H
#define LIB_NETWORK_H

#include <stdbool.h>

#include "lib/dictionary.h"
#include "lib/error.h"
#include "lib/table.h"

/* One list of addresses and networks in the syntax of postconf(5),
 * mynetworks: "10.0.0.0/8", "192.0.2.1", "[2001:db8::]/32", "2001:db8::1";
 * separated by commas and white space; first match wins; !pattern; /file read
 * in place, also !/file; type:table. Immutable once made; shared between
 * threads. */
struct network_list;

/* network_list_new - read a list. utf8 is smtputf8_enable; loader NULL: a
 * strict one. NULL and the reason: an unreadable file, a name, a bad mask, host
 * bits set behind it; a table that only Postfix can look up, and one that
 * cannot be read unless the loader is lenient. An empty list is allowed. The
 * caller frees it. */
struct network_list *network_list_new(const char *text, bool utf8,
				      struct dictionary_loader *loader,
				      struct error *error);

/* network_list_free - NULL is allowed. */
void network_list_free(struct network_list *list);

/* network_list_match - 1 the address is in the list; 0 it is not, a negated
 * pattern matched first, or it is not an address ("unknown"); -1 the search
 * came to a table that cannot be looked up: the answer is unknown, never "no".
 * An IPv4 address mapped into IPv6 is an IPv6 address. A table has the text of
 * the address as a key. The client's name only counts in tables behind "!",
 * where it and what it lies below may be keys too. */
int network_list_match(const struct network_list *list, const char *address,
		       const char *name);

/* network_list_each_wide - call visit for each entry that puts a network into
 * the list which prefix_is_wide(): as it is written, the /file that it stands
 * in, or NULL, and for a type:table the line of the rule, or 0. What is
 * written with "!" is left out. */
void network_list_each_wide(const struct network_list *list,
			    void (*visit)(void *context, const char *text,
					  const char *file, int line),
			    void *context);

/* network_list_find - the same for those who explain: the entry that decided,
 * as it is written, and the /file that it stands in; its line is not kept. */
int network_list_find(const struct network_list *list, const char *address,
		      const char *name, struct table_match *match);

#endif
