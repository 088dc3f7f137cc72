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

/* attribute_found - report a bad value of an attribute of the policy client,
 * set either as a parameter or inside a list */
static void attribute_found(struct check *check, const struct use *use,
			    const char *attribute, const char *good,
			    enum severity severity, const char *text)
{
	bool inside =
		postfix_values_get(&use->policy.attributes, attribute) != NULL;
	struct mistake mistake = { .severity = severity,
				   .service = use->list->service };
	char *parameter, *advice, *on;
	const char *value =
		check_policy_attribute(check, use, attribute, &parameter);

	on = check_on(check, use->list->service, parameter);
	advice = inside ? xasprintf("in check_policy_service { ... }: %s=%s",
				    attribute, good)
			: xasprintf("%s = %s", parameter, good);
	mistake.parameter = parameter;
	mistake.value = inside ? NULL : good;
	mistake.advice = advice;
	check_found(check, &mistake, "%s%s = %s%s: %s",
		    inside ? attribute : parameter, inside ? "" : on, value,
		    inside ? on : "", text);
	free(advice);
	free(on);
	free(parameter);
}

/* seconds - the value of an attribute that is a time */
static long seconds(const struct check *check, const struct use *use,
		    const char *attribute)
{
	char *parameter;
	const char *value =
		check_policy_attribute(check, use, attribute, &parameter);

	free(parameter);
	return postfix_seconds(value, 's');
}

/* number - the value of an attribute that is a number; -1: it is not one */
static long number(const struct check *check, const struct use *use,
		   const char *attribute)
{
	char *parameter, *end;
	const char *value =
		check_policy_attribute(check, use, attribute, &parameter);
	long found = strtol(value, &end, 10);

	free(parameter);
	return end != value && *end == '\0' ? found : -1;
}

/* check_idle - does Postfix close idle connections first? */
static void check_idle(struct check *check, const struct use *use)
{
	static const struct {
		const char *attribute;
		const char *good;
	} times[] = { { "max_idle", "300s" }, { "max_ttl", "1000s" } };
	long ours = (long)(check->config->limits.idle_ms / 1000);
	size_t i;

	if (use->kind == USE_SPAWNED)
		return;
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char *text;

		if (seconds(check, use, times[i].attribute) < ours)
			continue;
		text = xasprintf("policyd closes an idle connection first, "
				 "after idle_timeout = %lds, and the next "
				 "client then waits an extra second",
				 ours);
		attribute_found(check, use, times[i].attribute, times[i].good,
				SEVERITY_WARNING, text);
		free(text);
	}
}

/* check_timeout - is there enough time for a reply? */
static void check_timeout(struct check *check, const struct use *use)
{
	long timeout = seconds(check, use, "timeout");

	if (timeout >= 0 && timeout < TIMEOUT_LEAST)
		attribute_found(check, use, "timeout", "100s", SEVERITY_WARNING,
				"too short for a busy machine; a late answer "
				"defers mail");
}

/* check_requests - does a connection last for more than a few requests? */
static void check_requests(struct check *check, const struct use *use)
{
	long limit = number(check, use, "request_limit");

	if (limit > 0 && limit < REQUESTS_FEW)
		attribute_found(check, use, "request_limit", "0",
				SEVERITY_WARNING,
				"Postfix reconnects after only a few requests");
}

/* check_retry - is there a second attempt, shortly after the first? */
static void check_retry(struct check *check, const struct use *use)
{
	long delay = seconds(check, use, "retry_delay");

	if (number(check, use, "try_limit") == 1)
		attribute_found(check, use, "try_limit", "2", SEVERITY_WARNING,
				"without a second attempt a restart of "
				"policyd defers mail");
	if (delay == 0 || delay > RETRY_LONGEST)
		attribute_found(check, use, "retry_delay", "1s",
				SEVERITY_WARNING,
				delay == 0 ? "the second attempt follows at "
					     "once, too soon for a restart of "
					     "policyd"
					   : "a client waits that long when "
					     "policyd is restarted");
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

/* check_default_action - what happens without a reply? */
static void check_default_action(struct check *check, const struct use *use)
{
	char *parameter;
	const char *action = check_policy_attribute(
		check, use, "default_action", &parameter);

	free(parameter);
	/* Postfix 2 has no such parameter, and defers. */
	if (*action != '\0' && !is_refusing(action))
		attribute_found(check, use, "default_action",
				"451 4.3.5 Server configuration problem",
				SEVERITY_ERROR,
				"mail passes unchecked whenever policyd does "
				"not answer");
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
	char *file, *line, *fix, *text;

	if (strcmp(service->maxproc, "0") == 0)
		return;
	file = check_file(check, "master.cf");
	line = xasprintf("%s %s ... maxproc %s ... %s", service->name,
			 service->type, service->maxproc, service->command);
	fix = xasprintf("%s/%s/process_limit=0", service->name, service->type);
	text = xasprintf("%s has a process limit: each smtpd process uses its "
			 "own policyd, and those beyond the limit wait and "
			 "defer mail",
			 service->name);
	finding = check_found_line(check, SEVERITY_ERROR, file, line,
				   "maxproc 0", text);
	if (finding != NULL)
		check_fix_add(check, finding, "-F", fix);
	free(file);
	free(line);
	free(fix);
	free(text);
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
	static void (*const checks[])(struct check *, const struct use *) = {
		check_idle,  check_timeout,	   check_requests,
		check_retry, check_default_action,
	};
	size_t i, j;

	for (i = 0; i < check->use_count; i++)
		for (j = 0; j < sizeof(checks) / sizeof(checks[0]); j++)
			checks[j](check, &check->uses[i]);
	check_spawn(check);
}
