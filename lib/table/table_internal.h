/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_TABLE_INTERNAL_H
#define LIB_TABLE_TABLE_INTERNAL_H

#include "lib/postfix/postfix_version.h"
#include "lib/table/pattern.h"
#include "lib/table/table.h"

/* Shared by table.c and table_*.c (one for each kind of lookup)
 * only. */

struct table_method {
	/* open - fill table->data; -1: it cannot be read. It may set
	 * table->asks instead. NULL: there is nothing to open. */
	int (*open)(struct table *table, struct table_loader *loader,
		    struct error *error);
	/* lookup - after a successful open. */
	enum table_answer (*lookup)(const struct table *table, const char *key);
	/* search - replaces lookup and find if there are patterns: as find, or
	 * as lookup if result is NULL. steps as in
	 * table_lookup_shared(). */
	enum table_answer (*search)(const struct table *table, const char *key,
				    struct table_result *result, size_t *steps);
	/* line - the line of the file where lookup finds the key; 0: unknown.
	 * May be NULL. */
	int (*line)(const struct table *table, const char *key);
	/* find - lookup with a result; NULL: it never has one. */
	enum table_answer (*find)(const struct table *table, const char *key,
				  struct table_result *result);
	/* each - call visit for each key and its value; NULL: they are not
	 * known. */
	void (*each)(const struct table *table,
		     void (*visit)(void *context, const char *key,
				   const char *value),
		     void *context);
	/* wide_line - the line of a rule with a network that prefix_is_wide();
	 * 0: none. NULL: rules are not about networks. */
	int (*wide_line)(const struct table *table);
	/* why - why lookup or find fails or asks: static. NULL: it always
	 * fails. */
	const char *(*why)(const struct table *table, const char *key,
			   size_t steps);
	/* close - free data, even if incomplete; may be NULL. */
	void (*close)(struct table *table);
	bool pattern;
	const char *asks; /* not NULL: only Postfix can look it up */
};

struct table {
	const struct table_method *method;
	char *full;	  /* as written */
	const char *type; /* static; without proxy: */
	const char *name; /* points into full, after type: */
	bool utf8;
	bool map;	  /* of table_new_map(), table_new_values() */
	bool values;	  /* of table_new_values() */
	bool own;	  /* of table_new_own() */
	unsigned postfix; /* of the loader */
	void *data;
	size_t size;
	const char *asks; /* static, or NULL */
	char *failure;	  /* or NULL */
};

extern const struct table_method table_postmap;
extern const struct table_method table_texthash;
extern const struct table_method table_regexp;
extern const struct table_method table_pcre;
extern const struct table_method table_cidr;

/* table_postmap_read - read the output of "postmap -s" into
 * table->data, an existing string_set. 0, or -1 and the reason. */
int table_postmap_read(struct table *table, const char *output, size_t length,
		       struct error *error);

/* table_redirect - the type that Postfix reads in place of the table's, into
 * *type, to be freed; NULL: none. -1 and the reason if that is not known. */
int table_redirect(const struct table *table, struct table_loader *loader,
		   char **type, struct error *error);

/* table_folds_ascii - are only A to Z folded in the keys of the table? */
enum postfix_has table_folds_ascii(const struct table *table);

/* table_note - pass a warning to the owner of the loader: "type:name, line
 * N: text". */
void table_note(const struct table *table, const struct table_loader *loader,
		int line, const char *text);

/* table_note_orphan - pass a warning of a first line in the text of a table
 * that continues nothing. */
void table_note_orphan(const struct table *table,
		       const struct table_loader *loader, const char *text);

/* table_source_line - a method's line for tables that are built from a
 * text file of that name; reads the file again. */
int table_source_line(const struct table *table, const char *key);

/* Reads a table of rules into table->data, a struct table_blocks. */
struct rule_reader {
	struct table *table;
	const struct table_loader *loader;
	/* read - one logical line, without white space at its end. 0, or -1
	 * and why the rule is skipped. */
	int (*read)(struct rule_reader *reader, char *line,
		    struct error *error);
	enum pattern_kind kind; /* of regexp: and pcre: */
	bool unsure; /* after -1: the table is refused, since the result of a
		      rule may be empty in a map */
};

/* table_rules_read - read all rules. 0, or -1 and the reason. */
int table_rules_read(struct rule_reader *reader, struct error *error);

/* table_text - the rules of a table, one on each line: those in braces
 * after the type, or the content of the file; the caller frees it. */
char *table_text(const struct table *table, struct error *error);

#endif
