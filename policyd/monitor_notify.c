/* SPDX-License-Identifier: ISC */
/* monitor_notify - what a supervisor is told, and when
 *
 * After each round of the loop the state of things is compared with what was
 * told last, so whatever changes it need not know of supervisors.
 *
 * The watchdog: the server that serves is asked again and again if it still
 * listens, every 10 s, or twice in the supervisor's time if that is shorter.
 * One that has not answered by the next time is killed and replaced. A
 * supervisor gets its answer passed on, and mostly has time enough for the
 * replacement: then it need not start everything anew. While there is no server
 * the monitor, which tries again, answers for itself: started anew with what no
 * server starts with, it would end, and not try again. */

#include "policyd/monitor_internal.h"

#include <inttypes.h>
#include <time.h>

#include "policyd/channel.h"

#define PING_MS 10000 /* a server answers within that time */
#define LATE_MS 1000

/* state_now - how it goes */
static enum notify_state state_now(const struct monitor *monitor)
{
	if (monitor->stopping)
		return NOTIFY_STOPPING;
	if (!monitor->started)
		return NOTIFY_STARTING;
	if (monitor->serving == NULL)
		return NOTIFY_WITHOUT;
	if (monitor->next != NULL || monitor->serving->state == CHILD_TAKING)
		return NOTIFY_RELOADING;
	return NOTIFY_READY;
}

/* now_us - as the supervisor counts */
static uint64_t now_us(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* tell - that state; pid: who serves, if it is ready */
static void tell(struct monitor *monitor, enum notify_state state, long pid)
{
	struct notify *notify = &monitor->notify;

	monitor->told_state = state;
	monitor->told_pid = pid;
	switch (state) {
	case NOTIFY_STARTING:
		break;
	case NOTIFY_READY:
		notify_send(notify, "READY=1\nSTATUS=serving: server %ld\n",
			    pid);
		break;
	case NOTIFY_RELOADING:
		notify_send(notify,
			    "RELOADING=1\nMONOTONIC_USEC=%" PRIu64
			    "\nSTATUS=reloading\n",
			    now_us());
		break;
	case NOTIFY_WITHOUT:
		notify_send(notify, "STATUS=no server: one is started\n");
		break;
	case NOTIFY_STOPPING:
		notify_send(notify, "STOPPING=1\nSTATUS=stopping\n");
		break;
	}
}

/* monitor_notify - if the state has changed */
void monitor_notify(struct monitor *monitor)
{
	enum notify_state state = state_now(monitor);
	long pid = state == NOTIFY_READY ? (long)monitor->serving->pid : 0;

	if (state != monitor->told_state || pid != monitor->told_pid)
		tell(monitor, state, pid);
}

/* monitor_notify_reload - one begins. Whoever has asked for it waits for this
 * word, also if the reload has failed before the round ends. */
void monitor_notify_reload(struct monitor *monitor)
{
	tell(monitor, NOTIFY_RELOADING, 0);
}

/* tell_alive - to a supervisor that wants to know */
static void tell_alive(struct monitor *monitor)
{
	if (monitor->notify.watchdog_ms > 0)
		notify_send(&monitor->notify, "WATCHDOG=1\n");
}

/* plan_ping - when to ask next */
static void plan_ping(struct monitor *monitor)
{
	uint64_t half = (monitor->notify.watchdog_ms + 1) / 2;

	monitor->ping_ms =
		monitor->stopping
			? UINT64_MAX
			: monitor_now_ms() +
				  (half > 0 && half < PING_MS ? half : PING_MS);
}

/* monitor_ping - ask the server again */
void monitor_ping(struct monitor *monitor)
{
	struct child *serving = monitor->serving;

	plan_ping(monitor);
	if (monitor->stopping)
		return;
	if (serving == NULL) {
		tell_alive(monitor);
		return;
	}
	if (serving->ping != 0 ||
	    child_tell(serving, CHANNEL_PING, ++monitor->pings, -1, NULL) < 0)
		child_kill(serving, "does not answer the monitor");
	else
		serving->ping = monitor->pings;
}

/* monitor_watch - it is time to look how it goes. Where the monitor could not
 * run the server could not, either: it gets its time once more. */
void monitor_watch(struct monitor *monitor)
{
	if (monitor_now_ms() - monitor->ping_ms > LATE_MS) {
		plan_ping(monitor);
		return;
	}
	if (monitor->serving != NULL && monitor->next == NULL &&
	    sockets_changed(&monitor->sockets))
		monitor_reload(monitor);
	monitor_ping(monitor);
}

/* monitor_pong - a server has answered */
void monitor_pong(struct monitor *monitor, struct child *child)
{
	child->ping = 0;
	monitor_notify(monitor); /* that it is ready comes first */
	if (child == monitor->serving)
		tell_alive(monitor);
}
