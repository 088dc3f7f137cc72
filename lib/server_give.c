/* SPDX-License-Identifier: ISC */
/* server_give - pass all connections on to another server, then end
 *
 * This server goes on with each connection until it has passed it, so a request
 * is answered by the one or by the other and never by both. Both run on the
 * same machine and clock: times are passed as they are. */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/server_internal.h"
#include "lib/xalloc.h"

#define GIVING_RETRY_MS 10

struct giving {
	struct server *server;
	struct event event; /* the channel takes packets */
	struct event retry;
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
	close(giving->channel);
	free(giving);
}

/* send_connection - pass one: 0, or -1 and errno */
static int send_connection(struct giving *giving, struct connection *connection)
{
	struct handover_packet packet = handover_packet(
		connection, connection->bytes, connection->length);

	if (giving->local
		    ? handover_pass(giving->channel, &packet, connection) < 0
		    : handover_send(giving->channel, &packet,
				    connection->input) < 0)
		return -1;
	connection_forget(connection);
	return 0;
}

/* next_to_pass - the first one that stands between two requests, or NULL */
static struct connection *next_to_pass(struct server *server)
{
	struct connection *connection;
	int queue;

	for (queue = QUEUE_SILENT; queue < QUEUE_WAITING; queue++) {
		connection = TAILQ_FIRST(&server->queues[queue]);
		if (connection != NULL)
			return connection;
	}
	return NULL;
}

/* send_farewell - the last packet: 0, or -1 and errno */
static int send_farewell(struct giving *giving)
{
	char *buffer = xmalloc(SERVER_FAREWELL_MAX);
	size_t length =
		giving->farewell(giving->context, buffer, SERVER_FAREWELL_MAX);
	int result = handover_farewell(giving->channel, buffer, length);

	free(buffer);
	return result;
}

/* giving_failed - wait and try again, or give up: then we drain, and clients
 * come back to the other server */
static void giving_failed(struct giving *giving, int reason)
{
	struct timeval delay = { .tv_usec = GIVING_RETRY_MS * 1000L };
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

/* on_giving - the channel takes packets */
static void on_giving(evutil_socket_t fd, short what, void *argument)
{
	struct giving *giving = argument;
	struct server *server = giving->server;
	struct connection *connection;

	(void)fd;
	(void)what;
	while ((connection = next_to_pass(server)) != NULL) {
		if (send_connection(giving, connection) < 0) {
			giving_failed(giving, errno);
			return;
		}
	}
	if (server->counters.open > 0) {
		/* Those that wait for an answer come later. */
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

/* giving_continue - something can be passed; when the channel takes it */
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

/* server_hand_over - pass everything on, then end */
void server_hand_over(struct server *server, int channel,
		      server_farewell *farewell, void *context)
{
	struct giving *giving;

	if (server->giving != NULL || server->draining) {
		close(channel);
		return;
	}
	server_stop_accepting(server);
	giving = xcalloc(1, sizeof(*giving));
	giving->server = server;
	giving->channel = channel;
	giving->farewell = farewell;
	giving->context = context;
	event_assign(&giving->event, server->base, channel,
		     EV_WRITE | EV_PERSIST, on_giving, giving);
	evtimer_assign(&giving->retry, server->base, on_retry, giving);
	server->giving = giving;
	giving_continue(server);
}

/* server_hand_over_local - to another thread */
void server_hand_over_local(struct server *server, int channel)
{
	server_hand_over(server, channel, NULL, NULL);
	if (server->giving != NULL)
		server->giving->local = true;
}
