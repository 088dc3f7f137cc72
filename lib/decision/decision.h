/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_DECISION_H
#define LIB_DECISION_DECISION_H

#include <stdbool.h>
#include <stddef.h>

/* Restrictions that Postfix may have to try: one about the destination, four
 * about the sender. */
#define DECISION_ASKED 5
/* A reply for Postfix: these, the restriction that permitted, and a refusal. */
#define DECISION_ASKS (DECISION_ASKED + 2)
/* The owners of a sender address; longer texts are cut. */
#define DECISION_OWNERS_MAX 128

/* The result of a restriction or of a whole list. */
enum verdict {
	VERDICT_DUNNO, /* no opinion: try the next restriction */
	VERDICT_PERMIT,
	VERDICT_REJECT,
	VERDICT_DEFER, /* unknown: try again later */
	VERDICT_ASK,   /* only for a list: Postfix has to decide */
	VERDICT_HOLD,  /* only from a rate: accepted, and kept in the queue */
	VERDICT_WAIT,  /* only from a restriction: it answers later */
};
#define VERDICT_COUNT 6 /* verdicts that a decision can have */

/* Which of the configured texts is sent to the client. */
enum refusal {
	REFUSAL_RELAY,	   /* reject_reply */
	REFUSAL_PLAINTEXT, /* plaintext_reply */
	REFUSAL_LOOKUP,	   /* a lookup failed */
	REFUSAL_DEFER,	   /* the restriction "defer" */
	REFUSAL_OWNER,	   /* the client does not own the sender address */
	REFUSAL_LOGIN,	   /* the sender address has an owner: log in */
	REFUSAL_RATE,	   /* decision->text */
};

struct charge;

/* The assumption under which the walk continues when only Postfix knows the
 * destination. */
enum assumption {
	ASSUMED_NOTHING, /* the destination did not matter */
	ASSUMED_OURS,
	ASSUMED_NOT_OURS,
};

struct decision {
	enum verdict verdict;
	const char
		*restriction; /* the word that decided; "end" at the end of the
				 list; "none" without a recipient; static */
	enum refusal refusal; /* with REJECT and DEFER */
	const char *reason; /* for log and -q, static; "" if there is nothing to
			       add */
	/* For lookups that only Postfix can do: the restrictions that needed
	 * one, each once and in order, and the assumption made after them. */
	const char *asked[DECISION_ASKED];
	size_t asked_count;
	enum assumption assumed;
	const char *
		asks[DECISION_ASKS]; /* of the whole list: restrictions for
					Postfix to try, in order; or all NULL */
	/* With REFUSAL_LOOKUP, and if a sender is left to Postfix: the table
	 * whose lookup failed, and why; static or owned by the configuration;
	 * or NULL. */
	const char *table;
	const char *why;
	/* The charge to show: of the rate that decided, or the fullest one;
	 * NULL: none. And with REFUSAL_RATE, the action. Owned by the charges
	 * of the evaluation. */
	const struct charge *charge;
	const char *text;
	char owners[DECISION_OWNERS_MAX]; /* of the sender address, as in the
					     table; "": none found */
};

/* decision_init - the state before anything is decided: DUNNO, reason "". */
void decision_init(struct decision *decision);

/* verdict_name - "dunno", "permit", "reject", "defer", "ask", "hold" or "wait";
 * static. */
const char *verdict_name(enum verdict verdict);

/* verdict_find - the verdict with that name, of those that a decision can have;
 * or -1. */
int verdict_find(const char *name);

/* decision_authorized - for a restriction: facts->authorized. If that is
 * AUTHORIZED_ASK, the first restriction that asks gets AUTHORIZED_ASK, and
 * continues as if its own answer were DUNNO; assumed says whether that means
 * that the destination is ours. The restrictions after it get the assumption, 1
 * or 0. */
int decision_authorized(struct decision *decision, int authorized,
			const char *restriction, bool assumed);

/* decision_ask_sender - for a restriction that can only refuse, if only Postfix
 * can determine whether it does; returns the verdict to give. */
enum verdict decision_ask_sender(struct decision *decision,
				 const char *restriction);

/* decision_refuses - is it a permanent refusal, or may it become one where
 * Postfix has to try restrictions? */
bool decision_refuses(const struct decision *decision);

/* decision_elsewhere - the verdict if the destination is not ours. VERDICT_ASK
 * remains only where something may permit it; word: what decides, by itself or
 * when Postfix tries it. */
enum verdict decision_elsewhere(const struct decision *decision,
				const char **word);

/* decision_postpone - such a decision rests on files that have changed since:
 * the client shall try again later. */
void decision_postpone(struct decision *decision);

#endif
