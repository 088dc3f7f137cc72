/* SPDX-License-Identifier: ISC */
/* policy - the way of a request through the program
 *
 *   bytes -> request -> facts -> decision -> reply bytes + log line + counters
 *
 * Data moves only to the right. Everything between the server and the reply is
 * a function of its arguments; handle_request(), pay() and answer() connect
 * them, and are the picture in C:
 *
 *   walk the restrictions -> take what rates cost -> answer
 *
 * There are three of them since a restriction may have to wait, and so may the
 * counts that several hosts share: then the function ends, and the event loop
 * calls the next one. */

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
#include "lib/decision/charges.h"
#include "lib/decision/evaluate.h"
#include "lib/decision/facts.h"
#include "lib/decision/judgement.h"
#include "lib/decision/reply.h"
#include "lib/decision/report.h"
#include "lib/decision/service.h"
#include "lib/postfix/postfix_version.h"
#include "lib/request/request.h"
#include "lib/stats/totals.h"
#include "policyd/serve/settle.h"

#define ID_LENGTH    6
#define WARNINGS_MAX 100 /* of one kind, in LOG_LIMIT_MS */

/* One request on its way. */
struct exchange {
	struct request request;
	struct judgement judgement;
	struct policy *policy;
	struct connection *connection;
	struct payment *payment; /* NULL: there is no rate */
	uint64_t start_us;
	char id[ID_LENGTH + 1];
	struct exchange *next; /* in the list of unused ones */
};

struct policy {
	const struct config *config;
	struct capture *capture;    /* or NULL */
	struct shadow *shadow;	    /* or NULL */
	struct file_events *events; /* or NULL */
	struct settle settle;	    /* tables NULL: there is no rate */
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
	bool version_noted;
};

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

static void paid(void *context);

/* exchange_make - memory for one */
static struct exchange *exchange_make(const struct policy *policy)
{
	struct exchange *exchange = xmalloc(sizeof(*exchange));

	exchange->payment = NULL;
	if (policy->settle.tables == NULL)
		return exchange;
	exchange->payment = xcalloc(1, sizeof(*exchange->payment));
	exchange->payment->settle = &policy->settle;
	exchange->payment->done = paid;
	exchange->payment->context = exchange;
	return exchange;
}

/* exchange_new - a request begins; unused exchanges are reused */
static struct exchange *exchange_new(struct policy *policy,
				     struct connection *connection)
{
	struct exchange *exchange = policy->unused;

	if (exchange != NULL)
		policy->unused = exchange->next;
	else
		exchange = exchange_make(policy);
	exchange->policy = policy;
	exchange->connection = connection;
	exchange->judgement.evaluation.context = exchange;
	exchange->judgement.evaluation.charges =
		exchange->payment != NULL ? &exchange->payment->charges : NULL;
	exchange->judgement.evaluation.trace = NULL;
	exchange->judgement.evaluation.waiter = NULL;
	if (policy->timed)
		exchange->start_us = clock_us();
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

/* may_warn - is another warning allowed? Then also report suppressed ones. */
static bool may_warn(struct log_limit *limit, const char *what)
{
	unsigned long suppressed;

	if (!log_limit_pass(limit, clock_ms(), &suppressed))
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

/* warn_version - say, once, that the Postfix that asks reads lists and tables
 * differently from how they were read here: it was upgraded, or is another */
static void warn_version(struct policy *policy, const struct request *request)
{
	const char *ours = policy->config->mail_version;
	const char *theirs = request->mail_version;

	if (ours == NULL || *theirs == '\0' || policy->version_noted ||
	    strcmp(ours, theirs) == 0 ||
	    postfix_alike(postfix_version(ours), postfix_version(theirs)))
		return;
	policy->version_noted = true;
	log_warning("Postfix %.*s is asking, but lists and tables were read as "
		    "Postfix %s reads them (import_postfix); if it was "
		    "upgraded, reload policyd",
		    (int)strspn(theirs, "0123456789.-"), theirs, ours);
}

/* count - count a decision; us: the time that it took */
static void count(const struct exchange *exchange, unsigned long us)
{
	struct policy *policy = exchange->policy;
	const struct judgement *judgement = &exchange->judgement;
	const struct decision *decision = &judgement->evaluation.decision;
	const struct service *services = policy->config->services.services;
	struct totals_event event;

	counters_count(&policy->metrics.decisions[decision->verdict]);
	if (policy->totals == NULL)
		return;
	totals_count(policy->totals, (size_t)(judgement->service - services),
		     decision->restriction, decision->verdict, us);
	if (decision->verdict != VERDICT_REJECT &&
	    decision->verdict != VERDICT_DEFER)
		return;
	event = (struct totals_event){
		.when = judgement->evaluation.subject.now,
		.id = exchange->id,
		.service = judgement->service,
		.decision = decision,
		.request = &exchange->request,
		.facts = &judgement->facts,
		.reply = policy->reply,
	};
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

/* compare - with the shadow configuration, if there is one */
static void compare(const struct exchange *exchange)
{
	struct policy *policy = exchange->policy;

	if (policy->shadow != NULL)
		shadow_compare(policy->shadow, &exchange->request,
			       &exchange->judgement, policy->reply,
			       exchange->id, &policy->metrics);
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

/* answer - the decision is final: reply, log line, counters */
static void answer(struct exchange *exchange)
{
	struct policy *policy = exchange->policy;
	const struct judgement *judgement = &exchange->judgement;
	const struct decision *decision = &judgement->evaluation.decision;
	bool limited =
		exchange->payment != NULL && exchange->payment->charges.limited;
	bool postponed =
		postpone(policy, &exchange->judgement.evaluation.decision);
	bool logged = policy->config->log_verdicts[decision->verdict];
	size_t reply_length, line_length = 0;
	unsigned long us = 0;

	reply_length = reply_write(policy->reply, decision, &judgement->facts,
				   &judgement->service->reply, exchange->id);
	if (!limited && !postponed)
		compare(exchange);
	if (logged || policy->totals != NULL)
		us = (unsigned long)(clock_us() - exchange->start_us);
	if (logged)
		line_length = report_write(
			policy->line, exchange->id, judgement->service,
			&exchange->request, &judgement->facts, decision, us);
	count(exchange, us);
	warn_version(policy, &exchange->request);
	/* The texts of the request end here. */
	connection_reply(exchange->connection, policy->reply, reply_length);
	warn_lookup(exchange);
	if (logged)
		log_batch_add(policy->batch, policy->line, line_length);
	exchange_end(exchange);
}

/* paid - the counts have been waited for */
static void paid(void *context)
{
	struct exchange *exchange = context;

	*connection_context(exchange->connection) = NULL;
	answer(exchange);
}

/* pay - the walk is over: take what rates cost, then answer, now or later */
static void pay(struct exchange *exchange)
{
	if (exchange->payment == NULL ||
	    settle_start(exchange->payment, &exchange->judgement, exchange->id))
		answer(exchange);
	else
		*connection_context(exchange->connection) = exchange;
}

/* resume - a restriction has waited, and now the walk is over */
static void resume(struct evaluation *evaluation)
{
	struct exchange *exchange = evaluation->context;

	*connection_context(exchange->connection) = NULL;
	pay(exchange);
}

/* refuse - it is malformed */
static void refuse(struct exchange *exchange)
{
	struct connection *connection = exchange->connection;
	struct policy *policy = exchange->policy;

	exchange_end(exchange);
	handle_malformed(policy, connection_peer(connection),
			 policy->error.text);
	connection_refuse(connection);
}

/* handle_request - one whole request from a connection */
static void handle_request(void *context, struct connection *connection,
			   char *bytes, size_t length)
{
	struct policy *policy = context;
	const struct config *config = policy->config;
	struct exchange *exchange = exchange_new(policy, connection);
	struct request *request = &exchange->request;
	struct judgement *judgement = &exchange->judgement;

	capture_write(policy->capture, bytes, length);
	if (request_parse(request, bytes, length, &policy->error) != 0) {
		refuse(exchange);
		return;
	}
	if (exchange->payment != NULL)
		charges_begin(&exchange->payment->charges, request,
			      exchange->payment->settle->tables);
	judgement->service = service_find(&config->services, request);
	facts_gather(&judgement->facts, request, config->resolver,
		     judgement->service->tls);
	if (evaluation_start(&judgement->evaluation,
			     &judgement->service->restrictions, request,
			     &judgement->facts, time(NULL), resume))
		pay(exchange);
	else
		*connection_context(connection) = exchange;
}

/* handle_flush - write the log lines of many requests together */
static bool handle_flush(void *context)
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
	settle_cancel(exchange->payment);
	exchange_end(exchange);
}

/* policy_new - one for each event loop */
struct policy *policy_new(const struct config *config)
{
	struct policy *policy = xcalloc(1, sizeof(*policy));

	policy->config = config;
	policy->batch = log_batch_new();
	if (config->metrics != NULL)
		policy->totals =
			totals_new(config->services.count, config->rates.count);
	policy->settle.totals = policy->totals;
	policy->settle.metrics = &policy->metrics;
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

/* policy_rates - set where rates are counted */
void policy_rates(struct policy *policy, struct rate_table *const *tables,
		  struct settle_seen *seen)
{
	policy->settle.tables = tables;
	policy->settle.seen = seen;
}

/* policy_store - set where several hosts count together */
void policy_store(struct policy *policy, struct stores *stores,
		  const struct store_rate *rates)
{
	policy->settle.stores = stores;
	policy->settle.rates = rates;
	policy->settle.sections = policy->config->stores;
}

/* policy_watch - set the files whose changes matter */
void policy_watch(struct policy *policy, struct file_events *events)
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
		free(exchange->payment);
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
		.flush = policy->timed ? handle_flush : NULL,
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
