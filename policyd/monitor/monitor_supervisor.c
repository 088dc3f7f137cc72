/* SPDX-License-Identifier: ISC */
/* monitor_supervisor - messages to a supervisor, and the watchdog
 *
 * After each round of the loop the current state is compared with the one that
 * was reported last, so code that changes the state need not know about
 * supervisors.
 *
 * The watchdog: the serving process is pinged every 10 s, or twice per watchdog
 * interval of the supervisor if that is shorter. If it has not answered by the
 * next ping it is killed and replaced. Its answer is passed on to the
 * supervisor, whose interval mostly leaves time for a replacement, so that it
 * need not restart everything. While there is no server, the monitor, which
 * keeps trying to start one, answers for itself: if the supervisor restarted it
 * with a configuration that no server can start with, it would exit instead of
 * trying again. */

#include "policyd/monitor/monitor_internal.h"

#include <inttypes.h>

#include "lib/base/clock.h"
#include "policyd/process/channel.h"

#define PING_MS	   10000 /* a server must answer within this time */
#define LATE_MS	   1000
#define SPARED_MAX 3 /* in a row: a machine may always be as busy */

/* monitor_state_now - the current state */
enum notify_state monitor_state_now(const struct monitor *monitor)
{
	if (monitor->stopping)
		return NOTIFY_STOPPING;
	if (!monitor->started)
		return NOTIFY_STARTING;
	if (monitor->serving == NULL)
		return NOTIFY_WITHOUT;
	if (monitor->next != NULL ||
	    monitor->serving->state == SERVER_PROCESS_TAKING)
		return NOTIFY_RELOADING;
	return NOTIFY_READY;
}

/* tell - report the state; pid: the serving process, if it is ready */
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
			    clock_us());
		break;
	case NOTIFY_WITHOUT:
		notify_send(notify, "STATUS=no server: starting one\n");
		break;
	case NOTIFY_STOPPING:
		notify_send(notify, "STOPPING=1\nSTATUS=stopping\n");
		break;
	}
}

/* monitor_notify - report the state if it has changed */
void monitor_notify(struct monitor *monitor)
{
	enum notify_state state = monitor_state_now(monitor);
	long pid = state == NOTIFY_READY ? (long)monitor->serving->pid : 0;

	if (state != monitor->told_state || pid != monitor->told_pid)
		tell(monitor, state, pid);
}

/* monitor_notify_reload - a reload begins. The program that requested it waits
 * for this message, even if the reload fails before the round ends. */
void monitor_notify_reload(struct monitor *monitor)
{
	tell(monitor, NOTIFY_RELOADING, 0);
}

/* tell_alive - to a supervisor that has set a watchdog */
static void tell_alive(struct monitor *monitor)
{
	if (monitor->notify.watchdog_ms > 0)
		notify_send(&monitor->notify, "WATCHDOG=1\n");
}

/* plan_ping - when to ping next */
static void plan_ping(struct monitor *monitor)
{
	uint64_t half = (monitor->notify.watchdog_ms + 1) / 2;

	monitor->ping_ms =
		monitor->stopping
			? UINT64_MAX
			: clock_ms() +
				  (half > 0 && half < PING_MS ? half : PING_MS);
}

/* monitor_ping - ping the server */
void monitor_ping(struct monitor *monitor)
{
	struct server_process *serving = monitor->serving;

	plan_ping(monitor);
	if (monitor->stopping)
		return;
	if (serving == NULL) {
		tell_alive(monitor);
		return;
	}
	if (serving->ping != 0 ||
	    child_tell(serving, CHANNEL_PING, ++monitor->pings, -1, NULL) < 0)
		monitor_kill(monitor, serving, "does not answer the monitor");
	else
		serving->ping = monitor->pings;
}

/* spare - if the monitor itself could not run in time, a server that has not
 * answered could not run either: it gets another interval */
static bool spare(struct server_process *serving, uint64_t late_ms)
{
	return serving != NULL && serving->ping != 0 && late_ms > LATE_MS &&
	       serving->spared++ < SPARED_MAX;
}

/* monitor_watchdog - a ping is due */
void monitor_watchdog(struct monitor *monitor)
{
	uint64_t late_ms = clock_ms() - monitor->ping_ms;

	monitor_check_sockets(monitor);
	if (spare(monitor->serving, late_ms))
		plan_ping(monitor);
	else
		monitor_ping(monitor);
}

/* monitor_pong - a server has answered a ping */
void monitor_pong(struct monitor *monitor, struct server_process *process)
{
	process->ping = 0;
	process->spared = 0;
	monitor_notify(monitor); /* READY must come first */
	if (process == monitor->serving)
		tell_alive(monitor);
}
