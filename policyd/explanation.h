/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_EXPLANATION_H
#define POLICYD_EXPLANATION_H

#include <stdio.h>

#include "lib/config.h"
#include "lib/config_origin.h"
#include "lib/error.h"
#include "lib/judgement.h"
#include "lib/reply.h"

/* One step of the resolution of the recipient, see struct resolve_step; texts
 * are owned. */
struct explanation_step {
	char *list; /* NULL: a change of the address */
	char *domain;
	int answer;
	char *entry;  /* that decided, or NULL */
	char *origin; /* where it stands, or NULL */
	unsigned changes;
	char *before, *after; /* the address */
};

/* One restriction that was tried. */
struct explanation_answer {
	const struct restriction_use *use;
	enum verdict verdict;
	const char *table;  /* that could not be looked up, or NULL */
	const char *why;    /* or NULL */
	const char *reason; /* static */
	char *entry;	    /* of its parameter, that permits, or NULL */
	char *origin;	    /* where that stands, or NULL */
};

/* All that can be said about one judgement. Points into config and request,
 * which must outlive it. */
struct explanation {
	const struct config *config;
	const struct request *request;
	struct judgement judgement;
	struct explanation_step *steps;
	size_t step_count;
	struct explanation_answer *answers;
	size_t answer_count;
	char action[REPLY_MAX];	       /* to Postfix, without "action=" */
	char client[REPLY_CLIENT_MAX]; /* what the client reads, or "" */
};

/* explain - judge a request as the server would, and keep what happens on the
 * way. service NULL: the one that the request belongs to. id stands in a
 * refusal. 0, or -1: a restriction wants to answer later. Clear explanation in
 * both cases. */
int explain(struct explanation *explanation, const struct config *config,
	    const struct service *service, const struct request *request,
	    const char *id, struct error *error);

/* explanation_clear - free what it holds. */
void explanation_clear(struct explanation *explanation);

/* explanation_list - the step in which a list decided, failed or asks; or
 * NULL: none did. */
const struct explanation_step *
explanation_list(const struct explanation *explanation);

/* explanation_changes - how an address was changed, for people: "percent hack;
 * sender-routed". The caller frees it. */
char *explanation_changes(unsigned changes);

/* explanation_colour - is the output a terminal that wants colours? (NO_COLOR,
 * see no-color.org; TERM=dumb) */
bool explanation_colour(FILE *output);

/* explanation_print - for people; each is ended by a blank line. colour: with
 * the escape sequences of a terminal. */
void explanation_print(const struct explanation *explanation, bool colour,
		       FILE *output);

/* explanation_print_json - for programs: one object in one line. */
void explanation_print_json(const struct explanation *explanation,
			    FILE *output);

#endif
