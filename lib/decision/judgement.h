/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_JUDGEMENT_H
#define LIB_DECISION_JUDGEMENT_H

#include <time.h>

#include "lib/address/resolve.h"
#include "lib/decision/evaluate.h"
#include "lib/decision/facts.h"
#include "lib/decision/service.h"
#include "lib/request/request.h"

/* One request evaluated by one service: the whole middle of the program. The
 * caller owns it, zeroes it (or sets evaluation.trace) before the start, and
 * does not move it until the decision is made or the walk is cancelled. */
struct judgement {
	struct evaluation evaluation;
	struct facts facts;
	const struct service *service;
};

/* judgement_now - gather the facts, and walk the restrictions of service. 0:
 * judgement->evaluation.decision is made. -1: a restriction had to wait, and
 * was cancelled. */
int judgement_now(struct judgement *judgement, const struct service *service,
		  const struct resolver *resolver,
		  const struct request *request, time_t now);

#endif
