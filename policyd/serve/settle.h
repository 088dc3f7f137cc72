/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_SETTLE_H
#define POLICYD_SERVE_SETTLE_H

#include "lib/config/config.h"
#include "lib/decision/charges.h"
#include "lib/decision/judgement.h"
#include "lib/rate/rate_store.h"
#include "lib/stats/counters.h"
#include "lib/stats/totals.h"
#include "lib/store/stores.h"

/* Seen by all threads together: does Postfix ask when it is time to count? */
struct settle_seen {
	_Alignas(8) uint64_t looks; /* at RCPT, by rates that count later */
	uint64_t counts;	    /* at DATA, or END-OF-MESSAGE */
};

/* The same for all requests of a thread. */
struct settle {
	struct rate_table *const *tables; /* by the index of the rate */
	struct settle_seen *seen;	  /* shared by all threads */
	struct totals *totals;		  /* NULL: count results nowhere */
	struct counters *metrics;
	/* Where several hosts count together; NULL: nowhere. */
	struct stores *stores;
	const struct config_store *sections; /* of each store */
	const struct store_rate *rates;	     /* by the index of the rate */
};

/* The payment of one request. The caller owns it, leaves it where it is, and
 * sets the first four. */
struct payment {
	const struct settle *settle;
	void (*done)(void *context); /* called only after a wait */
	void *context;
	struct charges charges; /* collected by the walk */
	struct judgement *judgement;
	const char *id;
	struct stores_call *call; /* NULL: it does not wait */
	uint64_t asked_us;	  /* as rate_now_us() */
};

/* settle_start - the walk is over: take what the request has to pay, count what
 * came of it in totals, and warn of keys that are near a limit or over it. A
 * service that only observes takes nothing. True: the decision is made. False:
 * done() is called, from the event loop, when it is. id stays. */
bool settle_start(struct payment *payment, struct judgement *judgement,
		  const char *id);

/* settle_cancel - the client is gone: done() is not called. The store keeps
 * what it has counted, since Postfix repeats the request, and a message counts
 * once. Harmless when nothing waits; NULL is allowed. */
void settle_cancel(struct payment *payment);

#endif
