/* SPDX-License-Identifier: ISC */
#ifndef LIB_RULES_H
#define LIB_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* Rules that are tried in order, with IF ... ENDIF around some of them, as in
 * regexp_table(5), pcre_table(5) and cidr_table(5). Conditions are defined by
 * the caller. */
struct rules {
	struct rule *rules;
	size_t count;
	size_t *open; /* IFs without an ENDIF yet */
	size_t depth;
	int line; /* set by the caller: the line of what is added next */
};

/* rules_test - 1: a condition is true; 0: false; -1: unknown. key is the
 * argument of rules_find(). */
typedef int rules_test(const void *condition, const void *key);

/* rules_add, rules_add_if - append a condition, which rules then owns. */
void rules_add(struct rules *rules, void *condition);
void rules_add_if(struct rules *rules, void *condition);

/* rules_add_endif - false: there is no open IF. */
bool rules_add_endif(struct rules *rules);

/* rules_find - 1: a rule matches, and *found is its condition (found may be
 * NULL); 0: none does; -1: a condition was unknown. */
int rules_find(const struct rules *rules, rules_test *test, const void *key,
	       const void **found);

/* rules_line - the line of the rule that matches, or 0. */
int rules_line(const struct rules *rules, rules_test *test, const void *key);

/* rules_clear - free_condition is called for each. */
void rules_clear(struct rules *rules, void (*free_condition)(void *));

/* rules_keyword - does the line begin with the keyword, in any case, and not
 * just with a longer word? */
bool rules_keyword(const char *line, const char *keyword);

/* rules_negations - skip "!" and white space; each "!" inverts *match. Returns
 * the rest. */
char *rules_negations(char *text, bool *match);

#endif
