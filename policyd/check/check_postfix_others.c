/* SPDX-License-Identifier: ISC */
/* check_postfix_others - other policy servers: is anybody there?
 *
 * Where nobody listens, Postfix defers every message, or does what
 * default_action says; a name of ours with a typing mistake looks like another
 * server. */

#include "policyd/check/check_postfix_internal.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/similar.h"
#include "lib/base/xalloc.h"

/* is_made_by_master - is it the socket of a service of master.cf? That exists
 * only while Postfix runs. */
static bool is_made_by_master(const struct check *check, const struct use *use)
{
	const struct postfix *postfix = check->postfix;
	const char *queue = postfix_get(postfix, NULL, "queue_directory");
	bool found = false;
	size_t i;

	for (i = 0; i < postfix->service_count && !found; i++) {
		const struct postfix_service *service = &postfix->services[i];
		char *place = xasprintf("unix:%s/%s/%s", queue,
					service->private ? "private" : "public",
					service->name);

		found = strcmp(service->type, "inet") == 0
				? strcmp(use->address +
						 strcspn(use->address, ":") + 1,
					 service->name) == 0
				: strcmp(place, use->address) == 0;
		free(place);
	}
	return found;
}

/* ending - the name of a socket, or a port */
static const char *ending(const char *server)
{
	const char *end = server + strlen(server);

	while (end > server && strchr("/:", end[-1]) == NULL)
		end--;
	return end;
}

/* did_you_mean - "; did you mean SERVER?", one of our listeners, or ""; the
 * caller frees it */
static char *did_you_mean(const struct check *check, const struct use *use)
{
	const struct config *config = check->config;
	char *advice = xstrdup(""), *name;
	struct similar similar;
	size_t i;

	similar_init(&similar, ending(use->server));
	for (i = 0; i < config->listener_count; i++) {
		const char *address = config->listeners[i].address;

		if (strncmp(address, use->server, 5) != 0)
			continue;
		similar_try(&similar, ending(address));
		if (similar.best != ending(address))
			continue;
		name = check_server(check->postfix, &config->listeners[i]);
		free(advice);
		advice = xasprintf("; did you mean %s?", name);
		free(name);
	}
	return advice;
}

/* check_one - report a server that cannot be asked */
static void check_one(struct check *check, const struct use *use)
{
	const struct attempt *attempt = &use->attempt;
	const char *why = strerror(attempt->number);
	char *advice, *text;

	if (attempt->stage == ATTEMPT_RESOLVE)
		why = gai_strerror(attempt->number);
	else if (attempt->stage != ATTEMPT_CONNECT || attempt->foreign)
		return;
	if (is_made_by_master(check, use))
		return;
	advice = did_you_mean(check, use);
	text = xasprintf("%s: nobody can be asked there: %s%s",
			 use->policy.server, why, advice);
	check_found_at(check, use, NULL,
		       "start that policy server, or take it out", text);
	free(advice);
	free(text);
}

/* check_others - is anybody there? */
void check_others(struct check *check)
{
	size_t i;

	for (i = 0; i < check->other_count; i++)
		check_one(check, &check->others[i]);
}
