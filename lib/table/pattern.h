/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_PATTERN_H
#define LIB_TABLE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/table/automaton.h"

/* One regular expression of a regexp: or pcre: table. */
struct pattern;

enum pattern_kind {
	PATTERN_REGEXP, /* regexp_table(5) */
	PATTERN_PCRE,	/* pcre_table(5) */
};

/* pattern_options - read the letters after a pattern, up to white space;
 * they toggle the options of that kind. *text is moved past them. 0, or -1: an
 * unknown letter. In regexp:, "!" ends them, too. */
int pattern_options(enum pattern_kind kind, const char **text,
		    unsigned *options, struct error *error);

/* pattern_new - compile a pattern. NULL and the reason; *costly is set if
 * the pattern is valid but not executed here. */
struct pattern *pattern_new(enum pattern_kind kind, const char *pattern,
			    unsigned options, bool *costly,
			    struct error *error);

/* pattern_free - NULL is allowed. */
void pattern_free(struct pattern *expression);

/* pattern_groups - the number of "(...)" that can be referred to. */
size_t pattern_groups(const struct pattern *expression);

/* pattern_sure - does pattern_match() report what that group (from 1)
 * matched? Not always in regexp:. */
bool pattern_sure(const struct pattern *expression, size_t group);

/* pattern_match - 1: some part of the text matches; 0: none does; -1: a
 * limit was reached, so it is unknown. groups may be NULL; otherwise it has
 * pattern_groups() + 1 members, the first of which is for the whole match.
 * The cost is added to *steps, which is 0 at first and shared by all matches
 * for one request; together they end within some 5 ms: the limit is
 * AUTOMATON_STEPS_MAX. Several threads may call it at once. */
int pattern_match(const struct pattern *expression, const char *text,
		  struct match_group *groups, size_t *steps);

#endif
