/* SPDX-License-Identifier: ISC */
/* tls_bridge - between a client in TLS and an ordinary connection
 *
 *	client <- TCP, TLS -> bridge <- socket pair -> server
 *
 * Each direction holds at most one block that its receiver did not take yet,
 * and as long as it does nothing more is read: a peer that does not read slows
 * down the one that writes. After each step bridge_settle() decides what is
 * waited for. A bridge ends when the server has closed its connection and the
 * client has got all of it, or when something breaks.
 *
 * Nothing that a client sends gets further than OpenSSL before its certificate
 * is accepted. Beside time the number of handshakes is limited, and later the
 * number of messages that only make work (renegotiation, key updates). */

#include "lib/tls_bridge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "lib/xalloc.h"

#define BLOCK_SIZE   16384 /* the largest record of TLS */
#define TURN	     16	   /* blocks, then the others get their turn */
#define HANDSHAKE_MS 5000
#define UNSENT_MS    10000 /* the client takes nothing */
#define LINGER_MS    1000  /* for the client to close too */
#define NOISE_MAX    32	   /* key updates and the like, per connection */

/* One direction. */
struct flow {
	unsigned char *bytes; /* not taken yet */
	size_t start, length;
	bool end;  /* no more comes in */
	bool told; /* the receiver knows */
};

struct bridge {
	TAILQ_ENTRY(bridge) link;
	struct tls_bridges *bridges;
	struct tls_listener *listener;
	SSL *ssl;
	char *peer;
	int client;
	int server;	  /* our end of the pair; -1: none yet */
	struct flow in;	  /* from the client */
	struct flow out;  /* to the client */
	bool known;	  /* the client was let in */
	bool wants_write; /* OpenSSL does, before it can go on */
	bool wants_read;  /* likewise, in order to write */
	bool lingers;	  /* all is said; until the client closes */
	bool timed;	  /* the timer is on */
	unsigned noise;	  /* messages that only make work */
	struct event client_event, server_event, timer;
	short client_interest, server_interest;
};

TAILQ_HEAD(bridge_queue, bridge);

struct tls_bridges {
	struct event_base *base;
	struct tls_bridges_handler handler;
	struct bridge_queue shaking; /* in a handshake, the oldest first */
	struct bridge_queue known;
	size_t shaking_count, known_count;
	bool runs; /* tls_bridges_run() */
	unsigned char block[BLOCK_SIZE];
};

/* What became of a step. */
enum step {
	STEP_DONE,
	STEP_WAIT,  /* until a descriptor is ready */
	STEP_BROKEN /* the bridge has to go */
};

/* tls_bridges_new - none yet */
struct tls_bridges *tls_bridges_new(struct event_base *base,
				    const struct tls_bridges_handler *handler)
{
	struct tls_bridges *bridges = xcalloc(1, sizeof(*bridges));

	bridges->base = base;
	bridges->handler = *handler;
	TAILQ_INIT(&bridges->shaking);
	TAILQ_INIT(&bridges->known);
	return bridges;
}

/* bridge_leave - out of its queue */
static void bridge_leave(struct bridge *bridge)
{
	struct tls_bridges *bridges = bridge->bridges;

	if (bridge->known) {
		TAILQ_REMOVE(&bridges->known, bridge, link);
		bridges->known_count--;
	} else {
		TAILQ_REMOVE(&bridges->shaking, bridge, link);
		bridges->shaking_count--;
	}
}

/* bridge_free - close both ends */
static void bridge_free(struct bridge *bridge)
{
	struct tls_bridges *bridges = bridge->bridges;

	bridge_leave(bridge);
	if (bridge->client_interest != 0)
		event_del(&bridge->client_event);
	if (bridge->server_interest != 0)
		event_del(&bridge->server_event);
	event_del(&bridge->timer);
	SSL_free(bridge->ssl);
	ERR_clear_error();
	tls_listener_free(bridge->listener);
	close(bridge->client);
	if (bridge->server >= 0)
		close(bridge->server);
	free(bridge->in.bytes);
	free(bridge->out.bytes);
	free(bridge->peer);
	free(bridge);
	if (bridges->runs && tls_bridges_count(bridges) == 0)
		event_base_loopbreak(bridges->base);
}

/* bridge_refuse - the client does not get in, or goes too far */
static void bridge_refuse(struct bridge *bridge, const char *reason)
{
	const struct tls_bridges_handler *handler = &bridge->bridges->handler;

	handler->failed(handler->context, bridge->peer, reason);
	bridge_free(bridge);
}

/* bridge_time - the timer comes in so many ms; 0: not at all */
static void bridge_time(struct bridge *bridge, unsigned ms)
{
	struct timeval delay = { .tv_sec = ms / 1000,
				 .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	bridge->timed = ms > 0;
	if (ms == 0)
		event_del(&bridge->timer);
	else
		event_add(&bridge->timer, &delay);
}

/* flow_keep - what the receiver did not take */
static void flow_keep(struct flow *flow, const unsigned char *bytes,
		      size_t length)
{
	flow->bytes = xmalloc(length);
	memcpy(flow->bytes, bytes, length);
	flow->start = 0;
	flow->length = length;
}

/* flow_took - the receiver took so many bytes of what was kept */
static void flow_took(struct flow *flow, size_t count)
{
	flow->start += count;
	flow->length -= count;
	if (flow->length > 0)
		return;
	free(flow->bytes);
	flow->bytes = NULL;
}

/* flow_drop - the receiver is gone */
static void flow_drop(struct flow *flow)
{
	flow->end = flow->told = true;
	flow_took(flow, flow->length);
}

/* ssl_wait - what an unsuccessful call of OpenSSL means */
static enum step ssl_wait(struct bridge *bridge, int result, bool writing)
{
	switch (SSL_get_error(bridge->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		bridge->wants_read = writing;
		return STEP_WAIT;
	case SSL_ERROR_WANT_WRITE:
		bridge->wants_write = !writing;
		return STEP_WAIT;
	default:
		return STEP_BROKEN;
	}
}

/* to_server - bytes into the pair; how many it took */
static size_t to_server(struct bridge *bridge, const unsigned char *bytes,
			size_t length)
{
	ssize_t sent;

	do {
		sent = send(bridge->server, bytes, length,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN)
		flow_drop(&bridge->in);
	return sent < 0 ? 0 : (size_t)sent;
}

/* read_client - one block from the client to the server */
static enum step read_client(struct bridge *bridge)
{
	unsigned char *block = bridge->bridges->block;
	size_t got, sent;
	int result;

	bridge->wants_write = false;
	ERR_clear_error();
	errno = 0;
	result = SSL_read_ex(bridge->ssl, block, BLOCK_SIZE, &got);
	if (bridge->noise > NOISE_MAX)
		return STEP_BROKEN;
	if (result != 1 &&
	    SSL_get_error(bridge->ssl, result) == SSL_ERROR_ZERO_RETURN) {
		bridge->in.end = true;
		return STEP_DONE;
	}
	if (result != 1)
		return ssl_wait(bridge, result, false);
	sent = to_server(bridge, block, got);
	if (sent < got && !bridge->in.end)
		flow_keep(&bridge->in, block + sent, got - sent);
	return STEP_DONE;
}

/* go_in - from the client to the server, as long as it goes */
static enum step go_in(struct bridge *bridge)
{
	struct flow *in = &bridge->in;
	enum step step = STEP_DONE;
	int left;

	for (left = TURN; left > 0 && step == STEP_DONE; left--) {
		if (in->length > 0)
			flow_took(in, to_server(bridge, in->bytes + in->start,
						in->length));
		if (in->length > 0 || in->end)
			break;
		step = read_client(bridge);
	}
	if (in->end && in->length == 0 && !in->told) {
		in->told = true;
		shutdown(bridge->server, SHUT_WR);
	}
	return step;
}

/* to_client - bytes into TLS; took is how many */
static enum step to_client(struct bridge *bridge, const unsigned char *bytes,
			   size_t length, size_t *took)
{
	int result;

	*took = 0;
	bridge->wants_read = false;
	ERR_clear_error();
	errno = 0;
	result = SSL_write_ex(bridge->ssl, bytes, length, took);
	return result == 1 ? STEP_DONE : ssl_wait(bridge, result, true);
}

/* write_client - one block from the server to the client */
static enum step write_client(struct bridge *bridge)
{
	unsigned char *block = bridge->bridges->block;
	enum step step;
	ssize_t got;
	size_t took;

	got = recv(bridge->server, block, BLOCK_SIZE, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return STEP_WAIT;
	if (got <= 0) {
		bridge->out.end = true;
		return STEP_DONE;
	}
	step = to_client(bridge, block, (size_t)got, &took);
	if (step != STEP_BROKEN && took < (size_t)got)
		flow_keep(&bridge->out, block + took, (size_t)got - took);
	return step;
}

/* say_end - the server has closed: so do we, in TLS and in TCP, and wait a
 * moment for the client. To close at once with something of his unread would
 * take our last answer away from him. */
static enum step say_end(struct bridge *bridge)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_shutdown(bridge->ssl);
	if (result < 0 && ssl_wait(bridge, result, true) == STEP_WAIT &&
	    !bridge->wants_read)
		return STEP_WAIT;
	shutdown(bridge->client, SHUT_WR);
	bridge->out.told = true;
	bridge->lingers = true;
	flow_drop(&bridge->in);
	bridge_time(bridge, LINGER_MS);
	return STEP_DONE;
}

/* go_out - from the server to the client, as long as it goes */
static enum step go_out(struct bridge *bridge)
{
	struct flow *out = &bridge->out;
	enum step step = STEP_DONE;
	size_t took;
	int left;

	for (left = TURN; left > 0 && step == STEP_DONE; left--) {
		if (out->length > 0) {
			step = to_client(bridge, out->bytes + out->start,
					 out->length, &took);
			flow_took(out, took);
			if (took > 0)
				bridge_time(bridge, 0); /* starts anew */
			continue;
		}
		if (out->end)
			return say_end(bridge);
		step = write_client(bridge);
	}
	return step;
}

/* linger - read what nobody wants any more, until the client closes */
static enum step linger(struct bridge *bridge)
{
	unsigned char *block = bridge->bridges->block;
	ssize_t got;
	int left;

	for (left = TURN; left > 0; left--) {
		got = recv(bridge->client, block, BLOCK_SIZE, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return STEP_WAIT;
		if (got <= 0)
			return STEP_BROKEN;
	}
	return STEP_WAIT;
}

static void on_event(evutil_socket_t fd, short what, void *argument);

/* set_interest - what to wait for at one end: 0 or -1 */
static int set_interest(struct bridge *bridge, struct event *event,
			short *interest, int fd, short wanted)
{
	if (*interest == wanted)
		return 0;
	if (*interest != 0)
		event_del(event);
	*interest = 0;
	if (wanted == 0)
		return 0;
	event_assign(event, bridge->bridges->base, fd,
		     (short)(wanted | EV_PERSIST), on_event, bridge);
	if (event_add(event, NULL) < 0)
		return -1;
	*interest = wanted;
	return 0;
}

/* client_events - what the client is to do next */
static short client_events(const struct bridge *bridge)
{
	const struct flow *in = &bridge->in, *out = &bridge->out;
	short events = 0;

	/* A handshake that wants to write has nothing to read. */
	if (!bridge->known)
		return bridge->wants_write ? EV_WRITE : EV_READ;
	if (bridge->lingers || bridge->wants_read ||
	    (!in->end && in->length == 0))
		events |= EV_READ;
	if (bridge->wants_write || (out->length > 0 && !bridge->wants_read) ||
	    (out->end && !out->told))
		events |= EV_WRITE;
	return events;
}

/* server_events - likewise, of the server */
static short server_events(const struct bridge *bridge)
{
	short events = 0;

	if (bridge->known && !bridge->out.end && bridge->out.length == 0)
		events |= EV_READ;
	if (bridge->in.length > 0)
		events |= EV_WRITE;
	return events;
}

/* bridge_settle - what to wait for now, and for how long: 0 or -1 */
static int bridge_settle(struct bridge *bridge)
{
	bool unsent = bridge->out.length > 0 || bridge->out.end;

	if (bridge->known && !bridge->lingers && unsent != bridge->timed)
		bridge_time(bridge, unsent ? UNSENT_MS : 0);
	if (set_interest(bridge, &bridge->client_event,
			 &bridge->client_interest, bridge->client,
			 client_events(bridge)) < 0)
		return -1;
	return set_interest(bridge, &bridge->server_event,
			    &bridge->server_interest, bridge->server,
			    server_events(bridge));
}

/* make_pair - the ordinary connection; 0 or -1 */
static int make_pair(struct bridge *bridge)
{
	const struct tls_bridges_handler *handler = &bridge->bridges->handler;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       ends) < 0)
		return -1;
	bridge->server = ends[0];
	handler->ready(handler->context, ends[1], bridge->peer);
	return 0;
}

/* let_in - the handshake is done: is the client one of ours? */
static enum step let_in(struct bridge *bridge)
{
	struct tls_bridges *bridges = bridge->bridges;

	bridge->wants_write = false;
	if (!tls_listener_admits(bridge->listener, bridge->ssl)) {
		bridge_refuse(bridge, "the certificate is not accepted");
		return STEP_BROKEN;
	}
	if (bridge->server < 0 && make_pair(bridge) < 0) {
		bridge_refuse(bridge, strerror(errno));
		return STEP_BROKEN;
	}
	bridge_leave(bridge);
	bridge->known = true;
	TAILQ_INSERT_TAIL(&bridges->known, bridge, link);
	bridges->known_count++;
	bridge_time(bridge, 0);
	return STEP_DONE;
}

/* shake - go on with the handshake; when broken the bridge is gone */
static enum step shake(struct bridge *bridge)
{
	enum step step;
	int result;

	bridge->wants_write = false;
	ERR_clear_error();
	errno = 0;
	result = SSL_accept(bridge->ssl);
	if (result == 1)
		return let_in(bridge);
	step = ssl_wait(bridge, result, false);
	if (step == STEP_BROKEN)
		bridge_refuse(bridge,
			      tls_listener_reason(
				      bridge->ssl,
				      SSL_get_error(bridge->ssl, result)));
	return step;
}

/* bridge_step - all that can be done now; the bridge may be gone then */
static void bridge_step(struct bridge *bridge)
{
	enum step step = STEP_DONE;

	if (!bridge->known) {
		step = shake(bridge);
		if (step == STEP_BROKEN)
			return;
	}
	if (step == STEP_DONE && !bridge->lingers) {
		step = go_in(bridge);
		if (step != STEP_BROKEN)
			step = go_out(bridge);
	}
	if (bridge->lingers)
		step = linger(bridge);
	if (bridge->noise > NOISE_MAX)
		bridge_refuse(bridge, "too many key updates or renegotiations");
	else if (step == STEP_BROKEN || bridge_settle(bridge) < 0)
		bridge_free(bridge);
}

/* on_event - one of the ends is ready */
static void on_event(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	bridge_step(argument);
}

/* on_timer - it took too long */
static void on_timer(evutil_socket_t fd, short what, void *argument)
{
	struct bridge *bridge = argument;

	(void)fd;
	(void)what;
	if (!bridge->known)
		bridge_refuse(bridge, "handshake not complete in time");
	else
		bridge_free(bridge);
}

/* on_message - of the protocol: count what no honest client sends often. Once
 * the client is known these are key updates (handshake messages), and the
 * warnings by which OpenSSL declines to renegotiate. */
static void on_message(int write_p, int version, int content_type,
		       const void *buffer, size_t length, SSL *ssl,
		       void *context)
{
	struct bridge *bridge = context;

	(void)version;
	(void)buffer;
	(void)length;
	(void)ssl;
	if (bridge->known &&
	    ((write_p == 0 && content_type == SSL3_RT_HANDSHAKE) ||
	     (write_p == 1 && content_type == SSL3_RT_ALERT)))
		bridge->noise++;
}

/* tls_bridges_accept - a client */
void tls_bridges_accept(struct tls_bridges *bridges,
			struct tls_listener *listener, int fd, const char *peer)
{
	struct bridge *bridge = xcalloc(1, sizeof(*bridge));

	bridge->ssl = tls_listener_session(listener, fd);
	if (bridge->ssl == NULL) {
		bridges->handler.failed(bridges->handler.context, peer,
					"out of memory");
		close(fd);
		free(bridge);
		return;
	}
	if (bridges->shaking_count >= TLS_BRIDGES_HANDSHAKES_MAX)
		bridge_refuse(TAILQ_FIRST(&bridges->shaking),
			      "too many handshakes at a time, and this was the "
			      "oldest");
	SSL_set_msg_callback(bridge->ssl, on_message);
	SSL_set_msg_callback_arg(bridge->ssl, bridge);
	bridge->bridges = bridges;
	bridge->listener = tls_listener_hold(listener);
	bridge->peer = xstrdup(peer);
	bridge->client = fd;
	bridge->server = -1;
	evtimer_assign(&bridge->timer, bridges->base, on_timer, bridge);
	TAILQ_INSERT_TAIL(&bridges->shaking, bridge, link);
	bridges->shaking_count++;
	bridge_time(bridge, HANDSHAKE_MS);
	bridge_step(bridge);
}

/* tls_bridges_detach - handshakes get their connections now */
void tls_bridges_detach(struct tls_bridges *bridges)
{
	struct bridge *bridge, *next;

	for (bridge = TAILQ_FIRST(&bridges->shaking); bridge != NULL;
	     bridge = next) {
		next = TAILQ_NEXT(bridge, link);
		if (bridge->server < 0 && make_pair(bridge) < 0)
			bridge_refuse(bridge, strerror(errno));
	}
}

/* tls_bridges_drain - clients may say nothing more */
void tls_bridges_drain(struct tls_bridges *bridges)
{
	struct bridge *bridge, *next;

	for (bridge = TAILQ_FIRST(&bridges->shaking); bridge != NULL;
	     bridge = next) {
		next = TAILQ_NEXT(bridge, link);
		bridge_refuse(bridge, "policyd is stopping");
	}
	for (bridge = TAILQ_FIRST(&bridges->known); bridge != NULL;
	     bridge = next) {
		next = TAILQ_NEXT(bridge, link);
		if (bridge->lingers)
			continue;
		/* What has come so far still counts. */
		if (go_in(bridge) == STEP_BROKEN) {
			bridge_free(bridge);
			continue;
		}
		bridge->in.end = true;
		bridge_step(bridge);
	}
}

/* tls_bridges_count - how many there are */
size_t tls_bridges_count(const struct tls_bridges *bridges)
{
	return bridges->shaking_count + bridges->known_count;
}

/* tls_bridges_run - until there is none */
int tls_bridges_run(struct tls_bridges *bridges, unsigned limit_ms,
		    struct error *error)
{
	struct timeval limit = { .tv_sec = limit_ms / 1000,
				 .tv_usec = (suseconds_t)(limit_ms % 1000 *
							  1000) };
	int result = 0;

	if (tls_bridges_count(bridges) == 0)
		return 0;
	if (limit_ms > 0 && event_base_loopexit(bridges->base, &limit) < 0)
		return error_set(error, "no timer for the event loop");
	bridges->runs = true;
	if (event_base_loop(bridges->base, 0) < 0)
		result = error_set(error, "the event loop failed: %s",
				   strerror(errno));
	bridges->runs = false;
	return result;
}

/* cut_all - those of a queue */
static void cut_all(struct bridge *bridge)
{
	struct bridge *next;

	for (; bridge != NULL; bridge = next) {
		next = TAILQ_NEXT(bridge, link);
		bridge_free(bridge);
	}
}

/* tls_bridges_free - cut all of them */
void tls_bridges_free(struct tls_bridges *bridges)
{
	if (bridges == NULL)
		return;
	cut_all(TAILQ_FIRST(&bridges->shaking));
	cut_all(TAILQ_FIRST(&bridges->known));
	free(bridges);
}
