/* SPDX-License-Identifier: ISC */
/* automaton_build - build the states of a pattern
 *
 * Built from the end to the beginning, so that each state knows its successor.
 * A repeat becomes as many copies, arranged as regcomp(3) arranges them. */

#include "lib/table/automaton_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define DEPTH_MAX 200 /* nesting of parts */
#define NONE	  UINT32_MAX

/* The state of building. */
struct builder {
	const struct automaton_tree *tree;
	struct automaton *automaton;
	unsigned depth;
	bool failed;
};

static uint32_t build(struct builder *builder, uint32_t node, uint32_t next);

/* add_state - add a state; returns its index */
static uint32_t add_state(struct builder *builder, enum automaton_step kind,
			  uint32_t next, uint32_t other)
{
	struct automaton *automaton = builder->automaton;

	if (automaton->count >= AUTOMATON_STATES_MAX) {
		builder->failed = true;
		return 0;
	}
	if ((automaton->count & (automaton->count - 1)) == 0)
		automaton->states = xreallocarray(automaton->states,
						  2 * automaton->count + 1,
						  sizeof(*automaton->states));
	automaton->states[automaton->count] =
		(struct automaton_state){ kind, next, other };
	return (uint32_t)automaton->count++;
}

/* build_many - any number of repeats, as many as possible first */
static uint32_t build_many(struct builder *builder, uint32_t node,
			   uint32_t next)
{
	uint32_t again = add_state(builder, STATE_SPLIT, NONE, next);
	uint32_t body = build(builder, node, again);

	builder->automaton->states[again].next = body;
	return again;
}

/* build_few - at most that many repeats, as ((x?x)?x)? */
static uint32_t build_few(struct builder *builder, uint32_t node, unsigned most,
			  uint32_t next)
{
	uint32_t first = NONE, last = NONE;

	for (; most > 0 && !builder->failed; most--) {
		uint32_t split = add_state(builder, STATE_SPLIT, NONE, next);

		if (last != NONE)
			builder->automaton->states[last].next = split;
		else
			first = split;
		last = split;
		next = build(builder, node, next);
	}
	if (last != NONE)
		builder->automaton->states[last].next = next;
	return first;
}

/* build_repeat - the required repeats, then the optional ones */
static uint32_t build_repeat(struct builder *builder,
			     const struct automaton_node *node, uint32_t next)
{
	if (node->most == UINT_MAX)
		next = build_many(builder, node->left, next);
	else if (node->most > node->least)
		next = build_few(builder, node->left, node->most - node->least,
				 next);
	for (unsigned i = 0; i < node->least && !builder->failed; i++)
		next = build(builder, node->left, next);
	return next;
}

/* build_group - a group, with its beginning and its end */
static uint32_t build_group(struct builder *builder,
			    const struct automaton_node *node, uint32_t next)
{
	next = add_state(builder, STATE_CLOSE, next, node->right);
	if (node->left != 0)
		next = build(builder, node->left, next);
	return add_state(builder, STATE_OPEN, next, node->right);
}

/* build_alternatives - the first one first; there may be thousands */
static uint32_t build_alternatives(struct builder *builder, uint32_t node,
				   uint32_t next)
{
	const struct automaton_node *nodes = builder->tree->nodes;
	uint32_t first = NONE, last = NONE, found;

	while (node != 0 && nodes[node].kind == NODE_ALT && !builder->failed) {
		uint32_t other = build(builder, nodes[node].right, next);
		uint32_t split = add_state(builder, STATE_SPLIT, NONE, other);

		if (last != NONE)
			builder->automaton->states[last].next = split;
		else
			first = split;
		last = split;
		node = nodes[node].left;
		/* Nothing follows something, as in the C library. */
		if (node == 0 && !builder->failed) {
			builder->automaton->states[split].next = other;
			builder->automaton->states[split].other = next;
			return first;
		}
	}
	found = build(builder, node, next);
	if (last != NONE)
		builder->automaton->states[last].next = found;
	return first;
}

/* build_one - a node that is not a concatenation */
static uint32_t build_one(struct builder *builder, uint32_t number,
			  uint32_t next)
{
	const struct automaton_node *node = &builder->tree->nodes[number];

	switch (node->kind) {
	case NODE_SET:
		return add_state(builder, STATE_SET, next, node->left);
	case NODE_ASSERT:
		return add_state(builder, STATE_ASSERT, next,
				 node->left | node->right << 4);
	case NODE_ALT:
		return build_alternatives(builder, number, next);
	case NODE_REPEAT:
		return build_repeat(builder, node, next);
	case NODE_GROUP:
		return build_group(builder, node, next);
	case NODE_CONCAT:
		break;
	}
	return next;
}

/* build - the states of a node, from its last part to its first; 0: nothing */
static uint32_t build(struct builder *builder, uint32_t node, uint32_t next)
{
	const struct automaton_node *nodes = builder->tree->nodes;

	if (++builder->depth > DEPTH_MAX)
		builder->failed = true;
	while (!builder->failed && node != 0 &&
	       nodes[node].kind == NODE_CONCAT) {
		next = build(builder, nodes[node].right, next);
		node = nodes[node].left;
	}
	if (!builder->failed && node != 0)
		next = build_one(builder, node, next);
	builder->depth--;
	return next;
}

/* is_usual - no anchors except a "^" at the very start and a "$" at the very
 * end? The C library treats other anchors, and what is next to them, in an
 * order of its own. */
static bool is_usual(const struct automaton_tree *tree)
{
	const struct automaton_node *nodes = tree->nodes;
	uint32_t first = tree->top;
	size_t anchors = 0;

	for (size_t i = 1; i < tree->count; i++)
		anchors += nodes[i].kind == NODE_ASSERT;
	if (first != 0 && nodes[first].kind == NODE_CONCAT) {
		const struct automaton_node *last = &nodes[nodes[first].right];

		anchors -= last->kind == NODE_ASSERT && last->left == 0 &&
			   last->right == CONTEXT_LINE;
	}
	while (first != 0 && nodes[first].kind == NODE_CONCAT)
		first = nodes[first].left;
	anchors -= first != 0 && nodes[first].kind == NODE_ASSERT &&
		   nodes[first].left == CONTEXT_LINE && nodes[first].right == 0;
	return anchors == 0;
}

/* find_unsure - find the groups in a node that may match more than once. A node
 * has a higher index than its parts, so going backwards visits outer nodes
 * first. */
static void find_unsure(const struct automaton_tree *tree,
			struct automaton *automaton)
{
	bool *repeated = xcalloc(tree->count, sizeof(*repeated));
	bool usual = is_usual(tree);

	automaton->unsure =
		xcalloc(tree->groups + 1, sizeof(*automaton->unsure));
	for (size_t i = tree->count - 1; i > 0; i--) {
		const struct automaton_node *node = &tree->nodes[i];

		if (node->kind == NODE_SET || node->kind == NODE_ASSERT)
			continue;
		if (node->kind == NODE_REPEAT && node->most > 1)
			repeated[i] = true;
		if (node->kind == NODE_GROUP)
			automaton->unsure[node->right] = repeated[i] || !usual;
		else if (node->kind != NODE_REPEAT)
			repeated[node->right] |= repeated[i];
		repeated[node->left] |= repeated[i];
	}
	free(repeated);
}

/* find_first - where can a match begin, and with which bytes? Visits the states
 * that are reached without reading a byte. An anchor is passed only if it is
 * not the one at the beginning, or this is not the first time. */
static void find_first(struct automaton *automaton, bool *seen, uint32_t state,
		       bool behind)
{
	uint32_t *stack = xcalloc(2 * automaton->count + 1, sizeof(*stack));
	size_t depth = 0;

	memset(seen, 0, automaton->count * sizeof(*seen));
	automaton->anchored = true;
	for (stack[depth++] = state; depth > 0;) {
		const struct automaton_state *next;

		state = stack[--depth];
		next = &automaton->states[state];
		if (seen[state])
			continue;
		seen[state] = true;
		if (next->kind == STATE_SET || next->kind == STATE_MATCH)
			automaton->anchored = false;
		if (next->kind == STATE_MATCH)
			automaton->empty = true;
		if (next->kind == STATE_SET) {
			for (int i = 0; i <= UCHAR_MAX; i++)
				automaton->first.has[i] |=
					automaton->sets[next->other].has[i];
			continue;
		}
		if (next->kind == STATE_MATCH ||
		    (behind && next->kind == STATE_ASSERT &&
		     !automaton->newline &&
		     (next->other & (CONTEXT_LINE | CONTEXT_EDGE)) != 0))
			continue;
		stack[depth++] = next->next;
		if (next->kind == STATE_SPLIT)
			stack[depth++] = next->other;
	}
	free(stack);
}

/* automaton_free - NULL is allowed */
void automaton_free(struct automaton *automaton)
{
	if (automaton == NULL)
		return;
	free(automaton->states);
	free(automaton->sets);
	free(automaton->unsure);
	free(automaton);
}

/* take_tree - build the states of a tree; -1: too many */
static int take_tree(struct automaton *automaton, struct automaton_tree *tree)
{
	struct builder builder = { .tree = tree, .automaton = automaton };
	uint32_t match = add_state(&builder, STATE_MATCH, 0, 0);
	bool *seen;
	bool anchored;

	automaton->start = build(&builder, tree->top, match);
	if (builder.failed)
		return -1;
	automaton->sets = tree->sets;
	tree->sets = NULL;
	automaton->groups = tree->groups;
	automaton->newline = tree->newline;
	find_unsure(tree, automaton);
	seen = xcalloc(automaton->count, sizeof(*seen));
	find_first(automaton, seen, automaton->start, true);
	anchored = automaton->anchored;
	find_first(automaton, seen, automaton->start, false);
	automaton->anchored = anchored;
	free(seen);
	automaton->states = xreallocarray(automaton->states, automaton->count,
					  sizeof(*automaton->states));
	return 0;
}

/* automaton_new - compile a pattern */
struct automaton *automaton_new(const char *pattern, int options)
{
	struct automaton *automaton = xcalloc(1, sizeof(*automaton));
	struct automaton_tree tree;

	if (automaton_parse(&tree, pattern, options) < 0 ||
	    take_tree(automaton, &tree) < 0) {
		automaton_free(automaton);
		automaton = NULL;
	}
	automaton_tree_clear(&tree);
	return automaton;
}

/* automaton_groups - the number of "(...)" */
size_t automaton_groups(const struct automaton *automaton)
{
	return automaton->groups;
}

/* automaton_sure - is that group matched only once? */
bool automaton_sure(const struct automaton *automaton, size_t group)
{
	return !automaton->unsure[group];
}
