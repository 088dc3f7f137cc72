/* SPDX-License-Identifier: ISC */
/* server_connection - one connection: bytes in, requests out, replies back
 *
 * Bytes are read into the buffer of the event loop and answered from there;
 * only the beginning of an unfinished request is kept with its connection.
 * Requests are answered one at a time and in order, and the replies to one
 * batch are written together. While the peer does not take a reply, nothing
 * more is read. After each step, connection_continue() decides what the
 * connection waits for and in which queue; it is the only place where a
 * connection ends. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"
#include "lib/server/server_internal.h"

#define KEEP_MIN 1024 /* for the beginning of a request */

/* connection_new - it is in the queue of connections without a request;
 * connection_continue() has to follow */
struct connection *connection_new(struct server *server, int input, int output)
{
	struct connection *connection = xcalloc(1, sizeof(*connection));

	connection->server = server;
	connection->input = input;
	connection->output = output;
	connection->queue = QUEUE_COUNT;
	connection->user = peer_number(input);
	places_take(server->places, connection->user);
	SERVER_COUNT(server->counters.open, 1);
	server->silent++;
	connection_enqueue(connection, QUEUE_SILENT, clock_ms());
	return connection;
}

/* connection_asked - from now on it has a place like others */
void connection_asked(struct connection *connection)
{
	if (connection->asked)
		return;
	connection->asked = true;
	connection->server->silent--;
}

/* connection_release - leave the queue, close, free */
static void connection_release(struct connection *connection)
{
	struct server *server = connection->server;

	if (connection->interest != 0)
		event_del(&connection->event);
	if (!connection->asked)
		server->silent--;
	places_leave(server->places, connection->user);
	TAILQ_REMOVE(&server->queues[connection->queue], connection, link);
	if (connection->input >= 0)
		close(connection->input);
	if (connection->output != connection->input)
		close(connection->output);
	free(connection->peer);
	free(connection->bytes);
	free(connection->unsent);
	free(connection);
	server_connection_gone(server);
}

/* connection_close - end it; the handler is notified if it owes an answer */
void connection_close(struct connection *connection)
{
	struct server *server = connection->server;

	if (connection->waiting)
		server->handler.gone(server->handler.context, connection);
	connection_release(connection);
}

/* connection_forget - another process continues it */
void connection_forget(struct connection *connection)
{
	connection_release(connection);
}

/* connection_enqueue - move to a queue, after all that came before since_ms,
 * which is nearly always its end. An idle connection that was moved a short
 * while ago is not moved: that is cheaper at thousands of requests per second,
 * and server_queue_limit() compensates for it. */
void connection_enqueue(struct connection *connection, enum queue queue,
			uint64_t since_ms)
{
	struct server *server = connection->server;
	struct connection_queue *head = &server->queues[queue];
	struct connection *before;

	connection->active_ms = since_ms;
	if (queue == QUEUE_IDLE && connection->queue == QUEUE_IDLE &&
	    since_ms - connection->since_ms < server->limits.idle_ms / 64)
		return;
	if (connection->queue != QUEUE_COUNT)
		TAILQ_REMOVE(&server->queues[connection->queue], connection,
			     link);
	connection->queue = (unsigned char)queue;
	connection->since_ms = since_ms;
	TAILQ_FOREACH_REVERSE(before, head, connection_queue, link)
	{
		if (before->since_ms <= since_ms)
			break;
	}
	if (before != NULL)
		TAILQ_INSERT_AFTER(head, before, connection, link);
	else
		TAILQ_INSERT_HEAD(head, connection, link);
	if (queue != QUEUE_WAITING)
		server_expect(server,
			      since_ms + server_queue_limit(server, queue));
}

/* malformed - notify the handler; the connection will be closed */
static void malformed(struct connection *connection, const char *reason)
{
	struct server *server = connection->server;

	connection->closing = true;
	server->handler.malformed(server->handler.context,
				  connection_peer(connection), reason);
}

/* lose - lose a reply, and with it the connection */
static void lose(struct connection *connection, int reason)
{
	connection->failed = true;
	connection->server->write_error = reason;
}

/* connection_expire - its time limit has expired */
void connection_expire(struct connection *connection)
{
	SERVER_COUNT(connection->server->counters.timeouts, 1);
	if (connection->queue == QUEUE_PARTIAL ||
	    (connection->queue == QUEUE_SILENT && connection->length > 0))
		malformed(connection, "request not complete in time");
	else if (connection->queue == QUEUE_UNSENT) {
		malformed(connection, "reply not taken in time");
		lose(connection, ETIMEDOUT);
	}
	connection_close(connection);
}

/* connection_evict - its place is needed */
void connection_evict(struct connection *connection)
{
	const struct server_handler *handler = &connection->server->handler;

	handler->evicted(handler->context, connection_peer(connection),
			 connection->asked
				 ? "it is idle, all connections are in "
				   "use, and its user has the most"
				 : "no request yet, and all connections are in "
				   "use");
	connection_close(connection);
}

/* send_bytes - write as much as possible without waiting: number of bytes, or
 * -1 */
static ssize_t send_bytes(struct connection *connection, const char *bytes,
			  size_t length)
{
	struct pollfd ready = { .fd = connection->output, .events = POLLOUT };
	int limit = (int)connection->server->limits.reply_ms;
	ssize_t sent;

	do {
		sent = send(connection->output, bytes, length,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0 || errno != ENOTSOCK)
		return sent;
	/* A pipe or a file (-s): write(2) may wait for the reader. */
	errno = ETIMEDOUT;
	if (poll(&ready, 1, limit) != 1)
		return -1;
	return write(connection->output, bytes, length);
}

/* connection_write - write, and keep what the peer does not take yet */
static void connection_write(struct connection *connection, const char *bytes,
			     size_t length)
{
	ssize_t sent = 0;
	size_t rest;

	if (connection->failed || length == 0)
		return;
	if (connection->unsent_length == 0) {
		sent = send_bytes(connection, bytes, length);
		if (sent < 0 && errno != EAGAIN) {
			lose(connection, errno);
			return;
		}
		if (sent < 0)
			sent = 0;
	}
	rest = length - (size_t)sent;
	if (rest == 0)
		return;
	connection->unsent = xreallocarray(connection->unsent,
					   connection->unsent_length + rest, 1);
	memcpy(connection->unsent + connection->unsent_length, bytes + sent,
	       rest);
	connection->unsent_length += (uint32_t)rest;
}

/* flush_output - write the replies of this batch */
static void flush_output(struct connection *connection)
{
	struct server *server = connection->server;
	size_t length = server->output_length;

	server->output_length = 0;
	connection_write(connection, server->output, length);
}

/* collect - add a reply to the current batch */
static void collect(struct connection *connection, const char *bytes,
		    size_t length)
{
	struct server *server = connection->server;

	if (server->output_length + length > sizeof(server->output))
		flush_output(connection);
	if (length > sizeof(server->output)) {
		connection_write(connection, bytes, length);
		return;
	}
	memcpy(server->output + server->output_length, bytes, length);
	server->output_length += length;
}

/* connection_reply - answer the request */
void connection_reply(struct connection *connection, const char *bytes,
		      size_t length)
{
	connection->waiting = false;
	if (connection->server->current == connection) {
		collect(connection, bytes, length);
		return;
	}
	server_flush_soon(connection->server);
	connection_write(connection, bytes, length);
	connection_process(connection, connection->bytes, connection->start,
			   connection->length);
}

/* connection_refuse - close without an answer */
void connection_refuse(struct connection *connection)
{
	connection->waiting = false;
	connection->closing = true;
	if (connection->server->current != connection)
		connection_continue(connection);
}

/* may_answer - may the next request be answered now? */
static bool may_answer(const struct connection *connection)
{
	return !connection->waiting && !connection->closing &&
	       !connection->failed && connection->unsent_length == 0;
}

/* answer_next - give the first request in the bytes to the handler: its length,
 * or 0 when there is no complete one, or the connection ends */
static size_t answer_next(struct connection *connection, char *bytes,
			  size_t length)
{
	struct server *server = connection->server;
	struct error *error = &server->error;
	ssize_t whole;

	whole = request_length(bytes, length, &connection->scan, error);
	if (whole == 0 && length >= REQUEST_BYTES_MAX)
		whole = error_set(error, "request too long");
	if (whole < 0) {
		SERVER_COUNT(server->counters.malformed, 1);
		malformed(connection, error->text);
	}
	if (whole <= 0)
		return 0;
	memset(&connection->scan, 0, sizeof(connection->scan));
	connection->fresh = true;
	connection->waiting = true;
	server_flush_soon(server);
	server->handler.request(server->handler.context, connection, bytes,
				(size_t)whole);
	return (size_t)whole;
}

/* adopt_block - the waiting request is in the loop's buffer: give the buffer to
 * the connection, and a new one to the loop */
static void adopt_block(struct connection *connection)
{
	struct server *server = connection->server;

	free(connection->bytes);
	connection->bytes = server->input;
	connection->size = SERVER_INPUT_SIZE;
	server->input = xmalloc(SERVER_INPUT_SIZE);
}

/* keep_rest - keep the unanswered bytes with the connection */
static void keep_rest(struct connection *connection, char *block, size_t start,
		      size_t end)
{
	size_t rest = end - start;

	if (connection->waiting) {
		if (block != connection->bytes)
			adopt_block(connection);
	} else if (rest == 0 || block == NULL) {
		free(connection->bytes);
		connection->bytes = NULL;
		connection->size = 0;
		start = end = 0;
	} else {
		if (block != connection->bytes) {
			connection->size = (uint32_t)(rest + KEEP_MIN);
			connection->bytes = xmalloc(connection->size);
		}
		memmove(connection->bytes, block + start, rest);
		start = 0;
		end = rest;
	}
	connection->start = (uint32_t)start;
	connection->length = (uint32_t)end;
}

/* first_request - is it complete now? The connection then keeps its place, here
 * or in another thread; true: it went to another thread */
static bool first_request(struct connection *connection, const char *bytes,
			  size_t length)
{
	struct request_scan scan = connection->scan;

	if (request_length(bytes, length, &scan, &connection->server->error) <=
	    0)
		return false;
	if (server_deal_first(connection, bytes, length))
		return true;
	connection_asked(connection);
	return false;
}

/* connection_process - answer the requests in block, which is the loop's buffer
 * or the connection's own, and has room for a NUL after them; keep the rest;
 * continue */
void connection_process(struct connection *connection, char *block,
			size_t start, size_t end)
{
	struct server *server = connection->server;
	size_t whole = 1;

	if (start < end)
		block[end] = '\0';
	if (!connection->asked && start < end &&
	    first_request(connection, block + start, end - start))
		return;
	server->current = connection;
	while (whole > 0 && start < end && may_answer(connection)) {
		whole = answer_next(connection, block + start, end - start);
		start += whole;
	}
	server->current = NULL;
	flush_output(connection);
	keep_rest(connection, block, start, end);
	connection_continue(connection);
}

/* make_room - make room in the connection's own buffer for at least one more
 * byte and a NUL */
static void make_room(struct connection *connection)
{
	size_t size = connection->size;

	if (connection->length + 1 < size)
		return;
	size = size * 2 < REQUEST_BYTES_MAX ? size * 2 : REQUEST_BYTES_MAX + 1;
	connection->bytes = xreallocarray(connection->bytes, size, 1);
	connection->size = (uint32_t)size;
}

/* receive_bytes - read what is available; on a socket, recv(2) costs less than
 * read(2) */
static ssize_t receive_bytes(const struct connection *connection, char *bytes,
			     size_t room)
{
	ssize_t received;

	do {
		received = recv(connection->input, bytes, room, MSG_DONTWAIT);
		if (received < 0 && errno == ENOTSOCK)
			received = read(connection->input, bytes, room);
	} while (received < 0 && errno == EINTR);
	return received;
}

/* on_readable - read once, then handle the requests that are complete. ended:
 * after the available bytes is the end. */
static void on_readable(struct connection *connection, bool ended)
{
	struct server *server = connection->server;
	size_t kept = connection->length;
	size_t room = REQUEST_BYTES_MAX;
	char *block = server->input;
	ssize_t received;

	if (connection->bytes != NULL) {
		make_room(connection);
		block = connection->bytes;
		room = connection->size - 1 - kept;
	}
	received = receive_bytes(connection, block + kept, room);
	connection->more = ended || received == (ssize_t)room;
	if (received > 0) {
		connection_process(connection, block, 0,
				   kept + (size_t)received);
		return;
	}
	if (received < 0 && errno == EAGAIN)
		return;
	if (received == 0)
		connection->end = true;
	else
		connection->failed = true;
	connection_continue(connection);
}

/* on_writable - the peer takes more of its reply */
static void on_writable(struct connection *connection)
{
	uint32_t length = connection->unsent_length;
	ssize_t sent;

	sent = send_bytes(connection, connection->unsent, length);
	if (sent < 0 && errno == EAGAIN)
		return;
	if (sent < 0) {
		lose(connection, errno);
		connection_continue(connection);
		return;
	}
	connection->unsent_length = length - (uint32_t)sent;
	if (connection->unsent_length > 0) {
		memmove(connection->unsent, connection->unsent + sent,
			connection->unsent_length);
		return;
	}
	free(connection->unsent);
	connection->unsent = NULL;
	connection_process(connection, connection->bytes, connection->start,
			   connection->length);
}

/* ignore - no event is wanted */
static void ignore(struct connection *connection)
{
	if (connection->interest != 0)
		event_del(&connection->event);
	connection->interest = 0;
}

/* on_event - the descriptor is ready. A client that waits for its answer has
 * usually nothing to say; what it says is read afterwards. */
static void on_event(evutil_socket_t fd, short what, void *argument)
{
	struct connection *connection = argument;

	(void)fd;
	if (connection->waiting)
		ignore(connection);
	else if (what & EV_WRITE)
		on_writable(connection);
	else
		on_readable(connection, (what & EV_CLOSED) != 0);
}

/* set_interest - wait for other events; mostly they are the same as before.
 * Adding an event again reports what is already available. */
static void set_interest(struct connection *connection, short interest)
{
	int fd = interest == EV_WRITE ? connection->output : connection->input;

	if (connection->interest == interest && !connection->more)
		return;
	connection->more = false;
	ignore(connection);
	if (interest == 0)
		return;
	event_assign(&connection->event, connection->server->base, fd,
		     (short)(interest | EV_PERSIST), on_event, connection);
	if (event_add(&connection->event, NULL) < 0)
		connection->failed = true;
	else
		connection->interest = interest;
}

/* next_queue - the queue for the connection now; QUEUE_COUNT: none */
static enum queue next_queue(struct connection *connection)
{
	if (connection->failed)
		return QUEUE_COUNT;
	if (connection->waiting)
		return QUEUE_WAITING;
	if (connection->unsent_length > 0)
		return QUEUE_UNSENT;
	if (connection->closing)
		return QUEUE_COUNT;
	if (connection->end) {
		/* When we stop, the proxy ends it for us. */
		if (connection->length > 0 &&
		    (connection->peer == NULL || !connection->server->stops)) {
			SERVER_COUNT(connection->server->counters.malformed, 1);
			malformed(connection,
				  "connection ended within a request");
		}
		return QUEUE_COUNT;
	}
	if (!connection->asked)
		return QUEUE_SILENT;
	return connection->length > 0 ? QUEUE_PARTIAL : QUEUE_IDLE;
}

/* has_more - while draining: has the peer sent more already? A proxy may still
 * hold some of it; it shuts down when that was all. */
static bool has_more(const struct connection *connection)
{
	struct pollfd ready = { .fd = connection->input, .events = POLLIN };

	return clock_ms() < connection->server->drain_ms &&
	       (connection->peer != NULL || poll(&ready, 1, 0) == 1);
}

/* connection_continue - decide how to continue. May end the connection. */
void connection_continue(struct connection *connection)
{
	struct server *server = connection->server;
	/* After part of a request, an error may occur that only reading
	 * reveals: there, all readable events are wanted. */
	const short interests[] = {
		[QUEUE_SILENT] = server->idle_interest,
		[QUEUE_IDLE] = server->idle_interest,
		[QUEUE_PARTIAL] = EV_READ,
		[QUEUE_UNSENT] = EV_WRITE,
		[QUEUE_WAITING] = 0,
	};
	enum queue queue = next_queue(connection);
	bool between = queue <= QUEUE_PARTIAL;
	bool part = queue == QUEUE_SILENT && connection->length > 0;

	if (queue == QUEUE_COUNT ||
	    (server->draining && between && !has_more(connection))) {
		connection_close(connection);
		return;
	}
	/* The time for a request or a reply runs from its start. */
	if (queue != connection->queue || queue == QUEUE_IDLE ||
	    (queue == QUEUE_PARTIAL && connection->fresh))
		connection_enqueue(connection, queue, clock_ms());
	connection->fresh = false;
	/* It is soon the same again: that saves two system calls. */
	if (queue != QUEUE_WAITING ||
	    connection->interest != server->idle_interest)
		set_interest(connection,
			     interests[part ? QUEUE_PARTIAL : queue]);
	if (connection->failed)
		connection_close(connection);
	else if (server->giving != NULL && queue != QUEUE_WAITING)
		giving_continue(server);
}

/* connection_context - a pointer for the handler */
void **connection_context(struct connection *connection)
{
	return &connection->context;
}

/* connection_peer - the name of the peer for messages */
const char *connection_peer(const struct connection *connection)
{
	struct server *server = connection->server;

	if (connection->peer != NULL)
		return connection->peer;
	return peer_name(server->peer, connection->input);
}
