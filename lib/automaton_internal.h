/* SPDX-License-Identifier: ISC */
#ifndef LIB_AUTOMATON_INTERNAL_H
#define LIB_AUTOMATON_INTERNAL_H

/* Shared by automaton_parse.c, which reads a pattern, automaton_build.c, which
 * makes states of it, automaton.c, which runs them, and automaton_groups.c,
 * which finds what "(...)" matched, only. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/automaton.h"

#define AUTOMATON_STATES_MAX 20000

/* A set of bytes. */
struct automaton_set {
	unsigned char has[UCHAR_MAX + 1];
};

/* What must be on both sides of a place: a set of bits for each side, of which
 * all must be there. */
enum automaton_context {
	CONTEXT_WORD = 1,
	CONTEXT_NO_WORD = 2,
	CONTEXT_LINE = 4, /* the line begins or ends there */
	CONTEXT_EDGE = 8, /* the text does */
};

/* What a part of a pattern is. */
enum automaton_part {
	NODE_SET,    /* a byte of the set left */
	NODE_ASSERT, /* left is needed before the place, right behind it */
	NODE_CONCAT,
	NODE_ALT,
	NODE_REPEAT, /* of left, least to most times */
	NODE_GROUP,  /* of left; right is its number, from 1 */
};

/* A part of a pattern. */
struct automaton_node {
	enum automaton_part kind;
	uint32_t left; /* of a node: 0, it is empty */
	uint32_t right;
	unsigned least;
	unsigned most; /* UINT_MAX: any number */
};

/* All of it; nodes[0] is nobody's. */
struct automaton_tree {
	struct automaton_node *nodes;
	size_t count;
	struct automaton_set *sets;
	size_t set_count;
	size_t groups;
	uint32_t top;
	bool newline; /* lines end within the text too */
};

/* What a state does. */
enum automaton_step {
	STATE_SET,    /* takes a byte of the set other, then next */
	STATE_ASSERT, /* other: what it needs before, and << 4 behind */
	STATE_SPLIT,  /* next, or else other */
	STATE_OPEN,   /* the group other begins */
	STATE_CLOSE,
	STATE_MATCH,
};

/* A state: what is looked at next. */
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
	bool anchored;		    /* no match begins behind the first byte */
	bool empty;		    /* one may be empty */
	struct automaton_set first; /* bytes that one may begin with */
};

/* automaton_parse - a pattern; -1: it has something that is not known here.
 * automaton_tree_clear() frees what is in the tree in either case. */
int automaton_parse(struct automaton_tree *tree, const char *pattern,
		    int options);
void automaton_tree_clear(struct automaton_tree *tree);

/* automaton_holds - does an assertion hold at a place in a text? */
bool automaton_holds(const struct automaton *automaton, uint32_t needs,
		     const char *text, size_t length, size_t at);

/* automaton_path - what the groups match in the text from groups[0].start to
 * groups[0].end, which match: 1, or -1, too many steps. */
int automaton_path(const struct automaton *automaton, const char *text,
		   size_t length, struct match_group *groups, size_t *steps);

#endif
