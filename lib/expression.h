/* SPDX-License-Identifier: ISC */
#ifndef LIB_EXPRESSION_H
#define LIB_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/automaton.h"
#include "lib/error.h"

/* One regular expression of a regexp: or pcre: table. */
struct expression;

enum expression_kind {
	EXPRESSION_REGEXP, /* regexp_table(5) */
	EXPRESSION_PCRE,   /* pcre_table(5) */
};

/* expression_options - read the letters behind a pattern, up to white space,
 * which turn the options of its kind on or off. *text is moved behind them. 0,
 * or -1: an unknown letter. With regexp: a "!" ends them too. */
int expression_options(enum expression_kind kind, const char **text,
		       unsigned *options, struct error *error);

/* expression_new - compile a pattern. NULL and the reason; then *costly says
 * whether it is only that we do not run it. */
struct expression *expression_new(enum expression_kind kind,
				  const char *pattern, unsigned options,
				  bool *costly, struct error *error);

/* expression_free - NULL is allowed. */
void expression_free(struct expression *expression);

/* expression_groups - how many "(...)" that can be referred to. */
size_t expression_groups(const struct expression *expression);

/* expression_sure - does expression_match() know what that group, from 1,
 * matched? Not all of regexp: are. */
bool expression_sure(const struct expression *expression, size_t group);

/* expression_match - 1 the text matches somewhere; 0 it does not; -1 a limit
 * was reached: unknown. groups may be NULL; else it has expression_groups() + 1
 * members, the first one for the whole match. What it takes is added to *steps;
 * they are 0 at first, and shared by all matches for one request, which
 * together end within some 5 ms: more than AUTOMATON_STEPS_MAX are a limit. May
 * be called by several threads at once. */
int expression_match(const struct expression *expression, const char *text,
		     struct match_group *groups, size_t *steps);

#endif
