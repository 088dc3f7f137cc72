/* SPDX-License-Identifier: ISC */
/* server_handover - connections from one server process to the next
 *
 * One packet of the channel is one connection: a header, the bytes of its
 * unfinished request, the bytes of its reply that the peer did not take yet,
 * the name of the peer if the socket does not tell it, and the descriptor. The
 * last packet is the farewell. The old server goes on with each connection
 * until it has passed it, so a request is answered by the one or by the other
 * and never by both. Both run on the same machine and clock: times are passed
 * as they are. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/server_internal.h"
#include "lib/xalloc.h"

#define HANDOVER_MAGIC	  0x706c6331u
#define HANDOVER_BATCH	  64
#define HANDOVER_RETRY_MS 10

/* The way out, or in. */
struct handover {
	struct server *server;
	struct event event; /* the channel */
	struct event retry;
	int channel;
	bool local; /* the other end is a thread of this process */
	server_farewell *farewell;
	void (*done)(void *context, unsigned long count, const void *farewell,
		     size_t length);
	void *context;
	unsigned long count;
};

/* Room for one descriptor beside a packet. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* handover_free - close the channel; NULL is allowed */
void handover_free(struct handover *handover)
{
	if (handover == NULL)
		return;
	event_del(&handover->event);
	event_del(&handover->retry);
	close(handover->channel);
	free(handover);
}

/* send_packet - header, three pieces, perhaps a descriptor: 0, or -1, errno */
static int send_packet(int channel, const struct handover_packet *packet,
		       int fd)
{
	const struct handover_header *header = &packet->header;
	/* sendmsg(2) does not write to what iov_base points to. */
	struct iovec pieces[4] = {
		{ (void *)(uintptr_t)header, sizeof(*header) },
		{ (void *)(uintptr_t)packet->request, header->request_length },
		{ (void *)(uintptr_t)packet->reply, header->reply_length },
		{ (void *)(uintptr_t)packet->peer, header->peer_length },
	};
	union control control = { 0 };
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 4 };
	struct cmsghdr *part;

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		part = CMSG_FIRSTHDR(&message);
		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(part), &fd, sizeof(int));
	}
	while (sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

/* handover_send_local - in one process a descriptor is its number: to send it
 * as to another process would take one more for a while, and there may be no
 * more */
int handover_send_local(int channel, struct handover_packet *packet, int fd)
{
	packet->header.local_fd = fd;
	return send_packet(channel, packet, -1);
}

/* handover_new_packet - of a connection from which nothing came yet */
struct handover_packet handover_new_packet(const char *peer)
{
	return (struct handover_packet){
		.header = {
			.magic = HANDOVER_MAGIC,
			.kind = KIND_CONNECTION,
			.since_ms = server_now_ms(),
			.peer_length =
				peer != NULL ? (uint32_t)strlen(peer) : 0,
		},
		.peer = peer,
	};
}

/* handover_end - an empty farewell. If it does not go, the channel is closed
 * all the same, and that is seen there. */
void handover_end(int channel)
{
	const struct handover_packet packet = {
		.header = { .magic = HANDOVER_MAGIC, .kind = KIND_FAREWELL },
	};

	send_packet(channel, &packet, -1);
}

/* pass_locally - likewise, to another thread, which may be quicker than we are:
 * before, our loop forgets the descriptor */
static int pass_locally(const struct handover *handover,
			struct connection *connection,
			struct handover_packet *packet)
{
	int reason;

	if (connection->interest != 0)
		event_del(&connection->event);
	if (handover_send_local(handover->channel, packet, connection->input) <
	    0) {
		reason = errno;
		if (connection->interest != 0 &&
		    event_add(&connection->event, NULL) < 0)
			connection->failed = true;
		errno = reason;
		return -1;
	}
	connection->interest = 0;
	connection->input = connection->output = -1;
	return 0;
}

/* send_connection - pass one: 0, or -1 and errno */
static int send_connection(struct handover *handover,
			   struct connection *connection)
{
	struct handover_packet packet = handover_new_packet(connection->peer);

	packet.header.since_ms = connection->since_ms;
	packet.header.kind =
		connection->closing ? KIND_CLOSING : KIND_CONNECTION;
	packet.header.request_length = connection->length;
	packet.header.reply_length = connection->unsent_length;
	packet.request = connection->bytes;
	packet.reply = connection->unsent;
	if (handover->local ? pass_locally(handover, connection, &packet) < 0
			    : send_packet(handover->channel, &packet,
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

	for (queue = QUEUE_IDLE; queue < QUEUE_WAITING; queue++) {
		connection = TAILQ_FIRST(&server->queues[queue]);
		if (connection != NULL)
			return connection;
	}
	return NULL;
}

/* send_farewell - the last packet: 0, or -1 and errno */
static int send_farewell(struct handover *handover)
{
	char *buffer = xmalloc(SERVER_FAREWELL_MAX);
	struct handover_packet packet = {
		.header = { .magic = HANDOVER_MAGIC, .kind = KIND_FAREWELL },
		.request = buffer,
	};
	int result;

	packet.header.request_length = (uint32_t)handover->farewell(
		handover->context, buffer, SERVER_FAREWELL_MAX);
	result = send_packet(handover->channel, &packet, -1);
	free(buffer);
	return result;
}

/* giving_failed - wait and try again, or give up: then we drain, and clients
 * come back to the other server */
static void giving_failed(struct handover *handover, int reason)
{
	struct timeval delay = { .tv_usec = HANDOVER_RETRY_MS * 1000L };
	struct server *server = handover->server;

	if (reason == EAGAIN)
		return;
	event_del(&handover->event);
	if ((reason == ETOOMANYREFS || reason == ENOBUFS || reason == ENOMEM) &&
	    event_add(&handover->retry, &delay) == 0)
		return;
	server->giving = NULL;
	handover_free(handover);
	server_drain(server);
}

/* on_giving - the channel takes packets */
static void on_giving(evutil_socket_t fd, short what, void *argument)
{
	struct handover *handover = argument;
	struct server *server = handover->server;
	struct connection *connection;

	(void)fd;
	(void)what;
	while ((connection = next_to_pass(server)) != NULL) {
		if (send_connection(handover, connection) < 0) {
			giving_failed(handover, errno);
			return;
		}
	}
	if (server->counters.open > 0) {
		/* Those that wait for an answer come later. */
		event_del(&handover->event);
		return;
	}
	if (send_farewell(handover) < 0) {
		giving_failed(handover, errno);
		return;
	}
	server->giving = NULL;
	handover_free(handover);
	server_quit(server);
}

/* on_retry - try again */
static void on_retry(evutil_socket_t fd, short what, void *argument)
{
	struct handover *handover = argument;

	(void)fd;
	(void)what;
	handover_continue(handover->server);
}

/* handover_continue - something can be passed; when the channel takes it */
void handover_continue(struct server *server)
{
	struct handover *handover = server->giving;

	if (event_pending(&handover->retry, EV_TIMEOUT, NULL) == 0 &&
	    event_add(&handover->event, NULL) < 0)
		server_quit(server);
}

/* handover_new - in either direction */
static struct handover *handover_new(struct server *server, int channel,
				     short direction, event_callback_fn call)
{
	struct handover *handover = xcalloc(1, sizeof(*handover));

	handover->server = server;
	handover->channel = channel;
	event_assign(&handover->event, server->base, channel,
		     (short)(direction | EV_PERSIST), call, handover);
	evtimer_assign(&handover->retry, server->base, on_retry, handover);
	return handover;
}

/* server_hand_over - pass everything on, then end */
void server_hand_over(struct server *server, int channel,
		      server_farewell *farewell, void *context)
{
	if (server->giving != NULL || server->draining) {
		close(channel);
		return;
	}
	server_stop_accepting(server);
	server->giving = handover_new(server, channel, EV_WRITE, on_giving);
	server->giving->farewell = farewell;
	server->giving->context = context;
	handover_continue(server);
}

/* nothing - is what a thread says at its end */
static size_t nothing(void *context, void *buffer, size_t size)
{
	(void)context;
	(void)buffer;
	(void)size;
	return 0;
}

/* server_hand_over_local - to another thread */
void server_hand_over_local(struct server *server, int channel)
{
	server_hand_over(server, channel, nothing, NULL);
	if (server->giving != NULL)
		server->giving->local = true;
}

/* take_descriptor - the descriptor of a packet, or -1 */
static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(message);
	size_t count;
	int fd = -1;

	if (part == NULL || part->cmsg_level != SOL_SOCKET ||
	    part->cmsg_type != SCM_RIGHTS)
		return -1;
	count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < count; i++) {
		memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
		if (count > 1)
			close(fd);
	}
	return count == 1 ? fd : -1;
}

/* receive_packet - header and bytes: their length, or -1; fd may be -1 */
static ssize_t receive_packet(int channel, struct handover_header *header,
			      char *bytes, int *fd)
{
	struct iovec pieces[2] = { { header, sizeof(*header) },
				   { bytes, SERVER_INPUT_SIZE } };
	union control control = { 0 };
	struct msghdr message = { .msg_iov = pieces,
				  .msg_iovlen = 2,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	ssize_t length;

	do {
		length = recvmsg(channel, &message,
				 MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (length < 0 && errno == EINTR);
	*fd = length >= 0 ? take_descriptor(&message) : -1;
	if (length > 0 && (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		errno = EPROTO;
		return -1;
	}
	return length;
}

/* is_whole - does the header tell the truth about the packet? */
static bool is_whole(const struct handover_header *header, size_t length,
		     int fd)
{
	return length >= sizeof(*header) && header->magic == HANDOVER_MAGIC &&
	       header->request_length <= REQUEST_BYTES_MAX &&
	       header->reply_length <= SERVER_INPUT_SIZE &&
	       header->peer_length < PEER_MAX &&
	       (size_t)header->request_length + header->reply_length +
			       header->peer_length ==
		       length - sizeof(*header) &&
	       header->kind <= KIND_FAREWELL &&
	       (header->kind == KIND_FAREWELL) == (fd < 0);
}

/* read_peer - the name of the peer; NULL: ask the socket. It goes into the
 * log: what is not fit for that the server before has not made. */
static char *read_peer(const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (!isgraph((unsigned char)bytes[i]))
			return NULL;
	return length > 0 ? xstrndup(bytes, length) : NULL;
}

/* adopt - go on with a connection where the other server stood */
static void adopt(struct server *server, const struct handover_header *header,
		  const char *bytes, int fd)
{
	struct connection *connection = connection_new(server, fd, fd);
	uint64_t now = server_now_ms();
	uint64_t since = header->since_ms < now ? header->since_ms : now;
	uint32_t length = header->request_length;

	SERVER_COUNT(server->taken, 1);
	connection->peer = read_peer(bytes + length + header->reply_length,
				     header->peer_length);
	connection->closing = header->kind == KIND_CLOSING;
	if (length > 0) {
		connection->bytes = xmalloc(length + 1);
		memcpy(connection->bytes, bytes, length);
		connection->length = length;
		connection->size = length + 1;
		connection_enqueue(connection, QUEUE_PARTIAL, since);
	}
	if (header->reply_length > 0) {
		connection->unsent_length = header->reply_length;
		connection->unsent = xmalloc(header->reply_length);
		memcpy(connection->unsent, bytes + length,
		       header->reply_length);
		connection_enqueue(connection, QUEUE_UNSENT, since);
	}
	connection_process(connection, connection->bytes, 0, length);
}

/* pass_on - to another thread's server, if it has fewer connections */
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

/* taking_done - the channel is at its end, well or not */
static void taking_done(struct handover *handover, const void *farewell,
			size_t length)
{
	struct server *server = handover->server;

	server->taking = NULL;
	handover->done(handover->context, handover->count, farewell, length);
	handover_free(handover);
	server_check_end(server);
}

/* take_one - one packet; true: there may be more */
static bool take_one(struct handover *handover)
{
	struct server *server = handover->server;
	struct handover_header header;
	ssize_t length;
	int fd;

	length = receive_packet(handover->channel, &header, server->input, &fd);
	if (length < 0 && errno == EAGAIN)
		return false;
	if (length >= (ssize_t)sizeof(header) && handover->local &&
	    header.kind != KIND_FAREWELL)
		fd = header.local_fd;
	if (length <= 0 || !is_whole(&header, (size_t)length, fd)) {
		if (fd >= 0)
			close(fd);
		taking_done(handover, NULL, 0);
		return false;
	}
	if (header.kind == KIND_FAREWELL) {
		taking_done(handover, server->input, header.request_length);
		return false;
	}
	handover->count++;
	if (!pass_on(server, &header, server->input, fd))
		adopt(server, &header, server->input, fd);
	return true;
}

/* on_taking - some packets at a time, so that the others get their turn */
static void on_taking(evutil_socket_t fd, short what, void *argument)
{
	int left = HANDOVER_BATCH;

	(void)fd;
	(void)what;
	while (left > 0 && take_one(argument))
		left--;
}

/* server_take_over - take connections from another server */
int server_take_over(struct server *server, int channel,
		     void (*done)(void *context, unsigned long count,
				  const void *farewell, size_t length),
		     void *context, struct error *error)
{
	if (server->taking != NULL) {
		close(channel);
		return error_set(error, "already taking over");
	}
	server->taking = handover_new(server, channel, EV_READ, on_taking);
	server->taking->done = done;
	server->taking->context = context;
	if (event_add(&server->taking->event, NULL) < 0) {
		handover_free(server->taking);
		server->taking = NULL;
		return error_set(error, "cannot watch the channel: %s",
				 strerror(errno));
	}
	return 0;
}

/* server_take_over_local - from another thread */
int server_take_over_local(struct server *server, int channel,
			   void (*done)(void *context, unsigned long count,
					const void *farewell, size_t length),
			   void *context, struct error *error)
{
	if (server_take_over(server, channel, done, context, error) < 0)
		return -1;
	server->taking->local = true;
	return 0;
}
