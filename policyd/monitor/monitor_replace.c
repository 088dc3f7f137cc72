/* SPDX-License-Identifier: ISC */
/* monitor_replace - the life of servers
 *
 * At most one server is starting (next), and one is serving (serving); others
 * are leaving. A starting server changes nothing until it is ready: then its
 * sockets take effect, and the previous server hands over its connections and
 * ends. If the new one fails in any way, the previous one does not notice.
 *
 * A server that is killed serves no longer from that moment on. Its end may
 * come much later, on a busy machine even after its replacement is ready: it
 * is only waited for. */

#include "policyd/monitor/monitor_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "policyd/process/daemon.h"

#define START_MS	 60000 /* from fork to ready */
#define TAKE_MS		 (CHANNEL_LEAVE_MS + 5000)
#define LIVED_MS	 1000 /* a server that dies sooner is replaced later */
#define RESTART_FIRST_MS 100
#define RESTART_LAST_MS	 5000

/* plan_restart - a replacement: at once, then after longer and longer delays */
static void plan_restart(struct monitor *monitor)
{
	uint64_t delay = monitor->restart_delay_ms;

	monitor->restart_ms = clock_ms() + delay;
	delay = delay == 0 ? RESTART_FIRST_MS : delay * 2;
	monitor->restart_delay_ms =
		delay < RESTART_LAST_MS ? delay : RESTART_LAST_MS;
}

/* lose - nobody serves any more, unless another server is starting: replace it
 */
static void lose(struct monitor *monitor, const struct server_process *process)
{
	monitor->serving = NULL;
	monitor->news.died++;
	if (clock_ms() - process->ready_ms >= LIVED_MS)
		monitor->restart_delay_ms = 0;
	if (monitor->next == NULL)
		plan_restart(monitor);
}

/* serving_died - without being asked to end */
static void serving_died(struct monitor *monitor,
			 const struct server_process *process,
			 const char *ending)
{
	if (monitor->stopping) {
		monitor->serving = NULL;
		return;
	}
	lose(monitor, process);
	log_error("server %ld died: %s; starting another", (long)process->pid,
		  ending);
}

/* monitor_kill - at once; one that served is as good as dead */
void monitor_kill(struct monitor *monitor, struct server_process *process,
		  const char *reason)
{
	server_process_kill(process, reason);
	if (process == monitor->serving)
		serving_died(monitor, process, process->reason.text);
}

/* kill_suspects - a listening socket was changed: by any of those that have
 * had clients, and all of these have it */
static void kill_suspects(struct monitor *monitor)
{
	struct server_process *process;

	TAILQ_FOREACH (process, &monitor->children, link)
		if (process->state >= SERVER_PROCESS_TAKING)
			monitor_kill(monitor, process,
				     "a listening socket was changed");
}

/* monitor_check_sockets - the next start reopens those that were changed */
bool monitor_check_sockets(struct monitor *monitor)
{
	if (!sockets_changed(&monitor->sockets))
		return false;
	kill_suspects(monitor);
	return true;
}

/* tell_news - to the serving process; takes: a server hands over to it */
static void tell_news(const struct monitor *monitor,
		      struct server_process *process, bool takes)
{
	struct channel_message message;
	struct error error;

	channel_message_init(&message, CHANNEL_NEWS, takes);
	message.body.news = monitor->news;
	if (child_send(process, &message, -1, &error) < 0)
		log_debug("news: %s", error.text);
}

/* note_refused - record a failed reload and its reason; inform the server that
 * keeps serving, if there is one */
static void note_refused(struct monitor *monitor, const char *reason)
{
	struct channel_news *news = &monitor->news;

	news->refused++;
	news->is_refused = 1;
	news->refused_when = time(NULL);
	if (*monitor->complaint.text != '\0')
		reason = monitor->complaint.text;
	snprintf(news->reason, sizeof(news->reason), "%s", reason);
	if (monitor->serving != NULL)
		tell_news(monitor, monitor->serving,
			  monitor->serving->state == SERVER_PROCESS_TAKING);
}

/* conclude_refused - a reload has failed; replaces: it was none, but a server
 * was started with the text in effect */
static void conclude_refused(struct monitor *monitor, const char *reason,
			     bool replaces, bool quietly)
{
	if (!replaces)
		monitor->file_refused = true;
	if (!quietly && (monitor->serving != NULL || !replaces))
		note_refused(monitor, reason);
	if (!replaces)
		monitor_state_done(monitor, false);
	monitor_state_write(monitor);
}

/* start_failed - no server became ready; replaces: it was started with the
 * text in effect */
static void start_failed(struct monitor *monitor, const char *reason,
			 int status, bool replaces, bool quietly)
{
	listening_sockets_abort(&monitor->sockets);
	if (monitor->stopping)
		return;
	if (!monitor->started) {
		log_error("not started: %s", reason);
		monitor_end(monitor, status);
		return;
	}
	conclude_refused(monitor, reason, replaces, quietly);
	if (monitor->serving != NULL) {
		log_write(quietly ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
			  "reload failed: %s; keeping the running "
			  "configuration",
			  reason);
	} else {
		plan_restart(monitor);
		log_error("no server: %s; next try in %.1f s", reason,
			  (double)(monitor->restart_ms - clock_ms()) / 1000);
	}
	if (monitor->reload_again)
		monitor_reload(monitor);
}

/* start_server - accepted: the text to serve with; -1: the file as it is now */
static void start_server(struct monitor *monitor, int accepted)
{
	struct options options = *monitor->options;
	struct error error;
	struct server_process *process;

	if (sockets_renew(&monitor->sockets))
		kill_suspects(monitor);
	options.accepted = accepted;
	options.lenient = monitor->serving == NULL;
	monitor->restart_ms = UINT64_MAX;
	*monitor->complaint.text = '\0';
	process = server_process_start(monitor->program, &options,
				       &monitor->mask, &error);
	if (process == NULL) {
		start_failed(monitor, error.text, EX_TEMPFAIL, accepted >= 0,
			     false);
		return;
	}
	process->deadline_ms = clock_ms() + START_MS;
	TAILQ_INSERT_TAIL(&monitor->children, process, link);
	monitor->next = process;
	log_debug("server %ld starts", (long)process->pid);
}

/* monitor_start_server - the first one, or the one that a reload starts. The
 * state says first that a reload was requested: so anyone who reads an older
 * one has changed files that this reload will read. */
void monitor_start_server(struct monitor *monitor)
{
	monitor->trying = monitor->loaded.requested;
	monitor->reload_again = false;
	monitor_state_write(monitor);
	start_server(monitor, -1);
}

/* monitor_replace_server - without a reload: the configuration in effect stays,
 * and a reload that was requested is still due */
void monitor_replace_server(struct monitor *monitor)
{
	start_server(monitor, monitor->accepted);
}

/* monitor_reload - now, or when the reload in progress has finished */
void monitor_reload(struct monitor *monitor)
{
	bool busy = monitor->next != NULL ||
		    (monitor->serving != NULL &&
		     monitor->serving->state == SERVER_PROCESS_TAKING);

	if (monitor->stopping)
		return;
	if (busy) {
		monitor->reload_again = true;
		return;
	}
	monitor_notify_reload(monitor);
	monitor_start_server(monitor);
}

/* use_settings - open the log that the server that is ready uses */
static void use_settings(const struct monitor *monitor,
			 const struct server_process *process)
{
	const char *path = process->settings.pid_file;
	struct error error;

	if (monitor->options->daemonize &&
	    strcmp(process->settings.log, "stderr") == 0)
		log_warning("log = \"stderr\" with -d: nobody will read the "
			    "log");
	if (log_open_for(process->settings.log, process->settings.user,
			 &error) < 0)
		log_warning("%s", error.text);
	if (monitor->started && monitor->options->daemonize &&
	    strcmp(path, monitor->pid_file.path != NULL ? monitor->pid_file.path
							: "") != 0)
		log_warning("pid_file: a change takes effect after a restart");
}

/* warn_without - an optional listener, that of the metrics section, could not
 * be opened, which is no reason to stop mail: the next server tries again */
static void warn_without(const struct server_process *process)
{
	if (process->without.text[0] != '\0')
		log_warning("metrics: %s; policyd serves without the metrics "
			    "listener, and tries again at the next reload",
			    process->without.text);
}

/* announce - in the foreground, one line on standard output says where it
 * serves, as the log may be elsewhere. Never waits for a reader. */
static void announce(const struct monitor *monitor,
		     const struct server_process *process)
{
	size_t count = process->listener_count - process->settings.optional, i;
	struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (monitor->options->daemonize ||
	    strcmp(process->settings.log, "stderr") == 0 ||
	    poll(&output, 1, 0) != 1 || output.revents != POLLOUT)
		return;
	for (i = 0; i < count; i++)
		printf("%s%s", i == 0 ? "policyd: serving at " : ", ",
		       process->listeners[i].address);
	printf("; log: %s\n", process->settings.log);
	(void)fflush(stdout); /* the log has it, too */
}

/* first_ready - the start has succeeded */
static void first_ready(struct monitor *monitor,
			const struct server_process *process)
{
	struct error error;

	announce(monitor, process);
	if (pid_file_write(&monitor->pid_file, &error) < 0)
		log_warning("%s", error.text);
	monitor->started = true;
	monitor_state_open(monitor, process->settings.pid_file);
}

/* drain - have a server close its connections and end */
static void drain(struct server_process *process)
{
	process->state = SERVER_PROCESS_LEAVING;
	process->deadline_ms = clock_ms() + CHANNEL_LEAVE_MS;
	if (child_tell(process, CHANNEL_DRAIN, 0, -1, NULL) < 0)
		server_process_kill(process, "does not listen to the monitor");
}

/* connect_servers - a channel from the old server to the new one */
static int connect_servers(struct server_process *from,
			   struct server_process *to, struct error *error)
{
	int ends[2], result = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(error, "socketpair: %s", strerror(errno));
	/* A server that hands over to nobody drains; a server that takes over
	 * from nobody would send an unexpected message. */
	if (child_tell(from, CHANNEL_HAND_OVER, 0, ends[1], error) == 0 &&
	    child_tell(to, CHANNEL_TAKE_OVER, 0, ends[0], error) == 0)
		result = 0;
	close(ends[0]);
	close(ends[1]);
	return result;
}

/* hand_over - from the previous server to the one that is ready */
static void hand_over(struct server_process *from, struct server_process *to)
{
	struct error error;

	if (from->settings.handover_version != to->settings.handover_version)
		error_set(&error, "they are of different versions");
	else if (connect_servers(from, to, &error) == 0) {
		to->state = SERVER_PROCESS_TAKING;
		to->deadline_ms = clock_ms() + TAKE_MS;
		from->state = SERVER_PROCESS_LEAVING;
		from->deadline_ms = clock_ms() + CHANNEL_LEAVE_MS;
		return;
	}
	drain(from);
	log_info("reloaded: server %ld, connections are closed: %s",
		 (long)to->pid, error.text);
}

/* note_accepted - what the ready server has loaded is in effect now. A
 * replacement may not have loaded policyd.conf as it is: a refused one still is
 * refused. */
static void note_accepted(struct monitor *monitor,
			  struct server_process *process)
{
	if (monitor->accepted >= 0)
		close(monitor->accepted);
	monitor->accepted = process->accepted;
	process->accepted = -1;
	if (!process->replaces || process->settings.differs == 0)
		monitor->file_refused = false;
	monitor->news.is_refused = monitor->file_refused;
}

/* previous - the server that can hand over, or NULL. When it has closed its
 * channel, its exit status will say why. */
static struct server_process *previous(struct monitor *monitor)
{
	struct server_process *serving = monitor->serving;

	if (serving == NULL)
		return NULL;
	monitor_hear(monitor, serving);
	if (monitor->serving != NULL && !child_hears(serving)) {
		serving->state = SERVER_PROCESS_ENDING;
		lose(monitor, serving);
	}
	return monitor->serving;
}

/* monitor_server_ready - from now on it is the serving one */
void monitor_server_ready(struct monitor *monitor,
			  struct server_process *process)
{
	bool changed = monitor_check_sockets(monitor);
	struct server_process *before = previous(monitor);

	listening_sockets_commit(&monitor->sockets);
	use_settings(monitor, process);
	warn_without(process);
	if (!monitor->started)
		first_ready(monitor, process);
	monitor_state_loaded(monitor, process);
	process->state = SERVER_PROCESS_SERVING;
	process->ready_ms = clock_ms();
	process->deadline_ms = UINT64_MAX;
	monitor->serving = process;
	monitor->next = NULL;
	note_accepted(monitor, process);
	monitor_refresh_ready(monitor);
	monitor_ping(monitor);
	if (before != NULL) {
		monitor->news.reloads++;
		hand_over(before, process);
	}
	tell_news(monitor, process, process->state == SERVER_PROCESS_TAKING);
	if (process->state == SERVER_PROCESS_SERVING)
		monitor_state_done(monitor, true);
	monitor_state_write(monitor);
	daemon_report(&monitor->report, EX_OK);
	if (before == NULL)
		log_info("serving: server %ld", (long)process->pid);
	monitor_sentinel_report(process, before);
	if (changed) /* after it was started; it has that socket, too */
		kill_suspects(monitor);
	if (process->state == SERVER_PROCESS_SERVING && monitor->reload_again)
		monitor_reload(monitor);
}

/* monitor_server_taken - the reload has finished */
void monitor_server_taken(struct monitor *monitor,
			  struct server_process *process, int64_t count)
{
	process->state = SERVER_PROCESS_SERVING;
	process->deadline_ms = UINT64_MAX;
	monitor_state_done(monitor, true);
	monitor_state_write(monitor);
	if (count < 0)
		log_warning("the previous server broke off the hand-over");
	count = count < 0 ? -1 - count : count;
	log_info("reloaded: server %ld, %lld connection%s taken over",
		 (long)process->pid, (long long)count, count == 1 ? "" : "s");
	if (monitor->reload_again)
		monitor_reload(monitor);
}

/* monitor_server_ended - a process has ended with this wait(2) status */
void monitor_server_ended(struct monitor *monitor,
			  struct server_process *process, int status)
{
	char buffer[1200];
	const char *ending;

	/* Its last messages may explain why it ended. */
	if (process->channel >= 0)
		monitor_hear(monitor, process);
	ending = server_process_ending(process, status, buffer, sizeof(buffer));
	TAILQ_REMOVE(&monitor->children, process, link);
	if (process == monitor->next) {
		monitor->next = NULL;
		start_failed(monitor, ending,
			     WIFEXITED(status) &&
					     WEXITSTATUS(status) == EX_CONFIG
				     ? EX_CONFIG
				     : EX_TEMPFAIL,
			     process->replaces, process->quietly);
	} else if (process == monitor->serving) {
		serving_died(monitor, process, ending);
	} else if (process->state == SERVER_PROCESS_ENDING) {
		log_error("server %ld died: %s", (long)process->pid, ending);
	} else if (process->state == SERVER_PROCESS_LEAVING && status != 0 &&
		   !monitor->stopping) {
		log_warning("server %ld, which was leaving: %s",
			    (long)process->pid, ending);
	}
	server_process_free(process);
}
