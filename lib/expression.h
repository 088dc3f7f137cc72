/* SPDX-License-Identifier: ISC */
#ifndef LIB_EXPRESSION_H
#define LIB_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

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
 * whether it is only that running it might take any amount of time. */
struct expression *expression_new(enum expression_kind kind,
				  const char *pattern, unsigned options,
				  bool *costly, struct error *error);

/* expression_free - NULL is allowed. */
void expression_free(struct expression *expression);

/* expression_groups - how many "(...)" that can be referred to. */
size_t expression_groups(const struct expression *expression);

/* What a "(...)" matched: bytes of the text; none when start == end. */
struct expression_group {
	size_t start;
	size_t end;
};

/* expression_match - 1 the text matches somewhere; 0 it does not; -1 a limit
 * was reached: unknown. groups may be NULL; else it has expression_groups() + 1
 * members, the first one for the whole match. May be called by several threads
 * at once. */
int expression_match(const struct expression *expression, const char *text,
		     struct expression_group *groups);

#endif
