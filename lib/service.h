/* SPDX-License-Identifier: ISC */
#ifndef LIB_SERVICE_H
#define LIB_SERVICE_H

#include <stddef.h>

#include "lib/evaluate.h"
#include "lib/reply.h"
#include "lib/request.h"
#include "lib/tls.h"

#define SERVICE_NAME_MAX 64 /* bytes of a name */

/* What one kind of request is judged by. The top-level settings are a service
 * too: the one named "default", which matches everything. Immutable. */
struct service {
	char *name;
	int line;		      /* in policyd.conf */
	unsigned short *server_ports; /* none: any port */
	size_t server_port_count;
	char **policy_contexts; /* none: any context */
	size_t policy_context_count;
	struct restriction_list restrictions;
	struct reply_options reply;
	struct tls_policy *tls;
};

/* The services in their order, and the top-level settings last. */
struct service_list {
	struct service *services;
	size_t count; /* at least 1: "default" is the last */
};

/* service_find - the first service that the request belongs to. Never NULL. */
const struct service *service_find(const struct service_list *list,
				   const struct request *request);

/* service_named - the service of that name, "default" too; or NULL. */
const struct service *service_named(const struct service_list *list,
				    const char *name);

/* service_overlap - do two services match a common request? */
int service_overlap(const struct service *one, const struct service *other);

/* service_list_clear - free what the list holds. */
void service_list_clear(struct service_list *list);

#endif
