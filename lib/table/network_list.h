/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_NETWORK_LIST_H
#define LIB_TABLE_NETWORK_LIST_H

#include <stdbool.h>

#include "lib/base/error.h"
#include "lib/table/domain_list.h"
#include "lib/table/table.h"

/* A list of addresses and networks in the syntax of mynetworks, postconf(5):
 * "10.0.0.0/8", "192.0.2.1", "[2001:db8::]/32", "2001:db8::1"; separated by
 * commas and white space; the first match wins; !pattern; /file read in place,
 * also !/file; type:table. Immutable; shared between threads. */
struct network_list;

/* network_list_new - read a list. utf8 is smtputf8_enable; loader NULL: a
 * strict one. NULL and the reason: an unreadable file, a name, a bad mask, host
 * bits set; a table that only Postfix can look up, or one that cannot be read
 * unless the loader is lenient. An empty list is allowed. The caller frees
 * it. */
struct network_list *network_list_new(const char *text, bool utf8,
				      struct table_loader *loader,
				      struct error *error);

/* network_list_free - NULL is allowed. */
void network_list_free(struct network_list *list);

/* network_list_match - 1: the address is in the list; 0: it is not, a negated
 * pattern matched first, or it is not an address ("unknown"); -1: the search
 * reached a table whose lookup failed, so the answer is unknown, never "no". An
 * IPv4 address mapped into IPv6 is an IPv6 address. The key for a table is the
 * text of the address. In tables after "!", the client's name and its parent
 * domains are keys, too. */
int network_list_match(const struct network_list *list, const char *address,
		       const char *name);

/* network_list_each_wide - call visit for each entry that adds a network which
 * prefix_is_wide(): its text, the /file that contains it, or NULL, and for
 * type:table the line of the rule, or 0. Entries with "!" are skipped. */
void network_list_each_wide(const struct network_list *list,
			    void (*visit)(void *context, const char *text,
					  const char *file, int line),
			    void *context);

/* network_list_is_wide - is there such an entry? */
bool network_list_is_wide(const struct network_list *list);

/* network_list_find - the same, for explanations, with the entry that decided:
 * its text, and the /file that contains it; its line is not known. */
int network_list_find(const struct network_list *list, const char *address,
		      const char *name, struct domain_list_match *match);

#endif
