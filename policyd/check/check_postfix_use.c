/* SPDX-License-Identifier: ISC */
/* check_postfix_use - does a check_policy_service ask policyd?
 *
 * main.cf names the socket of a policy server as smtpd(8) sees it, maybe from
 * inside a chroot; policyd.conf names the same one as we see it. */

#include "policyd/check/check_postfix_internal.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

/* check_server_of - the address of a server in the form that we use: "local:"
 * is another word for "unix:", and a port alone is one of this host */
char *check_server_of(const char *server)
{
	if (strncmp(server, "local:", 6) == 0)
		return xasprintf("unix:%s", server + 6);
	if (strncmp(server, "inet:", 5) == 0 && strchr(server + 5, ':') == NULL)
		return xasprintf("inet:localhost:%s", server + 5);
	return xstrdup(server);
}

/* last_component - the last component of a path */
static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* find_listener - the listener with this address, or NULL */
static const struct listener_options *find_listener(const struct config *config,
						    const char *address)
{
	size_t i;

	for (i = 0; i < config->listener_count; i++)
		if (strcmp(config->listeners[i].address, address) == 0)
			return &config->listeners[i];
	return NULL;
}

/* find_ending - the listener of this kind whose address has the same end: the
 * name of a socket, or a port */
static const struct listener_options *
find_ending(const struct config *config, const char *kind, const char *ending)
{
	size_t length = strlen(ending);
	size_t i;

	for (i = 0; i < config->listener_count && length > 0; i++) {
		const char *address = config->listeners[i].address;
		size_t all = strlen(address);

		if (strncmp(address, kind, strlen(kind)) == 0 && all > length &&
		    strchr("/:", address[all - length - 1]) &&
		    strcmp(address + all - length, ending) == 0)
			return &config->listeners[i];
	}
	return NULL;
}

/* check_is_at_service - does a service of master.cf listen there? */
bool check_is_at_service(const struct check *check, const char *address,
			 bool (*is_wanted)(const struct postfix_service *))
{
	const struct postfix *postfix = check->postfix;
	const char *queue = postfix_get(postfix, NULL, "queue_directory");
	bool found = false;
	size_t i;

	for (i = 0; i < postfix->service_count && !found; i++) {
		const struct postfix_service *service = &postfix->services[i];
		char *place;

		if (is_wanted != NULL && !is_wanted(service))
			continue;
		if (strcmp(service->type, "inet") == 0)
			place = xasprintf("inet:%s", service->name);
		else
			place = xasprintf("unix:%s/%s/%s", queue,
					  service->private ? "private"
							   : "public",
					  service->name);
		found = strcmp(place, address) == 0;
		free(place);
	}
	return found;
}

/* canonical - an address in the notation of listen; frees text */
static char *canonical(char *text)
{
	struct listener_options options;

	if (listener_parse(&options, text, NULL) != 0)
		return text;
	free(text);
	return xstrdup(options.address);
}

/* unix_address - the address of the socket outside the chroot */
static char *unix_address(const struct check *check, const struct use *use)
{
	const char *path = use->server + strlen("unix:");
	const char *queue =
		postfix_get(check->postfix, NULL, "queue_directory");

	if (use->list->service->chroot || *path != '/')
		return canonical(xasprintf("unix:%s/%s", queue, path));
	return canonical(xasprintf("unix:%s", path));
}

/* check_use_identify - is the policy server of this use policyd? */
bool check_use_identify(const struct check *check, struct use *use)
{
	const struct config *config = check->config;
	const char *server = use->server = check_server_of(use->policy.server);

	use->kind = USE_LISTENER;
	if (strncmp(server, "unix:", 5) == 0) {
		use->address = unix_address(check, use);
		use->listener = find_listener(config, use->address);
	} else if (strncmp(server, "inet:", 5) == 0) {
		use->address = canonical(xstrdup(server));
		use->listener = find_listener(config, use->address);
		if (use->listener == NULL)
			use->listener = find_ending(
				config, "inet:", strrchr(server, ':') + 1);
	} else {
		use->address = xstrdup(server);
	}
	if (use->listener != NULL)
		return true;
	use->kind = USE_SPAWNED;
	if (check_is_at_service(check, use->address, check_is_spawned))
		return true;
	use->kind = USE_MISPLACED;
	use->listener = find_ending(config, "unix:", last_component(server));
	return use->listener != NULL;
}

/* check_use_add - at the end */
void check_use_add(struct uses *uses, const struct use *use)
{
	uses->list =
		xreallocarray(uses->list, uses->count + 1, sizeof(*uses->list));
	uses->list[uses->count++] = *use;
}

/* use_clear - free what the struct holds */
static void use_clear(struct use *use)
{
	postfix_policy_clear(&use->policy);
	free(use->server);
	free(use->address);
}

/* check_uses_clear - free them */
void check_uses_clear(struct uses *uses)
{
	size_t i;

	for (i = 0; i < uses->count; i++)
		use_clear(&uses->list[i]);
	free(uses->list);
}

/* check_unreached - why the attempt failed */
const char *check_unreached(const struct use *use)
{
	const struct attempt *attempt = &use->attempt;

	if (attempt->stage == ATTEMPT_RESOLVE)
		return gai_strerror(attempt->number);
	return attempt->stage == ATTEMPT_CONNECT && !attempt->foreign
		       ? strerror(attempt->number)
		       : NULL;
}

/* check_in_chroot - where an absolute path is another one */
const char *check_in_chroot(const struct use *use)
{
	return use->list->service->chroot &&
			       strncmp(use->server, "unix:/", 6) == 0
		       ? " in its chroot"
		       : "";
}

/* reaches - would this restriction ask policyd? certain: there is no doubt */
static bool reaches(const struct check *check,
		    const struct postfix_service *service, const char *argument,
		    bool certain)
{
	const struct list list = { .service = service };
	struct use use = { .list = &list };
	bool found;

	postfix_policy_parse(&use.policy, argument);
	found = check_use_identify(check, &use) &&
		(!certain || use.kind == USE_SPAWNED ||
		 (use.kind == USE_LISTENER &&
		  strcmp(use.listener->address, use.address) == 0));
	use_clear(&use);
	return found;
}

/* check_is_us - would it ask policyd? */
bool check_is_us(const struct check *check,
		 const struct postfix_service *service, const char *argument)
{
	return reaches(check, service, argument, false);
}

/* check_reaches_us - is that certain? */
bool check_reaches_us(const struct check *check,
		      const struct postfix_service *service,
		      const char *argument)
{
	return reaches(check, service, argument, true);
}

/* check_server - our listener in the notation of smtpd(8) */
char *check_server(const struct postfix *postfix,
		   const struct listener_options *listener)
{
	const char *queue = postfix_get(postfix, NULL, "queue_directory");
	size_t length = strlen(queue);
	const char *path = listener->address + strlen("unix:");

	if (strncmp(listener->address, "unix:", 5) == 0 &&
	    strncmp(path, queue, length) == 0 && path[length] == '/')
		return xasprintf("unix:%s", path + length + 1);
	return xstrdup(listener->address);
}
