/* SPDX-License-Identifier: ISC */
/* automaton - match a POSIX pattern in bounded time and memory
 *
 * The C library's regexec(3) builds an automaton while it reads the text, and
 * keeps it: with a pattern of thirty bytes, a text chosen by a stranger can
 * cost any amount of memory, a second, and a lock. Here all states of a pattern
 * are followed at once, byte by byte (Thompson 1968). The cost is at most bytes
 * * states, which are counted, and nothing is kept.
 * t/unit/table/test_automaton.c compares the results with those of regexec(3)
 * for random patterns. */

#include "lib/table/automaton_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define USUAL 256 /* states that need no allocation */

/* Memory for one run. marks: where in the text a state was last reached, plus
 * 1. */
struct run {
	const struct automaton *automaton;
	const char *text;
	size_t length;
	uint32_t *marks;
	uint32_t *stack;
	uint32_t *now; /* states that read the next byte */
	uint32_t *then;
	size_t now_count;
	size_t then_count;
	bool matches; /* the text read so far matches */
	size_t steps;
};

/* is_word - a word character, as for \w */
static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* context - what is on one side of a position: a character, or the text's
 * edge */
static uint32_t context(const struct automaton *automaton, bool edge, char c)
{
	if (edge)
		return CONTEXT_NO_WORD | CONTEXT_LINE | CONTEXT_EDGE;
	if (is_word(c))
		return CONTEXT_WORD;
	return CONTEXT_NO_WORD |
	       (c == '\n' && automaton->newline ? CONTEXT_LINE : 0);
}

/* automaton_holds - does an assertion hold at a position in the text? */
bool automaton_holds(const struct automaton *automaton, uint32_t needs,
		     const char *text, size_t length, size_t at)
{
	uint32_t before = context(automaton, at == 0, text[at - (at > 0)]);
	uint32_t behind = context(automaton, at == length, text[at]);

	return (needs & ~(before | behind << 4)) == 0;
}

/* reach - enter a state at a position, and those that follow without reading */
static void reach(struct run *run, uint32_t state, size_t at)
{
	const struct automaton *automaton = run->automaton;
	size_t depth = 0;

	for (run->stack[depth++] = state; depth > 0;) {
		const struct automaton_state *next;

		state = run->stack[--depth];
		if (run->marks[state] == at + 1)
			continue;
		run->marks[state] = (uint32_t)at + 1;
		run->steps++;
		next = &automaton->states[state];
		if (next->kind == STATE_SET)
			run->then[run->then_count++] = state;
		else if (next->kind == STATE_MATCH)
			run->matches = true;
		else if (next->kind != STATE_ASSERT ||
			 automaton_holds(automaton, next->other, run->text,
					 run->length, at))
			run->stack[depth++] = next->next;
		if (next->kind == STATE_SPLIT)
			run->stack[depth++] = next->other;
	}
}

/* step - read the byte at a position */
static void step(struct run *run, size_t at)
{
	const struct automaton *automaton = run->automaton;
	unsigned char byte = (unsigned char)run->text[at];
	uint32_t *list = run->then;

	run->then = run->now;
	run->now = list;
	run->now_count = run->then_count;
	run->then_count = 0;
	run->steps += run->now_count + 1;
	for (size_t i = 0; i < run->now_count; i++) {
		const struct automaton_state *state =
			&automaton->states[run->now[i]];

		if (automaton->sets[state->other].has[byte])
			reach(run, state->next, at + 1);
	}
}

/* can_begin - can a match begin at a position? */
static bool can_begin(const struct run *run, size_t at)
{
	const struct automaton *automaton = run->automaton;

	if (automaton->anchored && at > 0)
		return false;
	return automaton->empty ||
	       (at < run->length &&
		automaton->first.has[(unsigned char)run->text[at]]);
}

/* find - is there a match? */
static int find(struct run *run)
{
	for (size_t at = 0;; at++) {
		if (can_begin(run, at))
			reach(run, run->automaton->start, at);
		if (run->matches)
			return 1;
		if (run->steps > AUTOMATON_STEPS_MAX)
			return -1;
		if (at == run->length ||
		    (run->then_count == 0 && run->automaton->anchored))
			return 0;
		step(run, at);
	}
}

/* find_longest - the longest match that begins at a position: 1, 0 or -1 */
static int find_longest(struct run *run, size_t start, size_t *end)
{
	int found = 0;

	run->then_count = 0;
	memset(run->marks, 0, run->automaton->count * sizeof(*run->marks));
	run->steps += run->automaton->count / 16;
	reach(run, run->automaton->start, start);
	for (size_t at = start;; at++) {
		if (run->matches) {
			found = 1;
			*end = at;
			run->matches = false;
		}
		if (run->steps > AUTOMATON_STEPS_MAX)
			return -1;
		if (at == run->length || run->then_count == 0)
			return found;
		step(run, at);
	}
}

/* find_groups - the groups of the leftmost longest match */
static int find_groups(struct run *run, struct match_group *groups)
{
	int found = 0;

	for (size_t at = 0; at <= run->length && found == 0; at++) {
		if (!can_begin(run, at))
			continue;
		groups[0].start = at;
		found = find_longest(run, at, &groups[0].end);
	}
	if (found <= 0)
		return found;
	return automaton_path(run->automaton, run->text, run->length, groups,
			      &run->steps);
}

/* automaton_match - does any part of the text match? */
int automaton_match(const struct automaton *automaton, const char *text,
		    struct match_group *groups, size_t *steps)
{
	size_t count = automaton->count;
	uint32_t usual[5 * USUAL + 1];
	uint32_t *room = usual;
	struct run run = { .automaton = automaton, .text = text };
	int found;

	/* Even a run that fails immediately costs this. */
	run.steps = *steps + 8 + count / 16;
	run.length = strlen(text);
	if (count > USUAL)
		room = xcalloc(5 * count + 1, sizeof(*room));
	else
		memset(usual, 0, count * sizeof(*usual));
	run.marks = room;
	run.now = room + count;
	run.then = room + 2 * count;
	run.stack = room + 3 * count;
	found = groups != NULL ? find_groups(&run, groups) : find(&run);
	*steps = run.steps;
	if (room != usual)
		free(room);
	return found;
}
