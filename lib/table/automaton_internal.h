/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_AUTOMATON_INTERNAL_H
#define LIB_TABLE_AUTOMATON_INTERNAL_H

/* Shared only by automaton_parse.c (reads a pattern), automaton_build.c (builds
 * its states), automaton.c (runs them) and automaton_groups.c (finds what
 * "(...)" matched). */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/table/automaton.h"

#define AUTOMATON_STATES_MAX 20000

/* A set of bytes. */
struct automaton_set {
	unsigned char has[UCHAR_MAX + 1];
};

/* Conditions on both sides of a position: a set of bits for each side; all of
 * them must be present. */
enum automaton_context {
	CONTEXT_WORD = 1,
	CONTEXT_NO_WORD = 2,
	CONTEXT_LINE = 4, /* a line begins or ends there */
	CONTEXT_EDGE = 8, /* the text begins or ends there */
};

/* Kinds of parts of a pattern. */
enum automaton_part {
	NODE_SET,    /* one byte of the set left */
	NODE_ASSERT, /* bits of left before the position, of right after it */
	NODE_CONCAT,
	NODE_ALT,
	NODE_REPEAT, /* left, repeated least to most times */
	NODE_GROUP,  /* left as a group; right is its number, from 1 */
};

/* A part of a pattern. */
struct automaton_node {
	enum automaton_part kind;
	uint32_t left; /* of a node: 0 means empty */
	uint32_t right;
	unsigned least;
	unsigned most; /* UINT_MAX: no limit */
};

/* The whole pattern; nodes[0] is unused. */
struct automaton_tree {
	struct automaton_node *nodes;
	size_t count;
	struct automaton_set *sets;
	size_t set_count;
	size_t groups;
	uint32_t top;
	bool newline; /* lines within the text end at newlines */
};

/* Kinds of states. */
enum automaton_step {
	STATE_SET,    /* reads a byte of the set other, then next */
	STATE_ASSERT, /* other: required before, and << 4 after */
	STATE_SPLIT,  /* next, or else other */
	STATE_OPEN,   /* the group other begins */
	STATE_CLOSE,
	STATE_MATCH,
};

/* A state. */
struct automaton_state {
	enum automaton_step kind;
	uint32_t next;
	uint32_t other;
};

struct automaton {
	struct automaton_state *states;
	size_t count;
	uint32_t start;
	struct automaton_set *sets;
	size_t groups;
	bool *unsure; /* by group */
	bool newline;
	bool anchored; /* a match can begin only at the first byte */
	bool empty;    /* the match may be empty */
	struct automaton_set first; /* bytes that a match may begin with */
};

/* automaton_parse - parse a pattern; -1: it uses something that is not
 * supported here. In either case, automaton_tree_clear() frees the tree. */
int automaton_parse(struct automaton_tree *tree, const char *pattern,
		    int options);
void automaton_tree_clear(struct automaton_tree *tree);

/* automaton_holds - does an assertion hold at a position in the text? */
bool automaton_holds(const struct automaton *automaton, uint32_t needs,
		     const char *text, size_t length, size_t at);

/* automaton_path - what the groups matched in the text from groups[0].start to
 * groups[0].end, which is known to match: 1, or -1: too many steps. */
int automaton_path(const struct automaton *automaton, const char *text,
		   size_t length, struct match_group *groups, size_t *steps);

#endif
