/* SPDX-License-Identifier: ISC */
/* explanation_json - an explanation as JSON
 *
 * One object per line (JSON Lines). */

#include "policyd/query/explanation.h"

#include <stdlib.h>
#include <string.h>

#include "policyd/query/json.h"

/* request_object - all attributes that are not empty, by their Postfix names */
static json_t *request_object(const struct request *request)
{
	json_t *object = json_object();
	const char *value;
	const char *name;
	size_t i;

	for (i = 0; (value = request_attribute(request, i, &name)) != NULL; i++)
		if (*value != '\0' && strcmp(name, "request") != 0)
			json_set(object, name, json_text(value));
	return object;
}

/* service_object - the service whose rules applied */
static json_t *service_object(const struct explanation *explanation)
{
	const struct service *service = explanation->judgement.service;
	json_t *object = json_object();

	json_set(object, "name", json_text(service->name));
	json_set(object, "file", json_text(explanation->config->path));
	json_set(object, "line",
		 service->line != 0 ? json_integer(service->line)
				    : json_null());
	return object;
}

/* step_object - the search of a list, or a change of the address */
static json_t *step_object(const struct explanation_step *step)
{
	json_t *object = json_object();
	char *how;

	if (step->list == NULL) {
		how = explanation_changes(step->changes);
		json_set(object, "before", json_text(step->before));
		json_set(object, "after", json_text(step->after));
		json_set(object, "change", json_text(how));
		free(how);
		return object;
	}
	json_set(object, "domain", json_text(step->domain));
	json_set(object, "list", json_text(step->list));
	json_set(object, "found", json_whether(step->answer));
	json_set(object, "entry", json_text(step->entry));
	json_set(object, "origin", json_text(step->origin));
	return object;
}

/* destination_object - the class, and how it was determined */
static json_t *destination_object(const struct explanation *explanation)
{
	const struct facts *facts = &explanation->judgement.facts;
	const struct explanation_step *list = explanation_list(explanation);
	json_t *object = json_object();
	json_t *steps = json_array();
	size_t i;

	json_set(object, "class", json_text(facts_class(facts)));
	json_set(object, "ours", json_whether(facts->authorized));
	json_set(object, "why", json_text(facts_destination(facts)));
	if (facts->has_recipient) {
		json_set(object, "address",
			 json_text(facts->destination.address));
		json_set(object, "routed",
			 json_boolean(facts->destination.routed));
	}
	json_set(object, "detail",
		 json_text(facts->has_recipient ? facts->destination.why
						: NULL));
	json_set(object, "list", json_text(list != NULL ? list->list : NULL));
	json_set(object, "entry", json_text(list != NULL ? list->entry : NULL));
	json_set(object, "origin",
		 json_text(list != NULL ? list->origin : NULL));
	for (i = 0; i < explanation->step_count; i++)
		json_append(steps, step_object(&explanation->steps[i]));
	json_set(object, "steps", steps);
	return object;
}

/* session_object - encryption and login */
static json_t *session_object(const struct judgement *judgement)
{
	const struct facts *facts = &judgement->facts;
	const char *owners = judgement->evaluation.decision.owners;

	json_t *object = json_object();

	json_set(object, "encrypted", json_boolean(facts->weak == NULL));
	json_set(object, "weak", json_text(facts->weak));
	json_set(object, "advice", json_text(facts->advice));
	json_set(object, "authenticated", json_boolean(facts->authenticated));
	json_set(object, "owners", json_text(*owners != '\0' ? owners : NULL));
	return object;
}

/* restrictions_array - the whole list; verdict null: not tried */
static json_t *restrictions_array(const struct explanation *explanation)
{
	const struct restriction_list *list =
		&explanation->judgement.service->restrictions;
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct explanation_answer *answer =
			i < explanation->answer_count ? &explanation->answers[i]
						      : NULL;
		json_t *object = json_object();

		json_set(object, "name",
			 json_text(restriction_use_word(&list->uses[i])));
		json_set(object, "line",
			 list->uses[i].line != 0
				 ? json_integer(list->uses[i].line)
				 : json_null());
		json_set(object, "verdict",
			 json_text(answer != NULL
					   ? verdict_name(answer->verdict)
					   : NULL));
		json_set(object, "reason",
			 json_text(answer == NULL	   ? NULL
				   : answer->usage != NULL ? answer->usage
							   : answer->reason));
		json_set(object, "table",
			 json_text(answer != NULL ? answer->table : NULL));
		json_set(object, "why",
			 json_text(answer != NULL ? answer->why : NULL));
		json_set(object, "entry",
			 json_text(answer != NULL ? answer->entry : NULL));
		json_set(object, "origin",
			 json_text(answer != NULL ? answer->origin : NULL));
		json_append(array, object);
	}
	return array;
}

/* explanation_print_json - as one JSON object on one line */
void explanation_print_json(const struct explanation *explanation, FILE *output)
{
	const struct judgement *judgement = &explanation->judgement;
	const struct decision *decision = &judgement->evaluation.decision;
	json_t *object;

	json_start();
	object = json_object();
	json_set(object, "action", json_text(explanation->action));
	json_set(object, "verdict", json_text(verdict_name(decision->verdict)));
	json_set(object, "restriction", json_text(decision->restriction));
	json_set(object, "reason", json_text(decision->reason));
	json_set(object, "observed",
		 json_boolean(judgement->service->reply.observe));
	json_set(object, "client_reads",
		 json_text(explanation->client[0] != '\0' ? explanation->client
							  : NULL));
	json_set(object, "request", request_object(explanation->request));
	json_set(object, "service", service_object(explanation));
	json_set(object, "destination", destination_object(explanation));
	json_set(object, "session", session_object(judgement));
	json_set(object, "restrictions", restrictions_array(explanation));
	json_print(object, output);
}
