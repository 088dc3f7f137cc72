/* SPDX-License-Identifier: ISC */
/* monitor_connect - connections to the store, for workers of servers
 *
 * A server may not connect to anything. The monitor connects to the address
 * that the server named when it started, and passes the descriptor on; it never
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

/* tell - the worker has its connection, or learns why not; fd: -1 */
static int tell(struct server_process *process, unsigned worker, int fd,
		const struct error *why, struct error *error)
{
	struct channel_message message;

	channel_message_init(&message, CHANNEL_CONNECTED, worker);
	if (fd < 0)
		snprintf(message.body.text, sizeof(message.body.text), "%s",
			 why->text);
	return child_send(process, &message, fd, error);
}

/* tell_end - the same, at the end of a connection that was being made; a
 * channel that is broken is noticed when it is read */
static void tell_end(struct connecting *connecting, bool connected,
		     const struct error *why)
{
	(void)tell(connecting->process, connecting->worker,
		   connected ? connecting->fd : -1, why, NULL);
	child_connecting_end(connecting);
}

/* wait_for - until it is connected */
static int wait_for(struct monitor *monitor, struct server_process *process,
		    unsigned worker, int fd, struct error *why)
{
	struct connecting *connecting;
	struct epoll_event event = { .events = EPOLLOUT };

	if (monitor->connecting < 0)
		monitor->connecting = epoll_create1(EPOLL_CLOEXEC);
	connecting = xcalloc(1, sizeof(*connecting));
	event.data.ptr = connecting;
	if (monitor->connecting < 0 ||
	    epoll_ctl(monitor->connecting, EPOLL_CTL_ADD, fd, &event) < 0) {
		free(connecting);
		return error_set(why, "epoll: %s", strerror(errno));
	}
	connecting->process = process;
	connecting->fd = fd;
	connecting->epoll = monitor->connecting;
	connecting->worker = worker;
	connecting->deadline_ms = clock_ms() + CONNECT_MS;
	TAILQ_INSERT_TAIL(&process->connecting, connecting, link);
	return 0;
}

/* monitor_connect - begin to connect for that worker. -1: kill the server */
int monitor_connect(struct monitor *monitor, struct server_process *process,
		    unsigned worker, struct error *error)
{
	struct error why = { "" };
	bool pending = false;
	int result;
	int fd;

	fd = listener_connect_start(process->settings.store, &pending, &why);
	if (pending && wait_for(monitor, process, worker, fd, &why) == 0)
		return 0;
	result = tell(process, worker, pending ? -1 : fd, &why, error);
	if (fd >= 0)
		close(fd);
	return result;
}

/* monitor_connect_ready - some are connected, or have failed */
void monitor_connect_ready(struct monitor *monitor)
{
	struct epoll_event events[READY_MAX];
	struct error why = { "" };
	int count, i;

	count = epoll_wait(monitor->connecting, events, READY_MAX, 0);
	for (i = 0; i < count; i++) {
		struct connecting *connecting = events[i].data.ptr;
		int result = listener_connect_end(
			connecting->fd, connecting->process->settings.store,
			&why);

		tell_end(connecting, result == 0, &why);
	}
}

/* monitor_connect_overdue - drop those that take too long */
void monitor_connect_overdue(struct server_process *process, uint64_t now)
{
	struct connecting *connecting;
	struct error why;

	while ((connecting = TAILQ_FIRST(&process->connecting)) != NULL &&
	       connecting->deadline_ms <= now) {
		error_set(&why, "%s: %s", process->settings.store,
			  strerror(ETIMEDOUT));
		tell_end(connecting, false, &why);
	}
}
