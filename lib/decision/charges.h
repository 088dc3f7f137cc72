/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_CHARGES_H
#define LIB_DECISION_CHARGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/decision/decision.h"
#include "lib/decision/rate.h"
#include "lib/decision/reply.h"

/* CHARGES_MAX - words check_rate:NAME in one list of restrictions. */
#define CHARGES_MAX 8

/* The next question to the counts: all of it or nothing. */
struct charges_question {
	bool takes;  /* rate_take(), otherwise rate_look() */
	bool notice; /* of rate_look() */
	size_t count;
	struct rate_charge charges[CHARGES_MAX];
	struct charge *from[CHARGES_MAX]; /* what each of them is for */
};

enum charges_step { CHARGES_LOOK, CHARGES_TAKE, CHARGES_DONE };

/* The charges for one request, collected while its restrictions are walked. The
 * caller owns it, and leaves it where it is. */
struct charges {
	size_t count; /* 0 before the walk */
	size_t takes; /* those of them that count at this stage */
	bool limited; /* a rate changed the decision */
	const struct request *request;
	struct charge each[CHARGES_MAX];
	char text[REPLY_TEXT_MAX + 1]; /* of the reply, if a rate decides */
	struct rate_table *const *tables;
	/* While they are settled. */
	bool only_look, refused;
	enum charges_step step;
	const struct charge *stopping, *held;
	struct charges_question question;
};

/* charges_begin - before the walk for a request. tables: by the index of the
 * rate, as long as charges are used; NULL: what it counts is not asked. */
void charges_begin(struct charges *charges, const struct request *request,
		   struct rate_table *const *tables);

/* charges_add - the walk has filled each[count]. */
void charges_add(struct charges *charges);

/* charges_open - the walk is over, and made this decision: begin to settle.
 * only_look: count nothing, and remember no warning. */
void charges_open(struct charges *charges, const struct decision *decision,
		  bool only_look);

/* charges_next - the next question, which the caller asks; NULL: all is
 * answered. */
struct charges_question *charges_next(struct charges *charges);

/* charges_ask - ask it of the tables of this host; see rate_take(). */
bool charges_ask(struct charges_question *question, uint64_t now_us);

/* charges_answer - the charges of the question have their results. */
void charges_answer(struct charges *charges);

/* charges_close - all is answered: let a rate that is over replace the
 * decision. Each charge has its result; decision->charge is the one that
 * decided, or the fullest. Returns what must be given back, since a message was
 * refused when all of it had arrived; or NULL. */
const struct charges_question *charges_close(struct charges *charges,
					     struct decision *decision);

/* How to settle at once, with the tables of this host. */
struct charges_how {
	bool only_look;
	uint64_t now_us;
};

/* charges_settle - all of these: if the walk did not refuse, take all charges
 * or none. */
void charges_settle(struct charges *charges, struct decision *decision,
		    const struct charges_how *how);

/* CHARGE_TEXT_MAX - size of the buffer for the following. */
#define CHARGE_TEXT_MAX 96

/* charge_usage - "login:187/200/1h", "login:blocked" or "login:unknown", for
 * the log; returns text. */
const char *charge_usage(const struct charge *charge, const char *name,
			 char text[CHARGE_TEXT_MAX]);

/* charge_limit - "200 recipients in 1h"; returns text. */
const char *charge_limit(const struct charge *charge,
			 char text[CHARGE_TEXT_MAX]);

/* charge_used - "187 of 200 recipients in 1h"; returns text. */
const char *charge_used(const struct charge *charge,
			char text[CHARGE_TEXT_MAX]);

/* charge_left - "13", the rest of the limit; returns text. */
const char *charge_left(const struct charge *charge,
			char text[CHARGE_TEXT_MAX]);

/* charge_duration - "12 minutes", never less than it takes; returns text. */
const char *charge_duration(uint64_t seconds, char text[CHARGE_TEXT_MAX]);

#endif
