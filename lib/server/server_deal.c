/* SPDX-License-Identifier: ISC */
/* server_deal - give new connections to the other event loops of this process
 *
 * One server accepts for all. With its first request, a connection goes to the
 * server with the fewest, in a packet like those of a hand-over, so that it is
 * taken in the same way as from another process. A connection that cannot be
 * passed is kept, and so is one without a request: so the server that accepts
 * knows all connections that can make room at once. The other servers make room
 * when they get a packet that names the user, and answer it with a byte. */

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/server/server_internal.h"

/* One other server. */
struct deal {
	const struct server *other;
	int channel;
	struct event *answer;
	unsigned dealt; /* overflows, as taken of the other one does */
};

/* on_answer - somebody was asked to make room, and has looked */
static void on_answer(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;
	char byte;

	(void)what;
	while (recv(fd, &byte, 1, MSG_DONTWAIT) == 1)
		continue;
	server->awaits = false;
	server_look_again(server);
}

/* server_deal_to - give a share to another one */
int server_deal_to(struct server *server, int channel, struct server *other,
		   struct error *error)
{
	/* The end of the channel is reported once, and is nothing to us. */
	struct event *answer =
		event_new(server->base, channel, EV_READ | EV_PERSIST | EV_ET,
			  on_answer, server);

	if (answer == NULL || event_add(answer, NULL) < 0) {
		if (answer != NULL)
			event_free(answer);
		close(channel);
		return error_set(error, "cannot watch a channel");
	}
	server->deals = xreallocarray(server->deals, server->deal_count + 1,
				      sizeof(*server->deals));
	server->deals[server->deal_count++] = (struct deal){ .other = other,
							     .channel = channel,
							     .answer = answer };
	places_free(other->places);
	other->places = places_share(server->places);
	return 0;
}

/* server_stop_dealing - end the channels. The end of a channel, after
 * everything in it, is the farewell: a packet might find the channel full */
void server_stop_dealing(struct server *server)
{
	size_t i;

	for (i = 0; i < server->deal_count; i++) {
		event_free(server->deals[i].answer);
		close(server->deals[i].channel);
	}
	free(server->deals);
	server->deals = NULL;
	server->deal_count = 0;
}

/* load_of - connections of another server, and those on their way to it.
 * Because of the order of reading, a connection may be counted twice, but is
 * never missed. */
static unsigned load_of(const struct deal *deal)
{
	unsigned taken = SERVER_READ(deal->other->taken);

	return SERVER_READ(deal->other->counters.open) + deal->dealt - taken;
}

/* server_load - the connections of all servers */
unsigned server_load(const struct server *server)
{
	unsigned load = server->counters.open;
	size_t i;

	for (i = 0; i < server->deal_count; i++)
		load += load_of(&server->deals[i]);
	return load;
}

/* choose - the server with the fewest connections; NULL: this one */
static struct deal *choose(struct server *server)
{
	unsigned least = server->counters.open - server->silent;
	struct deal *deal = NULL;
	size_t i;

	for (i = 0; i < server->deal_count; i++) {
		unsigned load = load_of(&server->deals[i]);

		if (load < least) {
			least = load;
			deal = &server->deals[i];
		}
	}
	return deal;
}

/* server_deal - pass a connection on; false: we keep it */
bool server_deal(struct server *server, struct handover_packet *packet, int fd)
{
	struct deal *deal = choose(server);

	if (deal == NULL || handover_send_local(deal->channel, packet, fd) < 0)
		return false;
	deal->dealt++;
	return true;
}

/* server_deal_first - pass a connection on with its first request; false: we
 * keep it */
bool server_deal_first(struct connection *connection, const char *bytes,
		       size_t length)
{
	struct deal *deal = choose(connection->server);
	struct handover_packet packet;

	if (deal == NULL)
		return false;
	packet = handover_packet(connection, bytes, length);
	packet.header.kind = KIND_CONNECTION;
	if (handover_pass(deal->channel, &packet, connection) < 0)
		return false;
	deal->dealt++;
	connection_forget(connection);
	return true;
}

/* server_deal_ask - a place is needed; false: the channel is full */
bool server_deal_ask(struct server *server, size_t which, uint64_t user)
{
	return handover_ask_room(server->deals[which].channel, user) == 0;
}
