/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_EXPLANATION_H
#define POLICYD_QUERY_EXPLANATION_H

#include <stdio.h>

#include "lib/base/error.h"
#include "lib/config/config.h"
#include "lib/config/config_origin.h"
#include "lib/decision/charges.h"
#include "lib/decision/judgement.h"
#include "lib/decision/reply.h"

/* One step of the resolution of the recipient, see struct resolve_step; the
 * strings are owned. */
struct explanation_step {
	char *list; /* NULL: a change of the address */
	char *domain;
	int answer;
	char *entry;  /* the entry that decided, or NULL */
	char *origin; /* its place, or NULL */
	unsigned changes;
	char *before, *after; /* the address */
};

/* One restriction that was tried. */
struct explanation_answer {
	const struct restriction_use *use;
	enum verdict verdict;
	const char *table;  /* whose lookup failed, or NULL */
	const char *why;    /* or NULL */
	const char *reason; /* static */
	char *entry;	    /* of its parameter, that permitted, or NULL */
	char *origin;	    /* its place, or NULL */
	char *usage;	    /* what the rate counts, in place of reason; or NULL
			     */
};

/* All about one judgement. It points into config and request, which must
 * outlive it. */
struct explanation {
	const struct config *config;
	const struct request *request;
	struct judgement judgement;
	struct charges *charges; /* owned; NULL: there are no rates */
	struct explanation_step *steps;
	size_t step_count;
	struct explanation_answer *answers;
	size_t answer_count;
	char action[REPLY_MAX];	       /* to Postfix, without "action=" */
	char client[REPLY_CLIENT_MAX]; /* what the client reads, or "" */
};

/* explain - judge a request as the server would, and record the steps. service
 * NULL: the one that matches the request. tables: the counts of the rates, by
 * their index, which are only looked at; each may be NULL; NULL: nothing is
 * counted. id is for refusals. 0, or -1: a
 * restriction replies later. Clear explanation in both cases. */
int explain(struct explanation *explanation, const struct config *config,
	    const struct service *service, const struct request *request,
	    struct rate_table *const *tables, const char *id,
	    struct error *error);

/* explanation_clear - free what it holds. */
void explanation_clear(struct explanation *explanation);

/* explanation_list - the step in which a list decided, failed, or left the
 * lookup to Postfix; NULL: none did. */
const struct explanation_step *
explanation_list(const struct explanation *explanation);

/* explanation_changes - the changes of an address in words: "percent hack;
 * sender-routed". The caller frees it. */
char *explanation_changes(unsigned changes);

/* explanation_colour - is the output a terminal on which colours are wanted?
 * (NO_COLOR, see no-color.org; TERM=dumb) */
bool explanation_colour(FILE *output);

/* explanation_print - as text, followed by a blank line. colour: with the
 * escape sequences of a terminal. */
void explanation_print(const struct explanation *explanation, bool colour,
		       FILE *output);

/* explanation_print_json - as one JSON object on one line. */
void explanation_print_json(const struct explanation *explanation,
			    FILE *output);

#endif
