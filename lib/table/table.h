/* SPDX-License-Identifier: ISC */
#ifndef LIB_DICTIONARY_H
#define LIB_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/* One type:name of a list. It is read once, when it is opened; tables that
 * cannot be read are looked up by Postfix only. Immutable; shared between
 * threads. */
struct dictionary;

/* How dictionaries are read, and the outcome, for all of one load. All zero:
 * strict, no config_directory, no callbacks. */
struct dictionary_loader {
	const char *config_directory; /* of Postfix, for postmap; or NULL */
	unsigned postfix;	      /* its postfix_version() */
	bool lenient; /* if a table cannot be read, its lookups fail; otherwise
			 it is refused */
	int64_t spent_ms; /* on postmap, of DICTIONARY_TIME_MS */
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
#define DICTIONARY_TIME_MS 45000

enum dictionary_answer {
	DICTIONARY_FAILED = -1,
	DICTIONARY_NOT_FOUND,
	DICTIONARY_FOUND,
	DICTIONARY_ASK, /* only Postfix can look it up */
};

/* dictionary_new - open "type:name". utf8 is smtputf8_enable. NULL and the
 * reason only if Postfix has no such type. A table that cannot be read is
 * returned, with dictionary_failure(). */
struct dictionary *dictionary_new(const char *text, bool utf8,
				  struct dictionary_loader *loader,
				  struct error *error);

/* dictionary_new_map - open "type:name" for a search as in Postfix's maps such
 * as relay_clientcerts: keys are ASCII, an empty result makes the lookup fail,
 * and texthash: and inline: may have keys in upper case. The caller folds the
 * key before a lookup, unless dictionary_is_pattern(). */
struct dictionary *dictionary_new_map(const char *text,
				      struct dictionary_loader *loader,
				      struct error *error);

/* dictionary_new_values - the same, for maps whose results matter, such as
 * smtpd_sender_login_maps; they are kept for dictionary_find(). utf8 is
 * smtputf8_enable and determines how keys are folded. */
struct dictionary *dictionary_new_values(const char *text, bool utf8,
					 struct dictionary_loader *loader,
					 struct error *error);

/* dictionary_let_pass - may a list with that name contain this table, which
 * failed? True if the loader is lenient; the failure is then counted and
 * noted. */
bool dictionary_let_pass(const struct dictionary *dictionary, const char *list,
			 struct dictionary_loader *loader);

/* dictionary_broken - a table whose lookups fail, with its name and the
 * reason. */
struct dictionary *dictionary_broken(const char *name, const char *why);

/* dictionary_free - NULL is allowed. */
void dictionary_free(struct dictionary *dictionary);

/* dictionary_lookup - does the table have a result for the key? The key must be
 * folded, except for tables where Postfix does not fold it either. */
enum dictionary_answer dictionary_lookup(const struct dictionary *dictionary,
					 const char *key);

/* dictionary_lookup_shared - the same, as one of all lookups for one request in
 * one list, or for one address. They share the limit for comparing patterns:
 * *steps, 0 at first, is what was used so far. */
enum dictionary_answer
dictionary_lookup_shared(const struct dictionary *dictionary, const char *key,
			 size_t *steps);

/* dictionary_line - where the key is that dictionary_lookup() finds: the line,
 * and the file, which the dictionary owns; 0: unknown. Only for explanations,
 * since it may read the file. */
int dictionary_line(const struct dictionary *dictionary, const char *key,
		    const char **file);

/* Why a search in several tables had no result. */
struct dictionary_trouble {
	const char *table; /* its name; NULL: it was not a table */
	const char
		*why; /* static, or owned by the dictionary; NULL: no trouble */
};

/* The result of a lookup. */
struct dictionary_result {
	const char *text; /* with DICTIONARY_FOUND: not empty */
	char *owned;	  /* to be freed, or NULL */
	size_t steps;	  /* as in dictionary_lookup_shared() */
	struct dictionary_trouble
		trouble; /* filled by searches, not by dictionary_find() */
};

/* dictionary_find - look up the key and its result, in a table opened by
 * dictionary_new_values(). An empty result fails; so does, with utf8, one that
 * is not UTF-8. Sets text and owned, and adds to steps. text is valid until
 * result->owned is freed with free(3), or the dictionary. */
enum dictionary_answer dictionary_find(const struct dictionary *dictionary,
				       const char *key,
				       struct dictionary_result *result);

/* dictionary_is_pattern - patterns see only the whole domain or address, never
 * its parent domains or a part of it. */
bool dictionary_is_pattern(const struct dictionary *dictionary);

/* dictionary_wide_line - the line of the first rule of a cidr: table that
 * matches a network which prefix_is_wide(), or everything outside a network; 0:
 * none. */
int dictionary_wide_line(const struct dictionary *dictionary);

/* dictionary_asks - why only Postfix can look it up; NULL: we can. */
const char *dictionary_asks(const struct dictionary *dictionary);

/* dictionary_failure - why it could not be read; NULL: it could. */
const char *dictionary_failure(const struct dictionary *dictionary);

/* dictionary_why - why the lookup of that key, which took that many steps,
 * failed or is left to Postfix; for messages; static, or owned by the
 * dictionary. */
const char *dictionary_why(const struct dictionary *dictionary, const char *key,
			   size_t steps);

/* dictionary_name - "type:name", as written. */
const char *dictionary_name(const struct dictionary *dictionary);

/* dictionary_size - the number of keys or rules that could match a domain. */
size_t dictionary_size(const struct dictionary *dictionary);

#endif
