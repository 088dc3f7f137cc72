/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_EVALUATE_H
#define LIB_DECISION_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/decision/decision.h"
#include "lib/decision/restriction.h"

/* An ordered list of restrictions, as in smtpd_recipient_restrictions. */
struct restriction_use {
	const struct restriction *restriction;
	void *state;
	int line; /* of the word in policyd.conf; 0: the list is the default */
	char *word; /* with the argument after a colon, owned; NULL: there is
		       none, and the name of the restriction says all */
};

struct restriction_list {
	struct restriction_use *uses;
	size_t count;
};

/* restriction_list_add - open a restriction and append it. context is only used
 * during the call; NULL: the restriction has no argument. */
int restriction_list_add(struct restriction_list *list,
			 const struct restriction *restriction,
			 const char *argument,
			 const struct restriction_context *context,
			 struct error *error);

/* restriction_use_word - the word as it is written in policyd.conf, which lives
 * as long as the list: equal texts of one list are equal pointers. */
static inline const char *
restriction_use_word(const struct restriction_use *use)
{
	return use->word != NULL ? use->word : use->restriction->name;
}

/* restriction_list_has - is the restriction with that name in the list? */
bool restriction_list_has(const struct restriction_list *list,
			  const char *name);

/* restriction_list_clear - close and free all. */
void restriction_list_clear(struct restriction_list *list);

/* Called with each answer on the way, for -q; may be NULL. */
typedef void evaluation_trace(void *context,
			      const struct restriction *restriction,
			      enum verdict verdict,
			      const struct decision *decision);

/* One walk through a list. The caller owns it, and keeps it and everything that
 * subject points to until the decision is made or the walk is cancelled. */
struct charges;
struct evaluation {
	const struct restriction_list *list;
	struct subject subject;
	struct decision decision;
	size_t next;
	void *waiter;
	void (*done)(struct evaluation *); /* called only after a WAIT */
	void *context;			   /* of the caller, for done() */
	struct charges *charges; /* collects what rates cost; NULL: nothing is
				    counted */
	evaluation_trace *trace;
	void *trace_context;
};

/* evaluation_start - walk the list. True: evaluation->decision is made. False:
 * a restriction waits; done() is called when the decision is made. The end of
 * the list rejects. Without a recipient, a refusal becomes DUNNO: there is
 * nothing to refuse yet. */
bool evaluation_start(struct evaluation *evaluation,
		      const struct restriction_list *list,
		      const struct request *request, const struct facts *facts,
		      time_t now, void (*done)(struct evaluation *));

/* evaluation_wait - for a restriction: `return evaluation_wait(e, waiter)`. */
enum verdict evaluation_wait(struct evaluation *evaluation, void *waiter);

/* evaluation_resume - the waiting restriction has its answer: continue with
 * verdict (DUNNO: with the next one). To be called from the event loop, never
 * from inside evaluate(). Calls done() unless another restriction waits. */
void evaluation_resume(struct evaluation *evaluation, enum verdict verdict,
		       enum refusal refusal, const char *reason);

/* evaluation_cancel - the client is gone; the waiter is cancelled. Harmless
 * when nothing waits. */
void evaluation_cancel(struct evaluation *evaluation);

#endif
