/* SPDX-License-Identifier: ISC */
/* tls_bridge - between a TLS client and an ordinary connection
 *
 * 	client <- TCP, TLS -> bridge <- socket pair -> server
 *
 * tls_bridge_flow.c moves the bytes; after each step bridge_wait() decides
 * what to wait for. A bridge ends when the server has closed its connection and
 * the client has received everything, or when something breaks.
 *
 * Nothing that a client sends gets further than OpenSSL before its certificate
 * is accepted. Besides time, the number of handshakes is limited, and later the
 * number of messages that only cause work (renegotiation, key updates). */

#include "lib/tls_listener/tls_bridge_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"
#include "lib/tls/tls_context.h"

#define HANDSHAKE_MS 5000
#define UNSENT_MS    10000 /* the client reads nothing */

/* tls_bridges_new - create a set without bridges */
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

/* bridge_leave - leave its queue */
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

/* bridge_refuse - the client is not admitted, or goes too far */
static void bridge_refuse(struct bridge *bridge, const char *reason)
{
	const struct tls_bridges_handler *handler = &bridge->bridges->handler;

	handler->failed(handler->context, bridge->peer, reason);
	bridge_free(bridge);
}

/* bridge_time - set the timer in milliseconds; 0: off */
void bridge_time(struct bridge *bridge, unsigned ms)
{
	const struct timeval delay = clock_timeval(ms);

	bridge->timed = ms > 0;
	if (ms == 0)
		event_del(&bridge->timer);
	else
		event_add(&bridge->timer, &delay);
}

static void on_event(evutil_socket_t fd, short what, void *argument);

/* set_interest - wait for events at one end: 0 or -1 */
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
	if (bridge->known)
		event_priority_set(event, 0);
	if (event_add(event, NULL) < 0)
		return -1;
	*interest = wanted;
	return 0;
}

/* client_events - the events to wait for at the client */
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

/* server_events - the events to wait for at the server */
static short server_events(const struct bridge *bridge)
{
	short events = 0;

	if (bridge->known && !bridge->out.end && bridge->out.length == 0)
		events |= EV_READ;
	if (bridge->in.length > 0)
		events |= EV_WRITE;
	return events;
}

/* bridge_wait - decide what to wait for, and how long: 0 or -1 */
static int bridge_wait(struct bridge *bridge)
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

/* make_pair - create the ordinary connection; 0 or -1 */
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

/* let_in - the handshake is done: is the client admitted? */
static enum step let_in(struct bridge *bridge)
{
	struct tls_bridges *bridges = bridge->bridges;

	bridge->wants_write = false;
	if (!tls_listener_admits(bridge->listener, bridge->ssl)) {
		bridge_refuse(bridge, "the certificate is not accepted");
		return STEP_BROKEN;
	}
	if (make_pair(bridge) < 0) {
		bridge_refuse(bridge, strerror(errno));
		return STEP_BROKEN;
	}
	/* From now on, its events come before handshakes. */
	if (bridge->client_interest != 0)
		event_del(&bridge->client_event);
	bridge->client_interest = 0;
	bridge_leave(bridge);
	bridge->known = true;
	TAILQ_INSERT_TAIL(&bridges->known, bridge, link);
	bridges->known_count++;
	bridge_time(bridge, 0);
	return STEP_DONE;
}

/* shake - continue the handshake; if it breaks, the bridge is gone */
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
	step = bridge_ssl_wait(bridge, result, false);
	if (step == STEP_BROKEN)
		bridge_refuse(bridge,
			      tls_listener_reason(
				      bridge->ssl,
				      SSL_get_error(bridge->ssl, result)));
	return step;
}

/* bridge_step - do everything that is possible now; the bridge may be gone
 * afterwards */
static void bridge_step(struct bridge *bridge)
{
	enum step step = STEP_DONE;

	if (!bridge->known) {
		step = shake(bridge);
		if (step == STEP_BROKEN)
			return;
	}
	if (step == STEP_DONE && !bridge->lingers) {
		step = bridge_go_in(bridge);
		if (step != STEP_BROKEN)
			step = bridge_go_out(bridge);
	}
	if (bridge->lingers)
		step = bridge_linger(bridge);
	if (bridge->noise > NOISE_MAX)
		bridge_refuse(bridge, "too many key updates or renegotiations");
	else if (step == STEP_BROKEN || bridge_wait(bridge) < 0)
		bridge_free(bridge);
}

/* on_event - one of the ends is ready */
static void on_event(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	bridge_step(argument);
}

/* on_timer - its time is over */
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

/* on_message - when the client is known, count the messages that no honest one
 * sends often */
static void on_message(int write_p, int version, int content_type,
		       const void *buffer, size_t length, SSL *ssl,
		       void *context)
{
	struct bridge *bridge = context;

	(void)version;
	(void)buffer;
	(void)length;
	(void)ssl;
	if (bridge->known && tls_context_is_noise(write_p, content_type))
		bridge->noise++;
}

/* tls_bridges_accept - handle a new client */
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
	bridge->listener = listener;
	bridge->peer = xstrdup(peer);
	bridge->client = fd;
	bridge->server = -1;
	evtimer_assign(&bridge->timer, bridges->base, on_timer, bridge);
	TAILQ_INSERT_TAIL(&bridges->shaking, bridge, link);
	bridges->shaking_count++;
	bridge_time(bridge, HANDSHAKE_MS);
	/* Its first step comes from the loop, after those of known clients. */
	if (bridge_wait(bridge) < 0)
		bridge_refuse(bridge, "out of memory");
}

/* cut_all - cut all bridges of a queue */
static void cut_all(struct bridge *bridge)
{
	struct bridge *next;

	for (; bridge != NULL; bridge = next) {
		next = TAILQ_NEXT(bridge, link);
		bridge_free(bridge);
	}
}

/* tls_bridges_drain - clients may send nothing more */
void tls_bridges_drain(struct tls_bridges *bridges)
{
	struct bridge *bridge, *next;

	cut_all(TAILQ_FIRST(&bridges->shaking));
	for (bridge = TAILQ_FIRST(&bridges->known); bridge != NULL;
	     bridge = next) {
		next = TAILQ_NEXT(bridge, link);
		if (bridge->lingers)
			continue;
		/* Data that has arrived is still used. */
		if (bridge_go_in(bridge) == STEP_BROKEN) {
			bridge_free(bridge);
			continue;
		}
		bridge->in.end = true;
		bridge_step(bridge);
	}
}

/* tls_bridges_count - the number of bridges */
size_t tls_bridges_count(const struct tls_bridges *bridges)
{
	return bridges->shaking_count + bridges->known_count;
}

/* tls_bridges_run - run until there are none */
int tls_bridges_run(struct tls_bridges *bridges, unsigned limit_ms,
		    struct error *error)
{
	const struct timeval limit = clock_timeval(limit_ms);
	int result = 0;

	if (tls_bridges_count(bridges) == 0)
		return 0;
	if (event_base_loopexit(bridges->base, &limit) < 0)
		return error_set(error, "no timer for the event loop");
	bridges->runs = true;
	if (event_base_loop(bridges->base, 0) < 0)
		result = error_set(error, "the event loop failed: %s",
				   strerror(errno));
	bridges->runs = false;
	return result;
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
