/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_SERVICE_H
#define LIB_DECISION_SERVICE_H

#include <stddef.h>

#include "lib/decision/evaluate.h"
#include "lib/decision/reply.h"
#include "lib/request/request.h"
#include "lib/session/session.h"

#define SERVICE_NAME_MAX 64 /* bytes of a name */

/* The rules for one kind of request. The top-level settings are a service, too:
 * the one named "default", which matches everything. Immutable. */
struct service {
	char *name;
	int line;		      /* in policyd.conf */
	unsigned short *server_ports; /* empty: any port */
	size_t server_port_count;
	char **policy_contexts; /* empty: any context */
	size_t policy_context_count;
	struct restriction_list restrictions;
	struct reply_options reply;
	struct session_minimum *tls;
};

/* The services in order; the top-level settings are last. */
struct service_list {
	struct service *services;
	size_t count; /* at least 1: "default" is the last */
};

/* service_find - the first service that the request belongs to. Never NULL. */
const struct service *service_find(const struct service_list *list,
				   const struct request *request);

/* service_named - the service with that name, including "default"; or NULL. */
const struct service *service_named(const struct service_list *list,
				    const char *name);

/* service_list_has - does any service have the restriction with that name? */
bool service_list_has(const struct service_list *list, const char *name);

/* service_overlap - can one request match both services? */
int service_overlap(const struct service *one, const struct service *other);

/* service_list_clear - free what the list holds. */
void service_list_clear(struct service_list *list);

#endif
