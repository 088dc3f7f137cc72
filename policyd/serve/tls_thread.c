/* SPDX-License-Identifier: ISC */
/* tls_thread - the thread that does TLS
 *
 *	first thread -- accepted clients --> TLS thread
 *	first thread <-- admitted clients, as ordinary connections --
 *
 * Both channels are socket pairs with one packet for each client; a descriptor
 * is passed as its number, since both threads are in one process. The TLS
 * thread may refuse a client when it is busy. Clients that it sends back are
 * never lost, since it waits for the first thread, which never waits for it
 * before the end.
 *
 * The end has three steps. The first thread closes the channel to the TLS
 * thread, which drains the bridges; the last packet back says that this was
 * done; and when the first thread serves no client any more, it closes the
 * channel back and waits for the thread to end.
 *
 * Admitted clients have priority over handshakes: after each step of a
 * handshake the loop checks for other events. */

#include "policyd/serve/tls_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sysexits.h>
#include <unistd.h>

#include <event2/event.h>

#include "lib/base/log.h"
#include "lib/base/xalloc.h"
#include "lib/net/pass_descriptor.h"
#include "lib/net/peer.h"
#include "lib/tls_listener/tls_bridge.h"

#define BATCH	   16 /* packets, before other events are handled */
#define PRIORITIES 2  /* admitted clients; handshakes */

/* One client, on its way to the thread or back. */
struct packet {
	struct tls_listener *listener;
	int fd; /* -1: the last packet back */
	char peer[PEER_MAX];
};

/* The ends of a channel: of the first thread, and of the TLS thread. */
enum { FIRST, OTHER };

struct tls_thread {
	struct tls_thread_handler handler;
	struct event_base *base;
	struct tls_bridges *bridges;
	struct event *clients; /* readable: the channel to this thread */
	struct event *closed;  /* readable: the channel back */
	int in[2], back[2];    /* -1: closed */
	pthread_t thread;
	bool runs;
	bool ends; /* set by the first thread */
	void (*drained)(void *context);
	void *context;
};

/* send_packet - 0, or -1 and errno */
static int send_packet(int channel, const struct packet *packet, int flags)
{
	struct packet copy = *packet; /* msg_iov takes no const */
	struct iovec piece = { &copy, sizeof(copy) };

	return pass_descriptor_send(channel, &piece, 1, -1,
				    MSG_NOSIGNAL | flags);
}

/* receive_packet - 1; 0: none now; -1: the channel is closed */
static int receive_packet(int channel, struct packet *packet)
{
	struct iovec piece = { packet, sizeof(*packet) };
	ssize_t length =
		pass_descriptor_receive(channel, &piece, 1, NULL, MSG_DONTWAIT);

	if (length == (ssize_t)sizeof(*packet))
		return 1;
	return length < 0 && errno == EAGAIN ? 0 : -1;
}

/* send_back - to the first thread; this may wait for it */
static void send_back(const struct tls_thread *thread, int fd, const char *peer)
{
	struct packet packet = { .fd = fd };

	memcpy(packet.peer, peer, strlen(peer) + 1);
	if (send_packet(thread->back[OTHER], &packet, 0) == 0)
		return;
	log_error("the TLS thread has lost its channel: exiting");
	_exit(EX_TEMPFAIL);
}

/* on_ready - in the TLS thread: a client is admitted */
static void on_ready(void *context, int fd, const char *peer)
{
	send_back(context, fd, peer);
}

/* on_failed - in the TLS thread: a client was refused, or was cut */
static void on_failed(void *context, const char *peer, const char *reason)
{
	const struct tls_thread *thread = context;

	thread->handler.failed(thread->handler.context, peer, reason);
}

/* on_clients - in the TLS thread: clients have come, or no more will come */
static void on_clients(evutil_socket_t fd, short what, void *argument)
{
	struct tls_thread *thread = argument;
	struct packet packet = { 0 };
	int left, result = 1;

	(void)what;
	for (left = BATCH; left > 0 && result > 0; left--) {
		result = receive_packet(fd, &packet);
		if (result > 0 &&
		    __atomic_load_n(&thread->ends, __ATOMIC_RELAXED))
			close(packet.fd);
		else if (result > 0)
			tls_bridges_accept(thread->bridges, packet.listener,
					   packet.fd, packet.peer);
	}
	if (result >= 0)
		return;
	event_del(thread->clients);
	tls_bridges_drain(thread->bridges);
	send_back(thread, -1, "");
}

/* on_closed - in the TLS thread: the first one serves no client any more */
static void on_closed(evutil_socket_t fd, short what, void *argument)
{
	const struct tls_thread *thread = argument;

	(void)fd;
	(void)what;
	event_del(thread->closed);
	event_base_loopbreak(thread->base);
}

/* on_known - in the first thread: clients were admitted */
static void on_known(void *context, int fd)
{
	struct tls_thread *thread = context;
	struct packet packet = { 0 };
	int left;

	for (left = BATCH; left > 0; left--) {
		if (receive_packet(fd, &packet) <= 0)
			return;
		if (packet.fd < 0) {
			thread->drained(thread->context);
			return;
		}
		thread->handler.ready(thread->handler.context, packet.fd,
				      packet.peer);
	}
}

/* make_base - an event loop that checks for admitted clients after each step of
 * a handshake */
static struct event_base *make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	event_config_set_max_dispatch_interval(config, NULL, 1, 1);
	base = event_base_new_with_config(config);
	event_config_free(config);
	if (base != NULL)
		event_base_priority_init(base, PRIORITIES);
	return base;
}

/* wait_for - an event with priority over handshakes; NULL: out of memory */
static struct event *wait_for(struct tls_thread *thread, int fd,
			      event_callback_fn callback)
{
	struct event *event = event_new(thread->base, fd, EV_READ | EV_PERSIST,
					callback, thread);

	if (event != NULL)
		event_priority_set(event, 0);
	if (event != NULL && event_add(event, NULL) == 0)
		return event;
	if (event != NULL)
		event_free(event);
	return NULL;
}

/* open_thread - make its loop and its channels: 0 or -1 */
static int open_thread(struct tls_thread *thread, struct server *server,
		       struct error *error)
{
	const struct tls_bridges_handler handler = {
		.context = thread,
		.ready = on_ready,
		.failed = on_failed,
	};
	const int type = SOCK_SEQPACKET | SOCK_CLOEXEC;

	thread->base = make_base();
	if (thread->base == NULL)
		return error_set(error, "no event loop: %s", strerror(errno));
	thread->bridges = tls_bridges_new(thread->base, &handler);
	if (socketpair(AF_UNIX, type, 0, thread->in) < 0 ||
	    socketpair(AF_UNIX, type, 0, thread->back) < 0)
		return error_set(error, "socketpair: %s", strerror(errno));
	thread->clients = wait_for(thread, thread->in[OTHER], on_clients);
	thread->closed = wait_for(thread, thread->back[OTHER], on_closed);
	if (thread->clients == NULL || thread->closed == NULL)
		return error_set(error, "cannot watch a channel");
	return server_on_readable(server, thread->back[FIRST], on_known, thread,
				  error);
}

/* tls_thread_new - it is not running yet */
struct tls_thread *tls_thread_new(struct server *server,
				  const struct tls_thread_handler *handler,
				  struct error *error)
{
	struct tls_thread *thread = xcalloc(1, sizeof(*thread));
	int end;

	thread->handler = *handler;
	for (end = FIRST; end <= OTHER; end++)
		thread->in[end] = thread->back[end] = -1;
	if (open_thread(thread, server, error) == 0)
		return thread;
	tls_thread_free(thread);
	return NULL;
}

/* work - the whole life of the thread */
static void *work(void *argument)
{
	struct tls_thread *thread = argument;
	struct error error;

	if (event_base_loop(thread->base, 0) >= 0 &&
	    tls_bridges_run(thread->bridges, TLS_THREAD_LAST_MS, &error) == 0)
		return NULL;
	log_error("TLS: the event loop failed: exiting");
	_exit(EX_TEMPFAIL);
}

/* tls_thread_start - start the thread */
int tls_thread_start(struct tls_thread *thread, struct error *error)
{
	int result = pthread_create(&thread->thread, NULL, work, thread);

	if (result != 0)
		return error_set(error, "cannot start a thread: %s",
				 strerror(result));
	thread->runs = true;
	return 0;
}

/* tls_thread_accept - pass a client to the thread */
int tls_thread_accept(struct tls_thread *thread, struct tls_listener *listener,
		      int fd, const char *peer)
{
	struct packet packet = { .listener = listener, .fd = fd };

	memcpy(packet.peer, peer, strlen(peer) + 1);
	return send_packet(thread->in[FIRST], &packet, MSG_DONTWAIT);
}

/* close_end - close one end of a channel if it is open */
static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* tls_thread_drain - no more clients will come */
void tls_thread_drain(struct tls_thread *thread, void (*done)(void *context),
		      void *context)
{
	thread->drained = done;
	thread->context = context;
	__atomic_store_n(&thread->ends, true, __ATOMIC_RELAXED);
	close_end(&thread->in[FIRST]);
}

/* tls_thread_finish - wait until the thread has ended */
void tls_thread_finish(struct tls_thread *thread)
{
	if (!thread->runs)
		return;
	close_end(&thread->back[FIRST]);
	pthread_join(thread->thread, NULL);
	thread->runs = false;
}

/* tls_thread_running - has it been started, and not ended? */
bool tls_thread_running(const struct tls_thread *thread)
{
	return thread != NULL && thread->runs;
}

/* tls_thread_free - it must not be running */
void tls_thread_free(struct tls_thread *thread)
{
	int end;

	if (thread == NULL)
		return;
	if (thread->bridges != NULL)
		tls_bridges_free(thread->bridges);
	if (thread->clients != NULL)
		event_free(thread->clients);
	if (thread->closed != NULL)
		event_free(thread->closed);
	if (thread->base != NULL)
		event_base_free(thread->base);
	for (end = FIRST; end <= OTHER; end++) {
		close_end(&thread->in[end]);
		close_end(&thread->back[end]);
	}
	free(thread);
}
