/* SPDX-License-Identifier: ISC */
#ifndef LIB_EXPRESSION_H
#define LIB_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/table/automaton.h"

/* One regular expression of a regexp: or pcre: table. */
struct expression;

enum expression_kind {
	EXPRESSION_REGEXP, /* regexp_table(5) */
	EXPRESSION_PCRE,   /* pcre_table(5) */
};

/* expression_options - read the letters after a pattern, up to white space;
 * they toggle the options of that kind. *text is moved past them. 0, or -1: an
 * unknown letter. In regexp:, "!" ends them, too. */
int expression_options(enum expression_kind kind, const char **text,
		       unsigned *options, struct error *error);

/* expression_new - compile a pattern. NULL and the reason; *costly is set if
 * the pattern is valid but not executed here. */
struct expression *expression_new(enum expression_kind kind,
				  const char *pattern, unsigned options,
				  bool *costly, struct error *error);

/* expression_free - NULL is allowed. */
void expression_free(struct expression *expression);

/* expression_groups - the number of "(...)" that can be referred to. */
size_t expression_groups(const struct expression *expression);

/* expression_sure - does expression_match() report what that group (from 1)
 * matched? Not always in regexp:. */
bool expression_sure(const struct expression *expression, size_t group);

/* expression_match - 1: some part of the text matches; 0: none does; -1: a
 * limit was reached, so it is unknown. groups may be NULL; otherwise it has
 * expression_groups() + 1 members, the first of which is for the whole match.
 * The cost is added to *steps, which is 0 at first and shared by all matches
 * for one request; together they end within some 5 ms: the limit is
 * AUTOMATON_STEPS_MAX. Several threads may call it at once. */
int expression_match(const struct expression *expression, const char *text,
		     struct match_group *groups, size_t *steps);

#endif
