/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_SETTLE_H
#define POLICYD_SERVE_SETTLE_H

#include "lib/decision/charges.h"
#include "lib/decision/judgement.h"
#include "lib/rate/rate_store.h"
#include "lib/stats/totals.h"

/* Seen by all threads together: does Postfix ask when it is time to count? */
struct settle_seen {
	uint64_t looks;	 /* at RCPT, by rates that count later */
	uint64_t counts; /* at DATA, or END-OF-MESSAGE */
};

/* settle - the walk is over: take what the request has to pay, count it in
 * totals (NULL: nowhere), and warn of keys that are near a limit or over it. A
 * service that only observes takes nothing. seen is shared by all threads. */
void settle(struct charges *charges, struct judgement *judgement,
	    struct rate_table *const *tables, struct settle_seen *seen,
	    struct totals *totals, const char *id);

#endif
