/* SPDX-License-Identifier: ISC */
/* forecast_json - a forecast as JSON Lines: each group, then a summary */

#include <jansson.h>

#include "lib/postlog/postlog_time.h"
#include "policyd/query/forecast.h"
#include "policyd/query/forecast_advice.h"
#include "policyd/query/json.h"

static const char *const kind_names[FORECAST_KINDS] = {
	[FORECAST_REFUSED] = "refused",
	[FORECAST_ACCEPTED] = "accepted",
	[FORECAST_FOREIGN] = "foreign",
	[FORECAST_DOUBTED] = "unknown",
};

/* number - a count */
static json_t *number(unsigned long count)
{
	return json_integer((json_int_t)count);
}

/* when - a time, or null */
static json_t *when(int64_t seconds)
{
	return seconds == POSTLOG_NO_TIME ? json_null() : json_integer(seconds);
}

/* texts - an array of strings */
static json_t *texts(char *const *list, size_t count)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_append(array, json_text(list[i]));
	return array;
}

/* names - likewise */
static json_t *names(const struct forecast_texts *of)
{
	return texts(of->texts, of->count);
}

/* other_places - what to write into the other services where they may have
 * been */
static json_t *other_places(const struct forecast_adviser *adviser,
			    const struct forecast_group *group)
{
	json_t *array = json_array();
	size_t i, k;

	for (i = 0; i < group->other_count; i++) {
		const struct forecast_group other =
			forecast_group_of_other(group, i);
		struct forecast_advice advice;
		json_t *object;

		if (advice_is_same(group->service, other.service))
			continue;
		object = json_object();
		forecast_advise(&advice, adviser, &other);
		for (k = 0; k < ADVICE_TLS_LINES && advice.tls[k] != NULL;)
			k++;
		json_set(object, "where", json_text(advice.where));
		json_set(object, "write", json_text(advice.restrictions));
		json_set(object, "tls", texts(advice.tls, k));
		forecast_advice_clear(&advice);
		json_append(array, object);
	}
	return array;
}

/* advice_object - what to write, or null */
static json_t *advice_object(const struct forecast_adviser *adviser,
			     const struct forecast_group *group)
{
	struct forecast_advice advice;
	json_t *object = json_null();
	size_t tls = 0;

	forecast_advise(&advice, adviser, group);
	while (tls < ADVICE_TLS_LINES && advice.tls[tls] != NULL)
		tls++;
	if (advice.condition != NULL || advice.relay != NULL ||
	    advice.instead != NULL) {
		object = json_object();
		json_set(object, "condition", json_text(advice.condition));
		json_set(object, "mynetworks", json_text(advice.networks));
		json_set(object, "where", json_text(advice.where));
		json_set(object, "write", json_text(advice.restrictions));
		json_set(object, "tls", texts(advice.tls, tls));
		json_set(object, "others", other_places(adviser, group));
		json_set(object, "postfix", json_text(advice.postfix));
		json_set(object, "relay_domains",
			 json_text(advice.ours ? NULL : advice.relay));
		json_set(object, "relay_domains_here",
			 json_text(advice.relay_here));
		json_set(object, "destination_first", json_text(advice.first));
		json_set(object, "remove_from", json_text(advice.remove));
		json_set(object, "instead", json_text(advice.instead));
	}
	forecast_advice_clear(&advice);
	return object;
}

/* set_client - where it was, and what to write */
static void set_client(json_t *object, const struct forecast_adviser *adviser,
		       const struct forecast_group *group)
{
	json_set(object, "port", json_text(group->port));
	json_set(object, "syslog_name", json_text(group->name));
	json_set(object, "network", json_text(group->network));
	json_set(object, "networks",
		 group->networks.count > 0 ? names(&group->networks)
					   : texts(&group->network, 1));
	json_set(object, "more_networks", json_boolean(group->networks.more));
	json_set(object, "domains", names(&group->domains));
	json_set(object, "more_domains", json_boolean(group->domains.more));
	json_set(object, "login", json_text(group->login));
	json_set(object, "service", json_text(group->service->name));
	json_set(object, "restriction", json_text(group->restriction));
	json_set(object, "advice", advice_object(adviser, group));
}

/* group_object - one group */
static json_t *group_object(const struct forecast_adviser *adviser,
			    const struct forecast_group *group)
{
	json_t *object = json_object();

	json_set(object, "kind", json_text(kind_names[group->kind]));
	json_set(object, "count", number(group->count));
	json_set(object, "reason", json_text(group->reason));
	if (group->kind == FORECAST_FOREIGN) {
		json_set(object, "domain", json_text(group->domain));
		json_set(object, "network", json_text(group->network));
		json_set(object, "restriction", json_text(group->restriction));
		json_set(object, "destination", json_text(group->class));
	} else if (group->kind != FORECAST_DOUBTED) {
		set_client(object, adviser, group);
	}
	json_set(object, "clients", names(&group->clients));
	json_set(object, "more_clients", json_boolean(group->clients.more));
	json_set(object, "first", when(group->first));
	json_set(object, "last", when(group->last));
	json_set(object, "examples",
		 texts(group->examples, group->example_count));
	return object;
}

/* summary_object - all figures */
static json_t *summary_object(const struct forecasts *forecasts)
{
	const struct postlog_figures *figures = postlog_figures(forecasts->log);
	const struct {
		const char *name;
		unsigned long count;
	} counts[] = {
		{ "accepted", forecasts->accepted },
		{ "would_be_refused",
		  forecasts->groups.counts[FORECAST_REFUSED] },
		{ "refused", forecasts->refused },
		{ "would_be_accepted",
		  forecasts->groups.counts[FORECAST_ACCEPTED] },
		{ "foreign", forecasts->groups.counts[FORECAST_FOREIGN] },
		{ "refused_for_other_reasons", forecasts->others },
		{ "cannot_tell", forecasts->groups.counts[FORECAST_DOUBTED] +
					 figures->unclear + figures->proxied },
		{ "unclear", figures->unclear },
		{ "returned_from_filter",
		  figures->returned + forecasts->forwarded },
		{ "at_ports_that_do_not_ask", forecasts->returned },
		{ "not_delivered", figures->lost },
		{ "begun_before", figures->unbegun },
		{ "decided_by_policyd", forecasts->decided },
		{ "reversed_files", figures->reversed },
		{ "shuffled_files", figures->shuffled },
		{ "through_proxy_filter", figures->proxied },
		{ "judged_early", figures->early },
		{ "sessions", figures->sessions },
		{ "lines", figures->lines },
		{ "hosts", figures->host_count },
		{ "of_sendmail", figures->submitted },
		{ "of_sendmail_bs", figures->spoken },
		{ "of_another_postfix", forecasts->elsewhere },
		{ "lists_of_postfix_unknown", forecasts->unsure },
		{ "logins_not_possible", forecasts->no_login },
	};
	json_t *object = json_object();
	size_t i;

	json_set(object, "kind", json_text("summary"));
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_set(object, counts[i].name, number(counts[i].count));
	json_set(object, "first", when(figures->first));
	json_set(object, "last", when(figures->last));
	json_set(object, "policyd_since",
		 when(forecasts->asked ? forecasts->since : POSTLOG_NO_TIME));
	json_set(object, "ports_from_postfix",
		 json_boolean(forecasts->ports.from_postfix));
	return object;
}

/* print_all_advice - if there is any */
static void print_all_advice(const struct forecast_adviser *adviser,
			     const struct forecast_groups *groups, FILE *output)
{
	json_t *object = json_object();
	json_t *lines = json_array();
	const struct advice_lines to = { json_append_line, lines };

	json_set(object, "kind", json_text("advice"));
	if (forecast_advice_all(adviser, groups, &to)) {
		json_set(object, "places", lines);
		json_print(object, output);
	} else {
		json_decref(lines);
		json_decref(object);
	}
}

/* forecasts_print_json - all of it */
void forecasts_print_json(struct forecasts *forecasts, FILE *output)
{
	const struct forecast_groups *groups = &forecasts->groups;
	const struct forecast_adviser *adviser = &forecasts->adviser;
	size_t i;

	for (i = 0; i < groups->count; i++)
		json_print(group_object(adviser, groups->groups[i]), output);
	print_all_advice(adviser, groups, output);
	past_print_json(forecasts->past, output);
	json_print(summary_object(forecasts), output);
}
