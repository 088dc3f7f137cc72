/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_H
#define LIB_DECISION_H

#include <stddef.h>

/* What a restriction or a whole list says. */
enum verdict {
	VERDICT_DUNNO,		/* no opinion: ask the next restriction */
	VERDICT_PERMIT,
	VERDICT_REJECT,
	VERDICT_DEFER,		/* could not be found out: try again later */
	VERDICT_WAIT,		/* only from a restriction: answers later */
};
#define VERDICT_COUNT 4		/* those that a decision can have */

/* Which of the configured texts tells the client. */
enum refusal {
	REFUSAL_RELAY,		/* reject_reply */
	REFUSAL_PLAINTEXT,	/* plaintext_reply */
	REFUSAL_LOOKUP,		/* a table could not be searched */
	REFUSAL_DEFER,		/* the administrator wrote "defer" */
};

struct decision {
	enum verdict verdict;
	const char *restriction; /* the word that decided; "end" when the list
				  * ended; "none" without a recipient; static */
	enum refusal refusal;	/* with REJECT and DEFER */
	const char *reason;	/* for log and -q, static; "" if nothing to add */
};

/* verdict_name - "dunno", "permit", "reject", "defer" or "wait", static. */
const char *verdict_name(enum verdict verdict);

#endif
