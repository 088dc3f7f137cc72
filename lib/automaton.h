/* SPDX-License-Identifier: ISC */
#ifndef LIB_AUTOMATON_H
#define LIB_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>

/* A pattern of regcomp(3), to be run in bounded time and room. Immutable once
 * made; shared between threads, without a lock. */
struct automaton;

/* What a "(...)" matched: bytes of the text; none when start == end. */
struct match_group {
	size_t start;
	size_t end;
};

/* Steps that the patterns for one request may take, all together. */
#define AUTOMATON_STEPS_MAX 330000

/* automaton_new - of a pattern that regcomp(3) takes, with its REG_EXTENDED,
 * REG_ICASE and REG_NEWLINE. NULL: it has something that is not known here, or
 * is too large. */
struct automaton *automaton_new(const char *pattern, int options);

/* automaton_free - NULL is allowed. */
void automaton_free(struct automaton *automaton);

/* automaton_groups - how many "(...)" there are. */
size_t automaton_groups(const struct automaton *automaton);

/* automaton_sure - does automaton_match() find for that group, from 1, what
 * regexec(3) finds? Not for one that is repeated. */
bool automaton_sure(const struct automaton *automaton, size_t group);

/* automaton_match - 1 the text matches somewhere; 0 it does not; -1 that takes
 * too long to find out: *steps, to which what it takes is added, are more than
 * AUTOMATON_STEPS_MAX. groups may be NULL; else it has automaton_groups() + 1
 * members, the first one for the whole match. */
int automaton_match(const struct automaton *automaton, const char *text,
		    struct match_group *groups, size_t *steps);

#endif
