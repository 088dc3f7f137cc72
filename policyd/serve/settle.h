/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_SETTLE_H
#define POLICYD_SERVE_SETTLE_H

#include "lib/decision/charges.h"
#include "lib/decision/judgement.h"
#include "lib/rate/rate_store.h"
#include "lib/stats/totals.h"

/* settle - the walk is over: take what the request has to pay, count it in
 * totals (NULL: nowhere), and warn of keys that are near a limit or over it. A
 * service that only observes takes nothing. */
void settle(struct charges *charges, struct judgement *judgement,
	    struct rate_table *const *tables, struct totals *totals,
	    const char *id);

#endif
