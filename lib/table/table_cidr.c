/* SPDX-License-Identifier: ISC */
/* table_cidr - cidr: tables
 *
 * They match addresses; the domain of user@192.0.2.1 is one when it is looked
 * up in mydestination. A name never matches, nor does an address in brackets.
 * Like Postfix, a rule that is wrong is skipped with a warning. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/ip_address.h"
#include "lib/base/xalloc.h"
#include "lib/table/logical_lines.h"
#include "lib/table/prefix.h"
#include "lib/table/table_blocks.h"
#include "lib/table/table_internal.h"

/* A condition for table_blocks.h. */
struct network {
	bool match; /* false: negated */
	struct ip_address address;
	unsigned bits; /* length of the prefix */
	char result[]; /* empty unless the table has values */
};

/* The state of reading. */
struct reader {
	struct table *table;
	const struct table_loader *loader;
};

/* mask_bits - the length of a prefix; 129: not a number. "024" is 24. */
static unsigned mask_bits(const char *mask)
{
	unsigned bits = 0;

	if (*mask == '\0')
		return 129;
	for (; isdigit((unsigned char)*mask) && bits <= 128; mask++)
		bits = bits * 10 + (unsigned)(*mask - '0');
	return *mask != '\0' || bits > 128 ? 129 : bits;
}

/* parse_network - an address, or an address and the length of the prefix */
static int parse_network(struct network *network, char *pattern,
			 struct error *error)
{
	struct ip_address *address = &network->address;
	struct ip_address base;
	char *mask;

	if (ip_split(&pattern, &mask) < 0)
		return error_set(error, "bad \"[...]\"");
	if (ip_parse(address, pattern) < 0)
		return error_set(error, "bad address");
	network->bits = mask != NULL ? mask_bits(mask) : address->bits;
	if (network->bits > address->bits)
		return error_set(error, "bad mask");
	base = *address;
	ip_mask(&base, network->bits);
	if (memcmp(base.bytes, address->bytes, IP_BYTES) != 0)
		return error_set(error, "bits are set after the mask");
	return 0;
}

/* add_network - add a rule or an IF; a rule must have a result, which is kept
 * if the table has values */
static int add_network(struct table_blocks *rules, char *text, bool is_if,
		       bool values, struct error *error)
{
	bool match;
	char *pattern = table_blocks_negations(text, &match);
	char *result = pattern + strcspn(pattern, is_if ? "" : " \t\v\f\r");
	bool has_result = *result != '\0';
	struct network *network =
		xcalloc(1, sizeof(*network) + strlen(result) + 1);

	network->match = match;
	if (values) {
		const char *value = result + strspn(result, " \t\v\f\r");

		memcpy(network->result, value, strlen(value) + 1);
	}
	*result = '\0';
	if (*pattern == '\0' || (!is_if && !has_result))
		error_set(error, "no pattern, or no result");
	else if (parse_network(network, pattern, error) == 0) {
		if (is_if)
			table_blocks_add_if(rules, network);
		else
			table_blocks_add(rules, network);
		return 0;
	}
	free(network);
	return -1;
}

/* read_rule - read a logical line, without trailing white space */
static int read_rule(struct table_blocks *rules, char *line, bool values,
		     struct error *error)
{
	if (table_blocks_keyword(line, "IF"))
		return add_network(rules, line + 2, true, false, error);
	if (!table_blocks_keyword(line, "ENDIF"))
		return add_network(rules, line, false, values, error);
	if (line[5 + strspn(line + 5, " \t\v\f\r")] != '\0')
		return error_set(error, "text after ENDIF");
	if (!table_blocks_add_endif(rules))
		return error_set(error, "ENDIF without IF");
	return 0;
}

/* read_line - as in Postfix, a bad rule is skipped, and the others apply */
static int read_line(void *context, int number, char *line, struct error *error)
{
	struct reader *reader = context;
	size_t length = strlen(line);
	char *note;

	while (length > 0 && isspace((unsigned char)line[length - 1]))
		line[--length] = '\0';
	((struct table_blocks *)reader->table->data)->line = number;
	if (read_rule(reader->table->data, line, reader->table->values,
		      error) == 0)
		return 0;
	note = xasprintf("%s: the rule is skipped, as in Postfix", error->text);
	table_note(reader->table, reader->loader, number, note);
	free(note);
	return 0;
}

/* open_cidr - read all rules */
static int open_cidr(struct table *table, struct table_loader *loader,
		     struct error *error)
{
	struct reader reader = { table, loader };
	struct table_blocks *rules = xcalloc(1, sizeof(*rules));
	char *text;

	table->data = rules;
	text = table_text(table, error);
	if (text == NULL)
		return -1;
	logical_lines_each(text, read_line, &reader, error);
	free(text);
	if (rules->depth > 0)
		table_note(table, loader, 0, "IF without ENDIF");
	table->size = rules->count;
	return 0;
}

/* test - is the address in a network? An address of the other family never
 * matches, not even a negated rule. */
static int test(const void *condition, const void *key)
{
	const struct network *network = condition;
	const struct ip_address *own = &network->address;
	struct ip_address address;

	if (ip_parse(&address, key) < 0 || address.family != own->family)
		return 0;
	return ip_has_prefix(address.bytes, own->bytes, network->bits) ==
	       network->match;
}

/* look_up - the first rule that matches */
static enum table_answer look_up(const struct table *table, const char *key)
{
	return (enum table_answer)table_blocks_find(table->data, test, key,
						    NULL);
}

/* find - the same, with its result */
static enum table_answer find(const struct table *table, const char *key,
			      struct table_result *result)
{
	const void *found = NULL;
	int answer = table_blocks_find(table->data, test, key, &found);

	if (answer > 0)
		result->text = ((const struct network *)found)->result;
	return (enum table_answer)answer;
}

/* result_of - what a rule says */
static const char *result_of(const void *condition)
{
	return ((const struct network *)condition)->result;
}

/* each - all results */
static void each(const struct table *table,
		 void (*visit)(void *context, const char *key,
			       const char *value),
		 void *context)
{
	table_blocks_each(table->data, result_of, visit, context);
}

/* find_line - the line of that rule */
static int find_line(const struct table *table, const char *key)
{
	return table_blocks_line(table->data, test, key);
}

/* is_wide - does a rule, or an IF, match strangers? So does a rule for
 * everything outside some network. */
static int is_wide(const void *condition, const void *nobody)
{
	const struct network *network = condition;

	(void)nobody;
	if (!network->match)
		return network->bits > 0;
	return prefix_is_wide(network->address.family, network->address.bytes,
			      network->bits);
}

/* find_wide_line - the line of the first such rule that is not in a narrow
 * IF */
static int find_wide_line(const struct table *table)
{
	return table_blocks_line(table->data, is_wide, "");
}

/* close_cidr - free the rules */
static void close_cidr(struct table *table)
{
	if (table->data != NULL)
		table_blocks_clear(table->data, free);
	free(table->data);
}

const struct table_method table_cidr = {
	.open = open_cidr,
	.lookup = look_up,
	.find = find,
	.each = each,
	.line = find_line,
	.wide_line = find_wide_line,
	.close = close_cidr,
	.pattern = true,
};
