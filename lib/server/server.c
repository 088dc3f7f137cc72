/* SPDX-License-Identifier: ISC */
/* server - the event loop: accepting, time limits, end
 *
 * Knows bytes, not policy. A request costs one read, one write and its share of
 * an epoll_wait: events are not changed from one request to the next, and
 * connections need no timers of their own. Each connection is in the queue of
 * its state (idle, in the middle of a request, ...). All connections in a queue
 * have the same time limit, so the first one expires next, and one timer for
 * the whole loop is enough. The timer is only ever moved to an earlier time; if
 * it expires too early, it is set again. */

#include "lib/server/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"
#include "lib/server/server_internal.h"

#define ACCEPT_BATCH  16
#define STARVED_MS    100
#define CROWDED_MS    10
#define DRAIN_READ_MS 1000 /* who still sends after that is cut off */

/* server_queue_limit - how long a connection may stay in a queue. For an idle
 * connection, activity may go unnoticed for 1/64 of the time; see
 * connection_enqueue(). */
uint64_t server_queue_limit(const struct server *server, enum queue queue)
{
	switch (queue) {
	case QUEUE_SILENT:
		return server->limits.request_ms;
	case QUEUE_IDLE:
		return (uint64_t)server->limits.idle_ms +
		       server->limits.idle_ms / 64 + 1;
	case QUEUE_PARTIAL:
		return server->limits.request_ms;
	case QUEUE_UNSENT:
		return server->limits.reply_ms;
	case QUEUE_WAITING:
	case QUEUE_COUNT:
		break;
	}
	return UINT64_MAX /
	       2; /* a handler that answers later has its own limit */
}

/* server_expect - make the timer expire at due_ms or earlier */
void server_expect(struct server *server, uint64_t due_ms)
{
	struct timeval delay;
	uint64_t now;

	if (due_ms >= server->timer_ms)
		return;
	now = clock_ms();
	delay = clock_timeval(due_ms > now ? due_ms - now : 1);
	if (event_add(&server->timer, &delay) == 0)
		server->timer_ms = due_ms;
}

/* on_timer - close the connections whose time is over; set the timer for the
 * next one */
static void on_timer(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;
	uint64_t now = clock_ms();
	int queue;

	(void)fd;
	(void)what;
	server->timer_ms = UINT64_MAX;
	for (queue = QUEUE_SILENT; queue < QUEUE_WAITING; queue++) {
		uint64_t limit = server_queue_limit(server, (enum queue)queue);
		struct connection *first;

		while ((first = TAILQ_FIRST(&server->queues[queue])) != NULL &&
		       first->since_ms + limit <= now)
			connection_expire(first);
		if (first != NULL)
			server_expect(server, first->since_ms + limit);
	}
}

/* idle_interest - the events to watch on an idle connection. If the loop
 * reports each arrival once, it reports requests in the order in which they
 * were sent; if it reports everything that is readable, the connections just
 * answered come first. With the former, it must also report the end of the
 * connection that arrives together with the last request. */
static short idle_interest(struct event_base *base)
{
	int needed = EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE;

	if ((event_base_get_features(base) & needed) != needed)
		return EV_READ;
	return EV_READ | EV_CLOSED | EV_ET;
}

/* make_base - create the event loop. any_file: it must support descriptors that
 * epoll does not, such as regular files. */
static int make_base(struct server *server, bool any_file, struct error *error)
{
	struct event_config *config = event_config_new();

	if (config == NULL)
		return error_set(error, "event loop: out of memory");
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	if (any_file)
		event_config_require_features(config, EV_FEATURE_FDS);
	server->base = event_base_new_with_config(config);
	event_config_free(config);
	if (server->base == NULL)
		return error_set(error, "no event loop: %s", strerror(errno));
	server->idle_interest = idle_interest(server->base);
	return 0;
}

/* on_pause_over - descriptors or places may be free again */
static void on_pause_over(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;

	(void)fd;
	(void)what;
	server->starved = false;
	server->awaits = false;
	server->asked = 0;
	server_look_again(server);
}

/* on_drained - draining has taken long enough */
static void on_drained(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	server_quit(argument);
}

/* on_flush - everything that was ready has been handled */
static void on_flush(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;
	struct timeval delay = clock_timeval(SERVER_FLUSH_MS);

	(void)fd;
	(void)what;
	server->flushing = false;
	if (server->handler.flush(server->handler.context) &&
	    event_add(&server->flush, &delay) < 0)
		server_flush_soon(server);
}

/* server_flush_soon - schedule on_flush() after all events that are ready now
 */
void server_flush_soon(struct server *server)
{
	if (server->flushing || server->handler.flush == NULL)
		return;
	server->flushing = true;
	event_active(&server->flush, EV_TIMEOUT, 0);
}

/* assign_timers - attach the timers to the event loop */
static void assign_timers(struct server *server)
{
	evtimer_assign(&server->timer, server->base, on_timer, server);
	evtimer_assign(&server->pause_timer, server->base, on_pause_over,
		       server);
	evtimer_assign(&server->flush, server->base, on_flush, server);
	evtimer_assign(&server->drain_timer, server->base, on_drained, server);
	server->timer_ms = UINT64_MAX;
}

/* server_new - create an event loop without listeners */
struct server *server_new(const struct server_limits *limits,
			  const struct server_handler *handler,
			  struct error *error)
{
	struct server *server = xcalloc(1, sizeof(*server));
	int queue;

	server->limits = *limits;
	server->handler = *handler;
	for (queue = 0; queue < QUEUE_COUNT; queue++)
		TAILQ_INIT(&server->queues[queue]);
	TAILQ_INIT(&server->accepting);
	TAILQ_INIT(&server->readers);
	if (make_base(server, false, error) < 0) {
		free(server);
		return NULL;
	}
	assign_timers(server);
	server->input = xmalloc(SERVER_INPUT_SIZE);
	server->places = places_new();
	return server;
}

/* stop_watching - stop watching the descriptors of others */
static void stop_watching(struct server *server)
{
	struct reader *reader;

	while ((reader = TAILQ_FIRST(&server->readers)) != NULL) {
		TAILQ_REMOVE(&server->readers, reader, link);
		event_del(&reader->event);
		free(reader);
	}
}

/* server_stop - remove all our events, so that nobody is called any more, even
 * if another owner keeps the loop running */
static void server_stop(struct server *server)
{
	struct connection *connection;
	int queue;

	server->quit = true;
	server_stop_accepting(server);
	server_stop_dealing(server);
	for (queue = 0; queue < QUEUE_COUNT; queue++)
		while ((connection = TAILQ_FIRST(&server->queues[queue])))
			connection_close(connection);
	stop_watching(server);
	giving_free(server->giving);
	taking_free(server->taking);
	server->giving = NULL;
	server->taking = NULL;
	event_del(&server->timer);
	event_del(&server->pause_timer);
	event_del(&server->drain_timer);
	event_del(&server->flush);
}

/* server_free - NULL is allowed */
void server_free(struct server *server)
{
	if (server == NULL)
		return;
	server_stop(server);
	event_base_free(server->base);
	places_free(server->places);
	free(server->input);
	free(server);
}

/* accept_update - accept, or pause: too many connections, or no
 * descriptors */
static void accept_update(struct server *server)
{
	bool accepts = !server->starved && !server->crowded && !server->quit;
	struct accepting *accepting;

	if (accepts == server->accepts)
		return;
	server->accepts = accepts;
	TAILQ_FOREACH (accepting, &server->accepting, link) {
		if (!accepts)
			event_del(&accepting->event);
		else if (event_add(&accepting->event, NULL) < 0)
			server_quit(server);
	}
}

/* server_stop_accepting - stop for good: other processes have the listening
 * sockets, too */
void server_stop_accepting(struct server *server)
{
	struct accepting *accepting;

	server->stops = true;
	while ((accepting = TAILQ_FIRST(&server->accepting)) != NULL) {
		TAILQ_REMOVE(&server->accepting, accepting, link);
		event_del(&accepting->event);
		close(accepting->fd);
		free(accepting);
	}
}

/* pause_for - do not accept for a while, and why */
static void pause_for(struct server *server, bool *why, uint64_t ms)
{
	struct timeval delay = clock_timeval(ms);

	if (event_add(&server->pause_timer, &delay) == 0)
		*why = true;
	accept_update(server);
}

/* server_look_again - somebody has closed a connection, or would not */
void server_look_again(struct server *server)
{
	server->crowded = false;
	accept_update(server);
}

/* find_room - for one more; false: pause. Others do not say when they have
 * closed a connection, unless they were asked to. */
static bool find_room(struct server *server)
{
	if (server_find_room(server))
		return true;
	pause_for(server, &server->crowded, CROWDED_MS);
	return false;
}

/* server_add - one more connection */
void server_add(struct server *server, int fd, const char *peer)
{
	struct connection *connection;

	SERVER_COUNT(server->counters.accepted, 1);
	find_room(server);
	connection = connection_new(server, fd, fd);
	if (peer != NULL)
		connection->peer = xstrdup(peer);
	connection_continue(connection);
	accept_update(server);
}

/* comes - does a connection wait to be accepted? */
static bool comes(const struct accepting *accepting)
{
	struct pollfd ready = { .fd = accepting->fd, .events = POLLIN };

	return poll(&ready, 1, 0) > 0;
}

/* accept_one - true: there may be more, and a place for it: nobody shall make
 * room for one that does not come */
static bool accept_one(struct accepting *accepting)
{
	struct server *server = accepting->server;
	int fd;

	if (!server_has_room(server) &&
	    !(comes(accepting) && find_room(server)))
		return false;
	fd = accept4(accepting->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EAGAIN)
			return false;
		if (errno == EINTR || errno == ECONNABORTED)
			return true;
		/* EMFILE and the like: no spinning */
		pause_for(server, &server->starved, STARVED_MS);
		return false;
	}
	if (accepting->accepted != NULL)
		accepting->accepted(accepting->context, fd);
	else
		server_add(server, fd, NULL);
	return server_has_room(server);
}

/* on_acceptable - accept some at a time, so that others get their turn */
static void on_acceptable(evutil_socket_t fd, short what, void *argument)
{
	struct accepting *accepting = argument;
	int left = ACCEPT_BATCH;

	(void)fd;
	(void)what;
	while (left > 0 && accept_one(accepting))
		left--;
	accept_update(accepting->server);
}

/* server_listen - accept connections from fd, and serve them */
int server_listen(struct server *server, int fd, struct error *error)
{
	return server_listen_for(server, fd, NULL, NULL, error);
}

/* server_listen_for - accept connections from fd for a callback */
int server_listen_for(struct server *server, int fd, server_accepted *accepted,
		      void *context, struct error *error)
{
	struct accepting *accepting = xcalloc(1, sizeof(*accepting));

	accepting->server = server;
	accepting->accepted = accepted;
	accepting->context = context;
	accepting->fd = fd;
	event_assign(&accepting->event, server->base, fd, EV_READ | EV_PERSIST,
		     on_acceptable, accepting);
	accept_update(server);
	if (server->accepts && event_add(&accepting->event, NULL) < 0) {
		free(accepting);
		return error_set(error, "cannot wait for connections: %s",
				 strerror(errno));
	}
	TAILQ_INSERT_TAIL(&server->accepting, accepting, link);
	return 0;
}

/* server_serve_pair - serve one connection, from any file to any file */
int server_serve_pair(struct server *server, int input, int output,
		      struct error *error)
{
	struct connection *connection;

	event_base_free(server->base);
	if (make_base(server, true, error) < 0) {
		make_base(server, false, NULL);
		return -1;
	}
	assign_timers(server);
	server->pair = true;
	connection = connection_new(server, input, output);
	connection_asked(connection); /* nobody else needs its place */
	connection_continue(connection);
	return 0;
}

/* server_write_error - was a reply lost, and why? */
int server_write_error(const struct server *server)
{
	return server->write_error;
}

/* on_watched - a descriptor of somebody else is readable */
static void on_watched(evutil_socket_t fd, short what, void *argument)
{
	struct reader *reader = argument;

	(void)what;
	reader->readable(reader->context, fd);
}

/* server_on_readable - call back when fd is readable */
int server_on_readable(struct server *server, int fd,
		       void (*readable)(void *context, int fd), void *context,
		       struct error *error)
{
	struct reader *reader = xcalloc(1, sizeof(*reader));

	reader->readable = readable;
	reader->context = context;
	event_assign(&reader->event, server->base, fd, EV_READ | EV_PERSIST,
		     on_watched, reader);
	if (event_add(&reader->event, NULL) < 0) {
		free(reader);
		return error_set(error, "cannot watch a descriptor: %s",
				 strerror(errno));
	}
	TAILQ_INSERT_TAIL(&server->readers, reader, link);
	return 0;
}

/* server_run - run until there is nothing left to do */
int server_run(struct server *server, struct error *error)
{
	int result = 0;

	if (!server->quit && event_base_loop(server->base, 0) < 0)
		result = error_set(error, "the event loop failed: %s",
				   strerror(errno));
	server_stop(server);
	return result;
}

/* server_base - the event loop */
struct event_base *server_base(struct server *server)
{
	return server->base;
}

/* server_quit - make server_run() return now */
void server_quit(struct server *server)
{
	server->quit = true;
	event_base_loopbreak(server->base);
}

/* server_check_end - is there nothing left to do? */
void server_check_end(struct server *server)
{
	if ((server->pair || server->draining) && server->counters.open == 0 &&
	    server->taking == NULL)
		server_quit(server);
}

/* server_connection_gone - one connection less: accept again, or end */
void server_connection_gone(struct server *server)
{
	SERVER_COUNT(server->counters.open, -1U);
	if (server->quit)
		return;
	if (server->giving != NULL)
		giving_continue(server);
	else
		server_check_end(server);
	server_look_again(server);
}

/* continue_queue - with each connection of a queue, because we drain. One that
 * stays may move to the end of the queue; each is visited only once. */
static void continue_queue(struct server *server, enum queue queue)
{
	struct connection *last =
		TAILQ_LAST(&server->queues[queue], connection_queue);
	struct connection *connection, *next;

	for (connection = TAILQ_FIRST(&server->queues[queue]);
	     connection != NULL; connection = next) {
		next = connection != last ? TAILQ_NEXT(connection, link) : NULL;
		connection_continue(connection);
	}
}

/* server_drain - answer what was received, then close. Also used when a
 * hand-over fails while draining. */
void server_drain(struct server *server)
{
	struct timeval delay = clock_timeval(SERVER_DRAIN_MS);

	if (!server->draining) {
		server->draining = true;
		server->drain_ms = clock_ms() + DRAIN_READ_MS;
		server_stop_accepting(server);
		if (event_add(&server->drain_timer, &delay) < 0)
			server_quit(server);
	}
	continue_queue(server, QUEUE_SILENT);
	continue_queue(server, QUEUE_IDLE);
	continue_queue(server, QUEUE_PARTIAL);
	server_check_end(server);
}

/* server_counters - copy the counters, from any thread */
void server_counters(const struct server *server,
		     struct server_counters *counters)
{
	*counters = (struct server_counters){
		.accepted = SERVER_READ(server->counters.accepted),
		.malformed = SERVER_READ(server->counters.malformed),
		.timeouts = SERVER_READ(server->counters.timeouts),
		.open = SERVER_READ(server->counters.open),
	};
}
