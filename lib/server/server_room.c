/* SPDX-License-Identifier: ISC */
/* server_room - which connections keep their places when there are no more
 *
 * A connection that has not sent a request keeps its place only until another
 * client needs it, except for a moment at its start: its request may be on the
 * way together with many others. All such connections are with the server that
 * accepts (see lib/server/server_deal.c), in one queue, the oldest first.
 *
 * When there are none of them, and there is more than one user, the user with
 * the most places makes room, with a connection that loses nothing: it waits
 * between two requests, or stopped in the middle of one. So no user can keep
 * out another one with a smaller share. It does not matter who connects next,
 * so no connection has to be accepted to find out, and the clients of one user
 * in the listen queue are no obstacle to the others behind them. If there is
 * only one user, all connections stay and the next ones wait: nobody else would
 * gain anything. The threads are asked in turn, by a packet like those that
 * deal connections; their answer only says that it is time to look again. */

#include <poll.h>

#include "lib/server/server_internal.h"

#include "lib/base/clock.h"

#define ROOM_AFTER_MS 100
#define ROOM_TRIES    16

/* is_quiet - are no bytes about to be read that we wait for? */
static bool is_quiet(const struct connection *connection)
{
	struct pollfd ready = { .fd = connection->input, .events = POLLIN };

	return connection->length > 0 || connection->unsent_length > 0 ||
	       poll(&ready, 1, 0) == 0;
}

/* oldest - of a queue, of one user (NULL: of any), whose place others may have;
 * NULL: there is none */
static struct connection *oldest(const struct server *server, enum queue queue,
				 const uint64_t *user)
{
	uint64_t now = clock_ms();
	struct connection *connection;
	int left = ROOM_TRIES;

	TAILQ_FOREACH (connection, &server->queues[queue], link) {
		if (connection->since_ms + ROOM_AFTER_MS > now)
			break;
		if (connection->active_ms + ROOM_AFTER_MS > now ||
		    (user != NULL && connection->user != *user))
			continue;
		if (is_quiet(connection))
			return connection;
		if (--left == 0)
			break;
	}
	return NULL;
}

/* server_make_room - one connection of this user goes */
bool server_make_room(struct server *server, uint64_t user)
{
	struct connection *connection;
	int queue;

	for (queue = QUEUE_IDLE; queue < QUEUE_WAITING; queue++) {
		connection = oldest(server, (enum queue)queue, &user);
		if (connection != NULL) {
			connection_evict(connection);
			return true;
		}
	}
	return false;
}

/* ask_around - if there are several users, have the one who has most places
 * make room, in the thread whose turn it is; true: there is room now. At most
 * once in each, until server_has_room() sees some or a while has passed. */
static bool ask_around(struct server *server)
{
	uint64_t user;

	if (!places_most(server->places, &user))
		return false;
	while (!server->awaits && server->asked <= server->deal_count) {
		size_t turn = server->turn++ % (server->deal_count + 1);

		server->asked++;
		if (turn == server->deal_count) {
			if (server_make_room(server, user))
				return true;
		} else if (server_deal_ask(server, turn, user)) {
			server->awaits = true;
			return false;
		}
	}
	return false;
}

/* server_has_room - for one more; then the others may be asked again */
bool server_has_room(struct server *server)
{
	if (server_load(server) >= server->limits.max_connections)
		return false;
	server->asked = 0;
	return true;
}

/* server_find_room - for one more: those that have not asked go first */
bool server_find_room(struct server *server)
{
	while (!server_has_room(server)) {
		struct connection *silent = oldest(server, QUEUE_SILENT, NULL);

		if (silent != NULL)
			connection_evict(silent);
		else if (!ask_around(server))
			return false;
	}
	return true;
}
