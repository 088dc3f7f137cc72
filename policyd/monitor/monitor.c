/* SPDX-License-Identifier: ISC */
/* monitor - the process that keeps sockets and starts servers
 *
 * It keeps the listening sockets, the pid file and the signals while servers
 * come and go. It never parses the configuration and never reads a byte from a
 * client, so it may stay root and should never fail. One loop waits for
 * signals, for messages from servers, and for deadlines. */

#include "policyd/monitor/monitor_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "policyd/process/daemon.h"
#include "policyd/process/privileges.h"

#define STOP_MS	    4700 /* time to drain; then servers are killed */
#define WATCHED_MAX 64	 /* servers polled at a time */

/* monitor_end - leave the loop with this exit status */
void monitor_end(struct monitor *monitor, int status)
{
	monitor->done = true;
	monitor->status = status;
}

/* kill_all - kill every server */
static void kill_all(struct monitor *monitor)
{
	struct server_process *process;

	TAILQ_FOREACH (process, &monitor->children, link)
		server_process_kill(process, "killed while stopping");
	monitor->stop_ms = UINT64_MAX;
}

/* stop - SIGTERM: let servers answer what they have received, then end. A
 * second SIGTERM kills them. */
static void stop(struct monitor *monitor)
{
	struct server_process *process;

	if (monitor->stopping) {
		kill_all(monitor);
		return;
	}
	log_info("stopping");
	monitor->stopping = true;
	monitor->stop_ms = clock_ms() + STOP_MS;
	monitor->restart_ms = UINT64_MAX;
	monitor->refresh_ms = UINT64_MAX;
	listening_sockets_remove_all(&monitor->sockets);
	TAILQ_FOREACH (process, &monitor->children, link) {
		if (process == monitor->next ||
		    child_tell(process, CHANNEL_DRAIN, 0, -1, NULL) < 0)
			server_process_kill(process, "killed while stopping");
	}
}

/* tell_counters - SIGUSR1: have the server log its counters */
static void tell_counters(const struct monitor *monitor)
{
	struct error error;

	if (monitor->serving == NULL)
		log_info("counters: no server is running");
	else if (channel_tell(monitor->serving->channel, CHANNEL_COUNTERS, 0,
			      -1, &error) < 0)
		log_warning("counters: %s", error.text);
}

/* find_child - by its process number */
static struct server_process *find_child(const struct monitor *monitor,
					 pid_t pid)
{
	struct server_process *process;

	TAILQ_FOREACH (process, &monitor->children, link)
		if (process->pid == pid)
			break;
	return process;
}

/* reap - collect the servers that have ended. If that fails, the monitor could
 * not see a server die, nor finish its own shutdown: it ends now, and the
 * servers with it. */
static void reap(struct monitor *monitor)
{
	struct server_process *process;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		process = find_child(monitor, pid);
		if (process != NULL)
			monitor_server_ended(monitor, process, status);
	}
	if (pid < 0 && !TAILQ_EMPTY(&monitor->children)) {
		log_error("cannot wait for servers: %s", strerror(errno));
		monitor_end(monitor, EX_TEMPFAIL);
	}
}

/* on_signals - handle all pending signals */
static void on_signals(struct monitor *monitor)
{
	struct signalfd_siginfo info;

	while (read(monitor->signals, &info, sizeof(info)) ==
	       (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			monitor->loaded.requested++;
			monitor_reload(monitor);
			break;
		case SIGINT:
		case SIGTERM:
			stop(monitor);
			break;
		case SIGUSR1:
			tell_counters(monitor);
			break;
		default:
			reap(monitor);
			break;
		}
	}
}

/* next_deadline - when something is due; UINT64_MAX: never */
static uint64_t next_deadline(const struct monitor *monitor)
{
	uint64_t deadline = monitor->restart_ms;
	const struct server_process *process;

	if (monitor->refresh_ms < deadline)
		deadline = monitor->refresh_ms;
	if (monitor->ping_ms < deadline)
		deadline = monitor->ping_ms;
	if (monitor->stopping && monitor->stop_ms < deadline)
		deadline = monitor->stop_ms;
	TAILQ_FOREACH (process, &monitor->children, link) {
		if (process->deadline_ms < deadline)
			deadline = process->deadline_ms;
		if (process->unsent_ms < deadline)
			deadline = process->unsent_ms;
		if (monitor_connect_due(process) < deadline)
			deadline = monitor_connect_due(process);
	}
	return deadline;
}

/* overdue - what a server has not done in time */
static const char *overdue(const struct server_process *process)
{
	if (process->channel < 0)
		return "closed its channel, and did not end";
	if (process->state <= SERVER_PROCESS_PREPARING)
		return "not ready in time";
	if (process->state == SERVER_PROCESS_TAKING)
		return "did not finish taking over";
	return "did not end in time";
}

/* on_time - do what is due */
static void on_time(struct monitor *monitor)
{
	uint64_t now = clock_ms();
	struct server_process *process;

	TAILQ_FOREACH (process, &monitor->children, link) {
		if (process->deadline_ms <= now)
			monitor_kill(monitor, process, overdue(process));
		else if (process->unsent_ms <= now)
			monitor_kill(monitor, process,
				     "does not read the channel");
		monitor_connect_overdue(process, now);
	}
	if (monitor->stopping && monitor->stop_ms <= now)
		kill_all(monitor);
	if (monitor->restart_ms <= now)
		monitor_replace_server(monitor);
	if (monitor->refresh_ms <= now)
		monitor_refresh(monitor);
	if (monitor->ping_ms <= now)
		monitor_watchdog(monitor);
}

/* wait_for_something - until a descriptor is ready or a deadline has passed */
static void wait_for_something(const struct monitor *monitor,
			       struct pollfd *ready, nfds_t count)
{
	uint64_t deadline = next_deadline(monitor), now = clock_ms();
	int timeout = -1;

	if (deadline != UINT64_MAX)
		timeout = deadline > now ? (int)(deadline - now) : 0;
	if (poll(ready, count, timeout) < 0)
		for (; count > 0; count--)
			ready[count - 1].revents = 0;
}

/* loop - one round */
static void loop(struct monitor *monitor)
{
	struct pollfd ready[4 + WATCHED_MAX];
	struct server_process *process;
	nfds_t count = 1;

	ready[0] = (struct pollfd){ .fd = monitor->signals, .events = POLLIN };
	TAILQ_FOREACH (process, &monitor->children, link) {
		if (process->channel < 0 || count > WATCHED_MAX)
			continue;
		ready[count++] = (struct pollfd){
			.fd = process->channel,
			.events = process->unsent_count > 0 ? POLLIN | POLLOUT
							    : POLLIN,
		};
	}
	ready[count] = (struct pollfd){
		.fd = monitor->notify.unsent_count > 0 ? monitor->notify.fd
						       : -1,
		.events = POLLOUT,
	};
	ready[count + 1] =
		(struct pollfd){ .fd = monitor_refresh_descriptor(monitor),
				 .events = POLLIN };
	ready[count + 2] =
		(struct pollfd){ .fd = monitor->connecting, .events = POLLIN };
	wait_for_something(monitor, ready, count + 3);
	if (ready[count + 1].revents != 0)
		monitor->refresh_ms = 0; /* now */
	if (ready[count + 2].revents != 0)
		monitor_connect_ready(monitor);
	notify_flush(&monitor->notify);
	/* Signals first: a server that is ready takes over from none that has
	 * died. The last messages of that one are not lost. */
	if (ready[0].revents != 0)
		on_signals(monitor);
	TAILQ_FOREACH (process, &monitor->children, link) {
		if (process->channel >= 0)
			monitor_hear(monitor, process);
		if (process->unsent_count > 0)
			child_flush(process);
	}
	on_time(monitor);
	if (monitor->stopping && TAILQ_EMPTY(&monitor->children))
		monitor_end(monitor, EX_OK);
	monitor_state_write(monitor);
	monitor_notify(monitor);
}

/* our_signals - the signals that the monitor reads */
static sigset_t our_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1,
				       SIGCHLD };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	return set;
}

/* monitor_hold_signals - block the monitor's signals until it reads them */
void monitor_hold_signals(sigset_t *mask)
{
	sigset_t set = our_signals();

	sigprocmask(SIG_BLOCK, &set, mask);
}

/* open_signals - from now on signals are read, not delivered, even those that
 * were ignored when we were started (nohup) */
static int open_signals(struct monitor *monitor, struct error *error)
{
	sigset_t set = our_signals();
	int number;

	for (number = 1; number < SIGRTMIN; number++)
		if (sigismember(&set, number) == 1)
			signal(number, SIG_DFL);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return error_set(error, "sigprocmask: %s", strerror(errno));
	monitor->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (monitor->signals < 0)
		return error_set(error, "signalfd: %s", strerror(errno));
	return 0;
}

/* end_children - after a start that failed: leave no process behind */
static void end_children(struct monitor *monitor)
{
	struct server_process *process;

	kill_all(monitor);
	while ((process = TAILQ_FIRST(&monitor->children)) != NULL) {
		TAILQ_REMOVE(&monitor->children, process, link);
		waitpid(process->pid, NULL, 0); /* no signal interrupts this */
		server_process_free(process);
	}
}

/* run - from the first server to the last */
static void run(struct monitor *monitor)
{
	struct error error;

	if (privileges_keep_for_monitor(&error) < 0 ||
	    open_signals(monitor, &error) < 0) {
		log_error("%s", error.text);
		monitor_end(monitor, EX_TEMPFAIL);
	} else {
		monitor_start_server(monitor);
	}
	while (!monitor->done)
		loop(monitor);
	end_children(monitor);
	listening_sockets_remove_all(&monitor->sockets);
	monitor_state_close(monitor);
	pid_file_remove(&monitor->pid_file);
	if (monitor->accepted >= 0)
		close(monitor->accepted);
	if (monitor->connecting >= 0)
		close(monitor->connecting);
	if (monitor->started)
		log_info("stopped");
	if (monitor->signals >= 0)
		close(monitor->signals);
	daemon_report(&monitor->report, monitor->started ? monitor->status
					: monitor->status != EX_OK
						? monitor->status
						: EX_TEMPFAIL);
}

/* monitor - serve until a signal stops it */
int monitor(const struct options *options, const char *program,
	    const sigset_t *mask)
{
	struct monitor state = {
		.options = options,
		.program = program,
		.mask = *mask,
		.signals = -1,
		.report = -1,
		.accepted = -1,
		.connecting = -1,
		.restart_ms = UINT64_MAX,
		.refresh_ms = UINT64_MAX,
		.changed_ms = UINT64_MAX,
		.retry_ms = UINT64_MAX,
		.stop_ms = UINT64_MAX,
		.ping_ms = UINT64_MAX,
	};
	struct error error;
	int status, forked;

	TAILQ_INIT(&state.children);
	state.news.started = time(NULL);
	if (notify_open(&state.notify, &error) < 0)
		log_warning("%s", error.text);
	listening_sockets_inherit(&state.sockets);
	if (options->daemonize) {
		forked = daemon_start(&state.report, &status, mask, &error);
		if (forked > 0)
			return status;
		if (forked < 0) {
			log_error("%s", error.text);
			return EX_TEMPFAIL;
		}
	}
	run(&state);
	notify_close(&state.notify);
	return state.status;
}
