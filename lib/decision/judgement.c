/* SPDX-License-Identifier: ISC */
/* judgement - from request and service to facts and decision
 *
 * The server, -q, replay, shadow, expectations and the test with strangers all
 * evaluate requests this way, so that they give the answer that Postfix would
 * get. */

#include "lib/decision/judgement.h"

/* judgement_start - gather the facts, walk the list */
bool judgement_start(struct judgement *judgement, const struct service *service,
		     const struct resolver *resolver,
		     const struct request *request, time_t now,
		     void (*done)(struct evaluation *))
{
	judgement->service = service;
	facts_gather(&judgement->facts, request, resolver, service->tls);
	return evaluation_start(&judgement->evaluation, &service->restrictions,
				request, &judgement->facts, now, done);
}

/* judgement_now - the same where waiting is impossible */
int judgement_now(struct judgement *judgement, const struct service *service,
		  const struct resolver *resolver,
		  const struct request *request, time_t now)
{
	if (judgement_start(judgement, service, resolver, request, now, NULL))
		return 0;
	evaluation_cancel(&judgement->evaluation);
	return -1;
}
