/* SPDX-License-Identifier: ISC */
/* table - one type:name of a list
 *
 * Tables that can be enumerated are read into memory when they are opened.
 * Those that cannot, because a server or a program answers, are left to
 * Postfix: a lookup reports just that. proxy: is only a way to reach a table;
 * the table behind it matters. */

#include "lib/table/table_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/table/logical_lines.h"
#include "lib/text/casefold.h"

static enum table_answer always_found(const struct table *table,
				      const char *key);
static enum table_answer always_fails(const struct table *table,
				      const char *key);
static int open_static(struct table *table, struct table_loader *loader,
		       struct error *error);
static enum table_answer find_static(const struct table *table, const char *key,
				     struct table_result *result);
static void each_static(const struct table *table,
			void (*visit)(void *context, const char *key,
				      const char *value),
			void *context);
static void close_static(struct table *table);

static const struct table_method method_static = {
	.open = open_static,
	.lookup = always_found,
	.find = find_static,
	.each = each_static,
	.close = close_static,
};
static const struct table_method method_fail = {
	.lookup = always_fails,
	.pattern = true,
};
static const struct table_method method_server = {
	.asks = "only Postfix can ask the server or program behind it",
};
static const struct table_method method_compound = {
	.asks = "only Postfix can look up tables made of other tables",
};

static const struct {
	const char *name;
	const struct table_method *method;
} types[] = {
	{ "btree", &table_postmap },	 { "cdb", &table_postmap },
	{ "cidr", &table_cidr },	 { "dbm", &table_postmap },
	{ "environ", &method_server },	 { "fail", &method_fail },
	{ "hash", &table_postmap },	 { "inline", &table_postmap },
	{ "ldap", &method_server },	 { "lmdb", &table_postmap },
	{ "memcache", &method_server },	 { "mongodb", &method_server },
	{ "mysql", &method_server },	 { "netinfo", &method_server },
	{ "nis", &method_server },	 { "nisplus", &method_server },
	{ "pcre", &table_pcre },	 { "pgsql", &method_server },
	{ "pipemap", &method_compound }, { "randmap", &method_compound },
	{ "regexp", &table_regexp },	 { "sdbm", &table_postmap },
	{ "socketmap", &method_server }, { "sqlite", &method_server },
	{ "static", &method_static },	 { "tcp", &method_server },
	{ "texthash", &table_texthash }, { "unionmap", &method_compound },
	{ "unix", &method_server },
};

/* always_found - static: has the same result for every key */
static enum table_answer always_found(const struct table *table,
				      const char *key)
{
	(void)table;
	(void)key;
	return TABLE_FOUND;
}

/* find_static - the same, with the result */
static enum table_answer find_static(const struct table *table, const char *key,
				     struct table_result *result)
{
	(void)key;
	result->text = table->data;
	return TABLE_FOUND;
}

/* each_static - the result */
static void each_static(const struct table *table,
			void (*visit)(void *context, const char *key,
				      const char *value),
			void *context)
{
	visit(context, "", table->data);
}

/* close_static - free the result */
static void close_static(struct table *table)
{
	free(table->data);
}

/* always_fails - fail: exists to test failures */
static enum table_answer always_fails(const struct table *table,
				      const char *key)
{
	(void)table;
	(void)key;
	return TABLE_FAILED;
}

/* is_empty - is there only white space between two braces? */
static bool is_empty(const char *name)
{
	return name[1 + strspn(name + 1, " \t\r\n\v\f")] == '}';
}

/* static_result - the result, without surrounding braces and white space */
static char *static_result(const char *name)
{
	size_t length = strlen(name);

	if (name[0] != '{')
		return xstrdup(name);
	length -= 2;
	name = words_trim(name + 1, &length);
	return xstrndup(name, length);
}

/* open_static - if the text has braces, all of it must be inside them */
static int open_static(struct table *table, struct table_loader *loader,
		       struct error *error)
{
	const char *name = table->name;

	(void)loader;
	table->size = 1;
	if (name[0] == '{' &&
	    words_enclosed(name, strlen(name), '{') != strlen(name))
		return error_set(error, "a brace is not closed, or text "
					"follows it");
	if (table->map && name[0] == '{' && is_empty(name))
		return error_set(error, "its result is empty");
	if (table->values)
		table->data = static_result(name);
	return 0;
}

/* append_line - append a rule, without surrounding white space */
static void append_line(char *lines, const char *rule, size_t length)
{
	rule = words_trim(rule, &length);
	lines += strlen(lines);
	memcpy(lines, rule, length);
	memcpy(lines + length, "\n", 2);
}

/* rules_in_braces - {{rule}, {rule}} to lines, as in dict_stream(3) */
static char *rules_in_braces(const char *name, struct error *error)
{
	size_t length = strlen(name);
	char *lines = xcalloc(1, 2 * length + 1);
	const char *end = name + length - 1;
	const char *next = name + 1;

	if (words_enclosed(name, length, '{') != length) {
		error_set(error, "a brace is not closed, or text follows it");
		free(lines);
		return NULL;
	}
	while (next += strspn(next, WORDS_SEPARATORS), next < end) {
		size_t rule = words_enclosed(next, (size_t)(end - next), '{');

		if (rule == 0 ||
		    (next + rule < end &&
		     strchr(WORDS_SEPARATORS, next[rule]) == NULL)) {
			error_set(error, "each rule must be in braces");
			free(lines);
			return NULL;
		}
		append_line(lines, next + 1, rule - 2);
		next += rule;
	}
	return lines;
}

/* table_text - the rules of a table */
char *table_text(const struct table *table, struct error *error)
{
	const char *reason;
	size_t length;
	char *text;

	if (table->name[0] == '{')
		return rules_in_braces(table->name, error);
	text = file_read(table->name, &length, &reason);
	if (text == NULL) {
		error_set(error, "%s", reason);
	} else if (strlen(text) != length) {
		error_set(error, "contains a NUL byte");
		free(text);
		text = NULL;
	}
	return text;
}

/* table_note - pass a warning to the owner of the loader */
void table_note(const struct table *table, const struct table_loader *loader,
		int line, const char *text)
{
	char *note;

	if (loader->note == NULL)
		return;
	if (line > 0)
		note = xasprintf("%s, line %d: %s", table->full, line, text);
	else
		note = xasprintf("%s: %s", table->full, text);
	loader->note(loader->context, note);
	free(note);
}

/* table_note_orphan - pass a warning of a first line that continues nothing */
void table_note_orphan(const struct table *table,
		       const struct table_loader *loader, const char *text)
{
	int line = logical_lines_orphan(text);

	if (line > 0)
		table_note(table, loader, line,
			   "begins with white space, and there is no line "
			   "before it that it could continue; it is skipped "
			   "with all lines that continue it, as in Postfix");
}

/* set_type - set type and method; -1: no such type */
static int set_type(struct table *table, const char *type, size_t length,
		    struct error *error)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strlen(types[i].name) != length ||
		    memcmp(types[i].name, type, length) != 0)
			continue;
		table->method = types[i].method;
		table->type = types[i].name;
		return 0;
	}
	return error_set(error, "Postfix has no table type \"%.*s\"",
			 (int)(length < 40 ? length : 40), type);
}

/* find_type - set type, name and method from "type:name"; -1: no such type */
static int find_type(struct table *table, const char *text, struct error *error)
{
	size_t length;

	while (strncmp(text, "proxy:", 6) == 0)
		text += 6;
	length = strcspn(text, ":");
	if (text[length] == '\0' || text[length + 1] == '\0')
		return error_set(error, "is not type:name");
	table->name = text + length + 1;
	return set_type(table, text, length, error);
}

/* redirect - to the type that Postfix reads in place of hash: or btree:. If
 * that is read by postmap(1), this redirects by itself, and makes the file if
 * Postfix would. */
static int redirect(struct table *table, struct table_loader *loader,
		    struct error *error)
{
	const struct table as_written = *table;
	int result = 0;
	char *type;

	if (table_redirect(table, loader, &type, error) < 0)
		return -1;
	if (type != NULL)
		result = set_type(table, type, strlen(type), error);
	free(type);
	if (table->method == as_written.method)
		table->type = as_written.type;
	return result;
}

/* check_name - the file of a table must not depend on the working directory */
static int check_name(const struct table *table, struct error *error)
{
	const struct table_method *method = table->method;

	if (method == &method_static || method == &method_fail ||
	    table->name[0] == '/' || table->name[0] == '{')
		return 0;
	return error_set(error, "%s is not an absolute path", table->name);
}

/* open_method - read the table; an error becomes its failure */
static void open_method(struct table *table, struct table_loader *loader)
{
	struct error error = { "" };
	bool redirected = redirect(table, loader, &error) == 0;
	const struct table_method *method = table->method;

	table->asks = redirected ? method->asks : NULL;
	if (table->asks != NULL)
		return;
	if (loader->progress != NULL)
		loader->progress(loader->context, table->full);
	if (redirected && check_name(table, &error) == 0 &&
	    (method->open == NULL || method->open(table, loader, &error) == 0))
		return;
	table->failure = xstrdup(error.text);
}

/* open_text - open "type:name", for the kind of search that is set */
static struct table *open_text(const char *text, const struct table *kind,
			       struct table_loader *loader, struct error *error)
{
	struct table *table = xmalloc(sizeof(*table));

	*table = *kind;
	table->postfix = loader->postfix;
	table->full = xstrdup(text);
	if (find_type(table, table->full, error) < 0) {
		table_free(table);
		return NULL;
	}
	open_method(table, loader);
	return table;
}

/* table_new - open "type:name" */
struct table *table_new(const char *text, bool utf8,
			struct table_loader *loader, struct error *error)
{
	struct table kind = { .utf8 = utf8 };

	return open_text(text, &kind, loader, error);
}

/* table_new_map - open "type:name" for a search in maps */
struct table *table_new_map(const char *text, struct table_loader *loader,
			    struct error *error)
{
	struct table kind = { .map = true };

	return open_text(text, &kind, loader, error);
}

/* table_new_values - open "type:name" for a search in maps whose results
 * matter */
struct table *table_new_values(const char *text, bool utf8,
			       struct table_loader *loader, struct error *error)
{
	struct table kind = { .utf8 = utf8, .map = true, .values = true };

	return open_text(text, &kind, loader, error);
}

/* table_new_own - the same, for maps that Postfix does not read */
struct table *table_new_own(const char *text, bool utf8,
			    struct table_loader *loader, struct error *error)
{
	struct table kind = {
		.utf8 = utf8, .map = true, .values = true, .own = true
	};

	return open_text(text, &kind, loader, error);
}

/* table_let_pass - may a list contain this table, which failed? */
bool table_let_pass(const struct table *table, const char *list,
		    struct table_loader *loader)
{
	char *note;

	if (!loader->lenient)
		return false;
	loader->failures++;
	if (loader->note == NULL)
		return true;
	note = xasprintf("%s: cannot read %s: %s; lookups in it are deferred",
			 list, table->full, table->failure);
	loader->note(loader->context, note);
	free(note);
	return true;
}

/* table_admit - may a list contain this table? */
struct table *table_admit(struct table *table, const char *word,
			  const char *list, bool asks,
			  struct table_loader *loader, struct error *error)
{
	if (table == NULL) {
		error_prefix(error, "\"%s\": ", word);
		return NULL;
	}
	if (table->failure != NULL && !table_let_pass(table, list, loader))
		error_set(error, "\"%s\": %s", word, table->failure);
	else if (table->failure == NULL && table->asks != NULL && !asks)
		error_set(error, "\"%s\": %s; such a table cannot be used here",
			  word, table->asks);
	else
		return table;
	table_free(table);
	return NULL;
}

/* table_broken - a table whose lookups fail */
struct table *table_broken(const char *name, const char *why)
{
	struct table *table = xcalloc(1, sizeof(*table));

	table->full = xstrdup(name);
	table->method = &method_fail;
	table->type = "fail";
	table->name = table->full;
	table->failure = xstrdup(why);
	return table;
}

/* table_free - NULL is allowed */
void table_free(struct table *table)
{
	if (table == NULL)
		return;
	if (table->method != NULL && table->method->close != NULL)
		table->method->close(table);
	free(table->failure);
	free(table->full);
	free(table);
}

/* table_lookup_shared - does the table have a result for the key? */
enum table_answer table_lookup_shared(const struct table *table,
				      const char *key, size_t *steps)
{
	if (table->failure != NULL)
		return TABLE_FAILED;
	if (table->asks != NULL)
		return TABLE_ASK;
	if (table->method->search != NULL)
		return table->method->search(table, key, NULL, steps);
	return table->method->lookup(table, key);
}

/* table_lookup - the same, for a single lookup */
enum table_answer table_lookup(const struct table *table, const char *key)
{
	size_t steps = 0;

	return table_lookup_shared(table, key, &steps);
}

/* table_line - where the key is that was found */
int table_line(const struct table *table, const char *key, const char **file)
{
	if (table->name[0] != '/' || table->method->line == NULL ||
	    table_lookup(table, key) != TABLE_FOUND)
		return 0;
	*file = table->name;
	return table->method->line(table, key);
}

/* is_usable - would Postfix accept this result? */
static bool is_usable(const struct table *table, const char *text)
{
	size_t length = strlen(text);

	return length > 0 && (!table->utf8 || casefold_is_ascii(text, length) ||
			      casefold_is_utf8(text, length));
}

/* table_find - the result for the key */
enum table_answer table_find(const struct table *table, const char *key,
			     struct table_result *result)
{
	const struct table_method *method = table->method;
	enum table_answer answer;

	result->text = "";
	result->owned = NULL;
	if (table->failure != NULL || table->asks != NULL)
		answer = table_lookup(table, key);
	else if (method->search != NULL)
		answer = method->search(table, key, result, &result->steps);
	else if (method->find != NULL)
		answer = method->find(table, key, result);
	else
		answer = method->lookup(table, key);
	if (answer == TABLE_FOUND && !is_usable(table, result->text))
		answer = TABLE_FAILED;
	if (answer == TABLE_FAILED || answer == TABLE_ASK) {
		result->trouble.table = table_name(table);
		result->trouble.why = table_why(table, key, result->steps);
	}
	return answer;
}

/* table_each - visit each value */
void table_each(const struct table *table,
		void (*visit)(void *context, const char *key,
			      const char *value),
		void *context)
{
	if (table->failure == NULL && table->asks == NULL &&
	    table->method->each != NULL)
		table->method->each(table, visit, context);
}

/* table_is_pattern - does it see only the whole domain? */
bool table_is_pattern(const struct table *table)
{
	return table->method->pattern;
}

/* table_wide_line - the line of a rule with a network that contains
 * strangers */
int table_wide_line(const struct table *table)
{
	if (table->failure != NULL || table->asks != NULL ||
	    table->method->wide_line == NULL)
		return 0;
	return table->method->wide_line(table);
}

/* table_asks - why only Postfix can look it up */
const char *table_asks(const struct table *table)
{
	return table->asks;
}

/* table_failure - why it could not be read */
const char *table_failure(const struct table *table)
{
	return table->failure;
}

/* table_why - why the lookup of a key failed, or is left to Postfix */
const char *table_why(const struct table *table, const char *key, size_t steps)
{
	if (table->failure != NULL)
		return table->failure;
	if (table->asks != NULL)
		return table->asks;
	if (table->method->why != NULL)
		return table->method->why(table, key, steps);
	return table->method == &method_fail
		       ? "its lookups always fail"
		       : "its result for this key is empty or not UTF-8, or the "
			 "key is in upper case, behind proxy: or not in ASCII, "
			 "and the version of Postfix is not known "
			 "(import_postfix)";
}

/* table_name - "type:name" */
const char *table_name(const struct table *table)
{
	return table->full;
}

/* table_size - the number of keys or rules */
size_t table_size(const struct table *table)
{
	return table->size;
}
