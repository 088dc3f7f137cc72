/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_AUTOMATON_H
#define LIB_TABLE_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>

/* A pattern as for regcomp(3), matched in bounded time and memory. Immutable;
 * shared between threads without a lock. */
struct automaton;

/* The bytes of the text that a "(...)" matched; none when start == end. */
struct match_group {
	size_t start;
	size_t end;
};

/* Limit of steps for all patterns of one request together. */
#define AUTOMATON_STEPS_MAX 330000

/* automaton_new - compile a pattern that regcomp(3) accepts, with its
 * REG_EXTENDED, REG_ICASE and REG_NEWLINE. NULL: it is too large, or uses
 * something that is not supported here. */
struct automaton *automaton_new(const char *pattern, int options);

/* automaton_free - NULL is allowed. */
void automaton_free(struct automaton *automaton);

/* automaton_groups - the number of "(...)". */
size_t automaton_groups(const struct automaton *automaton);

/* automaton_sure - does automaton_match() report the same text for that group
 * (from 1) as regexec(3)? Not if the group is repeated. */
bool automaton_sure(const struct automaton *automaton, size_t group);

/* automaton_match - 1: some part of the text matches; 0: none does; -1: too
 * many steps. The steps taken are added to *steps; the limit is
 * AUTOMATON_STEPS_MAX. groups may be NULL; otherwise it has automaton_groups()
 * + 1 members, the first of which is for the whole match. */
int automaton_match(const struct automaton *automaton, const char *text,
		    struct match_group *groups, size_t *steps);

#endif
