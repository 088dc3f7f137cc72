/* SPDX-License-Identifier: ISC */
/* judgement - from request and service to facts and decision
 *
 * -q, replay, shadow, expectations and the test with strangers evaluate
 * requests this way: the same steps as policyd/serve/policy.c takes, so that
 * they give the answer that Postfix would get. */

#include "lib/decision/judgement.h"

/* judgement_now - gather the facts, walk the list */
int judgement_now(struct judgement *judgement, const struct service *service,
		  const struct resolver *resolver,
		  const struct request *request, time_t now)
{
	judgement->service = service;
	facts_gather(&judgement->facts, request, resolver, service->tls);
	if (evaluation_start(&judgement->evaluation, &service->restrictions,
			     request, &judgement->facts, now, NULL))
		return 0;
	evaluation_cancel(&judgement->evaluation);
	return -1;
}
