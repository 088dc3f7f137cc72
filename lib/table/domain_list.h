/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_DOMAIN_LIST_H
#define LIB_TABLE_DOMAIN_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/table/table.h"

/* A list of domains in main.cf syntax (postconf(5), mydestination): separated
 * by commas and white space; the first match wins; !pattern; /file read in
 * place; .domain and parent matching (parent_domain_matches_subdomains);
 * type:table. Immutable; shared between threads. */
struct domain_list;

/* How to read and search a list. */
struct domain_list_options {
	const char *name; /* for messages: "mydestination" */
	bool subdomains;  /* match_hostname (relay_domains), not match_string:
			     parent domains match */
	bool parent; /* with subdomains: "domain" also matches its subdomains,
			and ".domain" matches nothing */
	bool utf8;   /* fold as with smtputf8_enable = yes */
	struct table_loader *loader; /* for type:table entries; NULL: one
					     that cannot be read is refused */
};

/* The match of a search, for explanations. The table owns the strings. */
struct domain_list_match {
	const char *pattern; /* as written, or NULL */
	const char *file; /* the file with it, in a list of networks; or NULL */
	const struct table *table;	   /* of a type:table; or NULL */
	const struct domain_list *domains; /* NULL: not of a table */
	uint32_t place;			   /* position in the table */
	const char *why; /* why the answer is unknown: static, or owned by the
			    table; else NULL */
};

/* DOMAIN_LIST_ASK - result of domain_list_match(): only Postfix knows. */
#define DOMAIN_LIST_ASK 2

/* domain_list_new - read a list; NULL: an error (unreadable file or table,
 * unless the loader is lenient; unknown type of table; "!" alone). The caller
 * frees it. */
struct domain_list *domain_list_new(const char *list,
				    const struct domain_list_options *options,
				    struct error *error);

/* domain_list_free - NULL is allowed. */
void domain_list_free(struct domain_list *domains);

/* domain_list_match - 1: the domain is in the list; 0: it is not, or a negated
 * pattern matched first; -1: the search reached something that cannot be read,
 * so the answer is unknown, never "no"; DOMAIN_LIST_ASK: it depends on a table
 * that only Postfix can look up (match names it). domain is not folded, and has
 * no trailing dot. match may be NULL. Allocates nothing for domains up to 255
 * bytes, except in pcre: and regexp: entries. */
int domain_list_match(const struct domain_list *domains, const char *domain,
		      struct domain_list_match *match);

/* table_match_shared - the same, with steps as in
 * table_lookup_shared(). */
int table_match_shared(const struct domain_list *domains, const char *domain,
		       struct domain_list_match *match, size_t *steps);

/* domain_list_match_folded - the same for a domain of length bytes that was
 * folded as the list is (casefold()). Never allocates, except in such entries.
 */
int domain_list_match_folded(const struct domain_list *domains,
			     const char *folded, size_t length,
			     struct domain_list_match *match, size_t *steps);

/* domain_list_match_line - where the pattern, or the key of a type:table, is
 * that made the domain match: the line, from 1, and its file; 0: in the list
 * itself, or unknown. utf8 as in domain_list_options. Only for explanations: it
 * may search the whole table, and read the file again. */
int domain_list_match_line(const struct domain_list_match *match,
			   const char *domain, bool utf8, const char **file);

/* domain_list_each - call visit for each domain that is in the list or its
 * files by name, unless it is negated; the contents of tables are skipped.
 * domain is folded. Ends when visit returns anything but 0, and returns that.
 */
int domain_list_each(const struct domain_list *domains,
		     int (*visit)(void *context, const char *domain,
				  const struct domain_list_match *match),
		     void *context);

/* domain_list_asks - the first type:table that only Postfix can look up, and
 * why; NULL: none, and domain_list_match() never returns DOMAIN_LIST_ASK. */
const char *domain_list_asks(const struct domain_list *domains,
			     const char **why);

/* domain_list_size - the number of patterns, including those in files and
 * tables. */
size_t domain_list_size(const struct domain_list *domains);

#endif
