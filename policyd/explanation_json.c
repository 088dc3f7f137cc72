/* SPDX-License-Identifier: ISC */
/* explanation_json - an explanation for programs
 *
 * One object in one line (JSON Lines). Texts are UTF-8; what is not is escaped
 * as in the log, \xNN for a byte. */

#include "policyd/explanation.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "lib/log.h"
#include "lib/xalloc.h"

/* text - a string, or null for NULL */
static json_t *text(const char *value)
{
	json_t *made;
	size_t size;
	char *quoted;

	if (value == NULL)
		return json_null();
	made = json_string(value);
	if (made != NULL)
		return made;
	size = 4 * strlen(value);
	quoted = xmalloc(size + 1);
	log_quote(quoted, size, value);
	made = json_string(quoted);
	free(quoted);
	return made;
}

/* whether - true, false or null: not known */
static json_t *whether(int known)
{
	return known == 0 || known == 1 ? json_boolean(known) : json_null();
}

/* set - a member. Memory never lacks (see below), and names are ASCII: there
 * is no other way to fail. */
static void set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) != 0)
		abort();
}

/* append - an element */
static void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		abort();
}

/* request_object - all attributes that are not empty, by their own names */
static json_t *request_object(const struct request *request)
{
	json_t *object = json_object();
	const char *value;
	const char *name;
	size_t i;

	for (i = 0; (value = request_attribute(request, i, &name)) != NULL; i++)
		if (*value != '\0' && strcmp(name, "request") != 0)
			set(object, name, text(value));
	return object;
}

/* service_object - which rules it was judged by */
static json_t *service_object(const struct explanation *explanation)
{
	const struct service *service = explanation->judgement.service;
	json_t *object = json_object();

	set(object, "name", text(service->name));
	set(object, "file", text(explanation->config->path));
	set(object, "line",
	    service->line != 0 ? json_integer(service->line) : json_null());
	return object;
}

/* step_object - a list searched, or the address changed */
static json_t *step_object(const struct explanation_step *step)
{
	json_t *object = json_object();
	char *how;

	if (step->list == NULL) {
		how = explanation_changes(step->changes);
		set(object, "before", text(step->before));
		set(object, "after", text(step->after));
		set(object, "change", text(how));
		free(how);
		return object;
	}
	set(object, "domain", text(step->domain));
	set(object, "list", text(step->list));
	set(object, "found", whether(step->answer));
	set(object, "entry", text(step->entry));
	set(object, "origin", text(step->origin));
	return object;
}

/* destination_object - class and how it was found */
static json_t *destination_object(const struct explanation *explanation)
{
	const struct facts *facts = &explanation->judgement.facts;
	const struct explanation_step *list = explanation_list(explanation);
	json_t *object = json_object();
	json_t *steps = json_array();
	size_t i;

	set(object, "class", text(facts_class(facts)));
	set(object, "ours", whether(facts->authorized));
	set(object, "why", text(facts_destination(facts)));
	if (facts->has_recipient) {
		set(object, "address", text(facts->destination.address));
		set(object, "routed", json_boolean(facts->destination.routed));
	}
	set(object, "list", text(list != NULL ? list->list : NULL));
	set(object, "entry", text(list != NULL ? list->entry : NULL));
	set(object, "origin", text(list != NULL ? list->origin : NULL));
	for (i = 0; i < explanation->step_count; i++)
		append(steps, step_object(&explanation->steps[i]));
	set(object, "steps", steps);
	return object;
}

/* session_object - encryption and login */
static json_t *session_object(const struct facts *facts)
{
	json_t *object = json_object();

	set(object, "encrypted", json_boolean(facts->weak == NULL));
	set(object, "weak", text(facts->weak));
	set(object, "authenticated", json_boolean(facts->authenticated));
	return object;
}

/* restrictions_array - all of the list; verdict null: not tried */
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

		set(object, "name", text(list->uses[i].restriction->name));
		set(object, "line",
		    list->uses[i].line != 0 ? json_integer(list->uses[i].line)
					    : json_null());
		set(object, "verdict",
		    text(answer != NULL ? verdict_name(answer->verdict)
					: NULL));
		set(object, "reason",
		    text(answer != NULL ? answer->reason : NULL));
		append(array, object);
	}
	return array;
}

/* explanation_print_json - for programs */
void explanation_print_json(const struct explanation *explanation, FILE *output)
{
	const struct judgement *judgement = &explanation->judgement;
	const struct decision *decision = &judgement->evaluation.decision;
	json_t *object;

	json_set_alloc_funcs(xmalloc, free);
	object = json_object();
	set(object, "action", text(explanation->action));
	set(object, "verdict", text(verdict_name(decision->verdict)));
	set(object, "restriction", text(decision->restriction));
	set(object, "reason", text(decision->reason));
	set(object, "client_reads",
	    text(explanation->client[0] != '\0' ? explanation->client : NULL));
	set(object, "request", request_object(explanation->request));
	set(object, "service", service_object(explanation));
	set(object, "destination", destination_object(explanation));
	set(object, "session", session_object(&judgement->facts));
	set(object, "restrictions", restrictions_array(explanation));
	json_dumpf(object, output, JSON_COMPACT);
	putc('\n', output);
	json_decref(object);
}
