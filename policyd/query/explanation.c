/* SPDX-License-Identifier: ISC */
/* explanation - why a request is answered as it is
 *
 * The request is judged in the usual way, and the trace of the restrictions is
 * recorded. The recipient is then resolved a second time, to record each step.
 * explanation_text.c and explanation_json.c print the result. */

#include "policyd/query/explanation.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/address/address.h"
#include "lib/base/log.h"
#include "lib/base/xalloc.h"

/* The changes of an address: the name of each, and whether it is routing that
 * the sender requested. */
static const struct {
	const char *name;
	unsigned change;
	bool routed;
} changes[] = {
	{ "source route dropped", ADDRESS_SOURCE_ROUTE, true },
	{ "bang path", ADDRESS_BANG, true },
	{ "percent hack", ADDRESS_PERCENT, true },
	{ "routing inside the local part followed", RESOLVE_QUOTED, true },
	{ "empty local part", RESOLVE_EMPTY, false },
	{ "empty domain dropped", RESOLVE_NULL_DOMAIN, false },
	{ "no domain: $myorigin appended", ADDRESS_ORIGIN, false },
	{ "no domain: $myhostname appended", RESOLVE_HOSTNAME, false },
	{ "no dot: $mydomain appended", ADDRESS_DOT_DOMAIN, false },
	{ "trailing dot dropped", ADDRESS_DOT, false },
	{ "brackets added to a bare address", RESOLVE_NUMERIC, false },
	{ "our own domain stripped", RESOLVE_STRIPPED, false },
};
#define CHANGE_COUNT (sizeof(changes) / sizeof(changes[0]))

/* explanation_changes - the changes in words */
char *explanation_changes(unsigned set)
{
	char *text = xstrdup("");
	bool routed = false;
	size_t i;

	for (i = 0; i < CHANGE_COUNT; i++) {
		if ((set & changes[i].change) == 0 ||
		    (changes[i].change == RESOLVE_STRIPPED && text[0] != '\0'))
			continue;
		xappend(&text, "%s%s", text[0] != '\0' ? "; " : "",
			changes[i].name);
		routed = routed || changes[i].routed;
	}
	if (routed)
		xappend(&text, "; sender-routed");
	return text;
}

/* keep_entry - record which entry of its parameter made a restriction permit */
static void keep_entry(const struct explanation *explanation,
		       struct explanation_answer *answer)
{
	const struct restriction *restriction = answer->use->restriction;
	char origin[CONFIG_ORIGIN_MAX];
	struct domain_list_match match;
	const char *key;

	restriction->find(&explanation->judgement.evaluation.subject,
			  answer->use->state, &match, &key);
	if (match.pattern == NULL)
		return;
	config_origin(explanation->config, restriction->parameter, &match, key,
		      origin);
	answer->entry = xstrdup(match.pattern);
	answer->origin = xstrdup(origin);
}

/* keep_answer - an evaluation_trace */
static void keep_answer(void *context, const struct restriction *restriction,
			enum verdict verdict, const struct decision *decision)
{
	struct explanation *explanation = context;
	const struct restriction_list *list =
		explanation->judgement.evaluation.list;
	size_t count = explanation->answer_count++;

	explanation->answers = xreallocarray(explanation->answers, count + 1,
					     sizeof(*explanation->answers));
	explanation->answers[count] = (struct explanation_answer){
		.use = &list->uses[count],
		.verdict = verdict,
		.reason = decision->reason,
		.table = decision->table,
		.why = decision->why,
	};
	if (verdict == VERDICT_PERMIT && restriction->find != NULL)
		keep_entry(explanation, &explanation->answers[count]);
}

/* address_now - the address after the steps so far */
static const char *address_now(const struct explanation *explanation)
{
	size_t i;

	for (i = explanation->step_count; i > 0; i--)
		if (explanation->steps[i - 1].after != NULL)
			return explanation->steps[i - 1].after;
	return explanation->request->recipient;
}

/* keep_search - record the search of a list */
static void keep_search(const struct explanation *explanation,
			struct explanation_step *to,
			const struct resolve_step *step)
{
	char origin[CONFIG_ORIGIN_MAX];

	to->list = xstrdup(step->list);
	to->domain = xstrdup(step->domain);
	to->answer = step->answer;
	if (step->match.pattern == NULL && step->answer == 0)
		return;
	config_origin(explanation->config, step->list, &step->match,
		      step->domain, origin);
	to->origin = xstrdup(origin);
	if (step->match.pattern != NULL)
		to->entry = xstrdup(step->match.pattern);
}

/* keep_step - a resolve_trace */
static void keep_step(void *context, const struct resolve_step *step)
{
	struct explanation *explanation = context;
	const char *before = address_now(explanation);
	struct explanation_step to = { 0 };

	if (step->list != NULL) {
		keep_search(explanation, &to, step);
	} else {
		to.changes = step->changes;
		to.before = xstrdup(before);
		to.after = xstrdup(step->address);
	}
	explanation->steps =
		xreallocarray(explanation->steps, explanation->step_count + 1,
			      sizeof(*explanation->steps));
	explanation->steps[explanation->step_count++] = to;
}

/* tell_reply - the reply to Postfix, and what the client reads */
static void tell_reply(struct explanation *explanation, const char *id)
{
	const struct judgement *judgement = &explanation->judgement;
	char reply[REPLY_MAX];
	const char *action = reply + strlen("action=");

	reply_write(reply, &judgement->evaluation.decision, &judgement->facts,
		    &judgement->service->reply, id);
	memcpy(explanation->action, action, strcspn(action, "\n"));
	reply_client(explanation->client, explanation->action,
		     explanation->request);
}

/* limit_origin - " (limit_maps: /etc/policyd/limits:2)", or ""; the caller
 * frees it */
static char *limit_origin(const struct charge *charge)
{
	const char *file;
	int line;

	if (charge->table == NULL)
		return xstrdup("");
	line = table_line(charge->table, charge->table_key, &file);
	return line > 0 ? xasprintf(" (limit_maps: %s:%d)", file, line)
			: xasprintf(" (limit_maps: %s)",
				    table_name(charge->table));
}

/* usage_text - what a rate counts of this key; the caller frees it */
static char *usage_text(const struct charge *charge, bool several)
{
	const struct rate_result *result = &charge->result;
	char used[CHARGE_TEXT_MAX], rest[CHARGE_TEXT_MAX];
	char key[4 * RATE_KEY_SIZE];
	char *origin = limit_origin(charge);
	char *text;

	log_quote(key, sizeof(key) - 1, charge->key);
	if (!charge->asked)
		text = xasprintf("nothing is counted for %s%s", key, origin);
	else if (result->outcome == RATE_BLOCKED)
		text = xasprintf("%s is blocked", key);
	else if (result->outcome == RATE_UNKNOWN)
		text = xasprintf("the counts of %s cannot be used", key);
	else if (result->number == RATE_UNLIMITED || result->length_s == 0)
		text = xasprintf("%s has no limit%s", key, origin);
	else if (result->outcome == RATE_OVER)
		text = xasprintf("%s has used %s%s, this fits in %s", key,
				 charge_used(charge, used), origin,
				 charge_duration(result->free_s, rest));
	else
		text = xasprintf("%s has used %s%s, %s left", key,
				 charge_used(charge, used), origin,
				 charge_left(charge, rest));
	free(origin);
	/* The store is not asked: what it has counted is seen with -r. */
	if (several && charge->asked)
		xappend(&text, "; counted on this host alone, see policyd -r");
	return text;
}

/* look_at_rates - what a server would count, without counting it */
static void look_at_rates(struct explanation *explanation)
{
	struct charges *charges = explanation->charges;
	struct decision *decision = &explanation->judgement.evaluation.decision;
	struct charges_how how = { true, rate_now_us() };

	charges_settle(charges, decision, &how);
	for (size_t i = 0; i < charges->count; i++) {
		const struct charge *charge = &charges->each[i];

		for (size_t k = 0; k < explanation->answer_count; k++) {
			struct explanation_answer *answer =
				&explanation->answers[k];

			if (answer->use->word != charge->word)
				continue;
			answer->usage = usage_text(
				charge, explanation->config->store_count > 0);
			if (charges->limited && decision->charge == charge)
				answer->verdict = decision->verdict;
		}
	}
}

/* explain - judge a request, and record the steps */
int explain(struct explanation *explanation, const struct config *config,
	    const struct service *service, const struct request *request,
	    struct rate_table *const *tables, const char *id,
	    struct error *error)
{
	struct judgement *judgement = &explanation->judgement;
	struct resolution resolution;

	memset(explanation, 0, sizeof(*explanation));
	explanation->config = config;
	explanation->request = request;
	if (service == NULL)
		service = service_find(&config->services, request);
	if (tables != NULL) {
		explanation->charges =
			xcalloc(1, sizeof(*explanation->charges));
		charges_begin(explanation->charges, request, tables);
		judgement->evaluation.charges = explanation->charges;
	}
	judgement->evaluation.trace = keep_answer;
	judgement->evaluation.trace_context = explanation;
	if (judgement_now(judgement, service, config->resolver, request,
			  time(NULL)) < 0)
		return error_set(error, "a restriction replies later: only a "
					"running server can answer");
	if (tables != NULL)
		look_at_rates(explanation);
	if (judgement->facts.has_recipient)
		resolve_explain(config->resolver, request->recipient,
				&resolution, keep_step, explanation);
	tell_reply(explanation, id);
	return 0;
}

/* explanation_clear - free what it holds */
void explanation_clear(struct explanation *explanation)
{
	size_t i;

	for (i = 0; i < explanation->step_count; i++) {
		struct explanation_step *step = &explanation->steps[i];

		free(step->list);
		free(step->domain);
		free(step->entry);
		free(step->origin);
		free(step->before);
		free(step->after);
	}
	for (i = 0; i < explanation->answer_count; i++) {
		free(explanation->answers[i].entry);
		free(explanation->answers[i].origin);
		free(explanation->answers[i].usage);
	}
	free(explanation->steps);
	free(explanation->answers);
	free(explanation->charges);
	memset(explanation, 0, sizeof(*explanation));
}

/* explanation_list - the step in which a list decided */
const struct explanation_step *
explanation_list(const struct explanation *explanation)
{
	const char *list = explanation->judgement.facts.destination.list;
	size_t i;

	if (!explanation->judgement.facts.has_recipient)
		return NULL;
	for (i = explanation->step_count; i > 0; i--) {
		const struct explanation_step *step =
			&explanation->steps[i - 1];

		if (step->list != NULL && step->answer != 0 &&
		    strcmp(step->list, list) == 0)
			return step;
	}
	return NULL;
}
