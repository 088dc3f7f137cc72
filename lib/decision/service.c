/* SPDX-License-Identifier: ISC */
/* service - find the rules that apply to a request
 *
 * A service is selected by the port that the client connected to and by the
 * context that main.cf gives with check_policy_service { ...,
 * policy_context=... }. */

#include "lib/decision/service.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/number.h"

/* has_port - is this port one of the service's? */
static bool has_port(const struct service *service, unsigned short port)
{
	size_t i;

	for (i = 0; i < service->server_port_count; i++)
		if (service->server_ports[i] == port)
			return true;
	return service->server_port_count == 0;
}

/* has_context - is this context one of the service's? */
static bool has_context(const struct service *service, const char *context)
{
	size_t i;

	for (i = 0; i < service->policy_context_count; i++)
		if (strcmp(service->policy_contexts[i], context) == 0)
			return true;
	return service->policy_context_count == 0;
}

/* service_find - the first service that the request belongs to */
const struct service *service_find(const struct service_list *list,
				   const struct request *request)
{
	uint64_t port = 0;
	size_t i;

	/* Without a valid number it remains 0, which no service can have. */
	number_parse(request->server_port, 65535, &port);
	for (i = 0; i + 1 < list->count; i++)
		if (has_port(&list->services[i], (unsigned short)port) &&
		    has_context(&list->services[i], request->policy_context))
			break;
	return &list->services[i];
}

/* service_named - the service with that name */
const struct service *service_named(const struct service_list *list,
				    const char *name)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->services[i].name, name) == 0)
			return &list->services[i];
	return NULL;
}

/* service_list_has - does any of them have that restriction? */
bool service_list_has(const struct service_list *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (restriction_list_has(&list->services[i].restrictions, name))
			return true;
	return false;
}

/* service_overlap - can one request match both services? */
int service_overlap(const struct service *one, const struct service *other)
{
	bool ports =
		one->server_port_count == 0 || other->server_port_count == 0;
	bool contexts = one->policy_context_count == 0 ||
			other->policy_context_count == 0;
	size_t i;

	for (i = 0; i < one->server_port_count && !ports; i++)
		ports = has_port(other, one->server_ports[i]);
	for (i = 0; i < one->policy_context_count && !contexts; i++)
		contexts = has_context(other, one->policy_contexts[i]);
	return ports && contexts;
}

/* service_clear - free what a service holds */
static void service_clear(struct service *service)
{
	size_t i;

	free(service->name);
	free(service->server_ports);
	for (i = 0; i < service->policy_context_count; i++)
		free(service->policy_contexts[i]);
	free(service->policy_contexts);
	restriction_list_clear(&service->restrictions);
	free(service->reply.reject_reply);
	free(service->reply.plaintext_reply);
	session_minimum_free(service->tls);
}

/* service_list_clear - free what the list holds */
void service_list_clear(struct service_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		service_clear(&list->services[i]);
	free(list->services);
	memset(list, 0, sizeof(*list));
}
