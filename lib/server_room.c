/* SPDX-License-Identifier: ISC */
/* server_room - which connections keep their places when there are no more
 *
 * A connection that has not sent a request keeps its place only until somebody
 * else needs it, except for a moment at its start: its request may be on the
 * way together with many others. All such connections are with the server that
 * accepts (see lib/server_deal.c), in one queue, the oldest first. */

#include <poll.h>

#include "lib/server_internal.h"

#define ROOM_AFTER_MS 100
#define ROOM_TRIES    16

/* server_has_place - is there room for one more, even if a silent one has to
 * go? */
bool server_has_place(const struct server *server)
{
	return server_load(server) - server->silent <
	       server->limits.max_connections;
}

/* silent_one - the oldest connection that has sent no request, and whose first
 * bytes are not about to be read; NULL: none among the oldest. */
static struct connection *silent_one(const struct server *server)
{
	uint64_t now = server_now_ms();
	struct connection *connection;
	int left = ROOM_TRIES;

	TAILQ_FOREACH (connection, &server->queues[QUEUE_SILENT], link) {
		struct pollfd ready = { .fd = connection->input,
					.events = POLLIN };

		if (left-- == 0 || connection->since_ms + ROOM_AFTER_MS > now)
			break;
		if (connection->length > 0 || poll(&ready, 1, 0) == 0)
			return connection;
	}
	return NULL;
}

/* server_is_full - no place is free, and no connection makes room now */
bool server_is_full(const struct server *server)
{
	return server_load(server) >= server->limits.max_connections &&
	       silent_one(server) == NULL;
}

/* server_make_room - close connections without a request, the oldest first */
void server_make_room(struct server *server)
{
	struct connection *connection;

	while (server_load(server) >= server->limits.max_connections &&
	       (connection = silent_one(server)) != NULL)
		connection_evict(connection);
}
