/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_TABLE_TABLES_H
#define T_UNIT_TABLE_TABLES_H

#include <string.h>

#include "lib/table/table.h"
#include "t/unit/place.h"

/* Tables that a test writes, and postmap(1), which is asked about them too. */

static char notes[8192];

/* write_file - a file in the directory of the test */
static inline void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", place_directory, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static inline void set_up(void)
{
	place_make_postfix();
	notes[0] = '\0';
}

/* keep_note - the loader's warnings */
static inline void keep_note(void *context, const char *text)
{
	(void)context;
	strncat(notes, text, sizeof(notes) - strlen(notes) - 2);
	strcat(notes, "\n");
}

/* in_place - the text, with the directory where it has @; NULL: NULL */
static inline char *in_place(const char *text)
{
	const char *at = text == NULL ? NULL : strchr(text, '@');

	if (at == NULL)
		return text == NULL ? NULL : xstrdup(text);
	return xasprintf("%.*s%s%s", (int)(at - text), text, place_directory,
			 at + 1);
}

/* open_named - the table of that text; @ is the directory */
static inline struct table *open_named(const char *text)
{
	struct table_loader loader = {
		.config_directory = place_directory,
		.note = keep_note,
	};
	char *full = in_place(text);
	struct table *table;
	struct error error;

	table = table_new(full, true, &loader, &error);
	ck_assert_msg(table != NULL, "%s: %s", full, error.text);
	free(full);
	return table;
}

/* Tables whose results matter. @ is the directory; made: how from the file
 * "t", NULL: not at all. */
static const struct {
	const char *name;
	const char *source; /* of @/t, or NULL */
	const char *made;
	const char *key;
	enum table_answer answer;
	const char *text;
} values[] = {
	{ "texthash:@/t", "a@b.test  alice, bob \n", NULL, "a@b.test",
	  TABLE_FOUND, "alice, bob" },
	{ "texthash:@/t", "a@b.test x\n y\n", NULL, "a@b.test", TABLE_FOUND,
	  "x y" },
	{ "texthash:@/t", "A@B.test x\n", NULL, "a@b.test", TABLE_FOUND, "x" },
	{ "texthash:@/t", "\303\211@b.test \303\211\n", NULL, "\303\251@b.test",
	  TABLE_FOUND, "\303\211" },
	{ "proxy:texthash:@/t", "a@b.test x\n", NULL, "a@b.test", TABLE_FOUND,
	  "x" },
	{ "texthash:@/t", "a@b.test x\n", NULL, "b.test", TABLE_NOT_FOUND,
	  NULL },
	{ "texthash:@/t", "\"a b\"@c.test x y\n", NULL, "\"a b\"@c.test",
	  TABLE_FOUND, "x y" },
	{ "texthash:@/t", "a@b.test\n", NULL, "a@b.test", TABLE_NOT_FOUND,
	  NULL },
	{ "texthash:@/t", "a x\nA y\n", NULL, "a", TABLE_FAILED, NULL },
	{ "hash:@/t", "A@b.test  alice,\tbob \n", "postmap", "a@b.test",
	  TABLE_FOUND, "alice,\tbob" },
	{ "hash:@/t", "A@b.test x\n", "postmap -f", "a@b.test", TABLE_NOT_FOUND,
	  NULL },
	{ "lmdb:@/t", "@b.test x\n", "postmap", "@b.test", TABLE_FOUND, "x" },
	{ "hash:@/none", NULL, NULL, "a", TABLE_FAILED, NULL },
	{ "inline:{ A@b=x, { c = y , z } }", NULL, NULL, "a@b", TABLE_FOUND,
	  "x" },
	{ "inline:{ A@b=x, { c = y , z } }", NULL, NULL, "c", TABLE_FOUND,
	  "y , z" },
	{ "inline:{ { a = } }", NULL, NULL, "a", TABLE_FAILED, NULL },
	{ "inline:{ a=x, A=y }", NULL, NULL, "a", TABLE_FOUND, "y" },
	{ "static:all", NULL, NULL, "a@b.test", TABLE_FOUND, "all" },
	{ "static:{ a , b }", NULL, NULL, "a@b.test", TABLE_FOUND, "a , b" },
	{ "static:{ }", NULL, NULL, "a@b.test", TABLE_FAILED, NULL },
	{ "static:\303", NULL, NULL, "a@b.test", TABLE_FAILED, NULL },
	{ "cidr:{{0.0.0.0/0 all}}", NULL, NULL, "a@b.test", TABLE_NOT_FOUND,
	  NULL },
	{ "cidr:{{0.0.0.0/0 all}}", NULL, NULL, "127.0.0.1", TABLE_FOUND,
	  "all" },
	{ "cidr:@/t",
	  "10.0.0.0/8 \t one two \nif 192.0.2.0/24\n!192.0.2.1 three\nendif\n",
	  NULL, "10.1.2.3", TABLE_FOUND, "one two" },
	{ "cidr:@/t",
	  "10.0.0.0/8 one\nif 192.0.2.0/24\n!192.0.2.1 three\nendif\n", NULL,
	  "192.0.2.7", TABLE_FOUND, "three" },
	{ "cidr:@/t",
	  "10.0.0.0/8 one\nif 192.0.2.0/24\n!192.0.2.1 three\nendif\n", NULL,
	  "192.0.2.1", TABLE_NOT_FOUND, NULL },
	{ "fail:x", NULL, NULL, "a@b.test", TABLE_FAILED, NULL },
	{ "mysql:/x", NULL, NULL, "a@b.test", TABLE_ASK, NULL },
	{ "pcre:@/t", "/^(.*)@b/  $1, ${1}x  $$ $(1) \n", NULL, "a@b.test",
	  TABLE_FOUND, "a, ax  $ a" },
	{ "regexp:@/t", "/^(.*)@(b)/ $2$1\n", NULL, "a@b.test", TABLE_FOUND,
	  "ba" },
	{ "regexp:@/t", "/^(.*)@(b)/!/^b/ $2$1\n", NULL, "a@b.test",
	  TABLE_FOUND, "ba" },
	{ "pcre:@/t", "/^a/ one\n/^b/ two\n/./ three\n", NULL, "b@b.test",
	  TABLE_FOUND, "two" },
	{ "pcre:@/t", "if !/^a/\n/./ one\nendif\n/b/ two\n", NULL, "a@b.test",
	  TABLE_FOUND, "two" },
	{ "pcre:@/t", "!/^a/ $$1\n", NULL, "b@b.test", TABLE_FOUND, "$1" },
	{ "pcre:@/t", "!/^(a)/ $1\n", NULL, "b@b.test", TABLE_NOT_FOUND, NULL },
	{ "pcre:@/t", "/^(x)?a/ $1\n", NULL, "a@b.test", TABLE_FAILED, NULL },
	{ "regexp:@/t", "/^(x)?a/ $1\n", NULL, "a@b.test", TABLE_FAILED, NULL },
	{ "pcre:@/t", "/^(x)?a/ $1\n", NULL, "xa@b.test", TABLE_FOUND, "x" },
	{ "pcre:@/t", "/^a/\n", NULL, "a@b.test", TABLE_FAILED, NULL },
	{ "pcre:@/t", "/^a/ \303\n", NULL, "a@b.test", TABLE_FAILED, NULL },
	{ "pcre:@/t", "/^(.)/ $1\n", NULL, "\303\251@b.test", TABLE_FAILED,
	  NULL },
	{ "pcre:@/t", "/^((a+)+)+$/ x\n", NULL,
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@", TABLE_FAILED, NULL },
	{ "regexp:{{/(a)\\1/ $1}}", NULL, NULL, "aa@b.test", TABLE_ASK, NULL },
};

#endif
