/* SPDX-License-Identifier: ISC */
/* table_regexp - regexp: and pcre: tables
 *
 * Each rule is /pattern/letters and a result, which in a list of domains only
 * needs to exist. "!" negates a pattern, and in regexp: a second pattern may
 * follow "!". A rule that Postfix would skip with a warning is skipped here
 * too, and noted. A pattern that is not safe to run leaves the whole table to
 * Postfix, and so does a text that is longer than any domain or address. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/table/pattern.h"
#include "lib/table/table_blocks.h"
#include "lib/table/table_internal.h"
#include "lib/text/casefold.h"

#define DOMAIN_MAX  255 /* bytes; longer texts are left to Postfix */
#define ADDRESS_MAX 512
#define COSTLY	    "has a pattern that is left to Postfix"

/* One pattern of a rule. */
struct pattern {
	struct pattern *expression; /* NULL: no pattern */
	bool match;		    /* false: negated */
};

/* A condition for table_blocks.h; the second pattern must match, too. */
struct condition {
	struct pattern patterns[2];
	char *result; /* if it must be examined, or NULL; always set with
			 table_new_values() */
};

/* The key of a lookup, for table_blocks.h. */
struct subject {
	const char *key;
	size_t *steps; /* of pattern_match() */
};

/* free_condition - free a condition and its patterns */
static void free_condition(void *context)
{
	struct condition *condition = context;

	pattern_free(condition->patterns[0].expression);
	pattern_free(condition->patterns[1].expression);
	free(condition->result);
	free(condition);
}

/* pattern_end - the delimiter that ends a pattern, or NULL */
static char *pattern_end(char *text, char delimiter)
{
	for (; *text != '\0' && *text != delimiter; text++) {
		if (text[0] == '\\' && text[1] == '\0')
			return NULL;
		if (text[0] == '\\')
			text++;
	}
	return *text != '\0' ? text : NULL;
}

/* read_pattern - read !/pattern/letters; *text is moved past it */
static int read_pattern(struct rule_reader *reader, char **text,
			struct pattern *pattern, struct error *error)
{
	char *start = table_blocks_negations(*text, &pattern->match);
	const char *letters;
	unsigned options;
	bool costly;
	char *end;

	if (*start == '\0')
		return error_set(error, "no pattern");
	end = pattern_end(start + 1, *start);
	if (end == NULL)
		return error_set(error, "the pattern is not closed");
	*end = '\0';
	letters = end + 1;
	if (pattern_options(reader->kind, &letters, &options, error) < 0)
		return -1;
	*text += letters - *text;
	pattern->expression =
		pattern_new(reader->kind, start + 1, options, &costly, error);
	if (pattern->expression != NULL)
		return 0;
	if (costly)
		reader->table->asks = COSTLY;
	return -1;
}

/* macro_end - the byte after $name, ${name} or $(name); NULL: bad syntax */
static const char *macro_end(const char *text, const char **name,
			     size_t *length)
{
	char open = *text;
	char close = open == '{' ? '}' : ')';
	size_t level = 1;

	*name = text;
	*length = 0;
	if (open != '{' && open != '(') {
		while (isalnum((unsigned char)*text) || *text == '_')
			text++;
		*length = (size_t)(text - *name);
		return *length > 0 ? text : NULL;
	}
	for (*name = ++text; level > 0; text++) {
		if (*text == '\0')
			return NULL;
		level += *text == open;
		level -= *text == close;
	}
	*length = (size_t)(text - *name) - 1;
	return *length > 0 ? text : NULL;
}

/* macro_number - N of ${N}; 0: not such a number */
static unsigned long macro_number(const char *name, size_t length)
{
	unsigned long number = 0;

	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)name[i]) || number > 10000)
			return 0;
		number = number * 10 + (unsigned long)(name[i] - '0');
	}
	return number;
}

/* check_result - would Postfix accept the result? It may refer to the "(...)"
 * of its pattern, as $1, and have no other "$". */
static int check_result(struct rule_reader *reader, const char *result,
			const struct pattern *pattern, struct error *error)
{
	size_t groups = pattern_groups(pattern->expression);

	while ((result = strchr(result, '$')) != NULL) {
		const char *name;
		size_t length;
		unsigned long number;

		if (*++result == '$') {
			result++;
			continue;
		}
		result = macro_end(result, &name, &length);
		if (result == NULL)
			return error_set(error, "bad \"$\" in the result");
		number = macro_number(name, length);
		if (number == 0 || number > groups || !pattern->match)
			return error_set(error, "the result has a \"$\" that "
						"refers to nothing");
		if (pattern_sure(pattern->expression, number))
			continue;
		reader->table->asks = COSTLY;
		return error_set(error, "the result has a \"$\" for \"(...)\" "
					"that is repeated, or beside anchors");
	}
	return 0;
}

/* is_sure - is the result never empty, whatever matched? */
static bool is_sure(const char *result)
{
	return *result != '\0' && *result != '$';
}

/* read_match - /pattern/ result, /pattern/!/pattern/ result */
static int read_match(struct rule_reader *reader, char *text,
		      struct condition *condition, struct error *error)
{
	struct pattern *patterns = condition->patterns;

	if (read_pattern(reader, &text, &patterns[0], error) < 0)
		return -1;
	if (*text == '!' &&
	    read_pattern(reader, &text, &patterns[1], error) < 0)
		return -1;
	if (check_result(reader, text, &patterns[0], error) < 0)
		return -1;
	while (isspace((unsigned char)*text))
		text++;
	if (reader->table->values) {
		condition->result = xstrdup(text);
		return 0;
	}
	if (reader->table->map && !is_sure(text)) {
		reader->unsure = true;
		return error_set(error, "its result may be empty");
	}
	/* A "(...)" may match only a part of a character. */
	if (reader->table->utf8 && (strchr(text, '$') != NULL ||
				    !casefold_is_utf8(text, strlen(text))))
		condition->result = xstrdup(text);
	return 0;
}

/* add_condition - add a rule or an IF; errors are noted */
static int add_condition(struct rule_reader *reader, char *text, bool is_if,
			 struct error *error)
{
	struct condition *condition = xcalloc(1, sizeof(*condition));
	struct table_blocks *rules = reader->table->data;
	int result;

	if (is_if)
		result = read_pattern(reader, &text, &condition->patterns[0],
				      error);
	else
		result = read_match(reader, text, condition, error);
	if (result < 0)
		free_condition(condition);
	else if (is_if)
		table_blocks_add_if(rules, condition);
	else
		table_blocks_add(rules, condition);
	return result;
}

/* read_rule - read a logical line */
static int read_rule(struct rule_reader *reader, char *line,
		     struct error *error)
{
	if (!isalnum((unsigned char)*line))
		return add_condition(reader, line, false, error);
	if (table_blocks_keyword(line, "IF"))
		return add_condition(reader, line + 2, true, error);
	if (!table_blocks_keyword(line, "ENDIF"))
		return error_set(error, "neither a pattern nor IF nor ENDIF");
	if (!table_blocks_add_endif(reader->table->data))
		return error_set(error, "ENDIF without IF");
	return 0;
}

/* open_rules - read all rules */
static int open_rules(struct table *table, enum pattern_kind kind,
		      struct table_loader *loader, struct error *error)
{
	struct rule_reader reader = {
		.table = table,
		.loader = loader,
		.read = read_rule,
		.kind = kind,
	};

	return table_rules_read(&reader, error);
}

/* open_regexp - regexp: */
static int open_regexp(struct table *table, struct table_loader *loader,
		       struct error *error)
{
	return open_rules(table, PATTERN_REGEXP, loader, error);
}

/* open_pcre - pcre: */
static int open_pcre(struct table *table, struct table_loader *loader,
		     struct error *error)
{
	return open_rules(table, PATTERN_PCRE, loader, error);
}

/* expand - the result with the text of "(...)" inserted; the caller frees it */
static char *expand(const char *result, const char *key,
		    const struct match_group *groups, size_t *length)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, length);
	int failed;

	if (stream == NULL)
		return NULL;
	while (result != NULL && *result != '\0') {
		const struct match_group *group;
		const char *name;
		size_t size;

		if (*result != '$' || *++result == '$') {
			fputc(*result++, stream);
			continue;
		}
		result = macro_end(result, &name, &size);
		group = &groups[macro_number(name, size)];
		fwrite(key + group->start, 1, group->end - group->start,
		       stream);
	}
	failed = ferror(stream);
	if (fclose(stream) == 0 && failed == 0)
		return text;
	free(text);
	return NULL;
}

/* make_result - the result of a condition that is true; NULL: unknown. The
 * caller frees it. */
static char *make_result(const struct condition *condition,
			 const struct subject *subject, size_t *length)
{
	const struct pattern *expression = condition->patterns[0].expression;
	size_t count = pattern_groups(expression) + 1;
	struct match_group *groups = xcalloc(count, sizeof(*groups));
	int result = 1;
	char *text = NULL;

	/* A negated pattern has nothing to refer to. */
	if (condition->patterns[0].match)
		result = pattern_match(expression, subject->key, groups,
				       subject->steps);
	if (result > 0)
		text = expand(condition->result, subject->key, groups, length);
	free(groups);
	return text;
}

/* test_result - 1, or -1: Postfix fails because the result is not UTF-8 */
static int test_result(const struct condition *condition,
		       const struct subject *subject)
{
	size_t length = 0;
	char *text = make_result(condition, subject, &length);
	bool good = text != NULL && casefold_is_utf8(text, length);

	free(text);
	return good ? 1 : -1;
}

/* holds - do all patterns of a condition match? */
static int holds(const void *context, const void *key)
{
	const struct condition *condition = context;
	const struct subject *subject = key;

	for (size_t i = 0; i < 2; i++) {
		const struct pattern *pattern = &condition->patterns[i];
		int result;

		if (pattern->expression == NULL)
			break;
		result = pattern_match(pattern->expression, subject->key, NULL,
				       subject->steps);
		if (result < 0 || (result > 0) != pattern->match)
			return result < 0 ? -1 : 0;
	}
	return 1;
}

/* test - the same, and is the result usable? */
static int test(const void *context, const void *key)
{
	const struct condition *condition = context;
	int result = holds(condition, key);

	if (result > 0 && condition->result != NULL)
		return test_result(condition, key);
	return result;
}

/* is_long - is it left to Postfix because of its length? */
static bool is_long(const struct table *table, const char *key)
{
	size_t most = table->values ? ADDRESS_MAX : DOMAIN_MAX;

	return strnlen(key, most + 1) > most;
}

/* find - the result of the first rule that matches */
static enum table_answer find(const struct table *table,
			      const struct subject *subject,
			      struct table_result *result)
{
	const struct condition *condition;
	const void *found = NULL;
	size_t length;
	int answer = table_blocks_find(table->data, holds, subject, &found);

	if (answer <= 0)
		return (enum table_answer)answer;
	condition = found;
	result->text = condition->result;
	if (strchr(condition->result, '$') == NULL)
		return TABLE_FOUND;
	result->owned = make_result(condition, subject, &length);
	result->text = result->owned != NULL ? result->owned : "";
	return TABLE_FOUND;
}

/* search - find the first rule that matches, and its result if that is
 * wanted */
static enum table_answer search(const struct table *table, const char *key,
				struct table_result *result, size_t *steps)
{
	struct subject subject = { key, steps };

	if (is_long(table, key))
		return TABLE_ASK;
	if (result != NULL)
		return find(table, &subject, result);
	return (enum table_answer)table_blocks_find(table->data, test, &subject,
						    NULL);
}

/* find_line - the line of that rule */
static int find_line(const struct table *table, const char *key)
{
	size_t steps = 0;

	return table_blocks_line(table->data, test,
				 &(struct subject){ key, &steps });
}

/* result_of - what a rule says, if it is the same for each key; or NULL */
static const char *result_of(const void *rule)
{
	const char *result = ((const struct condition *)rule)->result;

	return result == NULL || strchr(result, '$') != NULL ? NULL : result;
}

/* each - all results that do not depend on what matched */
static void each(const struct table *table,
		 void (*visit)(void *context, const char *key,
			       const char *value),
		 void *context)
{
	table_blocks_each(table->data, result_of, visit, context);
}

/* why - was it too long, did it take too long, or is the result bad? */
static const char *why(const struct table *table, const char *key, size_t steps)
{
	if (is_long(table, key))
		return table->values
			       ? "the address is longer than 512 bytes, too "
				 "long for patterns"
			       : "the name is longer than 255 bytes, too long "
				 "for patterns";
	if (steps > AUTOMATON_STEPS_MAX)
		return "comparing patterns with it takes too many steps";
	return "its result for this key is empty or not UTF-8";
}

/* close_rules - free the rules */
static void close_rules(struct table *table)
{
	if (table->data != NULL)
		table_blocks_clear(table->data, free_condition);
	free(table->data);
}

const struct table_method table_regexp = {
	.open = open_regexp,
	.search = search,
	.each = each,
	.line = find_line,
	.why = why,
	.close = close_rules,
	.pattern = true,
};

const struct table_method table_pcre = {
	.open = open_pcre,
	.search = search,
	.each = each,
	.line = find_line,
	.why = why,
	.close = close_rules,
	.pattern = true,
};
