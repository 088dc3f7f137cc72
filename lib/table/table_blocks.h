/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_TABLE_BLOCKS_H
#define LIB_TABLE_TABLE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

/* Rules that are tried in order, with IF ... ENDIF around some of them, as in
 * regexp_table(5), pcre_table(5) and cidr_table(5). Conditions are defined by
 * the caller. */
struct table_blocks {
	struct rule *rules;
	size_t count;
	size_t *open; /* IFs without an ENDIF yet */
	size_t depth;
	int line; /* set by the caller: the line of what is added next */
};

/* table_blocks_test - 1: a condition is true; 0: false; -1: unknown. key is the
 * argument of table_blocks_find(). */
typedef int table_blocks_test(const void *condition, const void *key);

/* table_blocks_add, table_blocks_add_if - append a condition, which rules then
 * owns. */
void table_blocks_add(struct table_blocks *rules, void *condition);
void table_blocks_add_if(struct table_blocks *rules, void *condition);

/* table_blocks_add_endif - false: there is no open IF. */
bool table_blocks_add_endif(struct table_blocks *rules);

/* table_blocks_find - 1: a rule matches, and *found is its condition (found may
 * be NULL); 0: none does; -1: a condition was unknown. */
int table_blocks_find(const struct table_blocks *rules, table_blocks_test *test,
		      const void *key, const void **found);

/* table_blocks_line - the line of the rule that matches, or 0. */
int table_blocks_line(const struct table_blocks *rules, table_blocks_test *test,
		      const void *key);

/* table_blocks_each - call visit, with the key "", for what result() says of
 * the condition of each rule, not of IFs; not for NULL. */
void table_blocks_each(const struct table_blocks *rules,
		       const char *(*result)(const void *condition),
		       void (*visit)(void *context, const char *key,
				     const char *value),
		       void *context);

/* table_blocks_clear - free_condition is called for each. */
void table_blocks_clear(struct table_blocks *rules,
			void (*free_condition)(void *));

/* table_blocks_keyword - does the line begin with the keyword, in any case, and
 * not just with a longer word? */
bool table_blocks_keyword(const char *line, const char *keyword);

/* table_blocks_negations - skip "!" and white space; each "!" inverts *match.
 * Returns the rest. */
char *table_blocks_negations(char *text, bool *match);

#endif
