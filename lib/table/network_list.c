/* SPDX-License-Identifier: ISC */
/* network_list - a list of networks, and whether an address is in it
 *
 * The syntax is that of mynetworks in postconf(5). Postfix requires brackets
 * around IPv6 addresses, since it reads "2001:db8::/32" as type:table; here
 * they are optional. Entries that Postfix would ignore silently, or discover
 * when the first client connects, are errors when the list is read. */

#include "lib/table/network_list.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/ip_address.h"
#include "lib/base/number.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/table/list_lines.h"
#include "lib/table/prefix.h"
#include "lib/text/casefold.h"

#define FILE_DEPTH_MAX 8 /* nesting of /file */

struct network {
	struct table *table; /* NULL: an address and a prefix */
	struct ip_address address;
	unsigned prefix;  /* length of the prefix */
	bool listed;	  /* false: written with "!" */
	char *text;	  /* as written */
	const char *file; /* the file with this entry; NULL: the list itself */
};

struct network_list {
	struct network *networks;
	size_t count;
	char **files; /* files that were read */
	size_t file_count;
	bool utf8;
};

/* The state of reading. */
struct reader {
	struct network_list *list;
	struct table_loader *loader;
	bool listed;	  /* false inside of !/file */
	unsigned depth;	  /* the number of open files */
	const char *file; /* the innermost, or NULL */
	int number;	  /* of its line */
	struct list_lines lines;
	bool own;	   /* the list is none of Postfix's */
	bool only_negated; /* nothing else is to be read */
};

/* check_host_bits - no bit after the prefix may be set */
static int check_host_bits(const struct network *network, const char *word,
			   struct error *error)
{
	struct ip_address base = network->address;
	char text[INET6_ADDRSTRLEN];

	ip_mask(&base, network->prefix);
	if (memcmp(base.bytes, network->address.bytes, IP_BYTES) == 0)
		return 0;
	inet_ntop(base.family, base.bytes, text, sizeof(text));
	return error_set(error,
			 "\"%s\": host address bits are set; the network is "
			 "\"%s/%u\"",
			 word, text, network->prefix);
}

/* looks_like_table - "hash:/file" and the like, not an IPv6 address */
static bool looks_like_table(const char *word)
{
	size_t hex = strspn(word, "0123456789abcdefABCDEF");
	size_t type = strcspn(word, ":");

	if (word[0] == '[' || word[type] == '\0')
		return false;
	return hex < type || (type > 0 && word[type + 1] == '/');
}

/* explain - why a word is not a network */
static int explain(const char *word, struct error *error)
{
	return error_set(error,
			 "\"%s\": not an address or network (names are not "
			 "allowed); examples: 192.0.2.1 10.0.0.0/8 "
			 "[2001:db8::]/32",
			 word);
}

/* network_parse - one pattern without "!" */
static int network_parse(struct network *network, const char *word,
			 struct error *error)
{
	char *copy = xstrdup(word);
	char *address = copy, *bits;
	uint64_t prefix;
	int result;

	if (ip_split(&address, &bits) < 0 ||
	    ip_parse(&network->address, address) < 0) {
		result = explain(word, error);
		goto out;
	}
	prefix = network->address.bits;
	if (bits != NULL && number_parse(bits, prefix, &prefix) < 0) {
		result = error_set(error,
				   "\"%s\": after the slash a number "
				   "from 0 to %u is expected",
				   word, network->address.bits);
		goto out;
	}
	network->prefix = (unsigned)prefix;
	result = check_host_bits(network, word, error);
out:
	free(copy);
	return result;
}

static int read_word(void *context, const char *word, struct error *error);

/* read_line - one line of a file: words or a comment */
static int read_line(void *context, const char *line, struct error *error)
{
	const char *start = line + strspn(line, WORDS_SEPARATORS);
	struct reader *reader = context;
	bool only_negated = reader->only_negated;
	enum list_line how =
		list_lines_next(&reader->lines, line, strlen(line));
	int result;

	reader->number++;
	if (how == LIST_LINE_NOTHING || *start == '#')
		return 0;
	if (how != LIST_LINE_READ)
		list_lines_note(&reader->lines, reader->loader, "mynetworks",
				reader->file, reader->number);
	if (how == LIST_LINE_LEFT_OUT)
		return 0;
	reader->only_negated = only_negated || how == LIST_LINE_DOUBTFUL;
	result = words_each_braced(start, WORDS_SEPARATORS, read_word, context,
				   error);
	reader->only_negated = only_negated;
	return result;
}

/* read_file - read the patterns of a file; after "!" all of them are negated */
static int read_file(const struct reader *outer, const char *path, bool listed,
		     struct error *error)
{
	struct network_list *list = outer->list;
	struct reader reader = {
		.list = list,
		.loader = outer->loader,
		.listed = listed,
		.depth = outer->depth + 1,
		.own = outer->own,
		.only_negated = outer->only_negated,
	};

	list_lines_init(&reader.lines, reader.own ? NULL : reader.loader);
	if (reader.depth > FILE_DEPTH_MAX)
		return error_set(error, "%s: too many files within files",
				 path);
	list->files = xreallocarray(list->files, list->file_count + 1,
				    sizeof(*list->files));
	reader.file = list->files[list->file_count++] = xstrdup(path);
	return words_each_line(path, read_line, &reader, error);
}

/* table_open - open type:table; -1: refused */
static int table_open(const struct reader *reader, struct network *network,
		      const char *word, struct error *error)
{
	struct table *table =
		table_new(word, reader->list->utf8, reader->loader, error);

	network->table = table_admit(table, word, "mynetworks", false,
				     reader->loader, error);
	return network->table != NULL ? 0 : -1;
}

/* read_word - one word of the list */
static int read_word(void *context, const char *word, struct error *error)
{
	const struct reader *reader = context;
	struct network_list *list = reader->list;
	size_t negations = strspn(word, "!");
	const char *pattern = word + negations;
	struct network network = {
		.listed = reader->listed == (negations % 2 == 0),
	};

	if (*pattern == '\0')
		return error_set(error, "no pattern after \"!\"");
	if (*pattern == '#')
		return error_set(error, "a comment must be a line of its own");
	if (reader->only_negated && network.listed)
		return 0;
	if (*pattern == '/')
		return read_file(reader, pattern, network.listed, error);
	if (looks_like_table(pattern)
		    ? table_open(reader, &network, pattern, error) < 0
		    : network_parse(&network, pattern, error) < 0)
		return -1;
	list->networks = xreallocarray(list->networks, list->count + 1,
				       sizeof(list->networks[0]));
	network.text = xstrdup(word);
	network.file = reader->file;
	list->networks[list->count++] = network;
	return 0;
}

/* network_list_new - read a list */
struct network_list *network_list_new(const char *text, bool utf8,
				      struct table_loader *loader,
				      struct error *error)
{
	struct network_list *list = xcalloc(1, sizeof(*list));
	struct table_loader strict = { 0 };
	struct reader reader = {
		.list = list,
		.loader = loader != NULL ? loader : &strict,
		.own = loader == NULL,
		.listed = true,
	};

	list->utf8 = utf8;
	if (words_each_braced(text, WORDS_SEPARATORS, read_word, &reader,
			      error) < 0) {
		network_list_free(list);
		return NULL;
	}
	return list;
}

/* network_list_free - free a list */
void network_list_free(struct network_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++) {
		table_free(list->networks[i].table);
		free(list->networks[i].text);
	}
	for (size_t i = 0; i < list->file_count; i++)
		free(list->files[i]);
	free(list->files);
	free(list->networks);
	free(list);
}

/* look_up - look up one key; sets *why if there is no answer */
static enum table_answer look_up(const struct table *table, const char *key,
				 size_t *steps, const char **why)
{
	enum table_answer answer = table_lookup_shared(table, key, steps);

	if (answer == TABLE_FAILED || answer == TABLE_ASK)
		*why = table_why(table, key, *steps);
	return answer;
}

/* table_has_name - does a table contain a host name or one of its parent
 * domains? Both with and without the leading dot, so that
 * parent_domain_matches_subdomains does not matter. */
static enum table_answer table_has_name(const struct table *table,
					const char *name, size_t *steps,
					const char **why)
{
	enum table_answer answer = TABLE_NOT_FOUND;
	const char *next = name;

	while (next != NULL && *next != '\0') {
		answer = look_up(table, next, steps, why);
		if (answer != TABLE_NOT_FOUND || table_is_pattern(table))
			break;
		next = *next == '.' ? next + 1 : strchr(next, '.');
	}
	return answer;
}

/* matches - does one entry match the client? */
static enum table_answer matches(const struct network *network,
				 const struct ip_address *parsed,
				 const char *address, const char *name,
				 size_t *steps, const char **why)
{
	enum table_answer answer = TABLE_NOT_FOUND;

	if (network->table == NULL)
		return network->address.family == parsed->family &&
				       ip_has_prefix(network->address.bytes,
						     parsed->bytes,
						     network->prefix)
			       ? TABLE_FOUND
			       : TABLE_NOT_FOUND;
	if (!network->listed)
		answer = table_has_name(network->table, name, steps, why);
	if (answer == TABLE_NOT_FOUND)
		answer = look_up(network->table, address, steps, why);
	return answer;
}

/* search - with both texts folded */
static int search(const struct network_list *list, const char *address,
		  const char *name, const struct network **decided,
		  const char **why)
{
	struct ip_address parsed;
	size_t steps = 0;
	size_t i;

	if (ip_parse(&parsed, address) < 0)
		return 0;
	for (i = 0; i < list->count; i++) {
		const struct network *network = &list->networks[i];

		*decided = network;
		switch (matches(network, &parsed, address, name, &steps, why)) {
		case TABLE_NOT_FOUND:
			break;
		case TABLE_FOUND:
			return network->listed;
		default:
			return -1;
		}
	}
	return 0;
}

/* fold - a text folded for lookups; the caller frees it */
static char *fold(const struct network_list *list, const char *text)
{
	size_t length = strlen(text);
	char *folded = xmalloc(CASEFOLD_SIZE(length));

	casefold(folded, text, length, list->utf8);
	return folded;
}

/* find - is the client in the list, and which entry decided? */
static int find(const struct network_list *list, const char *address,
		const char *name, const struct network **decided,
		const char **why)
{
	char *folded_address = fold(list, address);
	char *folded_name = fold(list, name);
	int result = search(list, folded_address, folded_name, decided, why);

	free(folded_name);
	free(folded_address);
	return result;
}

/* network_list_match - is the client in the list? */
int network_list_match(const struct network_list *list, const char *address,
		       const char *name)
{
	const struct network *decided;
	const char *why;

	return find(list, address, name, &decided, &why);
}

/* network_list_find - the same, with the entry that decided */
int network_list_find(const struct network_list *list, const char *address,
		      const char *name, struct domain_list_match *match)
{
	const struct network *decided = NULL;
	const char *why = NULL;
	int result = find(list, address, name, &decided, &why);

	*match = (struct domain_list_match){ 0 };
	if (result == 0 || decided == NULL)
		return result;
	match->pattern = decided->text;
	match->file = decided->file;
	match->table = decided->table;
	match->why = why;
	return result;
}

/* is_wide - does an entry contain strangers? *line: of the rule in its table */
static bool is_wide(const struct network *network, int *line)
{
	*line = 0;
	if (network->table == NULL)
		return prefix_is_wide(network->address.family,
				      network->address.bytes, network->prefix);
	*line = table_wide_line(network->table);
	return *line > 0;
}

/* network_list_each_wide - visit the entries that contain strangers */
void network_list_each_wide(const struct network_list *list,
			    void (*visit)(void *context, const char *text,
					  const char *file, int line),
			    void *context)
{
	int line;

	for (size_t i = 0; i < list->count; i++) {
		const struct network *network = &list->networks[i];

		if (network->listed && is_wide(network, &line))
			visit(context, network->text, network->file, line);
	}
}

/* note - that an entry was visited */
static void note(void *context, const char *text, const char *file, int line)
{
	bool *found = context;

	(void)text;
	(void)file;
	(void)line;
	*found = true;
}

/* network_list_is_wide - does any entry contain strangers? */
bool network_list_is_wide(const struct network_list *list)
{
	bool found = false;

	network_list_each_wide(list, note, &found);
	return found;
}
