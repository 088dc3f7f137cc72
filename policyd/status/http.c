/* SPDX-License-Identifier: ISC */
/* web - a minimal HTTP server for the metrics listener
 *
 * libevent's evhttp reads requests and writes answers, but limits neither the
 * number of connections nor how long one lasts. So each connection is also kept
 * here as a "guest", from the moment that evhttp requests its buffers. Their
 * number is limited, and a guest that stays too long is shut down. When no
 * place is free, a new client gets that of the oldest guest that has not sent a
 * request. A guest holds a reference to the buffers, which keeps the descriptor
 * open until evhttp has let go of them: then they have no callbacks any more.
 */

#include "policyd/status/http.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"
#include "lib/net/peer.h"

#define HTTP_MISDIRECTED 421
#define IDLE_SECONDS	 5
#define BODY_MAX	 1024  /* of a request; it is ignored */
#define INPUT_MAX	 16384 /* read ahead */
#define SWEEP_MS	 200
#define LEAVE_MS	 2 /* until a guest that was cut has left */
#define STARVED_MS	 1000

/* One connection. */
struct guest {
	TAILQ_ENTRY(guest) link;
	struct bufferevent *buffers;
	int64_t until_ms;
	bool asked;   /* it has sent a whole request */
	bool leaving; /* it makes room for others */
};

struct web {
	struct event_base *base;
	struct evhttp *http;
	struct evconnlistener *listener;
	int fd;
	struct event *sweep;
	struct event *starved; /* until accepting is tried again */
	TAILQ_HEAD(, guest) guests;
	unsigned count;
	unsigned leaving;
	int accepts;
	bool inet;
	web_show *show;
	void *context;
};

/* sweep_in - sweep after this number of milliseconds */
static void sweep_in(struct web *web, unsigned ms)
{
	const struct timeval delay = { .tv_usec = (suseconds_t)ms * 1000 };

	evtimer_add(web->sweep, &delay);
}

/* has_left - has evhttp let go of these buffers? */
static bool has_left(const struct guest *guest)
{
	bufferevent_data_cb reads, writes;
	bufferevent_event_cb happens;

	bufferevent_getcb(guest->buffers, &reads, &writes, &happens, NULL);
	return reads == NULL && writes == NULL && happens == NULL;
}

/* is_silent - has the client sent nothing, or closed its end? */
static bool is_silent(const struct guest *guest)
{
	char byte;

	return recv(bufferevent_getfd(guest->buffers), &byte, 1,
		    MSG_PEEK | MSG_DONTWAIT) <= 0;
}

/* silent_one - the oldest guest that can make room, or NULL. Connections that
 * have ended stay in the list until the next sweep: they go first. */
static struct guest *silent_one(const struct web *web)
{
	struct guest *guest;

	TAILQ_FOREACH (guest, &web->guests, link)
		if (!guest->leaving && has_left(guest))
			return guest;
	TAILQ_FOREACH (guest, &web->guests, link)
		if (!guest->leaving && !guest->asked && is_silent(guest))
			return guest;
	return NULL;
}

/* cut - make evhttp believe that the guest has left. A server may not call
 * shutdown(2) for that, which could close the listening sockets, too. */
static void cut(const struct guest *guest)
{
	bufferevent_trigger_event(guest->buffers,
				  BEV_EVENT_READING | BEV_EVENT_EOF,
				  BEV_TRIG_DEFER_CALLBACKS);
}

/* make_room - for a new client: the connection of one guest ends now, and
 * evhttp lets go of it in the next round */
static void make_room(struct web *web)
{
	struct guest *guest;

	if (web->count - web->leaving < WEB_CONNECTIONS_MAX ||
	    (guest = silent_one(web)) == NULL)
		return;
	guest->leaving = true;
	web->leaving++;
	cut(guest);
	sweep_in(web, LEAVE_MS);
}

/* has_room - can one more connection be accepted? */
static bool has_room(const struct web *web)
{
	return web->count < WEB_DESCRIPTORS_MAX &&
	       (web->count - web->leaving < WEB_CONNECTIONS_MAX ||
		silent_one(web) != NULL);
}

/* update - accept if that is requested and there is room */
static void update(struct web *web)
{
	if (web->accepts && !evtimer_pending(web->starved, NULL) &&
	    has_room(web))
		evconnlistener_enable(web->listener);
	else
		evconnlistener_disable(web->listener);
}

/* part - the connection has ended */
static void part(struct web *web, struct guest *guest)
{
	TAILQ_REMOVE(&web->guests, guest, link);
	bufferevent_decref(guest->buffers);
	web->leaving -= guest->leaving;
	web->count--;
	free(guest);
}

/* on_sweep - remove guests that have left, and cut those that stay too long */
static void on_sweep(evutil_socket_t fd, short what, void *argument)
{
	struct web *web = argument;
	struct guest *guest, *next;
	int64_t now = clock_ms();

	(void)fd;
	(void)what;
	for (guest = TAILQ_FIRST(&web->guests); guest != NULL; guest = next) {
		next = TAILQ_NEXT(guest, link);
		if (has_left(guest))
			part(web, guest);
		else if (guest->until_ms <= now)
			cut(guest);
	}
	if (web->count > 0)
		sweep_in(web, web->leaving > 0 ? LEAVE_MS : SWEEP_MS);
	update(web);
}

/* on_starved - try to accept again */
static void on_starved(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	update(argument);
}

/* on_accept_error - no free descriptor: pause instead of spinning */
static void on_accept_error(struct evconnlistener *listener, void *argument)
{
	static const struct timeval delay = { .tv_sec = STARVED_MS / 1000 };
	struct web *web = argument;

	(void)listener;
	evtimer_add(web->starved, &delay);
	update(web);
}

/* on_guest - evhttp has a new connection, and requests buffers for it */
static struct bufferevent *on_guest(struct event_base *base, void *argument)
{
	struct web *web = argument;
	struct guest *guest = xcalloc(1, sizeof(*guest));

	make_room(web);
	guest->buffers =
		bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (guest->buffers == NULL) {
		free(guest);
		return NULL;
	}
	bufferevent_setwatermark(guest->buffers, EV_READ, 0, INPUT_MAX);
	bufferevent_incref(guest->buffers);
	guest->until_ms = clock_ms() + WEB_SECONDS_MAX * 1000L;
	TAILQ_INSERT_TAIL(&web->guests, guest, link);
	if (web->count++ == 0)
		sweep_in(web, SWEEP_MS);
	update(web);
	return guest->buffers;
}

/* make_nonce - a number that nobody who puts text into a page can guess */
static void make_nonce(char nonce[WEB_NONCE_MAX])
{
	unsigned char bytes[(WEB_NONCE_MAX - 1) / 2];
	size_t i;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		nonce[0] = '\0'; /* the page is shown without its style */
		return;
	}
	for (i = 0; i < sizeof(bytes); i++)
		sprintf(&nonce[2 * i], "%02x", bytes[i]);
}

/* add_headers - restrict what a browser does with the page to showing it */
static void add_headers(struct evhttp_request *request,
			const struct web_answer *answer)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	char policy[160];

	snprintf(policy, sizeof(policy),
		 "default-src 'none'; style-src 'nonce-%s'; base-uri 'none'; "
		 "form-action 'none'; frame-ancestors 'none'",
		 answer->nonce);
	evhttp_add_header(headers, "Content-Type", answer->type);
	evhttp_add_header(headers, "Content-Security-Policy", policy);
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(headers, "Referrer-Policy", "no-referrer");
	evhttp_add_header(headers, "Cross-Origin-Resource-Policy",
			  "same-origin");
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "Connection", "close");
	if (answer->status == HTTP_BADMETHOD)
		evhttp_add_header(headers, "Allow", "GET, HEAD");
}

/* is_ours - does the client mean this host? A page of another site whose name
 * was made to point here (DNS rebinding) does not, and could read everything.
 */
static bool is_ours(const struct web *web, struct evhttp_request *request)
{
	const char *host = evhttp_request_get_host(request);

	return !web->inet || host == NULL ||
	       strcasecmp(host, "localhost") == 0 || *host == '[' ||
	       host[strspn(host, "0123456789.")] == '\0';
}

/* fill - answer a request */
static void fill(const struct web *web, struct evhttp_request *request,
		 struct web_answer *answer)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(request);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;

	if (!is_ours(web, request)) {
		answer->status = HTTP_MISDIRECTED;
		fputs("Host must be an address of this machine or localhost; "
		      "configure the proxy to send it\n",
		      answer->body);
	} else if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		answer->status = HTTP_BADMETHOD;
		fputs("only GET and HEAD\n", answer->body);
	} else if (path == NULL || web->show(web->context, path, answer) < 0) {
		answer->status = HTTP_NOTFOUND;
		fputs("not found; available: /, /metrics, /healthz\n",
		      answer->body);
	}
}

/* note_asked - the guest that sent this request keeps its place */
static void note_asked(struct web *web, struct evhttp_request *request)
{
	struct evhttp_connection *connection =
		evhttp_request_get_connection(request);
	const struct bufferevent *buffers =
		evhttp_connection_get_bufferevent(connection);
	struct guest *guest;

	TAILQ_FOREACH (guest, &web->guests, link)
		if (guest->buffers == buffers)
			guest->asked = true;
}

/* on_request - a whole request has arrived */
static void on_request(struct evhttp_request *request, void *argument)
{
	struct web_answer answer = { .status = HTTP_OK,
				     .type = "text/plain; charset=utf-8" };
	struct evbuffer *buffer = evbuffer_new();
	char *bytes = NULL;
	size_t length = 0;

	note_asked(argument, request);
	make_nonce(answer.nonce);
	answer.body = open_memstream(&bytes, &length);
	if (answer.body == NULL || buffer == NULL) {
		if (answer.body != NULL)
			fclose(answer.body);
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
		goto out;
	}
	fill(argument, request, &answer);
	if (fclose(answer.body) != 0 ||
	    evbuffer_add(buffer, bytes, length) < 0) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
		goto out;
	}
	add_headers(request, &answer);
	evhttp_send_reply(request, answer.status,
			  answer.status == HTTP_MISDIRECTED
				  ? "Misdirected Request"
				  : NULL,
			  buffer);
out:
	free(bytes);
	if (buffer != NULL)
		evbuffer_free(buffer);
}

/* set_limits - limit the size and time of requests */
static void set_limits(struct evhttp *http)
{
	evhttp_set_max_headers_size(http, WEB_HEADERS_MAX);
	evhttp_set_max_body_size(http, BODY_MAX);
	evhttp_set_timeout(http, IDLE_SECONDS);
	/* Allow all methods, so that unsupported ones get a 405 from fill(). */
	evhttp_set_allowed_methods(
		http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
			      EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
			      EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
			      EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
}

/* web_new - listening, not accepting */
struct web *web_new(struct event_base *base, int fd, web_show *show,
		    void *context, struct error *error)
{
	struct web *web = xcalloc(1, sizeof(*web));

	TAILQ_INIT(&web->guests);
	web->base = base;
	web->fd = -1;
	web->show = show;
	web->context = context;
	web->http = evhttp_new(base);
	web->sweep = evtimer_new(base, on_sweep, web);
	web->starved = evtimer_new(base, on_starved, web);
	if (web->http != NULL && web->sweep != NULL && web->starved != NULL)
		web->listener = evconnlistener_new(
			base, NULL, NULL,
			LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, fd);
	if (web->listener == NULL ||
	    evhttp_bind_listener(web->http, web->listener) == NULL) {
		error_set(error, "metrics: %s", strerror(errno));
		if (web->listener != NULL)
			evconnlistener_free(web->listener);
		web->listener = NULL;
		web_free(web);
		return NULL;
	}
	web->fd = fd;
	web->inet = peer_is_inet(fd);
	set_limits(web->http);
	evconnlistener_set_error_cb(web->listener, on_accept_error);
	evhttp_set_bevcb(web->http, on_guest, web);
	evhttp_set_gencb(web->http, on_request, web);
	return web;
}

/* web_accept - start or stop accepting */
void web_accept(struct web *web, int accept)
{
	web->accepts = accept;
	update(web);
}

/* is_visited - is any guest still there? */
static int is_visited(const struct web *web)
{
	const struct guest *guest;

	TAILQ_FOREACH (guest, &web->guests, link)
		if (!has_left(guest))
			return 1;
	return 0;
}

/* web_finish - wait until all have their answer */
void web_finish(struct web *web, unsigned limit_ms)
{
	const struct timeval most = { .tv_sec = limit_ms / 1000,
				      .tv_usec = limit_ms % 1000 * 1000L };
	int64_t end_ms = clock_ms() + limit_ms;

	evtimer_del(web->sweep);
	evtimer_add(web->sweep, &most); /* the loop returns by then */
	while (is_visited(web) && clock_ms() < end_ms)
		if (event_base_loop(web->base, EVLOOP_ONCE) != 0)
			break;
}

/* web_free - cut all connections */
void web_free(struct web *web)
{
	struct guest *guest, *next;

	if (web == NULL)
		return;
	if (web->http != NULL)
		evhttp_free(web->http);
	for (guest = TAILQ_FIRST(&web->guests); guest != NULL; guest = next) {
		next = TAILQ_NEXT(guest, link);
		part(web, guest);
	}
	if (web->fd >= 0)
		close(web->fd);
	if (web->sweep != NULL)
		event_free(web->sweep);
	if (web->starved != NULL)
		event_free(web->starved);
	free(web);
}
