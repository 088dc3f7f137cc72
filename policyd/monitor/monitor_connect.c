/* SPDX-License-Identifier: ISC */
/* monitor_connect - connections to stores, for workers of servers
 *
 * A server may not connect to anything. The monitor connects to the address
 * that the server named when it started, or to the one that a sentinel says
 * (policyd/monitor/monitor_sentinel.c), and passes the descriptor on; it never
 * reads from it, nor waits for it: a connection that takes too long is dropped.
 */

#include "policyd/monitor/monitor_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"

#define READY_MAX  16
#define CONNECT_MS 1000

/* monitor_connect_end - the worker has its connection, or learns why not (why
 * is not NULL). A channel that is broken is noticed when it is read. */
void monitor_connect_end(struct connecting *connecting, const struct error *why)
{
	struct channel_message message;

	channel_message_init(&message, CHANNEL_CONNECTED,
			     channel_link((size_t)(connecting->store -
						   connecting->process->stores),
					  connecting->worker));
	if (why != NULL)
		snprintf(message.body.text, sizeof(message.body.text), "%s",
			 why->text);
	(void)child_send(connecting->process, &message,
			 why == NULL ? connecting->fd : -1, NULL);
	child_connecting_end(connecting);
}

/* monitor_connect_await - until it can be read, or written */
int monitor_connect_await(struct connecting *connecting, uint32_t events,
			  struct error *why)
{
	struct epoll_event event = { .events = events };

	event.data.ptr = connecting;
	if (epoll_ctl(connecting->epoll, EPOLL_CTL_ADD, connecting->fd,
		      &event) < 0 &&
	    (errno != EEXIST || epoll_ctl(connecting->epoll, EPOLL_CTL_MOD,
					  connecting->fd, &event) < 0))
		return error_set(why, "epoll: %s", strerror(errno));
	return 0;
}

/* monitor_connect_begin - 1: it is connected; 0: it may be, later; -1 */
int monitor_connect_begin(struct connecting *connecting, const char *address,
			  uint64_t patience_ms, struct error *why)
{
	bool pending = false;

	snprintf(connecting->address, sizeof(connecting->address), "%s",
		 address);
	connecting->deadline_ms = clock_ms() + patience_ms;
	connecting->fd =
		listener_connect_start(connecting->address, &pending, why);
	if (connecting->fd < 0 ||
	    (pending && monitor_connect_await(connecting, EPOLLOUT, why) < 0))
		return -1;
	return !pending;
}

/* monitor_connect_to - the store */
void monitor_connect_to(struct connecting *connecting, const char *address)
{
	struct error why;
	int result =
		monitor_connect_begin(connecting, address, CONNECT_MS, &why);

	if (result != 0)
		monitor_connect_end(connecting, result < 0 ? &why : NULL);
}

/* is_connecting - for that worker, already */
static bool is_connecting(const struct server_process *process,
			  const struct store_target *store, unsigned worker)
{
	const struct connecting *connecting;

	TAILQ_FOREACH (connecting, &process->connecting, link)
		if (connecting->store == store && connecting->worker == worker)
			return true;
	return false;
}

/* monitor_connect - begin to connect for that worker */
void monitor_connect(struct monitor *monitor, struct server_process *process,
		     struct store_target *store, unsigned worker)
{
	struct connecting *connecting;

	if (is_connecting(process, store, worker))
		return;
	if (monitor->connecting < 0)
		monitor->connecting = epoll_create1(EPOLL_CLOEXEC);
	connecting = xcalloc(1, sizeof(*connecting));
	connecting->process = process;
	connecting->store = store;
	connecting->fd = -1;
	connecting->epoll = monitor->connecting;
	connecting->worker = worker;
	TAILQ_INSERT_TAIL(&process->connecting, connecting, link);
	if (store->told.sentinel_count > 0)
		monitor_sentinel_start(connecting);
	else
		monitor_connect_to(connecting, store->told.address);
}

/* connected - to the store, or not */
static void connected(struct connecting *connecting)
{
	struct error why;
	int result =
		listener_connect_end(connecting->fd, connecting->address, &why);

	monitor_connect_end(connecting, result < 0 ? &why : NULL);
}

/* monitor_connect_ready - some are connected, or have failed */
void monitor_connect_ready(struct monitor *monitor)
{
	struct epoll_event events[READY_MAX];
	int count, i;

	count = epoll_wait(monitor->connecting, events, READY_MAX, 0);
	for (i = 0; i < count; i++) {
		struct connecting *connecting = events[i].data.ptr;

		if (connecting->is_sentinel)
			monitor_sentinel_ready(connecting);
		else
			connected(connecting);
	}
}

/* monitor_connect_due - when the first of them takes too long */
uint64_t monitor_connect_due(const struct server_process *process)
{
	const struct connecting *connecting;
	uint64_t due = UINT64_MAX;

	TAILQ_FOREACH (connecting, &process->connecting, link)
		if (connecting->deadline_ms < due)
			due = connecting->deadline_ms;
	return due;
}

/* monitor_connect_overdue - drop those that take too long */
void monitor_connect_overdue(struct server_process *process, uint64_t now)
{
	struct connecting *connecting = TAILQ_FIRST(&process->connecting);
	struct error why;

	while (connecting != NULL) {
		struct connecting *next = TAILQ_NEXT(connecting, link);

		error_set(&why, "%s: %s", connecting->address,
			  strerror(ETIMEDOUT));
		if (connecting->deadline_ms <= now && connecting->is_sentinel)
			monitor_sentinel_next(connecting, &why);
		else if (connecting->deadline_ms <= now)
			monitor_connect_end(connecting, &why);
		connecting = next;
	}
}
