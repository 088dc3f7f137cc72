/* SPDX-License-Identifier: ISC */
/* server_give - pass all connections on to another server, then end
 *
 * This server continues each connection until it has passed it, so a request is
 * answered by one server or the other, never by both. Both run on the same
 * machine with the same clock: times are passed unchanged.
 *
 * A connection with a proxy in this process, such as for TLS, is useless to
 * another process. It is not passed: the proxy shuts it down, and it is closed
 * when everything received is answered. */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"
#include "lib/server/server_internal.h"

#define GIVING_RETRY_MS 10
#define GIVING_LATE_MS	1000 /* then connections that are not passed are cut */

struct giving {
	struct server *server;
	struct event event; /* the channel is writable */
	struct event retry;
	struct event late;
	int channel;
	bool local; /* the other end is a thread of this process */
	server_farewell *farewell;
	void *context;
};

/* giving_free - close the channel; NULL is allowed */
void giving_free(struct giving *giving)
{
	if (giving == NULL)
		return;
	event_del(&giving->event);
	event_del(&giving->retry);
	event_del(&giving->late);
	close(giving->channel);
	free(giving);
}

/* is_contended - were there several users? */
static bool is_contended(const struct server *server)
{
	uint64_t user;

	return places_most(server->places, &user);
}

/* send_connection - pass one: 0, or -1 and errno */
static int send_connection(struct giving *giving, struct connection *connection)
{
	struct handover_packet packet = handover_packet(
		connection, connection->bytes, connection->length);
	int result;

	if (giving->local) {
		result = handover_pass(giving->channel, &packet, connection);
	} else {
		packet.header.contended = is_contended(giving->server);
		result = handover_send(giving->channel, &packet,
				       connection->input);
	}
	if (result < 0)
		return -1;
	connection_forget(connection);
	return 0;
}

/* may_pass - can the other end use it? */
static bool may_pass(const struct giving *giving,
		     const struct connection *connection)
{
	return giving->local || connection->peer == NULL;
}

/* pass_queue - pass all connections of a queue: 0, or -1 and errno */
static int pass_queue(struct giving *giving, enum queue queue)
{
	struct connection *connection, *next;

	for (connection = TAILQ_FIRST(&giving->server->queues[queue]);
	     connection != NULL; connection = next) {
		next = TAILQ_NEXT(connection, link);
		if (may_pass(giving, connection) &&
		    send_connection(giving, connection) < 0)
			return -1;
	}
	return 0;
}

/* send_farewell - send the last packet: 0, or -1 and errno */
static int send_farewell(struct giving *giving)
{
	char *buffer = xmalloc(SERVER_FAREWELL_MAX);
	size_t length =
		giving->farewell(giving->context, buffer, SERVER_FAREWELL_MAX);
	int result = handover_farewell(
		giving->channel, is_contended(giving->server), buffer, length);

	free(buffer);
	return result;
}

/* giving_failed - wait and try again, or give up: then we drain, and clients
 * reconnect to the other server */
static void giving_failed(struct giving *giving, int reason)
{
	const struct timeval delay = clock_timeval(GIVING_RETRY_MS);
	struct server *server = giving->server;

	if (reason == EAGAIN)
		return;
	event_del(&giving->event);
	if ((reason == ETOOMANYREFS || reason == ENOBUFS || reason == ENOMEM) &&
	    event_add(&giving->retry, &delay) == 0)
		return;
	server->giving = NULL;
	giving_free(giving);
	server_drain(server);
}

/* on_giving - the channel is writable */
static void on_giving(evutil_socket_t fd, short what, void *argument)
{
	struct giving *giving = argument;
	struct server *server = giving->server;
	int queue;

	(void)fd;
	(void)what;
	for (queue = QUEUE_SILENT; queue < QUEUE_WAITING; queue++) {
		if (pass_queue(giving, (enum queue)queue) < 0) {
			giving_failed(giving, errno);
			return;
		}
	}
	if (server->counters.open > 0) {
		/* Those that wait for an answer come later; those that cannot
		 * be passed end by themselves. */
		event_del(&giving->event);
		return;
	}
	if (!giving->local && send_farewell(giving) < 0) {
		giving_failed(giving, errno);
		return;
	}
	server->giving = NULL;
	giving_free(giving);
	server_quit(server);
}

/* giving_continue - something can be passed, when the channel is writable */
void giving_continue(struct server *server)
{
	struct giving *giving = server->giving;

	if (event_pending(&giving->retry, EV_TIMEOUT, NULL) == 0 &&
	    event_add(&giving->event, NULL) < 0)
		server_quit(server);
}

/* on_retry - try again */
static void on_retry(evutil_socket_t fd, short what, void *argument)
{
	struct giving *giving = argument;

	(void)fd;
	(void)what;
	giving_continue(giving->server);
}

/* on_late - cut the connections that are not passed and have not ended */
static void on_late(evutil_socket_t fd, short what, void *argument)
{
	struct giving *giving = argument;
	struct connection *connection, *next;
	int queue;

	(void)fd;
	(void)what;
	for (queue = QUEUE_SILENT; queue < QUEUE_COUNT; queue++) {
		connection = TAILQ_FIRST(&giving->server->queues[queue]);
		for (; connection != NULL; connection = next) {
			next = TAILQ_NEXT(connection, link);
			if (!may_pass(giving, connection))
				connection_close(connection);
		}
	}
}

/* hand_over - pass everything to another process or thread */
static void hand_over(struct server *server, int channel, bool local,
		      server_farewell *farewell, void *context)
{
	const struct timeval most = clock_timeval(GIVING_LATE_MS);
	struct giving *giving;

	if (server->giving != NULL || server->draining) {
		close(channel);
		return;
	}
	server_stop_accepting(server);
	giving = xcalloc(1, sizeof(*giving));
	giving->server = server;
	giving->channel = channel;
	giving->local = local;
	giving->farewell = farewell;
	giving->context = context;
	event_assign(&giving->event, server->base, channel,
		     EV_WRITE | EV_PERSIST, on_giving, giving);
	evtimer_assign(&giving->retry, server->base, on_retry, giving);
	evtimer_assign(&giving->late, server->base, on_late, giving);
	server->giving = giving;
	if (event_add(&giving->late, &most) < 0)
		server_quit(server);
	giving_continue(server);
}

/* server_hand_over - pass everything on, then end */
void server_hand_over(struct server *server, int channel,
		      server_farewell *farewell, void *context)
{
	hand_over(server, channel, false, farewell, context);
}

/* server_hand_over_local - to another thread */
void server_hand_over_local(struct server *server, int channel)
{
	hand_over(server, channel, true, NULL, NULL);
}
