/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_TABLE_H
#define LIB_TABLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/* One type:name of a list. It is read once, when it is opened; tables that
 * cannot be read are looked up by Postfix only. Immutable; shared between
 * threads. */
struct table;

/* How tables are read, and the outcome, for all of one load. All zero:
 * strict, no config_directory, no callbacks. */
struct table_loader {
	const char *config_directory; /* of Postfix, for postmap; or NULL */
	unsigned postfix;	      /* its postfix_version() */
	/* The types that it reads where hash: and btree: are written;
	 * NULL: these. */
	const char *hash_type, *btree_type;
	const char *type_mapping; /* its non_bdb_custom_mapping; or NULL */
	bool type_is_made;	  /* it can read only types whose file it makes
				     (postfix_is_made()) */
	bool lenient; /* if a table cannot be read, its lookups fail; otherwise
			 it is refused */
	int64_t spent_ms; /* on postmap, of TABLE_TIME_MS */
	size_t failures; /* tables that were accepted only because of lenient */
	/* note - a warning, ready to print; may be NULL. */
	void (*note)(void *context, const char *text);
	/* progress - called before a table or list file is read; may be
	 * NULL. */
	void (*progress)(void *context, const char *name);
	void *context;
};

/* All runs of postmap(1) of one load end within this time, so that the monitor
 * does not give up on a server that is loading. */
#define TABLE_TIME_MS 45000

enum table_answer {
	TABLE_FAILED = -1,
	TABLE_NOT_FOUND,
	TABLE_FOUND,
	TABLE_ASK, /* only Postfix can look it up */
};

/* table_new - open "type:name". utf8 is smtputf8_enable. NULL and the
 * reason only if Postfix has no such type. A table that cannot be read is
 * returned, with table_failure(). */
struct table *table_new(const char *text, bool utf8,
			struct table_loader *loader, struct error *error);

/* table_new_map - open "type:name" for a search as in Postfix's maps such
 * as relay_clientcerts: keys are ASCII, an empty result makes the lookup fail,
 * and texthash: and inline: may have keys in upper case. The caller folds the
 * key before a lookup, unless table_is_pattern(). */
struct table *table_new_map(const char *text, struct table_loader *loader,
			    struct error *error);

/* table_new_values - the same, for maps whose results matter, such as
 * smtpd_sender_login_maps; they are kept for table_find(). utf8 is
 * smtputf8_enable and determines how keys are folded. */
struct table *table_new_values(const char *text, bool utf8,
			       struct table_loader *loader,
			       struct error *error);

/* table_new_own - the same, for maps that Postfix does not read: its version
 * does not matter, and all keys of texthash: and inline: are folded. */
struct table *table_new_own(const char *text, bool utf8,
			    struct table_loader *loader, struct error *error);

/* table_let_pass - may a list with that name contain this table, which
 * failed? True if the loader is lenient; the failure is then counted and
 * noted. */
bool table_let_pass(const struct table *table, const char *list,
		    struct table_loader *loader);

/* table_admit - may a list with that name contain this table, which it names as
 * word? table, or NULL, and the reason begins with the word; then table is
 * freed. Only a table that was read, unless the loader is lenient; asks: also
 * one that only Postfix can look up. A table that is NULL could not be opened,
 * and error has the reason already. */
struct table *table_admit(struct table *table, const char *word,
			  const char *list, bool asks,
			  struct table_loader *loader, struct error *error);

/* table_broken - a table whose lookups fail, with its name and the
 * reason. */
struct table *table_broken(const char *name, const char *why);

/* table_free - NULL is allowed. */
void table_free(struct table *table);

/* table_lookup - does the table have a result for the key? The key must be
 * folded, except for tables where Postfix does not fold it either. */
enum table_answer table_lookup(const struct table *table, const char *key);

/* table_lookup_shared - the same, as one of all lookups for one request in
 * one list, or for one address. They share the limit for comparing patterns:
 * *steps, 0 at first, is what was used so far. */
enum table_answer table_lookup_shared(const struct table *table,
				      const char *key, size_t *steps);

/* table_line - where the key is that table_lookup() finds: the line,
 * and the file, which the table owns; 0: unknown. Only for explanations,
 * since it may read the file. */
int table_line(const struct table *table, const char *key, const char **file);

/* Why a search in several tables had no result. */
struct table_trouble {
	const char *table; /* its name; NULL: it was not a table */
	const char *why;   /* static, or owned by the table; NULL: no trouble */
};

/* The result of a lookup. */
struct table_result {
	const char *text;	      /* with TABLE_FOUND: not empty */
	char *owned;		      /* to be freed, or NULL */
	size_t steps;		      /* as in table_lookup_shared() */
	struct table_trouble trouble; /* with TABLE_FAILED and TABLE_ASK */
};

/* table_find - look up the key and its result, in a table opened by
 * table_new_values(). An empty result fails; so does, with utf8, one that
 * is not UTF-8. Sets text, owned and trouble, and adds to steps. text is valid
 * until result->owned is freed with free(3), or the table. */
enum table_answer table_find(const struct table *table, const char *key,
			     struct table_result *result);

/* table_each - call visit for each value of a table opened by
 * table_new_values(), with its key, or for networks and patterns "". Values
 * that depend on what a pattern matched are left out. Only for checks. */
void table_each(const struct table *table,
		void (*visit)(void *context, const char *key,
			      const char *value),
		void *context);

/* table_is_pattern - patterns see only the whole domain or address, never
 * its parent domains or a part of it. */
bool table_is_pattern(const struct table *table);

/* table_wide_line - the line of the first rule of a cidr: table that
 * matches a network which prefix_is_wide(), or everything outside a network; 0:
 * none. */
int table_wide_line(const struct table *table);

/* table_asks - why only Postfix can look it up; NULL: we can. */
const char *table_asks(const struct table *table);

/* table_failure - why it could not be read; NULL: it could. */
const char *table_failure(const struct table *table);

/* table_why - why the lookup of that key, which took that many steps,
 * failed or is left to Postfix; for messages; static, or owned by the
 * table. */
const char *table_why(const struct table *table, const char *key, size_t steps);

/* table_name - "type:name", as written. */
const char *table_name(const struct table *table);

/* table_size - the number of keys or rules that could match a domain. */
size_t table_size(const struct table *table);

#endif
