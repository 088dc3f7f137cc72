/* SPDX-License-Identifier: ISC */
/* server_take - continue the connections of another server
 *
 * That server has had contact with clients and may be compromised: a descriptor
 * from it must be an accepted connection, and the transfer must end. Whatever
 * flags the descriptor has, or gets later from others who share it, nothing
 * here waits for it (MSG_DONTWAIT). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"
#include "lib/server/server_internal.h"

#define TAKING_BATCH 64

struct taking {
	struct server *server;
	struct event event; /* the channel is readable */
	struct event limit; /* the time limit */
	int channel;
	bool local; /* the other end is a thread of this process */
	server_taken *done;
	void *context;
	unsigned long count;
};

/* taking_free - close the channel; NULL is allowed */
void taking_free(struct taking *taking)
{
	if (taking == NULL)
		return;
	event_del(&taking->event);
	event_del(&taking->limit);
	close(taking->channel);
	free(taking);
}

/* adopt - continue a connection where the other server stopped */
static void adopt(struct server *server, const struct handover_header *header,
		  const char *bytes, int fd)
{
	struct connection *connection = connection_new(server, fd, fd);
	uint64_t now = clock_ms();
	uint64_t since = header->since_ms < now ? header->since_ms : now;
	uint32_t length = header->request_length;

	SERVER_COUNT(server->taken, 1);
	if (header->kind == KIND_SILENT)
		connection_enqueue(connection, QUEUE_SILENT, since);
	else
		connection_asked(connection);
	if (header->peer_length > 0)
		connection->peer =
			xstrndup(bytes + length + header->reply_length,
				 header->peer_length);
	connection->closing = header->kind == KIND_CLOSING;
	if (length > 0) {
		connection->bytes = xmalloc(length + 1);
		memcpy(connection->bytes, bytes, length);
		connection->length = length;
		connection->size = length + 1;
	}
	if (length > 0 && connection->asked)
		connection_enqueue(connection, QUEUE_PARTIAL, since);
	if (header->reply_length > 0) {
		connection->unsent_length = header->reply_length;
		connection->unsent = xmalloc(header->reply_length);
		memcpy(connection->unsent, bytes + length,
		       header->reply_length);
		connection_enqueue(connection, QUEUE_UNSENT, since);
	}
	connection_process(connection, connection->bytes, 0, length);
}

/* number_of - the value of a socket option; -1: not a socket */
static int number_of(int fd, int option)
{
	socklen_t length = sizeof(int);
	int number;

	if (getsockopt(fd, SOL_SOCKET, option, &number, &length) < 0)
		return -1;
	return number;
}

/* is_connection - was it accepted from a socket like ours, and is it still
 * connected? A socket from socketpair(2) has no name; no other process can use
 * it. */
static bool is_connection(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof(address), peer = sizeof(address);

	if (number_of(fd, SO_TYPE) != SOCK_STREAM ||
	    number_of(fd, SO_ACCEPTCONN) != 0 ||
	    getpeername(fd, (struct sockaddr *)&address, &peer) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return false;
	if (address.ss_family == AF_UNIX)
		return length > sizeof(sa_family_t);
	return address.ss_family == AF_INET || address.ss_family == AF_INET6;
}

/* pass_on - pass it to another thread's server, if that has fewer
 * connections */
static bool pass_on(struct server *server, const struct handover_header *header,
		    const char *bytes, int fd)
{
	struct handover_packet packet = {
		.header = *header,
		.request = bytes,
		.reply = bytes + header->request_length,
		.peer = bytes + header->request_length + header->reply_length,
	};

	return server_deal(server, &packet, fd);
}

/* taking_done - the channel has ended, properly or not */
static void taking_done(struct taking *taking, const void *farewell,
			size_t length)
{
	struct server *server = taking->server;

	server->taking = NULL;
	taking->done(taking->context, taking->count, farewell, length);
	taking_free(taking);
	server_check_end(server);
}

/* make_room - the thread that accepts wants a place for somebody, and hears
 * that we have looked */
static void make_room(struct taking *taking)
{
	struct server *server = taking->server;

	server_make_room(server, handover_room_for(server->input));
	/* If that thread does not listen any more, it needs no place. */
	(void)send(taking->channel, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* take_one - one packet; true: there may be more */
static bool take_one(struct taking *taking)
{
	struct server *server = taking->server;
	struct handover_header header;
	int result;
	int fd;

	result = handover_receive(taking->channel, taking->local, &header,
				  server->input, &fd);
	if (result < 0)
		taking_done(taking, NULL, 0);
	if (result <= 0)
		return false;
	if (!taking->local && header.contended != 0)
		places_contend(server->places);
	if (header.kind == KIND_FAREWELL) {
		taking_done(taking, server->input, header.request_length);
		return false;
	}
	if (header.kind == KIND_ROOM) {
		make_room(taking);
		return true;
	}
	if (!taking->local && !is_connection(fd)) {
		close(fd);
		return true;
	}
	taking->count++;
	if (header.kind == KIND_SILENT ||
	    !pass_on(server, &header, server->input, fd))
		adopt(server, &header, server->input, fd);
	return true;
}

/* on_taking - take some packets at a time, so that others get their turn */
static void on_taking(evutil_socket_t fd, short what, void *argument)
{
	int left = TAKING_BATCH;

	(void)fd;
	(void)what;
	while (left > 0 && take_one(argument))
		left--;
}

/* on_limit - the time is over; we keep what we received */
static void on_limit(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	taking_done(argument, NULL, 0);
}

/* server_take_over - take connections from another server */
int server_take_over(struct server *server, int channel, unsigned limit_ms,
		     server_taken *done, void *context, struct error *error)
{
	const struct timeval limit = clock_timeval(limit_ms);
	struct taking *taking;

	if (server->taking != NULL) {
		close(channel);
		return error_set(error, "already taking over");
	}
	taking = xcalloc(1, sizeof(*taking));
	taking->server = server;
	taking->channel = channel;
	taking->done = done;
	taking->context = context;
	event_assign(&taking->event, server->base, channel,
		     EV_READ | EV_PERSIST, on_taking, taking);
	evtimer_assign(&taking->limit, server->base, on_limit, taking);
	if (event_add(&taking->event, NULL) < 0 ||
	    (limit_ms > 0 && event_add(&taking->limit, &limit) < 0)) {
		taking_free(taking);
		return error_set(error, "cannot watch the channel: %s",
				 strerror(errno));
	}
	server->taking = taking;
	return 0;
}

/* server_take_over_local - take connections from another thread */
int server_take_over_local(struct server *server, int channel,
			   server_taken *done, void *context,
			   struct error *error)
{
	if (server_take_over(server, channel, 0, done, context, error) < 0)
		return -1;
	server->taking->local = true;
	return 0;
}
