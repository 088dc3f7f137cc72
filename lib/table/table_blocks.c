/* SPDX-License-Identifier: ISC */
/* table_blocks - ordered rules with IF and ENDIF
 *
 * A block is skipped if its condition is false. One without an ENDIF extends to
 * the end of the file, so the search then ends. */

#include "lib/table/table_blocks.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"

struct rule {
	enum { RULE_MATCH, RULE_IF, RULE_ENDIF } kind;
	void *condition; /* NULL with ENDIF */
	size_t end;	 /* of IF: index of its ENDIF; 0: none */
	int line;
};

/* add - append a rule */
static void add(struct table_blocks *rules, const struct rule *rule)
{
	rules->rules = xreallocarray(rules->rules, rules->count + 1,
				     sizeof(*rules->rules));
	rules->rules[rules->count] = *rule;
	rules->rules[rules->count++].line = rules->line;
}

/* table_blocks_add - append a condition with a result */
void table_blocks_add(struct table_blocks *rules, void *condition)
{
	add(rules, &(struct rule){ RULE_MATCH, condition, 0, 0 });
}

/* table_blocks_add_if - append the condition for the rules up to ENDIF */
void table_blocks_add_if(struct table_blocks *rules, void *condition)
{
	rules->open = xreallocarray(rules->open, rules->depth + 1,
				    sizeof(*rules->open));
	rules->open[rules->depth++] = rules->count;
	add(rules, &(struct rule){ RULE_IF, condition, 0, 0 });
}

/* table_blocks_add_endif - end the innermost IF */
bool table_blocks_add_endif(struct table_blocks *rules)
{
	if (rules->depth == 0)
		return false;
	rules->rules[rules->open[--rules->depth]].end = rules->count;
	add(rules, &(struct rule){ RULE_ENDIF, NULL, 0, 0 });
	return true;
}

/* find - try the rules in order; found is the one that matched */
static int find(const struct table_blocks *rules, table_blocks_test *test,
		const void *key, const struct rule **found)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rules[i];
		int result;

		if (rule->kind == RULE_ENDIF)
			continue;
		result = test(rule->condition, key);
		if (result < 0 || (result > 0 && rule->kind == RULE_MATCH)) {
			*found = rule;
			return result;
		}
		if (result == 0 && rule->kind == RULE_IF) {
			if (rule->end == 0)
				return 0;
			i = rule->end;
		}
	}
	return 0;
}

/* table_blocks_find - try them in order */
int table_blocks_find(const struct table_blocks *rules, table_blocks_test *test,
		      const void *key, const void **found)
{
	const struct rule *rule = NULL;
	int result = find(rules, test, key, &rule);

	if (found != NULL && rule != NULL)
		*found = rule->condition;
	return result;
}

/* table_blocks_line - the line of the rule that matches */
int table_blocks_line(const struct table_blocks *rules, table_blocks_test *test,
		      const void *key)
{
	const struct rule *found;

	return find(rules, test, key, &found) == 1 ? found->line : 0;
}

/* table_blocks_each - visit the result of each rule */
void table_blocks_each(const struct table_blocks *rules,
		       const char *(*result)(const void *condition),
		       void (*visit)(void *context, const char *key,
				     const char *value),
		       void *context)
{
	for (size_t i = 0; i < rules->count; i++) {
		const char *value = rules->rules[i].kind == RULE_MATCH
					    ? result(rules->rules[i].condition)
					    : NULL;

		if (value != NULL)
			visit(context, "", value);
	}
}

/* table_blocks_clear - free all */
void table_blocks_clear(struct table_blocks *rules,
			void (*free_condition)(void *))
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->rules[i].condition != NULL)
			free_condition(rules->rules[i].condition);
	free(rules->rules);
	free(rules->open);
	memset(rules, 0, sizeof(*rules));
}

/* table_blocks_keyword - is it IF or ENDIF? */
bool table_blocks_keyword(const char *line, const char *keyword)
{
	size_t length = strlen(keyword);

	return strncasecmp(line, keyword, length) == 0 &&
	       !isalnum((unsigned char)line[length]);
}

/* table_blocks_negations - skip "!" and white space */
char *table_blocks_negations(char *text, bool *match)
{
	*match = true;
	for (; *text == '!' || isspace((unsigned char)*text); text++)
		if (*text == '!')
			*match = !*match;
	return text;
}
