/* SPDX-License-Identifier: ISC */
#ifndef LIB_DICTIONARY_INTERNAL_H
#define LIB_DICTIONARY_INTERNAL_H

#include "lib/table/table.h"

/* Shared by table.c and table_*.c (one for each kind of lookup)
 * only. */

struct dictionary_method {
	/* open - fill dictionary->data; -1: it cannot be read. It may set
	 * dictionary->asks instead. NULL: there is nothing to open. */
	int (*open)(struct dictionary *dictionary,
		    struct dictionary_loader *loader, struct error *error);
	/* lookup - after a successful open. */
	enum dictionary_answer (*lookup)(const struct dictionary *dictionary,
					 const char *key);
	/* search - replaces lookup and find if there are patterns: as find, or
	 * as lookup if result is NULL. steps as in
	 * dictionary_lookup_shared(). */
	enum dictionary_answer (*search)(const struct dictionary *dictionary,
					 const char *key,
					 struct dictionary_result *result,
					 size_t *steps);
	/* line - the line of the file where lookup finds the key; 0: unknown.
	 * May be NULL. */
	int (*line)(const struct dictionary *dictionary, const char *key);
	/* find - lookup with a result; NULL: it never finds addresses. */
	enum dictionary_answer (*find)(const struct dictionary *dictionary,
				       const char *key,
				       struct dictionary_result *result);
	/* wide_line - the line of a rule with a network that prefix_is_wide();
	 * 0: none. NULL: rules are not about networks. */
	int (*wide_line)(const struct dictionary *dictionary);
	/* why - why lookup or find fails or asks: static. NULL: it always
	 * fails. */
	const char *(*why)(const struct dictionary *dictionary, const char *key,
			   size_t steps);
	/* close - free data, even if incomplete; may be NULL. */
	void (*close)(struct dictionary *dictionary);
	bool pattern;
	const char *asks; /* not NULL: only Postfix can look it up */
};

struct dictionary {
	const struct dictionary_method *method;
	char *full;	  /* as written */
	const char *type; /* static; without proxy: */
	const char *name; /* points into full, after type: */
	bool utf8;
	bool map;	  /* of dictionary_new_map(), dictionary_new_values() */
	bool values;	  /* of dictionary_new_values() */
	unsigned postfix; /* of the loader */
	void *data;
	size_t size;
	const char *asks; /* static, or NULL */
	char *failure;	  /* or NULL */
};

extern const struct dictionary_method dictionary_postmap;
extern const struct dictionary_method dictionary_texthash;
extern const struct dictionary_method dictionary_regexp;
extern const struct dictionary_method dictionary_pcre;
extern const struct dictionary_method dictionary_cidr;

/* dictionary_postmap_read - read the output of "postmap -s" into
 * dictionary->data, an existing keyset. 0, or -1 and the reason. */
int dictionary_postmap_read(struct dictionary *dictionary, const char *output,
			    size_t length, struct error *error);

/* dictionary_note - pass a warning to the owner of the loader: "type:name, line
 * N: text". */
void dictionary_note(const struct dictionary *dictionary,
		     const struct dictionary_loader *loader, int line,
		     const char *text);

/* dictionary_source_line - a method's line for tables that are built from a
 * text file of that name; reads the file again. */
int dictionary_source_line(const struct dictionary *dictionary,
			   const char *key);

/* dictionary_text - the rules of a table, one on each line: those in braces
 * after the type, or the content of the file; the caller frees it. */
char *dictionary_text(const struct dictionary *dictionary, struct error *error);

#endif
