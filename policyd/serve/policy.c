/* SPDX-License-Identifier: ISC */
/* policy - the way of a request through the program
 *
 *   bytes -> request -> facts -> decision -> reply bytes + log line + counters
 *
 * Data moves only to the right. Everything between the server and the reply is
 * a function of its arguments; this file connects them. */

#include "policyd/serve/policy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/file_events.h"
#include "lib/base/log.h"
#include "lib/base/log_batch.h"
#include "lib/base/log_limit.h"
#include "lib/base/xalloc.h"
#include "lib/decision/judgement.h"
#include "lib/decision/reply.h"
#include "lib/decision/report.h"
#include "lib/decision/service.h"
#include "lib/request/request.h"
#include "lib/stats/totals.h"

#define ID_LENGTH    6
#define WARNINGS_MAX 100 /* of one kind, in LOG_LIMIT_MS */

/* One request on its way. */
struct exchange {
	struct judgement judgement; /* first: done() gets a pointer to it */
	struct request request;
	struct policy *policy;
	struct connection *connection;
	struct timespec start;
	char id[ID_LENGTH + 1];
	struct exchange *next; /* in the list of unused ones */
};

struct policy {
	const struct config *config;
	struct capture *capture;	  /* or NULL */
	struct shadow *shadow;		  /* or NULL */
	const struct file_events *events; /* or NULL */
	struct counters metrics;
	struct totals *totals; /* NULL: no metrics section */
	struct exchange *unused;
	struct log_batch *batch;
	uint32_t next_id;
	bool timed; /* the log or the metrics need the time taken */
	/* Of the current request. They are here since compilers would clear
	 * them on the stack for each request. */
	char reply[REPLY_MAX];
	char line[REPORT_MAX];
	struct error error;
	struct log_limit malformed, evicted, lookups; /* of lines */
};

/* judge - from bytes to a decision; 1 decided, 0 waiting, -1 malformed */
static int judge(struct exchange *exchange, const struct config *config,
		 char *bytes, size_t length, void (*done)(struct evaluation *),
		 struct error *error)
{
	if (request_parse(&exchange->request, bytes, length, error) != 0)
		return -1;
	return judgement_start(
		&exchange->judgement,
		service_find(&config->services, &exchange->request),
		config->resolver, &exchange->request, time(NULL), done);
}

/* make_id - a short name for a request, for the log and the refusal */
static void make_id(struct policy *policy, char *id)
{
	/* Crockford's base 32: no I, L, O, U to misread. */
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint32_t number = policy->next_id++;
	size_t i;

	for (i = ID_LENGTH; i-- > 0; number >>= 5)
		id[i] = digits[number & 31];
	id[ID_LENGTH] = '\0';
}

/* exchange_new - a request begins; unused exchanges are reused */
static struct exchange *exchange_new(struct policy *policy,
				     struct connection *connection)
{
	struct exchange *exchange = policy->unused;

	if (exchange != NULL)
		policy->unused = exchange->next;
	else
		exchange = xmalloc(sizeof(*exchange));
	exchange->policy = policy;
	exchange->connection = connection;
	exchange->judgement.evaluation.trace = NULL;
	exchange->judgement.evaluation.waiter = NULL;
	if (policy->timed)
		clock_gettime(CLOCK_MONOTONIC, &exchange->start);
	make_id(policy, exchange->id);
	return exchange;
}

/* exchange_end - the request is finished */
static void exchange_end(struct exchange *exchange)
{
	struct policy *policy = exchange->policy;

	exchange->next = policy->unused;
	policy->unused = exchange;
}

/* microseconds - since the request was complete */
static unsigned long microseconds(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long)((now.tv_sec - start->tv_sec) * 1000000 +
			       (now.tv_nsec - start->tv_nsec) / 1000);
}

/* may_warn - is another warning allowed? Then also report suppressed ones. */
static bool may_warn(struct log_limit *limit, const char *what)
{
	unsigned long suppressed;

	if (!log_limit_pass(limit, (uint64_t)clock_ms(), &suppressed))
		return false;
	if (suppressed > 0)
		log_warning("%s: %lu line%s suppressed", what, suppressed,
			    suppressed == 1 ? "" : "s");
	return true;
}

/* warn_lookup - log which lookup failed, and why */
static void warn_lookup(const struct exchange *exchange)
{
	const struct facts *facts = &exchange->judgement.facts;
	const struct decision *decision =
		&exchange->judgement.evaluation.decision;

	if (decision->verdict != VERDICT_DEFER ||
	    decision->refusal != REFUSAL_LOOKUP ||
	    !may_warn(&exchange->policy->lookups, "failed lookups"))
		return;
	if (decision->why != NULL)
		log_warning("id=%s: %s: %s%s%s: answered 451", exchange->id,
			    decision->reason,
			    decision->table != NULL ? decision->table : "",
			    decision->table != NULL ? ": " : "", decision->why);
	else if (facts->authorized < 0 && *facts->destination.list != '\0')
		log_warning("id=%s: %s could not be searched: %s: answered 451",
			    exchange->id, facts->destination.list,
			    facts->destination.why);
	else
		log_warning("id=%s: %s: answered 451", exchange->id,
			    decision->reason);
}

/* count - count a decision for the metrics */
static void count(const struct exchange *exchange, const char *reply,
		  unsigned long us)
{
	const struct policy *policy = exchange->policy;
	const struct judgement *judgement = &exchange->judgement;
	const struct decision *decision = &judgement->evaluation.decision;
	const struct totals_event event = {
		.when = judgement->evaluation.subject.now,
		.id = exchange->id,
		.service = judgement->service,
		.decision = decision,
		.request = &exchange->request,
		.facts = &judgement->facts,
		.reply = reply,
	};
	size_t service = (size_t)(judgement->service -
				  policy->config->services.services);

	totals_count(policy->totals, service, decision->restriction,
		     decision->verdict, us);
	if (decision->verdict == VERDICT_REJECT ||
	    decision->verdict == VERDICT_DEFER)
		totals_remember(policy->totals, &event);
}

/* postpone - a refusal that may rest on old files: the domain may be ours by
 * now, and a permanent refusal would be wrong for good */
static bool postpone(const struct policy *policy, struct decision *decision)
{
	if (policy->events == NULL || !decision_refuses(decision) ||
	    !file_events_changed(policy->events))
		return false;
	decision_postpone(decision);
	return true;
}

/* answer - the decision is there: reply, log line, counters */
static void answer(struct evaluation *evaluation)
{
	struct exchange *exchange = (struct exchange *)evaluation;
	struct policy *policy = exchange->policy;
	const struct decision *decision = &evaluation->decision;
	bool postponed = postpone(policy, &evaluation->decision);
	bool logged = policy->config->log_verdicts[decision->verdict];
	char *reply = policy->reply;
	size_t line_length = 0;
	unsigned long us = 0;
	size_t length;

	length = reply_write(reply, decision, &exchange->judgement.facts,
			     &exchange->judgement.service->reply, exchange->id);
	counters_count(&policy->metrics.decisions[decision->verdict]);
	if (policy->shadow != NULL && !postponed)
		shadow_compare(policy->shadow, &exchange->request,
			       &exchange->judgement, reply, exchange->id,
			       &policy->metrics);
	/* The reply frees the request: write its log line first. */
	if (logged || policy->totals != NULL)
		us = microseconds(&exchange->start);
	if (policy->totals != NULL)
		count(exchange, reply, us);
	if (logged)
		line_length = report_write(
			policy->line, exchange->id, exchange->judgement.service,
			&exchange->request, &exchange->judgement.facts,
			decision, us);
	*connection_context(exchange->connection) = NULL;
	connection_reply(exchange->connection, reply, length);
	warn_lookup(exchange);
	if (logged)
		log_batch_add(policy->batch, policy->line, line_length);
	exchange_end(exchange);
}

/* handle_malformed - no reply, one warning */
static void handle_malformed(void *context, const char *peer,
			     const char *reason)
{
	struct policy *policy = context;

	counters_count(&policy->metrics.malformed);
	if (!may_warn(&policy->malformed, "malformed requests"))
		return;
	log_warning("malformed request from %s: %s: no reply, closing", peer,
		    reason);
}

/* handle_evicted - one line; the client has done nothing wrong */
static void handle_evicted(void *context, const char *peer, const char *reason)
{
	struct policy *policy = context;

	if (may_warn(&policy->evicted, "connections closed for others"))
		log_info("connection from %s closed: %s", peer, reason);
}

/* handle_request - one whole request from a connection */
static void handle_request(void *context, struct connection *connection,
			   char *bytes, size_t length)
{
	struct policy *policy = context;
	struct exchange *exchange = exchange_new(policy, connection);

	capture_write(policy->capture, bytes, length);
	switch (judge(exchange, policy->config, bytes, length, answer,
		      &policy->error)) {
	case 1:
		answer(&exchange->judgement.evaluation);
		break;
	case 0:
		*connection_context(connection) = exchange;
		break;
	default:
		exchange_end(exchange);
		handle_malformed(policy, connection_peer(connection),
				 policy->error.text);
		connection_refuse(connection);
		break;
	}
}

/* handle_settled - write the log lines of many requests together */
static bool handle_settled(void *context)
{
	const struct policy *policy = context;

	return log_batch_write(policy->batch);
}

/* handle_gone - the client is gone: cancel its request */
static void handle_gone(void *context, struct connection *connection)
{
	struct exchange *exchange = *connection_context(connection);

	(void)context;
	if (exchange == NULL)
		return;
	evaluation_cancel(&exchange->judgement.evaluation);
	exchange_end(exchange);
}

/* policy_new - one for each event loop */
struct policy *policy_new(const struct config *config)
{
	struct policy *policy = xcalloc(1, sizeof(*policy));

	policy->config = config;
	policy->batch = log_batch_new();
	if (config->metrics != NULL)
		policy->totals = totals_new(config->services.count);
	policy->timed = policy->totals != NULL;
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		policy->timed |= config->log_verdicts[i];
	policy->malformed.most = policy->evicted.most = policy->lookups.most =
		WARNINGS_MAX;
	/* Only a label, but two servers should not use the same ones. */
	if (getrandom(&policy->next_id, sizeof(policy->next_id), 0) !=
	    (ssize_t)sizeof(policy->next_id))
		policy->next_id = (uint32_t)time(NULL);
	return policy;
}

/* policy_try - set the capture and the shadow configuration */
void policy_try(struct policy *policy, struct capture *capture,
		struct shadow *shadow)
{
	policy->capture = capture;
	policy->shadow = shadow;
}

/* policy_watch - set the files whose changes matter */
void policy_watch(struct policy *policy, const struct file_events *events)
{
	policy->events = events;
}

/* policy_free - NULL is allowed */
void policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	while (policy->unused != NULL) {
		struct exchange *exchange = policy->unused;

		policy->unused = exchange->next;
		free(exchange);
	}
	log_batch_free(policy->batch);
	totals_free(policy->totals);
	free(policy);
}

/* policy_handler - the functions that the server calls */
struct server_handler policy_handler(struct policy *policy)
{
	return (struct server_handler){
		.context = policy,
		.request = handle_request,
		.gone = handle_gone,
		.malformed = handle_malformed,
		.evicted = handle_evicted,
		.settled = policy->timed ? handle_settled : NULL,
	};
}

/* policy_totals - counts for the metrics */
struct totals *policy_totals(struct policy *policy)
{
	return policy->totals;
}

/* policy_counters - the counters */
struct counters *policy_counters(struct policy *policy)
{
	return &policy->metrics;
}
