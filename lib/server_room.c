/* SPDX-License-Identifier: ISC */
/* server_room - who has a place when there are no more
 *
 * A connection that has not asked anything yet has a place only as long as
 * nobody else wants it, but for a moment at its start: it may be asking at the
 * same time as many others. All of these are with the server that accepts, see
 * lib/server_deal.c, and stand in one queue, the oldest first. */

#include <poll.h>

#include "lib/server_internal.h"

#define ROOM_AFTER_MS 100
#define ROOM_TRIES    16

/* server_has_place - for one more, if perhaps one that is silent makes room? */
bool server_has_place(const struct server *server)
{
	return server_load(server) - server->silent <
	       server->limits.max_connections;
}

/* silent_one - the oldest that has not asked, and whose first bytes are not
 * about to be read; NULL: there is none among the oldest. */
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

/* server_is_full - no place is free, and nobody makes room now */
bool server_is_full(const struct server *server)
{
	return server_load(server) >= server->limits.max_connections &&
	       silent_one(server) == NULL;
}

/* server_make_room - those that have not asked go, the oldest first */
void server_make_room(struct server *server)
{
	struct connection *connection;

	while (server_load(server) >= server->limits.max_connections &&
	       (connection = silent_one(server)) != NULL)
		connection_evict(connection);
}
