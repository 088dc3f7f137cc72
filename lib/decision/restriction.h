/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_RESTRICTION_H
#define LIB_DECISION_RESTRICTION_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "lib/base/error.h"
#include "lib/decision/decision.h"
#include "lib/decision/facts.h"
#include "lib/request/request.h"
#include "lib/table/table.h"

struct evaluation;

/* Everything that a restriction may look at. */
struct subject {
	const struct request *request;
	const struct facts *facts;
	time_t now;
	struct evaluation *evaluation; /* to wait, see evaluate.h */
};

struct rate_list;
struct sender_login;

/* For opening a restriction, besides its argument. It may keep pointers to
 * const members. */
struct restriction_context {
	struct table_loader *loader; /* for type:table */
	bool utf8;		     /* smtputf8_enable */
	const struct resolver *resolver;
	const struct rate_list *rates; /* those of the configuration */
	/* The sender_login_maps that the first restriction read, shared with
	 * those after it; lib/decision/sender_login.h. */
	struct sender_login **sender_login;
};

/* One word of the configuration. Its code is in
 * lib/decision/restrictions/WORD.c. */
struct restriction {
	const char *name;      /* the word, as in postconf(5) */
	const char *parameter; /* the option whose value is its argument
				  ("mynetworks"), or NULL: no argument */
	const char *argument;  /* what is written after the word and a colon,
				  "the name of a rate"; NULL: nothing is */
	bool anytime;	       /* a refusal holds without a recipient, too */
	/* open - read the argument at load; optional. -1: refused. */
	int (*open)(const char *argument,
		    const struct restriction_context *context, void **state,
		    struct error *error);
	/* close - free the state; optional. */
	void (*close)(void *state);
	/* evaluate - fill decision->refusal and ->reason when it decides; the
	 * caller fills the rest. VERDICT_WAIT only through
	 * evaluation_wait(). */
	enum verdict (*evaluate)(const struct subject *subject, void *state,
				 struct decision *decision);
	/* find - for explanations of a permit: the entry of its parameter that
	 * permits, and the key that was looked up; optional. */
	void (*find)(const struct subject *subject, void *state,
		     struct domain_list_match *match, const char **key);
	/* cancel - the request is gone; forget the waiter. Only with
	 * VERDICT_WAIT. */
	void (*cancel)(void *waiter);
};

/* restriction_find - the restriction with that name, or NULL. */
const struct restriction *restriction_find(const char *name);

/* restriction_each - the table, terminated by NULL, for listings. */
const struct restriction *const *restriction_each(void);

#endif
