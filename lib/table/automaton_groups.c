/* SPDX-License-Identifier: ISC */
/* automaton_groups - what each "(...)" matched
 *
 * The beginning and the end of the match are known. The C library then takes
 * the first path between them, where another repeat is preferred to leaving the
 * loop, and an earlier alternative to a later one. A state that did not reach
 * the end from some byte never will, so each state is tried once at each
 * byte. */

#include "lib/table/automaton_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define UNDO UINT32_MAX

/* A pending task: try a state at a position; or, with UNDO, restore a bound of
 * a group (2 * group for its start, plus 1 for its end). */
struct job {
	uint32_t state;
	uint32_t bound;
	size_t at;
};

/* The search for the path. */
struct search {
	const struct automaton *automaton;
	const char *text;
	size_t length;
	struct match_group *groups;
	unsigned char *seen; /* one bit for each state at each position */
	struct job *jobs;
	size_t job_count;
	size_t job_room;
	size_t *steps;
};

/* push - add a task that comes before all others */
static void push(struct search *search, uint32_t state, uint32_t bound,
		 size_t at)
{
	if (search->job_count == search->job_room) {
		search->job_room = 2 * search->job_room + 64;
		search->jobs = xreallocarray(search->jobs, search->job_room,
					     sizeof(*search->jobs));
	}
	search->jobs[search->job_count++] = (struct job){ state, bound, at };
}

/* bound_of - the start or the end of a group */
static size_t *bound_of(const struct search *search, uint32_t bound)
{
	struct match_group *group = &search->groups[bound / 2];

	return bound % 2 == 0 ? &group->start : &group->end;
}

/* set_bound - set a bound, and push a task that restores it */
static void set_bound(struct search *search, uint32_t bound, size_t at)
{
	size_t *place = bound_of(search, bound);

	push(search, UNDO, bound, *place);
	*place = at;
}

/* was_seen - was this state tried at this position? It is marked as tried. */
static bool was_seen(struct search *search, uint32_t state, size_t at)
{
	size_t bit = (at - search->groups[0].start) * search->automaton->count +
		     state;
	unsigned char mask = (unsigned char)(1U << bit % 8);
	bool seen = (search->seen[bit / 8] & mask) != 0;

	search->seen[bit / 8] |= mask;
	return seen;
}

/* try - try one state; true: the end is reached */
static bool try(struct search *search, uint32_t number, size_t at)
{
	const struct automaton *automaton = search->automaton;
	const struct automaton_state *state = &automaton->states[number];
	size_t end = search->groups[0].end;

	if (was_seen(search, number, at))
		return false;
	switch (state->kind) {
	case STATE_MATCH:
		return at == end;
	case STATE_SET:
		if (at < end && automaton->sets[state->other]
					.has[(unsigned char)search->text[at]])
			push(search, state->next, 0, at + 1);
		return false;
	case STATE_SPLIT:
		push(search, state->other, 0, at);
		break;
	case STATE_ASSERT:
		if (!automaton_holds(automaton, state->other, search->text,
				     search->length, at))
			return false;
		break;
	case STATE_OPEN:
		set_bound(search, 2 * state->other, at);
		break;
	case STATE_CLOSE:
		set_bound(search, 2 * state->other + 1, at);
		break;
	}
	push(search, state->next, 0, at);
	return false;
}

/* walk - do the pending tasks until the end is reached */
static int walk(struct search *search)
{
	while (search->job_count > 0) {
		struct job job = search->jobs[--search->job_count];

		if (job.state == UNDO)
			*bound_of(search, job.bound) = job.at;
		else if (try(search, job.state, job.at))
			return 1;
		if (++*search->steps > AUTOMATON_STEPS_MAX)
			return -1;
	}
	return -1;
}

/* automaton_path - what the groups matched */
int automaton_path(const struct automaton *automaton, const char *text,
		   size_t length, struct match_group *groups, size_t *steps)
{
	size_t places = groups[0].end - groups[0].start + 1;
	struct search search = {
		.automaton = automaton,
		.text = text,
		.length = length,
		.groups = groups,
		.steps = steps,
	};
	int found;

	memset(groups + 1, 0, automaton->groups * sizeof(*groups));
	*steps += places * automaton->count / 256;
	search.seen = xcalloc(places * automaton->count / 8 + 1, 1);
	push(&search, automaton->start, 0, groups[0].start);
	found = walk(&search);
	free(search.jobs);
	free(search.seen);
	return found;
}
