/* SPDX-License-Identifier: ISC */
/* monitor_server - the life of servers
 *
 * At most one server starts at a time (next), and one serves (serving); others
 * are leaving. A server that starts changes nothing until it is ready: then its
 * sockets count, the one before hands its connections over, and ends. If it
 * fails in whatever way, the one before has noticed nothing. */

#include "policyd/monitor_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "policyd/daemon.h"

#define START_MS	 60000 /* from fork to ready */
#define TAKE_MS		 (CHANNEL_LEAVE_MS + 5000)
#define LIVED_MS	 1000 /* who dies before that is replaced later */
#define RESTART_FIRST_MS 100
#define RESTART_LAST_MS	 5000

/* plan_restart - a replacement: at once, then later and later */
static void plan_restart(struct monitor *monitor)
{
	uint64_t delay = monitor->restart_delay_ms;

	monitor->restart_ms = monitor_now_ms() + delay;
	delay = delay == 0 ? RESTART_FIRST_MS : delay * 2;
	monitor->restart_delay_ms =
		delay < RESTART_LAST_MS ? delay : RESTART_LAST_MS;
}

/* tell_news - to a server that serves; takes: another one hands over to it */
static void tell_news(const struct monitor *monitor, struct child *child,
		      bool takes)
{
	struct channel_message message;
	struct error error;

	channel_message_init(&message, CHANNEL_NEWS, takes);
	message.body.news = monitor->news;
	if (child_send(child, &message, -1, &error) < 0)
		log_debug("news: %s", error.text);
}

/* note_refused - a reload, and why; the server that goes on is told */
static void note_refused(struct monitor *monitor, const char *reason)
{
	struct channel_news *news = &monitor->news;

	news->refused++;
	news->is_refused = 1;
	news->refused_when = time(NULL);
	if (*monitor->complaint.text != '\0')
		reason = monitor->complaint.text;
	snprintf(news->reason, sizeof(news->reason), "%s", reason);
	tell_news(monitor, monitor->serving,
		  monitor->serving->state == CHILD_TAKING);
}

/* start_failed - no server became ready */
static void start_failed(struct monitor *monitor, const char *reason,
			 int status, bool quietly)
{
	sockets_abort(&monitor->sockets);
	if (monitor->stopping)
		return;
	if (!monitor->started) {
		log_error("not started: %s", reason);
		monitor_end(monitor, status);
	} else if (monitor->serving != NULL) {
		log_write(quietly ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
			  "reload refused: %s; the server before goes on",
			  reason);
		if (!quietly)
			note_refused(monitor, reason);
	} else {
		plan_restart(monitor);
		log_error("no server: %s; next try in %.1f s", reason,
			  (double)(monitor->restart_ms - monitor_now_ms()) /
				  1000);
	}
	if (monitor->reload_again && monitor->started)
		monitor_reload(monitor);
}

/* start_server - accepted: what it is to serve with, or -1: the file as it is
 * now */
static void start_server(struct monitor *monitor, int accepted)
{
	struct options options = *monitor->options;
	struct error error;
	struct child *child;

	options.accepted = accepted;
	options.lenient = monitor->serving == NULL;
	if (sockets_renew(&monitor->sockets) && monitor->serving != NULL) {
		/* It may be the one; and it does not have the new one. */
		child_kill(monitor->serving, "a listening socket was changed");
		options.lenient = true;
	}
	monitor->restart_ms = UINT64_MAX;
	monitor->reload_again = false;
	*monitor->complaint.text = '\0';
	child = child_start(monitor->program, &options, &monitor->mask, &error);
	if (child == NULL) {
		start_failed(monitor, error.text, EX_TEMPFAIL, false);
		return;
	}
	child->deadline_ms = monitor_now_ms() + START_MS;
	TAILQ_INSERT_TAIL(&monitor->children, child, link);
	monitor->next = child;
	log_debug("server %ld starts", (long)child->pid);
}

/* monitor_start_server - the first, or the next since somebody asked for it */
void monitor_start_server(struct monitor *monitor)
{
	start_server(monitor, -1);
}

/* monitor_replace_server - nobody asked: what was in force stays so */
void monitor_replace_server(struct monitor *monitor)
{
	start_server(monitor, monitor->accepted);
}

/* monitor_reload - now, or when the one under way is done */
void monitor_reload(struct monitor *monitor)
{
	bool busy = monitor->next != NULL ||
		    (monitor->serving != NULL &&
		     monitor->serving->state == CHILD_TAKING);

	if (monitor->stopping)
		return;
	if (busy) {
		monitor->reload_again = true;
		return;
	}
	monitor_notify_reload(monitor);
	monitor_start_server(monitor);
}

/* use_settings - the log, as the server that is ready wants it */
static void use_settings(const struct monitor *monitor,
			 const struct child *child)
{
	const char *path = child->settings.pid_file;
	struct error error;

	if (monitor->options->daemonize &&
	    strcmp(child->settings.log, "stderr") == 0)
		log_warning("log = \"stderr\": in the background nobody will "
			    "read that");
	if (log_open_for(child->settings.log, child->settings.user, &error) < 0)
		log_warning("%s", error.text);
	if (monitor->started && monitor->options->daemonize &&
	    strcmp(path, monitor->pid_file.path != NULL ? monitor->pid_file.path
							: "") != 0)
		log_warning("pid_file: a change needs a restart");
}

/* first_ready - the start is a success */
static void first_ready(struct monitor *monitor)
{
	struct error error;

	if (pid_file_write(&monitor->pid_file, &error) < 0)
		log_warning("%s", error.text);
	monitor->started = true;
	daemon_report(&monitor->report, EX_OK);
}

/* drain - have a server close its connections, and end */
static void drain(struct child *child)
{
	child->state = CHILD_LEAVING;
	child->deadline_ms = monitor_now_ms() + CHANNEL_LEAVE_MS;
	if (child_tell(child, CHANNEL_DRAIN, 0, -1, NULL) < 0)
		child_kill(child, "does not listen to the monitor");
}

/* connect_servers - a channel from the old to the new one */
static int connect_servers(struct child *from, struct child *to,
			   struct error *error)
{
	int ends[2], result = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(error, "socketpair: %s", strerror(errno));
	/* Whoever hands over to nobody drains; who takes over from nobody would
	 * say so, unexpectedly. */
	if (child_tell(from, CHANNEL_HAND_OVER, 0, ends[1], error) == 0 &&
	    child_tell(to, CHANNEL_TAKE_OVER, 0, ends[0], error) == 0)
		result = 0;
	close(ends[0]);
	close(ends[1]);
	return result;
}

/* hand_over - from the server before to the one that is ready */
static void hand_over(struct child *from, struct child *to)
{
	struct error error;

	if (from->settings.handover_version != to->settings.handover_version)
		error_set(&error, "they are of different versions");
	else if (connect_servers(from, to, &error) == 0) {
		to->state = CHILD_TAKING;
		to->deadline_ms = monitor_now_ms() + TAKE_MS;
		from->state = CHILD_LEAVING;
		from->deadline_ms = monitor_now_ms() + CHANNEL_LEAVE_MS;
		return;
	}
	drain(from);
	log_info("reloaded: server %ld, connections are closed: %s",
		 (long)to->pid, error.text);
}

/* note_load - the pid file tells when what is in effect was loaded */
static void note_load(const struct monitor *monitor, const struct child *child)
{
	struct error error;

	if (pid_file_touch(&monitor->pid_file, &child->started, &error) < 0)
		log_warning("%s", error.text);
}

/* note_accepted - what the server that is ready has loaded is in force. A
 * replacement has not read policyd.conf: what was refused still is. */
static void note_accepted(struct monitor *monitor, struct child *child)
{
	if (monitor->accepted >= 0)
		close(monitor->accepted);
	monitor->accepted = child->accepted;
	child->accepted = -1;
	if (!child->replaces) {
		monitor->news.is_refused = 0;
		monitor->refresh_failed = false;
	}
	if (child->settings.failed_tables > 0)
		monitor->refresh_failed = true;
}

/* monitor_server_ready - from now on it is the one that serves */
void monitor_server_ready(struct monitor *monitor, struct child *child)
{
	struct child *before = monitor->serving;

	sockets_commit(&monitor->sockets);
	use_settings(monitor, child);
	if (!monitor->started)
		first_ready(monitor);
	note_load(monitor, child);
	child->state = CHILD_SERVING;
	child->ready_ms = monitor_now_ms();
	child->deadline_ms = UINT64_MAX;
	monitor->serving = child;
	monitor->next = NULL;
	note_accepted(monitor, child);
	monitor_refresh_plan(monitor);
	monitor_ping(monitor);
	if (before != NULL) {
		monitor->news.reloads++;
		hand_over(before, child);
	}
	tell_news(monitor, child, child->state == CHILD_TAKING);
	if (before == NULL)
		log_info("serving: server %ld", (long)child->pid);
	if (child->state == CHILD_SERVING && monitor->reload_again)
		monitor_reload(monitor);
}

/* monitor_server_taken - the reload is done */
void monitor_server_taken(struct monitor *monitor, struct child *child,
			  int64_t count)
{
	child->state = CHILD_SERVING;
	child->deadline_ms = UINT64_MAX;
	if (count < 0)
		log_warning("the server before broke off the hand-over");
	log_info("reloaded: server %ld, %lld connections taken over",
		 (long)child->pid, (long long)(count < 0 ? -1 - count : count));
	if (monitor->reload_again)
		monitor_reload(monitor);
}

/* serving_died - nobody told it to: replace it */
static void serving_died(struct monitor *monitor, const struct child *child,
			 const char *ending)
{
	monitor->serving = NULL;
	if (monitor->stopping)
		return;
	monitor->news.died++;
	if (monitor_now_ms() - child->ready_ms >= LIVED_MS)
		monitor->restart_delay_ms = 0;
	if (monitor->next == NULL)
		plan_restart(monitor);
	log_error("server %ld died: %s; it is replaced", (long)child->pid,
		  ending);
}

/* monitor_server_ended - a process has ended, with that status of wait(2) */
void monitor_server_ended(struct monitor *monitor, struct child *child,
			  int status)
{
	char buffer[1200];
	const char *ending;

	/* What it said last may explain its end. */
	if (child->channel >= 0)
		monitor_hear(monitor, child);
	ending = child_ending(child, status, buffer, sizeof(buffer));
	TAILQ_REMOVE(&monitor->children, child, link);
	if (child == monitor->next) {
		monitor->next = NULL;
		start_failed(monitor, ending,
			     WIFEXITED(status) &&
					     WEXITSTATUS(status) == EX_CONFIG
				     ? EX_CONFIG
				     : EX_TEMPFAIL,
			     child->quietly);
	} else if (child == monitor->serving) {
		serving_died(monitor, child, ending);
	} else if (status != 0 && !monitor->stopping) {
		log_warning("server %ld, which was leaving: %s",
			    (long)child->pid, ending);
	}
	child_free(child);
}
