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

/* join - append a part; text is freed */
static char *join(char *text, const char *part)
{
	char *more =
		xasprintf("%s%s%s", text, text[0] != '\0' ? "; " : "", part);

	free(text);
	return more;
}

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
		text = join(text, changes[i].name);
		routed = routed || changes[i].routed;
	}
	return routed ? join(text, "sender-routed") : text;
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

/* explain - judge a request, and record the steps */
int explain(struct explanation *explanation, const struct config *config,
	    const struct service *service, const struct request *request,
	    const char *id, struct error *error)
{
	struct judgement *judgement = &explanation->judgement;
	struct resolution resolution;

	memset(explanation, 0, sizeof(*explanation));
	explanation->config = config;
	explanation->request = request;
	if (service == NULL)
		service = service_find(&config->services, request);
	judgement->evaluation.trace = keep_answer;
	judgement->evaluation.trace_context = explanation;
	if (judgement_now(judgement, service, config->resolver, request,
			  time(NULL)) < 0)
		return error_set(error, "a restriction replies later: only a "
					"running server can answer");
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
	}
	free(explanation->steps);
	free(explanation->answers);
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
