/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_H
#define LIB_DECISION_H

#include <stdbool.h>
#include <stddef.h>

/* Restrictions that Postfix may be asked to try: one about the destination,
 * four about the sender. */
#define DECISION_ASKED 5
/* What it is then told: these, what they leave open, and a refusal. */
#define DECISION_ASKS (DECISION_ASKED + 2)
/* Of the owners of a sender address; more are cut. */
#define DECISION_OWNERS_MAX 128

/* What a restriction or a whole list says. */
enum verdict {
	VERDICT_DUNNO, /* no opinion: ask the next restriction */
	VERDICT_PERMIT,
	VERDICT_REJECT,
	VERDICT_DEFER, /* could not be found out: try again later */
	VERDICT_ASK,   /* only of a list: Postfix has to decide */
	VERDICT_WAIT,  /* only from a restriction: answers later */
};
#define VERDICT_COUNT 5 /* those that a decision can have */

/* Which of the configured texts tells the client. */
enum refusal {
	REFUSAL_RELAY,	   /* reject_reply */
	REFUSAL_PLAINTEXT, /* plaintext_reply */
	REFUSAL_LOOKUP,	   /* a table could not be searched */
	REFUSAL_DEFER,	   /* the administrator wrote "defer" */
	REFUSAL_OWNER,	   /* the sender address is not his who logged in */
	REFUSAL_LOGIN,	   /* the sender address is somebody's: log in */
};

/* What a walk goes on with when only Postfix knows the destination. */
enum assumption {
	ASSUMED_NOTHING, /* the question did not come up */
	ASSUMED_OURS,
	ASSUMED_NOT_OURS,
};

struct decision {
	enum verdict verdict;
	const char *restriction; /* the word that decided; "end" when the list
				  * ended; "none" without a recipient; static */
	enum refusal refusal;	 /* with REJECT and DEFER */
	const char *reason; /* for log and -q, static; "" if nothing to add */
	/* Where only Postfix can look something up: the restrictions that came
	 * to it, each once and in order, and what is assumed after them. */
	const char *asked[DECISION_ASKED];
	size_t asked_count;
	enum assumption assumed;
	const char *
		asks[DECISION_ASKS]; /* of the whole list: restrictions for
				      * Postfix to try, in order; or all NULL */
	/* With REFUSAL_LOOKUP and where a sender is left to Postfix: the table
	 * that could not be looked up, and why, static or of the
	 * configuration; or NULL. */
	const char *table;
	const char *why;
	char owners[DECISION_OWNERS_MAX]; /* of the sender address, as the
					   * table has them; "": none found */
};

/* decision_init - nothing is decided yet, DUNNO; reason is "". */
void decision_init(struct decision *decision);

/* verdict_name - "dunno", "permit", "reject", "defer", "ask" or "wait",
 * static. */
const char *verdict_name(enum verdict verdict);

/* verdict_find - of those that a decision can have, the one of that name, or
 * -1. */
int verdict_find(const char *name);

/* decision_authorized - for a restriction: facts->authorized; but where that
 * is AUTHORIZED_ASK the first one that comes to it gets this (it goes on as if
 * its own answer were DUNNO, which is to mean that the destination is assumed
 * to be ours or not) and those after it what is assumed, 1 or 0. */
int decision_authorized(struct decision *decision, int authorized,
			const char *restriction, bool assumed);

/* decision_ask_sender - for a restriction that can only refuse, if only Postfix
 * can tell whether: what it answers. */
enum verdict decision_ask_sender(struct decision *decision,
				 const char *restriction);

#endif
