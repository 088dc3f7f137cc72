/* SPDX-License-Identifier: ISC */
#ifndef LIB_DICTIONARY_H
#define LIB_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* One type:name of a list. What can be read is read when it is opened, and
 * never again; the rest only Postfix can look up. Immutable once made; shared
 * between threads. */
struct dictionary;

/* How dictionaries are read, and what came of it; for all of one load. Zeroed:
 * strict, no config_directory, nobody to tell. */
struct dictionary_loader {
	const char *config_directory; /* of Postfix, for postmap; or NULL */
	unsigned postfix;	      /* its postfix_version() */
	bool lenient;	  /* what cannot be read fails lookups, instead
			   * of being refused */
	int64_t spent_ms; /* on postmap, of DICTIONARY_TIME_MS */
	size_t failures;  /* that were let pass since it is lenient */
	/* note - a warning, ready to print; may be NULL. */
	void (*note)(void *context, const char *text);
	/* progress - a table, or a file of a list, is about to be read; may
	 * be NULL. */
	void (*progress)(void *context, const char *name);
	void *context;
};

/* All runs of postmap(1) of one load end within this, so that a server which
 * loads is not given up by the monitor. */
#define DICTIONARY_TIME_MS 45000

enum dictionary_answer {
	DICTIONARY_FAILED = -1,
	DICTIONARY_NOT_FOUND,
	DICTIONARY_FOUND,
	DICTIONARY_ASK, /* only Postfix can look it up */
};

/* dictionary_new - open "type:name". utf8 is smtputf8_enable. NULL and the
 * reason only when it is refused: a type that Postfix does not have. What
 * cannot be read is a dictionary with dictionary_failure(). */
struct dictionary *dictionary_new(const char *text, bool utf8,
				  struct dictionary_loader *loader,
				  struct error *error);

/* dictionary_new_map - likewise, for a search as Postfix has it in maps such
 * as relay_clientcerts: keys are ASCII, an empty result fails the lookup, and
 * texthash: and inline: may have their keys in upper case. Whoever looks up
 * folds the key, unless dictionary_is_pattern(). */
struct dictionary *dictionary_new_map(const char *text,
				      struct dictionary_loader *loader,
				      struct error *error);

/* dictionary_new_values - likewise, for maps whose results matter, such as
 * smtpd_sender_login_maps; they are kept, for dictionary_find(). utf8 is
 * smtputf8_enable: keys are folded by it. */
struct dictionary *dictionary_new_values(const char *text, bool utf8,
					 struct dictionary_loader *loader,
					 struct error *error);

/* dictionary_let_pass - may one with a failure stand in a list of that name?
 * True if the loader is lenient, which then counts it and is told. */
bool dictionary_let_pass(const struct dictionary *dictionary, const char *list,
			 struct dictionary_loader *loader);

/* dictionary_broken - one whose lookups fail: its name and why. */
struct dictionary *dictionary_broken(const char *name, const char *why);

/* dictionary_free - NULL is allowed. */
void dictionary_free(struct dictionary *dictionary);

/* dictionary_lookup - is there a result for the key? It is folded already,
 * except by dictionaries that Postfix does not fold either. */
enum dictionary_answer dictionary_lookup(const struct dictionary *dictionary,
					 const char *key);

/* dictionary_lookup_shared - likewise, as one of all lookups for one request in
 * one list, or for one address. Comparing patterns is bounded for all of them:
 * *steps, 0 at first, is what it took so far. */
enum dictionary_answer
dictionary_lookup_shared(const struct dictionary *dictionary, const char *key,
			 size_t *steps);

/* dictionary_line - where the key stands that dictionary_lookup() finds: the
 * line, and its file, which belongs to the dictionary; 0: not known. Only for
 * explanations, since it may read the file. */
int dictionary_line(const struct dictionary *dictionary, const char *key,
		    const char **file);

/* What a search in several tables did not find out. */
struct dictionary_trouble {
	const char *table; /* its name; NULL: it was not a table */
	const char *why;   /* static, or of the dictionary; NULL: nothing */
};

/* What a lookup found. */
struct dictionary_result {
	const char *text; /* with DICTIONARY_FOUND: not empty */
	char *owned;	  /* to be freed, or NULL */
	size_t steps;	  /* as in dictionary_lookup_shared() */
	struct dictionary_trouble trouble; /* of those who search; not filled
					    * by dictionary_find() */
};

/* dictionary_find - likewise, with the result, of a dictionary from
 * dictionary_new_values(). An empty result fails, and so does with utf8 one
 * that is not UTF-8. Fills text and owned, adds to steps; when it is used up,
 * free(3) result->owned. text lives as long as that and the dictionary. */
enum dictionary_answer dictionary_find(const struct dictionary *dictionary,
				       const char *key,
				       struct dictionary_result *result);

/* dictionary_is_pattern - patterns see the whole domain or address only, never
 * the domains that it lies below, or a part of it. */
bool dictionary_is_pattern(const struct dictionary *dictionary);

/* dictionary_wide_line - the line of the first rule of a cidr: table that has a
 * network which prefix_is_wide(), or all that lies outside of one; 0: there is
 * none. */
int dictionary_wide_line(const struct dictionary *dictionary);

/* dictionary_asks - why only Postfix can look it up, or NULL: we can. */
const char *dictionary_asks(const struct dictionary *dictionary);

/* dictionary_failure - why it could not be read, or NULL: it could. */
const char *dictionary_failure(const struct dictionary *dictionary);

/* dictionary_why - why the lookup of that key, with that many steps behind it,
 * failed, or is left to Postfix: static, or of the dictionary; for people. */
const char *dictionary_why(const struct dictionary *dictionary, const char *key,
			   size_t steps);

/* dictionary_name - "type:name", as written. */
const char *dictionary_name(const struct dictionary *dictionary);

/* dictionary_size - number of keys or rules that could match a domain. */
size_t dictionary_size(const struct dictionary *dictionary);

#endif
