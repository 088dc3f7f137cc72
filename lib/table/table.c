/* SPDX-License-Identifier: ISC */
/* dictionary - one type:name of a list
 *
 * Tables that can be enumerated are read into memory when they are opened.
 * Those that cannot, because a server or a program answers, are left to
 * Postfix: a lookup reports just that. proxy: is only a way to reach a table;
 * the table behind it matters. */

#include "lib/table/table_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/xalloc.h"
#include "lib/text/casefold.h"

#define BLANKS ", \t\r\n"

static enum dictionary_answer always_found(const struct dictionary *dictionary,
					   const char *key);
static enum dictionary_answer always_fails(const struct dictionary *dictionary,
					   const char *key);
static int open_static(struct dictionary *dictionary,
		       struct dictionary_loader *loader, struct error *error);
static enum dictionary_answer find_static(const struct dictionary *dictionary,
					  const char *key,
					  struct dictionary_result *result);
static void close_static(struct dictionary *dictionary);

static const struct dictionary_method method_static = {
	.open = open_static,
	.lookup = always_found,
	.find = find_static,
	.close = close_static,
};
static const struct dictionary_method method_fail = {
	.lookup = always_fails,
	.pattern = true,
};
static const struct dictionary_method method_server = {
	.asks = "only Postfix can ask the server or program behind it",
};
static const struct dictionary_method method_compound = {
	.asks = "only Postfix can look up tables made of other tables",
};

static const struct {
	const char *name;
	const struct dictionary_method *method;
} types[] = {
	{ "btree", &dictionary_postmap },
	{ "cdb", &dictionary_postmap },
	{ "cidr", &dictionary_cidr },
	{ "dbm", &dictionary_postmap },
	{ "environ", &method_server },
	{ "fail", &method_fail },
	{ "hash", &dictionary_postmap },
	{ "inline", &dictionary_postmap },
	{ "ldap", &method_server },
	{ "lmdb", &dictionary_postmap },
	{ "memcache", &method_server },
	{ "mongodb", &method_server },
	{ "mysql", &method_server },
	{ "netinfo", &method_server },
	{ "nis", &method_server },
	{ "nisplus", &method_server },
	{ "pcre", &dictionary_pcre },
	{ "pgsql", &method_server },
	{ "pipemap", &method_compound },
	{ "randmap", &method_compound },
	{ "regexp", &dictionary_regexp },
	{ "sdbm", &dictionary_postmap },
	{ "socketmap", &method_server },
	{ "sqlite", &method_server },
	{ "static", &method_static },
	{ "tcp", &method_server },
	{ "texthash", &dictionary_texthash },
	{ "unionmap", &method_compound },
	{ "unix", &method_server },
};

/* always_found - static: has the same result for every key */
static enum dictionary_answer always_found(const struct dictionary *dictionary,
					   const char *key)
{
	(void)dictionary;
	(void)key;
	return DICTIONARY_FOUND;
}

/* find_static - the same, with the result */
static enum dictionary_answer find_static(const struct dictionary *dictionary,
					  const char *key,
					  struct dictionary_result *result)
{
	(void)key;
	result->text = dictionary->data;
	return DICTIONARY_FOUND;
}

/* close_static - free the result */
static void close_static(struct dictionary *dictionary)
{
	free(dictionary->data);
}

/* always_fails - fail: exists to test failures */
static enum dictionary_answer always_fails(const struct dictionary *dictionary,
					   const char *key)
{
	(void)dictionary;
	(void)key;
	return DICTIONARY_FAILED;
}

/* braces - length of a text in balanced braces, or 0 */
static size_t braces(const char *text)
{
	size_t level = 0;
	size_t i;

	for (i = 0; text[i] != '\0'; i++) {
		if (text[i] == '{')
			level++;
		else if (text[i] == '}' && --level == 0)
			return i + 1;
		if (level == 0)
			return 0;
	}
	return 0;
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
	name++;
	length -= 2;
	while (length > 0 && isspace((unsigned char)name[length - 1]))
		length--;
	while (length > 0 && isspace((unsigned char)*name)) {
		name++;
		length--;
	}
	return xstrndup(name, length);
}

/* open_static - if the text has braces, all of it must be inside them */
static int open_static(struct dictionary *dictionary,
		       struct dictionary_loader *loader, struct error *error)
{
	const char *name = dictionary->name;

	(void)loader;
	dictionary->size = 1;
	if (name[0] == '{' && braces(name) != strlen(name))
		return error_set(error, "a brace is not closed, or text "
					"follows it");
	if (dictionary->map && name[0] == '{' && is_empty(name))
		return error_set(error, "its result is empty");
	if (dictionary->values)
		dictionary->data = static_result(name);
	return 0;
}

/* append_line - append a rule, without surrounding white space */
static void append_line(char *lines, const char *rule, size_t length)
{
	while (length > 0 && isspace((unsigned char)rule[length - 1]))
		length--;
	while (length > 0 && isspace((unsigned char)*rule)) {
		rule++;
		length--;
	}
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

	if (braces(name) != length) {
		error_set(error, "a brace is not closed, or text follows it");
		free(lines);
		return NULL;
	}
	while (next += strspn(next, BLANKS), next < end) {
		size_t rule = braces(next);

		if (rule == 0 ||
		    (next + rule < end && strchr(BLANKS, next[rule]) == NULL)) {
			error_set(error, "each rule must be in braces");
			free(lines);
			return NULL;
		}
		append_line(lines, next + 1, rule - 2);
		next += rule;
	}
	return lines;
}

/* dictionary_text - the rules of a table */
char *dictionary_text(const struct dictionary *dictionary, struct error *error)
{
	const char *reason;
	size_t length;
	char *text;

	if (dictionary->name[0] == '{')
		return rules_in_braces(dictionary->name, error);
	text = file_read(dictionary->name, &length, &reason);
	if (text == NULL) {
		error_set(error, "%s", reason);
	} else if (strlen(text) != length) {
		error_set(error, "has a NUL byte in it");
		free(text);
		text = NULL;
	}
	return text;
}

/* dictionary_note - pass a warning to the owner of the loader */
void dictionary_note(const struct dictionary *dictionary,
		     const struct dictionary_loader *loader, int line,
		     const char *text)
{
	char *note;

	if (loader->note == NULL)
		return;
	if (line > 0)
		note = xasprintf("%s, line %d: %s", dictionary->full, line,
				 text);
	else
		note = xasprintf("%s: %s", dictionary->full, text);
	loader->note(loader->context, note);
	free(note);
}

/* find_type - set type, name and method from "type:name"; -1: no such type */
static int find_type(struct dictionary *dictionary, const char *text,
		     struct error *error)
{
	size_t length, i;

	while (strncmp(text, "proxy:", 6) == 0)
		text += 6;
	length = strcspn(text, ":");
	if (text[length] == '\0' || text[length + 1] == '\0')
		return error_set(error, "is not type:name");
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strlen(types[i].name) != length ||
		    memcmp(types[i].name, text, length) != 0)
			continue;
		dictionary->method = types[i].method;
		dictionary->type = types[i].name;
		dictionary->name = text + length + 1;
		return 0;
	}
	return error_set(error, "Postfix has no table type \"%.*s\"",
			 (int)(length < 40 ? length : 40), text);
}

/* check_name - the file of a table must not depend on the working directory */
static int check_name(const struct dictionary *dictionary, struct error *error)
{
	const struct dictionary_method *method = dictionary->method;

	if (method == &method_static || method == &method_fail ||
	    dictionary->name[0] == '/' || dictionary->name[0] == '{')
		return 0;
	return error_set(error, "%s is not an absolute path", dictionary->name);
}

/* open_method - read the table; an error becomes its failure */
static void open_method(struct dictionary *dictionary,
			struct dictionary_loader *loader)
{
	const struct dictionary_method *method = dictionary->method;
	struct error error = { "" };

	dictionary->asks = method->asks;
	if (method->asks != NULL)
		return;
	if (loader->progress != NULL)
		loader->progress(loader->context, dictionary->full);
	if (check_name(dictionary, &error) == 0 &&
	    (method->open == NULL ||
	     method->open(dictionary, loader, &error) == 0))
		return;
	dictionary->failure = xstrdup(error.text);
}

/* open_text - open "type:name", for the kind of search that is set */
static struct dictionary *open_text(const char *text,
				    const struct dictionary *kind,
				    struct dictionary_loader *loader,
				    struct error *error)
{
	struct dictionary *dictionary = xmalloc(sizeof(*dictionary));

	*dictionary = *kind;
	dictionary->postfix = loader->postfix;
	dictionary->full = xstrdup(text);
	if (find_type(dictionary, dictionary->full, error) < 0) {
		dictionary_free(dictionary);
		return NULL;
	}
	open_method(dictionary, loader);
	return dictionary;
}

/* dictionary_new - open "type:name" */
struct dictionary *dictionary_new(const char *text, bool utf8,
				  struct dictionary_loader *loader,
				  struct error *error)
{
	struct dictionary kind = { .utf8 = utf8 };

	return open_text(text, &kind, loader, error);
}

/* dictionary_new_map - open "type:name" for a search in maps */
struct dictionary *dictionary_new_map(const char *text,
				      struct dictionary_loader *loader,
				      struct error *error)
{
	struct dictionary kind = { .map = true };

	return open_text(text, &kind, loader, error);
}

/* dictionary_new_values - open "type:name" for a search in maps whose results
 * matter */
struct dictionary *dictionary_new_values(const char *text, bool utf8,
					 struct dictionary_loader *loader,
					 struct error *error)
{
	struct dictionary kind = { .utf8 = utf8, .map = true, .values = true };

	return open_text(text, &kind, loader, error);
}

/* dictionary_let_pass - may a list contain this table, which failed? */
bool dictionary_let_pass(const struct dictionary *dictionary, const char *list,
			 struct dictionary_loader *loader)
{
	char *note;

	if (!loader->lenient)
		return false;
	loader->failures++;
	if (loader->note == NULL)
		return true;
	note = xasprintf("%s: cannot read %s: %s; lookups in it are deferred",
			 list, dictionary->full, dictionary->failure);
	loader->note(loader->context, note);
	free(note);
	return true;
}

/* dictionary_broken - a table whose lookups fail */
struct dictionary *dictionary_broken(const char *name, const char *why)
{
	struct dictionary *dictionary = xcalloc(1, sizeof(*dictionary));

	dictionary->full = xstrdup(name);
	dictionary->method = &method_fail;
	dictionary->type = "fail";
	dictionary->name = dictionary->full;
	dictionary->failure = xstrdup(why);
	return dictionary;
}

/* dictionary_free - NULL is allowed */
void dictionary_free(struct dictionary *dictionary)
{
	if (dictionary == NULL)
		return;
	if (dictionary->method != NULL && dictionary->method->close != NULL)
		dictionary->method->close(dictionary);
	free(dictionary->failure);
	free(dictionary->full);
	free(dictionary);
}

/* dictionary_lookup_shared - does the table have a result for the key? */
enum dictionary_answer
dictionary_lookup_shared(const struct dictionary *dictionary, const char *key,
			 size_t *steps)
{
	if (dictionary->failure != NULL)
		return DICTIONARY_FAILED;
	if (dictionary->asks != NULL)
		return DICTIONARY_ASK;
	if (dictionary->method->search != NULL)
		return dictionary->method->search(dictionary, key, NULL, steps);
	return dictionary->method->lookup(dictionary, key);
}

/* dictionary_lookup - the same, for a single lookup */
enum dictionary_answer dictionary_lookup(const struct dictionary *dictionary,
					 const char *key)
{
	size_t steps = 0;

	return dictionary_lookup_shared(dictionary, key, &steps);
}

/* dictionary_line - where the key is that was found */
int dictionary_line(const struct dictionary *dictionary, const char *key,
		    const char **file)
{
	if (dictionary->name[0] != '/' || dictionary->method->line == NULL ||
	    dictionary_lookup(dictionary, key) != DICTIONARY_FOUND)
		return 0;
	*file = dictionary->name;
	return dictionary->method->line(dictionary, key);
}

/* is_usable - would Postfix accept this result? */
static bool is_usable(const struct dictionary *dictionary, const char *text)
{
	size_t length = strlen(text);

	return length > 0 &&
	       (!dictionary->utf8 || casefold_is_ascii(text, length) ||
		casefold_is_utf8(text, length));
}

/* dictionary_find - the result for the key */
enum dictionary_answer dictionary_find(const struct dictionary *dictionary,
				       const char *key,
				       struct dictionary_result *result)
{
	const struct dictionary_method *method = dictionary->method;
	enum dictionary_answer answer;

	result->text = "";
	result->owned = NULL;
	if (dictionary->failure != NULL || dictionary->asks != NULL)
		answer = dictionary_lookup(dictionary, key);
	else if (method->search != NULL)
		answer =
			method->search(dictionary, key, result, &result->steps);
	else if (method->find != NULL)
		answer = method->find(dictionary, key, result);
	else
		answer = method->lookup(dictionary, key);
	if (answer == DICTIONARY_FOUND && !is_usable(dictionary, result->text))
		answer = DICTIONARY_FAILED;
	return answer;
}

/* dictionary_is_pattern - does it see only the whole domain? */
bool dictionary_is_pattern(const struct dictionary *dictionary)
{
	return dictionary->method->pattern;
}

/* dictionary_wide_line - the line of a rule with a network that contains
 * strangers */
int dictionary_wide_line(const struct dictionary *dictionary)
{
	if (dictionary->failure != NULL || dictionary->asks != NULL ||
	    dictionary->method->wide_line == NULL)
		return 0;
	return dictionary->method->wide_line(dictionary);
}

/* dictionary_asks - why only Postfix can look it up */
const char *dictionary_asks(const struct dictionary *dictionary)
{
	return dictionary->asks;
}

/* dictionary_failure - why it could not be read */
const char *dictionary_failure(const struct dictionary *dictionary)
{
	return dictionary->failure;
}

/* dictionary_why - why the lookup of a key failed, or is left to Postfix */
const char *dictionary_why(const struct dictionary *dictionary, const char *key,
			   size_t steps)
{
	if (dictionary->failure != NULL)
		return dictionary->failure;
	if (dictionary->asks != NULL)
		return dictionary->asks;
	if (dictionary->method->why != NULL)
		return dictionary->method->why(dictionary, key, steps);
	return dictionary->method == &method_fail
		       ? "its lookups always fail"
		       : "its result for this key is empty or not UTF-8, or the "
			 "key is in upper case behind proxy: and the version "
			 "of Postfix is not known (import_postfix)";
}

/* dictionary_name - "type:name" */
const char *dictionary_name(const struct dictionary *dictionary)
{
	return dictionary->full;
}

/* dictionary_size - the number of keys or rules */
size_t dictionary_size(const struct dictionary *dictionary)
{
	return dictionary->size;
}
