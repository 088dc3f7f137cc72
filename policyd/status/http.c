/* SPDX-License-Identifier: ISC */
/* http - a minimal HTTP server for the metrics listener
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
	uint64_t until_ms;
	bool asked;   /* it has sent a whole request */
	bool leaving; /* it makes room for others */
};

struct http {
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
	http_show *show;
	void *context;
};

/* sweep_in - sweep after this number of milliseconds */
static void sweep_in(struct http *http, unsigned ms)
{
	const struct timeval delay = clock_timeval(ms);

	evtimer_add(http->sweep, &delay);
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
static struct guest *silent_one(const struct http *http)
{
	struct guest *guest;

	TAILQ_FOREACH (guest, &http->guests, link)
		if (!guest->leaving && has_left(guest))
			return guest;
	TAILQ_FOREACH (guest, &http->guests, link)
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
static void make_room(struct http *http)
{
	struct guest *guest;

	if (http->count - http->leaving < HTTP_CONNECTIONS_MAX ||
	    (guest = silent_one(http)) == NULL)
		return;
	guest->leaving = true;
	http->leaving++;
	cut(guest);
	sweep_in(http, LEAVE_MS);
}

/* has_room - can one more connection be accepted? */
static bool has_room(const struct http *http)
{
	return http->count < HTTP_DESCRIPTORS_MAX &&
	       (http->count - http->leaving < HTTP_CONNECTIONS_MAX ||
		silent_one(http) != NULL);
}

/* update - accept if that is requested and there is room */
static void update(struct http *http)
{
	if (http->accepts && !evtimer_pending(http->starved, NULL) &&
	    has_room(http))
		evconnlistener_enable(http->listener);
	else
		evconnlistener_disable(http->listener);
}

/* part - the connection has ended */
static void part(struct http *http, struct guest *guest)
{
	TAILQ_REMOVE(&http->guests, guest, link);
	bufferevent_decref(guest->buffers);
	http->leaving -= guest->leaving;
	http->count--;
	free(guest);
}

/* on_sweep - remove guests that have left, and cut those that stay too long */
static void on_sweep(evutil_socket_t fd, short what, void *argument)
{
	struct http *http = argument;
	struct guest *guest, *next;
	uint64_t now = clock_ms();

	(void)fd;
	(void)what;
	for (guest = TAILQ_FIRST(&http->guests); guest != NULL; guest = next) {
		next = TAILQ_NEXT(guest, link);
		if (has_left(guest))
			part(http, guest);
		else if (guest->until_ms <= now)
			cut(guest);
	}
	if (http->count > 0)
		sweep_in(http, http->leaving > 0 ? LEAVE_MS : SWEEP_MS);
	update(http);
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
	struct http *http = argument;

	(void)listener;
	evtimer_add(http->starved, &delay);
	update(http);
}

/* on_guest - evhttp has a new connection, and requests buffers for it */
static struct bufferevent *on_guest(struct event_base *base, void *argument)
{
	struct http *http = argument;
	struct guest *guest = xcalloc(1, sizeof(*guest));

	make_room(http);
	guest->buffers =
		bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (guest->buffers == NULL) {
		free(guest);
		return NULL;
	}
	bufferevent_setwatermark(guest->buffers, EV_READ, 0, INPUT_MAX);
	bufferevent_incref(guest->buffers);
	guest->until_ms = clock_ms() + HTTP_SECONDS_MAX * 1000UL;
	TAILQ_INSERT_TAIL(&http->guests, guest, link);
	if (http->count++ == 0)
		sweep_in(http, SWEEP_MS);
	update(http);
	return guest->buffers;
}

/* make_nonce - a number that nobody who puts text into a page can guess */
static void make_nonce(char nonce[HTTP_NONCE_MAX])
{
	unsigned char bytes[(HTTP_NONCE_MAX - 1) / 2];
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
			const struct http_answer *answer)
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
static bool is_ours(const struct http *http, struct evhttp_request *request)
{
	const char *host = evhttp_request_get_host(request);

	return !http->inet || host == NULL ||
	       strcasecmp(host, "localhost") == 0 || *host == '[' ||
	       host[strspn(host, "0123456789.")] == '\0';
}

/* fill - answer a request */
static void fill(const struct http *http, struct evhttp_request *request,
		 struct http_answer *answer)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(request);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;

	if (!is_ours(http, request)) {
		answer->status = HTTP_MISDIRECTED;
		fputs("Host must be an address of this machine or localhost; "
		      "configure the proxy to send it\n",
		      answer->body);
	} else if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		answer->status = HTTP_BADMETHOD;
		fputs("only GET and HEAD\n", answer->body);
	} else if (path == NULL ||
		   http->show(http->context, path, answer) < 0) {
		answer->status = HTTP_NOTFOUND;
		fputs("not found; available: /, /metrics, /healthz\n",
		      answer->body);
	}
}

/* note_asked - the guest that sent this request keeps its place */
static void note_asked(struct http *http, struct evhttp_request *request)
{
	struct evhttp_connection *connection =
		evhttp_request_get_connection(request);
	const struct bufferevent *buffers =
		evhttp_connection_get_bufferevent(connection);
	struct guest *guest;

	TAILQ_FOREACH (guest, &http->guests, link)
		if (guest->buffers == buffers)
			guest->asked = true;
}

/* on_request - a whole request has arrived */
static void on_request(struct evhttp_request *request, void *argument)
{
	struct http_answer answer = { .status = HTTP_OK,
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
	evhttp_set_max_headers_size(http, HTTP_HEADERS_MAX);
	evhttp_set_max_body_size(http, BODY_MAX);
	evhttp_set_timeout(http, IDLE_SECONDS);
	/* Allow all methods, so that unsupported ones get a 405 from fill(). */
	evhttp_set_allowed_methods(
		http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
			      EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
			      EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
			      EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
}

/* http_new - listening, not accepting */
struct http *http_new(struct event_base *base, int fd, http_show *show,
		      void *context, struct error *error)
{
	struct http *http = xcalloc(1, sizeof(*http));

	TAILQ_INIT(&http->guests);
	http->base = base;
	http->fd = -1;
	http->show = show;
	http->context = context;
	http->http = evhttp_new(base);
	http->sweep = evtimer_new(base, on_sweep, http);
	http->starved = evtimer_new(base, on_starved, http);
	if (http->http != NULL && http->sweep != NULL && http->starved != NULL)
		http->listener = evconnlistener_new(
			base, NULL, NULL,
			LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, fd);
	if (http->listener == NULL ||
	    evhttp_bind_listener(http->http, http->listener) == NULL) {
		error_set(error, "metrics: %s", strerror(errno));
		if (http->listener != NULL)
			evconnlistener_free(http->listener);
		http->listener = NULL;
		http_free(http);
		return NULL;
	}
	http->fd = fd;
	http->inet = peer_is_inet(fd);
	set_limits(http->http);
	evconnlistener_set_error_cb(http->listener, on_accept_error);
	evhttp_set_bevcb(http->http, on_guest, http);
	evhttp_set_gencb(http->http, on_request, http);
	return http;
}

/* http_accept - start or stop accepting */
void http_accept(struct http *http, int accept)
{
	http->accepts = accept;
	update(http);
}

/* is_visited - is any guest still there? */
static int is_visited(const struct http *http)
{
	const struct guest *guest;

	TAILQ_FOREACH (guest, &http->guests, link)
		if (!has_left(guest))
			return 1;
	return 0;
}

/* http_finish - wait until all have their answer */
void http_finish(struct http *http, unsigned limit_ms)
{
	const struct timeval most = clock_timeval(limit_ms);
	uint64_t end_ms = clock_ms() + limit_ms;

	evtimer_del(http->sweep);
	evtimer_add(http->sweep, &most); /* the loop returns by then */
	while (is_visited(http) && clock_ms() < end_ms)
		if (event_base_loop(http->base, EVLOOP_ONCE) != 0)
			break;
}

/* http_free - cut all connections */
void http_free(struct http *http)
{
	struct guest *guest, *next;

	if (http == NULL)
		return;
	if (http->http != NULL)
		evhttp_free(http->http);
	for (guest = TAILQ_FIRST(&http->guests); guest != NULL; guest = next) {
		next = TAILQ_NEXT(guest, link);
		part(http, guest);
	}
	if (http->fd >= 0)
		close(http->fd);
	if (http->sweep != NULL)
		event_free(http->sweep);
	if (http->starved != NULL)
		event_free(http->starved);
	free(http);
}
