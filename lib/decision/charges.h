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

/* The charges for one request, collected while its restrictions are walked. The
 * caller owns it. */
struct charges {
	size_t count; /* 0 before the walk */
	bool limited; /* a rate changed the decision */
	bool at_end;  /* the whole message is here: END-OF-MESSAGE */
	struct charge each[CHARGES_MAX];
	char text[REPLY_TEXT_MAX + 1]; /* of the reply, if a rate decides */
};

/* charges_begin - before the walk for a request. */
void charges_begin(struct charges *charges, const struct request *request);

/* How to settle. */
struct charges_how {
	struct rate_table *const *tables; /* by the index of the rate; NULL:
					     what it counts is not asked */
	bool only_look; /* count nothing, and remember no warning */
	uint64_t now_us;
};

/* charges_settle - the walk is over: if it did not refuse, take all charges or
 * none, and let a rate that is over replace the decision. If a message is
 * refused when all of it has arrived, the charges for it are given back. Each
 * charge has its result; decision->charge is the one that decided, or the
 * fullest. */
void charges_settle(struct charges *charges, struct decision *decision,
		    const struct charges_how *how);

/* CHARGE_TEXT_MAX - size of the buffer for the following. */
#define CHARGE_TEXT_MAX 96

/* charge_usage - "login:187/200/1h", for the log; returns text. */
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
