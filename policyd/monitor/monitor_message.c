/* SPDX-License-Identifier: ISC */
/* monitor_message - messages from servers to the monitor
 *
 * A starting server, still root and without clients, sends its settings and
 * receives its sockets. A serving one may have been taken over by a client. All
 * that it may send is: once, the number of connections that it took over; an
 * answer when it is pinged; and, not often, that it has lost the log daemon. A
 * server that sends anything else is killed. No message makes the monitor do
 * more than log a line, open a socket of an allowed kind, connect to the log
 * daemon, or enter the next state. */

#include "policyd/monitor/monitor_internal.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/xalloc.h"
#include "policyd/process/accepted.h"

#define MESSAGE_BATCH 256
#define CLOSED_MS     5000
#define LOG_MS	      500 /* a server waits twice as long between requests */

/* hear_line - a line for the log, from a starting server */
static int hear_line(struct monitor *monitor,
		     const struct server_process *process,
		     const struct channel_message *message, struct error *error)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERROR,
						 LOG_LEVEL_WARNING,
						 LOG_LEVEL_INFO,
						 LOG_LEVEL_DEBUG };

	if (message->number < 0 || message->number > 3)
		return error_set(error, "unexpected message");
	if (message->number == LOG_LEVEL_ERROR &&
	    *monitor->complaint.text == '\0')
		error_set(&monitor->complaint, "%s", message->body.text);
	log_write(process->quietly ? LOG_LEVEL_DEBUG : levels[message->number],
		  "%s", message->body.text);
	return 0;
}

/* give_sockets - open the sockets that are not open yet, and send all of them
 */
static int give_sockets(struct monitor *monitor, struct server_process *process,
			struct error *error)
{
	size_t i;
	int fd;

	for (i = 0; i < process->listener_count; i++) {
		fd = listening_sockets_want(&monitor->sockets,
					    &process->listeners[i], error);
		if (fd < 0 ||
		    child_tell(process, CHANNEL_SOCKET, 0, fd, error) < 0)
			return -1;
	}
	process->state = SERVER_PROCESS_PREPARING;
	return 0;
}

/* claim_pid_file - at the first start, with -d */
static int claim_pid_file(struct monitor *monitor,
			  const struct server_process *process,
			  struct error *error)
{
	const char *path = process->settings.pid_file;

	if (!monitor->options->daemonize || monitor->started || *path == '\0')
		return 0;
	return pid_file_lock(&monitor->pid_file, path, error);
}

/* after_lists - continue once all files and listeners have been received */
static int after_lists(struct monitor *monitor, struct server_process *process,
		       struct error *error)
{
	if (process->watched.count < process->settings.watch_count ||
	    process->listener_count < process->listeners_expected)
		return 0;
	monitor_refresh_watch(process);
	return give_sockets(monitor, process, error);
}

/* hear_settings - the first message of a server that has loaded; fd is the text
 * that it loaded, or -1 if that cannot be kept */
static int hear_settings(struct monitor *monitor,
			 struct server_process *process,
			 const struct channel_message *message, int fd,
			 struct error *error)
{
	if (fd >= 0 && accepted_check(fd, error) < 0)
		return -1;
	process->accepted = fd;
	process->settings = message->body.settings;
	process->listeners_expected = (size_t)message->number;
	process->listeners = xcalloc(process->listeners_expected,
				     sizeof(*process->listeners));
	process->state = SERVER_PROCESS_ASKING;
	if (claim_pid_file(monitor, process, error) < 0)
		return -1;
	return after_lists(monitor, process, error);
}

/* hear_watch - one of the files that its configuration was read from */
static int hear_watch(struct monitor *monitor, struct server_process *process,
		      const struct channel_message *message,
		      struct error *error)
{
	const struct channel_watch *told = &message->body.watch;
	size_t count = process->watched.count;

	if (count == process->settings.watch_count)
		return error_set(error, "more files than announced");
	if (watched_files_add(&process->watched, told->path, &told->state,
			      error) < 0)
		return -1;
	if (process->watched.count == count)
		return error_set(error, "%s is listed twice", told->path);
	return after_lists(monitor, process, error);
}

/* hear_listener - one of the sockets that it needs; the monitor parses the
 * address itself */
static int hear_listener(struct monitor *monitor,
			 struct server_process *process,
			 const struct channel_message *message,
			 struct error *error)
{
	const struct listener_options *told = &message->body.listener;
	struct listener_options *options =
		&process->listeners[process->listener_count];

	if (process->watched.count < process->settings.watch_count)
		return error_set(error, "fewer files than announced");
	if (listener_parse(options, told->address, error) < 0)
		return -1;
	options->mode = told->mode & 0777;
	options->uid = told->uid;
	options->gid = told->gid;
	process->listener_count++;
	return after_lists(monitor, process, error);
}

/* is_count - is it possible as a number of connections? */
static bool is_count(int64_t number)
{
	return number >= 0 && number <= INT32_MAX;
}

/* hear_log_lost - a server, which may not connect to anything, gets a new
 * socket to the log daemon, or learns that there is none */
static int hear_log_lost(struct server_process *process, struct error *error)
{
	uint64_t now = monitor_now_ms();
	int fd, result;

	if (now < process->log_ms + LOG_MS)
		return error_set(error, "asks for the log daemon too often");
	fd = log_connect();
	result = child_tell(process, CHANNEL_LOG, 0, fd, error);
	if (fd >= 0)
		close(fd);
	process->log_ms = monitor_now_ms();
	return result;
}

/* hear_message - handle a message if it is allowed in the server's state; only
 * its settings may bring a descriptor */
static int hear_message(struct monitor *monitor, struct server_process *process,
			const struct channel_message *message, int fd,
			struct error *error)
{
	enum server_process_state state = process->state;
	int64_t number = message->number;

	switch (message->kind) {
	case CHANNEL_LINE:
		if (state > SERVER_PROCESS_PREPARING || fd >= 0)
			break;
		return hear_line(monitor, process, message, error);
	case CHANNEL_SETTINGS:
		if (state != SERVER_PROCESS_LOADING)
			break;
		return hear_settings(monitor, process, message, fd, error);
	case CHANNEL_WATCH:
		if (state != SERVER_PROCESS_ASKING)
			break;
		return hear_watch(monitor, process, message, error);
	case CHANNEL_LISTENER:
		if (state != SERVER_PROCESS_ASKING)
			break;
		return hear_listener(monitor, process, message, error);
	case CHANNEL_READY:
		if (state != SERVER_PROCESS_PREPARING)
			break;
		monitor_server_ready(monitor, process);
		return 0;
	case CHANNEL_TAKEN:
		if (state != SERVER_PROCESS_TAKING ||
		    !is_count(number < 0 ? -1 - number : number))
			break;
		monitor_server_taken(monitor, process, number);
		return 0;
	case CHANNEL_LOG_LOST:
		if (state < SERVER_PROCESS_TAKING ||
		    state == SERVER_PROCESS_FAILED ||
		    strcmp(process->settings.log, "syslog") != 0)
			break;
		return hear_log_lost(process, error);
	case CHANNEL_PONG:
		if (process->ping == 0 || number != process->ping)
			break;
		monitor_pong(monitor, process);
		return 0;
	default:
		break;
	}
	return error_set(error, "unexpected message from server %ld",
			 (long)process->pid);
}

/* broken - the channel of a server failed, so the server ends too. A closed
 * channel mostly means that the process is exiting, and its exit status says
 * more: wait a moment for that. */
static void broken(struct server_process *process, const struct error *error)
{
	uint64_t soon = monitor_now_ms() + CLOSED_MS;

	close(process->channel);
	process->channel = -1;
	if (strstr(error->text, "closed") == NULL)
		server_process_kill(process, error->text);
	else if (process->state != SERVER_PROCESS_LEAVING &&
		 soon < process->deadline_ms)
		process->deadline_ms = soon;
}

/* monitor_hear - read the messages of a server */
void monitor_hear(struct monitor *monitor, struct server_process *process)
{
	struct channel_message message;
	struct error error;
	int left, heard, fd;

	for (left = MESSAGE_BATCH; left > 0 && process->channel >= 0; left--) {
		/* Only a server that is loading sends a descriptor. */
		fd = -1;
		heard = channel_receive(
			process->channel, &message,
			process->state == SERVER_PROCESS_LOADING ? &fd : NULL,
			&error);
		if (heard == 0)
			return;
		if (heard < 0) {
			broken(process, &error);
			return;
		}
		/* A server that is being killed is no longer believed. */
		if (process->reason.text[0] == '\0' &&
		    hear_message(monitor, process, &message, fd, &error) < 0)
			server_process_kill(process, error.text);
		if (fd >= 0 && fd != process->accepted)
			close(fd);
	}
}
