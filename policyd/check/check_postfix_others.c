/* SPDX-License-Identifier: ISC */
/* check_postfix_others - other policy servers: is anybody there?
 *
 * Where nobody listens, Postfix defers every message, or does what
 * default_action says; a name of ours with a typing mistake looks like another
 * server. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/similar.h"
#include "lib/base/xalloc.h"
#include "lib/net/listener.h"

/* likely - one of our listeners whose name is like that of the server, as
 * smtpd(8) would write it; the caller frees it. NULL: there is none */
static char *likely(const struct check *check, const struct use *use)
{
	const struct config *config = check->config;
	const struct listener_options *best = NULL;
	struct similar similar;
	size_t i;

	similar_init(&similar, listener_ending(use->server));
	for (i = 0; i < config->listener_count; i++) {
		const char *address = config->listeners[i].address;

		if (strncmp(address, use->server, 5) != 0)
			continue;
		similar_try(&similar, listener_ending(address));
		if (similar.best == listener_ending(address))
			best = &config->listeners[i];
	}
	return best != NULL ? check_server(check->postfix, best) : NULL;
}

/* where - what to say of our own socket; the caller frees it */
static char *where(const struct check *check, const char *server)
{
	const struct config *config = check->config;
	char *ours, *text;

	if (server != NULL)
		return xasprintf("; did you mean %s?", server);
	if (check->uses.count > 0 || config->listener_count == 0)
		return xstrdup("");
	ours = check_server(check->postfix, &config->listeners[0]);
	text = xasprintf("; policyd listens at %s", ours);
	free(ours);
	return text;
}

/* why_not - why it cannot be asked; NULL: it can, or that is not known */
static const char *why_not(const struct check *check, const struct use *use)
{
	/* A socket of master(8) exists only while Postfix runs. */
	return check_is_at_service(check, use->address, NULL)
		       ? NULL
		       : check_unreached(use);
}

/* check_one - report a server that cannot be asked */
static void check_one(struct check *check, const struct use *use)
{
	const char *why = why_not(check, use);
	char *server, *hint;

	if (why == NULL)
		return;
	server = likely(check, use);
	hint = where(check, server);
	check_found_at(check, use, server,
		       "start that policy server, or take it out",
		       "%s: nobody can be asked there: %s%s",
		       use->policy.server, why, hint);
	free(hint);
	free(server);
}

/* check_means_us - is one of them ours, with a typing mistake? */
bool check_means_us(const struct check *check)
{
	bool found = false;
	size_t i;

	for (i = 0; i < check->others.count && !found; i++) {
		char *server = why_not(check, &check->others.list[i]) != NULL
				       ? likely(check, &check->others.list[i])
				       : NULL;

		found = server != NULL;
		free(server);
	}
	return found;
}

/* check_others - is anybody there? */
void check_others(struct check *check)
{
	size_t i;

	for (i = 0; i < check->others.count; i++)
		check_one(check, &check->others.list[i]);
}
