/* SPDX-License-Identifier: ISC */
/* check_postfix_client - the settings of smtpd(8) as our client, and of
 * spawn(8)
 *
 * The limits of Postfix's policy client are compared with ours. Postfix must be
 * the one that closes an idle connection, or it waits a second before it asks
 * again; and what it does without a reply must not let mail pass. */

#include "policyd/check/check_postfix_internal.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/words.h"
#include "lib/base/xalloc.h"

#define TIMEOUT_LEAST 5	  /* seconds that a reply may take under load */
#define RETRY_LONGEST 10  /* seconds that a client should have to wait */
#define REQUESTS_FEW  100 /* requests that a connection should last for */

/* name_is - does a path have this last component? */
static bool name_is(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash != NULL ? slash + 1 : path, name) == 0;
}

/* check_is_spawned - does the service run policyd -s? */
bool check_is_spawned(const struct postfix_service *service)
{
	const char *rest = service->command;
	bool program = false, stdio = false;
	char *word;

	if (strcmp(service->program, "spawn") != 0)
		return false;
	while ((word = postfix_next_word(&rest)) != NULL) {
		if (strncmp(word, "argv=", 5) == 0)
			program = name_is(word + 5, "policyd");
		else if (program)
			stdio |= strcmp(word, "--stdio") == 0 ||
				 fnmatch("-[!-]*s*", word, 0) == 0 ||
				 strcmp(word, "-s") == 0;
		free(word);
	}
	return program && stdio;
}

/* seconds - the value of an attribute that is a time */
static long seconds(const struct check *check, const struct use *use,
		    const char *attribute)
{
	return postfix_seconds(
		check_policy_attribute(check, use, attribute, NULL), 's');
}

/* number - the value of an attribute that is a number; -1: it is not one */
static long number(const struct check *check, const struct use *use,
		   const char *attribute)
{
	const char *value = check_policy_attribute(check, use, attribute, NULL);
	char *end;
	long found = strtol(value, &end, 10);

	return end != value && *end == '\0' ? found : -1;
}

/* outlives - does Postfix keep an idle connection longer than policyd? */
static bool outlives(const struct check *check, const struct use *use,
		     const char *attribute)
{
	return use->kind != USE_SPAWNED &&
	       seconds(check, use, attribute) >=
		       (long)(check->config->limits.idle_ms / 1000);
}

/* is_short - is there too little time for a reply? */
static bool is_short(const struct check *check, const struct use *use,
		     const char *attribute)
{
	long timeout = seconds(check, use, attribute);

	return timeout >= 0 && timeout < TIMEOUT_LEAST;
}

/* is_few - does a connection last for a few requests only? */
static bool is_few(const struct check *check, const struct use *use,
		   const char *attribute)
{
	long limit = number(check, use, attribute);

	return limit > 0 && limit < REQUESTS_FEW;
}

/* is_single - is there no second attempt? */
static bool is_single(const struct check *check, const struct use *use,
		      const char *attribute)
{
	return number(check, use, attribute) == 1;
}

/* is_long - does the second attempt follow too late? */
static bool is_long(const struct check *check, const struct use *use,
		    const char *attribute)
{
	return seconds(check, use, attribute) > RETRY_LONGEST;
}

/* is_refusing - is it an action that lets nothing pass? */
static bool is_refusing(const char *action)
{
	static const char *const words[] = {
		"reject",	   "reject_unauth_destination",
		"defer",	   "defer_unauth_destination",
		"defer_if_permit",
	};
	size_t length = strcspn(action, WORDS_SEPARATORS);
	size_t i;

	if ((*action == '4' || *action == '5') && length == 3 &&
	    strspn(action, "0123456789") == 3)
		return true;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == length &&
		    strncasecmp(words[i], action, length) == 0)
			return true;
	return false;
}

/* lets_pass - does mail pass without a reply? Postfix 2 has no such parameter,
 * and defers. */
static bool lets_pass(const struct check *check, const struct use *use,
		      const char *attribute)
{
	const char *action =
		check_policy_attribute(check, use, attribute, NULL);

	return *action != '\0' && !is_refusing(action);
}

/* The mistakes in the attributes of the policy client. */
static const struct rule {
	const char *attribute;
	bool (*is_bad)(const struct check *, const struct use *,
		       const char *attribute);
	enum severity severity;
	const char *good;
	const char *text;
} rules[] = {
	{ "max_idle", outlives, SEVERITY_WARNING, "300s",
	  "policyd closes an idle connection first, and the next client then "
	  "waits an extra second" },
	{ "max_ttl", outlives, SEVERITY_WARNING, "1000s",
	  "policyd closes an idle connection first, and the next client then "
	  "waits an extra second" },
	{ "timeout", is_short, SEVERITY_WARNING, "100s",
	  "too short for a busy machine; a late answer defers mail" },
	{ "request_limit", is_few, SEVERITY_WARNING, "0",
	  "Postfix reconnects after only a few requests" },
	{ "try_limit", is_single, SEVERITY_WARNING, "2",
	  "without a second attempt a restart of policyd defers mail" },
	{ "retry_delay", is_long, SEVERITY_WARNING, "1s",
	  "a client waits that long when policyd is restarted" },
	{ "default_action", lets_pass, SEVERITY_ERROR,
	  "451 4.3.5 Server configuration problem",
	  "mail passes unchecked whenever policyd does not answer" },
};

/* attribute_found - report a bad value, set either as a parameter or inside a
 * list */
static void attribute_found(struct check *check, const struct use *use,
			    const struct rule *rule)
{
	bool inside = postfix_values_get(&use->policy.attributes,
					 rule->attribute) != NULL;
	struct mistake mistake = { .severity = rule->severity,
				   .service = use->list->service };
	char *parameter, *advice, *on;
	const char *value =
		check_policy_attribute(check, use, rule->attribute, &parameter);
	long idle = (long)(check->config->limits.idle_ms / 1000);

	on = check_on(check, use->list->service, parameter);
	advice = inside ? xasprintf("in check_policy_service { ... }: %s=%s",
				    rule->attribute, rule->good)
			: xasprintf("%s = %s", parameter, rule->good);
	mistake.parameter = parameter;
	mistake.value = inside ? NULL : rule->good;
	mistake.advice = advice;
	if (rule->is_bad == outlives)
		check_found(check, &mistake,
			    "%s%s = %s%s: %s (idle_timeout = %lds)",
			    inside ? rule->attribute : parameter,
			    inside ? "" : on, value, inside ? on : "",
			    rule->text, idle);
	else
		check_found(check, &mistake, "%s%s = %s%s: %s",
			    inside ? rule->attribute : parameter,
			    inside ? "" : on, value, inside ? on : "",
			    rule->text);
	free(advice);
	free(on);
	free(parameter);
}

/* time_limit - the time after which spawn(8) ends a process, in seconds; -1
 * unknown. parameter: its name, owned by the caller. */
static long time_limit(const struct check *check,
		       const struct postfix_service *service, char **parameter)
{
	*parameter = xasprintf("%s_time_limit", service->name);
	if (postfix_where(check->postfix, service, *parameter) ==
	    POSTFIX_DEFAULT)
		return postfix_seconds(
			postfix_get(check->postfix, NULL, "command_time_limit"),
			's');
	return postfix_seconds(postfix_get(check->postfix, service, *parameter),
			       's');
}

/* check_time_limit - may policyd run as long as Postfix uses it? */
static void check_time_limit(struct check *check,
			     const struct postfix_service *service)
{
	const char *longest = postfix_get(check->postfix, NULL,
					  "smtpd_policy_service_max_ttl");
	char *parameter;
	long limit = time_limit(check, service, &parameter);
	const struct mistake mistake = {
		.severity = SEVERITY_ERROR,
		.service = service,
		.parameter = parameter,
		.value = "3600",
		.advice = "3600 or more",
	};

	if (limit <= postfix_seconds(longest, 's'))
		check_found(check, &mistake,
			    "%s%s: spawn ends policyd after %lds, in the "
			    "middle of a connection that Postfix uses for "
			    "%s",
			    parameter,
			    postfix_where(check->postfix, service, parameter) ==
					    POSTFIX_DEFAULT
				    ? " is not set"
				    : "",
			    limit, longest);
	free(parameter);
}

/* check_process_limit - may there be as many processes as connections? */
static void check_process_limit(struct check *check,
				const struct postfix_service *service)
{
	struct finding *finding;
	char *line, *fix;

	if (strcmp(service->maxproc, "0") == 0)
		return;
	line = xasprintf("%s %s ... maxproc %s ... %s", service->name,
			 service->type, service->maxproc, service->command);
	fix = xasprintf("%s/%s/process_limit=0", service->name, service->type);
	finding = check_found_line(check, SEVERITY_ERROR, "master.cf", line,
				   "maxproc 0",
				   "%s has a process limit: each smtpd process "
				   "uses its own policyd, and those beyond the "
				   "limit wait and defer mail",
				   service->name);
	if (finding != NULL)
		check_fix_add(check, finding, "-F", fix);
	free(line);
	free(fix);
}

/* check_spawn - the services that run policyd -s */
static void check_spawn(struct check *check)
{
	const struct postfix *postfix = check->postfix;
	size_t i;

	for (i = 0; i < postfix->service_count; i++) {
		if (!check_is_spawned(&postfix->services[i]))
			continue;
		check_time_limit(check, &postfix->services[i]);
		check_process_limit(check, &postfix->services[i]);
	}
}

/* check_client - the settings of smtpd(8) as our client, and of spawn(8) */
void check_client(struct check *check)
{
	size_t i, at;

	for (i = 0; i < check->uses.count; i++)
		for (at = 0; at < sizeof(rules) / sizeof(rules[0]); at++)
			if (rules[at].is_bad(check, &check->uses.list[i],
					     rules[at].attribute))
				attribute_found(check, &check->uses.list[i],
						&rules[at]);
	check_spawn(check);
}
