/* SPDX-License-Identifier: ISC */
/* config_match - find services that take requests from one another
 *
 * A request belongs to the first service that matches it, so a service may
 * leave nothing to those after it. */

#include "lib/config/config_internal.h"

#include <stdio.h>
#include <string.h>

/* matches_all - does the service take every request? */
static bool matches_all(const struct service *service)
{
	return service->server_port_count == 0 &&
	       service->policy_context_count == 0;
}

/* common_port - a port that both services match; 0: both match every port */
static unsigned common_port(const struct service *one,
			    const struct service *other)
{
	size_t i;
	size_t k;

	if (one->server_port_count == 0 && other->server_port_count > 0)
		return other->server_ports[0];
	if (one->server_port_count > 0 && other->server_port_count == 0)
		return one->server_ports[0];
	for (i = 0; i < one->server_port_count; i++)
		for (k = 0; k < other->server_port_count; k++)
			if (one->server_ports[i] == other->server_ports[k])
				return one->server_ports[i];
	return 0;
}

/* common_context - a context that both services match; NULL: both match every
 * one */
static const char *common_context(const struct service *one,
				  const struct service *other)
{
	size_t i;
	size_t k;

	if (one->policy_context_count == 0 && other->policy_context_count > 0)
		return other->policy_contexts[0];
	if (one->policy_context_count > 0 && other->policy_context_count == 0)
		return one->policy_contexts[0];
	for (i = 0; i < one->policy_context_count; i++)
		for (k = 0; k < other->policy_context_count; k++)
			if (strcmp(one->policy_contexts[i],
				   other->policy_contexts[k]) == 0)
				return one->policy_contexts[i];
	return NULL;
}

/* warn_overlap - warn if two services match the same request */
static void warn_overlap(const struct service *one, const struct service *other,
			 struct config_notes *notes)
{
	const char *context = common_context(one, other);
	unsigned port = common_port(one, other);
	char shown[CONFIG_SHOWN];
	char text[CONFIG_SHOWN + 64];
	size_t length = 0;

	text[0] = '\0';
	if (port != 0)
		length = (size_t)snprintf(text, sizeof(text), "port %u", port);
	if (context != NULL)
		snprintf(text + length, sizeof(text) - length,
			 "%spolicy_context %s", length > 0 ? " with " : "",
			 config_show(shown, context));
	config_warning(notes, other->line,
		       "services %s and %s both match %s; "
		       "the first one wins",
		       one->name, other->name, text);
}

/* takes - does a service match every request with this port and context? 0 and
 * NULL: a port or context that no service names */
static bool takes(const struct service *service, unsigned short port,
		  const char *context)
{
	size_t i;
	bool found = service->server_port_count == 0;

	for (i = 0; i < service->server_port_count; i++)
		found = found ||
			(port != 0 && service->server_ports[i] == port);
	if (!found || service->policy_context_count == 0)
		return found;
	for (i = 0; i < service->policy_context_count; i++)
		if (context != NULL &&
		    strcmp(service->policy_contexts[i], context) == 0)
			return true;
	return false;
}

/* is_taken - does a service before index match it? */
static bool is_taken(const struct service_list *list, size_t index,
		     unsigned short port, const char *context)
{
	size_t i;

	for (i = 0; i < index; i++)
		if (takes(&list->services[i], port, context))
			return true;
	return false;
}

/* is_matched - is there a request that reaches the service with that index? */
static bool is_matched(const struct service_list *list, size_t index)
{
	const struct service *service = &list->services[index];
	size_t ports = service->server_port_count;
	size_t contexts = service->policy_context_count;
	size_t i;
	size_t k;

	for (i = 0; i < (ports > 0 ? ports : 1); i++)
		for (k = 0; k < (contexts > 0 ? contexts : 1); k++)
			if (!is_taken(list, index,
				      ports > 0 ? service->server_ports[i] : 0,
				      contexts > 0 ? service->policy_contexts[k]
						   : NULL))
				return true;
	return false;
}

/* warn_all - warn of a service that matches every request */
static void warn_all(const struct service_list *list, size_t index,
		     struct config_notes *notes)
{
	if (matches_all(&list->services[index]) && index + 2 < list->count)
		config_warning(notes, list->services[index].line,
			       "service %s has neither server_port nor "
			       "policy_context: it matches every request, and "
			       "the services after it are never used",
			       list->services[index].name);
}

/* warn_before - warn of earlier services that match some or all of its
 * requests; for those that match every request there is a warning already */
static void warn_before(const struct service_list *list, size_t index,
			struct config_notes *notes)
{
	const struct service *service = &list->services[index];
	bool matched = is_matched(list, index);
	size_t i;

	for (i = 0; i < index; i++)
		if (matches_all(&list->services[i]))
			return;
	if (!matched)
		config_warning(notes, service->line,
			       "service %s can never match: services before it "
			       "take all its requests",
			       service->name);
	for (i = 0; i < index && matched && !matches_all(service); i++)
		if (service_overlap(&list->services[i], service))
			warn_overlap(&list->services[i], service, notes);
}

/* config_match - check all services of the file; the last one is the top
 * level */
void config_match(const struct service_list *list, struct config_notes *notes)
{
	size_t i;

	for (i = 0; i + 1 < list->count; i++) {
		warn_all(list, i, notes);
		warn_before(list, i, notes);
	}
}
