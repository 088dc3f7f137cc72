/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dictionary.h"
#include "lib/error.h"

/* One list of domains in main.cf syntax (postconf(5), mydestination):
 * separated by commas and white space; first match wins; !pattern; /file
 * read in place; .domain and parent matching (parent_domain_matches_
 * subdomains); type:table. Immutable once made; shared between threads. */
struct table;

/* How a list is to be read and searched. */
struct table_options {
	const char *name; /* for messages: "mydestination" */
	bool subdomains;  /* match_hostname (relay_domains) and not
			   * match_string: a domain's parents count */
	bool parent;	  /* with subdomains: "domain" also matches below
			   * itself, and ".domain" matches nothing */
	bool utf8;	  /* fold as smtputf8_enable = yes does */
	struct dictionary_loader *loader; /* for type:table entries; NULL: what
					   * cannot be read is refused */
};

/* What matched, for those who explain. Strings belong to the table. */
struct table_match {
	const char *pattern; /* as written, or NULL */
	const char *file;    /* that it stands in, if a network's; or NULL */
	const struct dictionary *dictionary; /* of a type:table; or NULL */
	const struct table *table;	     /* NULL: not of a table */
	uint32_t place;			     /* in it */
	const char *why; /* the answer is not known: static, or of the
			  * dictionary; else NULL */
};

/* TABLE_ASK - of table_match(): only Postfix knows. */
#define TABLE_ASK 2

/* table_new - read a list; NULL on error (unreadable file or table, unless
 * the loader is lenient, unknown type of a table, "!" alone). The caller frees
 * it. */
struct table *table_new(const char *list, const struct table_options *options,
			struct error *error);

/* table_free - NULL is allowed. */
void table_free(struct table *table);

/* table_match - 1 the domain is in the list; 0 it is not, or a negated
 * pattern matched first; -1 the search came to something that cannot be
 * read: the answer is unknown, never "no"; TABLE_ASK it depends on a table
 * that only Postfix can look up (match names it). domain is not folded yet and
 * has no trailing dot. match may be NULL. No allocation for domains up to 255
 * bytes, but pcre: and regexp: entries may do what they like. */
int table_match(const struct table *table, const char *domain,
		struct table_match *match);

/* table_match_shared - the same, with steps as in dictionary_lookup_shared().
 */
int table_match_shared(const struct table *table, const char *domain,
		       struct table_match *match, size_t *steps);

/* table_match_folded - the same for a domain of length bytes that was folded
 * as the list is (casefold()). Never allocates, but for such entries. */
int table_match_folded(const struct table *table, const char *folded,
		       size_t length, struct table_match *match, size_t *steps);

/* table_match_line - where the pattern or the key of a type:table stands that
 * made the domain match: the line, from 1, and its file; 0: in the list
 * itself, or not known. utf8 as in table_options. Only for explanations: it
 * may look through all of the table, and read the file again. */
int table_match_line(const struct table_match *match, const char *domain,
		     bool utf8, const char **file);

/* table_each - call visit for each domain that stands in the list or in its
 * files by its name, unless it is negated; what tables hold is left out. domain
 * is folded. Ends when visit returns anything but 0, and returns that. */
int table_each(const struct table *table,
	       int (*visit)(void *context, const char *domain,
			    const struct table_match *match),
	       void *context);

/* table_asks - the first type:table that only Postfix can look up, and why;
 * NULL: there is none, table_match() never says TABLE_ASK. */
const char *table_asks(const struct table *table, const char **why);

/* table_size - number of patterns, those in files and tables included. */
size_t table_size(const struct table *table);

#endif
