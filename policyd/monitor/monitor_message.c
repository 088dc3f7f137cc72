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
static int hear_line(struct monitor *monitor, const struct child *child,
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
	log_write(child->quietly ? LOG_LEVEL_DEBUG : levels[message->number],
		  "%s", message->body.text);
	return 0;
}

/* give_sockets - open the sockets that are not open yet, and send all of them
 */
static int give_sockets(struct monitor *monitor, struct child *child,
			struct error *error)
{
	size_t i;
	int fd;

	for (i = 0; i < child->listener_count; i++) {
		fd = sockets_want(&monitor->sockets, &child->listeners[i],
				  error);
		if (fd < 0 ||
		    child_tell(child, CHANNEL_SOCKET, 0, fd, error) < 0)
			return -1;
	}
	child->state = CHILD_PREPARING;
	return 0;
}

/* claim_pid_file - at the first start, with -d */
static int claim_pid_file(struct monitor *monitor, const struct child *child,
			  struct error *error)
{
	const char *path = child->settings.pid_file;

	if (!monitor->options->daemonize || monitor->started || *path == '\0')
		return 0;
	return pid_file_lock(&monitor->pid_file, path, error);
}

/* after_lists - continue once all files and listeners have been received */
static int after_lists(struct monitor *monitor, struct child *child,
		       struct error *error)
{
	if (child->watched.count < child->settings.watch_count ||
	    child->listener_count < child->listeners_expected)
		return 0;
	return give_sockets(monitor, child, error);
}

/* hear_settings - the first message of a server that has loaded; fd is the text
 * that it loaded, or -1 if that cannot be kept */
static int hear_settings(struct monitor *monitor, struct child *child,
			 const struct channel_message *message, int fd,
			 struct error *error)
{
	if (fd >= 0 && accepted_check(fd, error) < 0)
		return -1;
	child->accepted = fd;
	child->settings = message->body.settings;
	child->listeners_expected = (size_t)message->number;
	child->listeners =
		xcalloc(child->listeners_expected, sizeof(*child->listeners));
	child->state = CHILD_ASKING;
	if (claim_pid_file(monitor, child, error) < 0)
		return -1;
	return after_lists(monitor, child, error);
}

/* hear_watch - one of the files that its configuration was read from */
static int hear_watch(struct monitor *monitor, struct child *child,
		      const struct channel_message *message,
		      struct error *error)
{
	const struct channel_watch *told = &message->body.watch;
	size_t count = child->watched.count;

	if (count == child->settings.watch_count)
		return error_set(error, "more files than announced");
	if (watch_list_add(&child->watched, told->path, &told->state, error) <
	    0)
		return -1;
	if (child->watched.count == count)
		return error_set(error, "%s is listed twice", told->path);
	return after_lists(monitor, child, error);
}

/* hear_listener - one of the sockets that it needs; the monitor parses the
 * address itself */
static int hear_listener(struct monitor *monitor, struct child *child,
			 const struct channel_message *message,
			 struct error *error)
{
	const struct listener_options *told = &message->body.listener;
	struct listener_options *options =
		&child->listeners[child->listener_count];

	if (child->watched.count < child->settings.watch_count)
		return error_set(error, "fewer files than announced");
	if (listener_parse(options, told->address, error) < 0)
		return -1;
	options->mode = told->mode & 0777;
	options->uid = told->uid;
	options->gid = told->gid;
	child->listener_count++;
	return after_lists(monitor, child, error);
}

/* is_count - is it possible as a number of connections? */
static bool is_count(int64_t number)
{
	return number >= 0 && number <= INT32_MAX;
}

/* hear_log_lost - a server, which may not connect to anything, gets a new
 * socket to the log daemon, or learns that there is none */
static int hear_log_lost(struct child *child, struct error *error)
{
	uint64_t now = monitor_now_ms();
	int fd, result;

	if (now < child->log_ms + LOG_MS)
		return error_set(error, "asks for the log daemon too often");
	fd = log_connect();
	result = child_tell(child, CHANNEL_LOG, 0, fd, error);
	if (fd >= 0)
		close(fd);
	child->log_ms = monitor_now_ms();
	return result;
}

/* hear_message - handle a message if it is allowed in the server's state; only
 * its settings may bring a descriptor */
static int hear_message(struct monitor *monitor, struct child *child,
			const struct channel_message *message, int fd,
			struct error *error)
{
	enum child_state state = child->state;
	int64_t number = message->number;

	switch (message->kind) {
	case CHANNEL_LINE:
		if (state > CHILD_PREPARING || fd >= 0)
			break;
		return hear_line(monitor, child, message, error);
	case CHANNEL_SETTINGS:
		if (state != CHILD_LOADING)
			break;
		return hear_settings(monitor, child, message, fd, error);
	case CHANNEL_WATCH:
		if (state != CHILD_ASKING)
			break;
		return hear_watch(monitor, child, message, error);
	case CHANNEL_LISTENER:
		if (state != CHILD_ASKING)
			break;
		return hear_listener(monitor, child, message, error);
	case CHANNEL_READY:
		if (state != CHILD_PREPARING)
			break;
		monitor_server_ready(monitor, child);
		return 0;
	case CHANNEL_TAKEN:
		if (state != CHILD_TAKING ||
		    !is_count(number < 0 ? -1 - number : number))
			break;
		monitor_server_taken(monitor, child, number);
		return 0;
	case CHANNEL_LOG_LOST:
		if (state < CHILD_TAKING || state == CHILD_FAILED ||
		    strcmp(child->settings.log, "syslog") != 0)
			break;
		return hear_log_lost(child, error);
	case CHANNEL_PONG:
		if (child->ping == 0 || number != child->ping)
			break;
		monitor_pong(monitor, child);
		return 0;
	default:
		break;
	}
	return error_set(error, "unexpected message from server %ld",
			 (long)child->pid);
}

/* broken - the channel of a server failed, so the server ends too. A closed
 * channel mostly means that the process is exiting, and its exit status says
 * more: wait a moment for that. */
static void broken(struct child *child, const struct error *error)
{
	uint64_t soon = monitor_now_ms() + CLOSED_MS;

	close(child->channel);
	child->channel = -1;
	if (strstr(error->text, "closed") == NULL)
		child_kill(child, error->text);
	else if (child->state != CHILD_LEAVING && soon < child->deadline_ms)
		child->deadline_ms = soon;
}

/* monitor_hear - read the messages of a server */
void monitor_hear(struct monitor *monitor, struct child *child)
{
	struct channel_message message;
	struct error error;
	int left, heard, fd;

	for (left = MESSAGE_BATCH; left > 0 && child->channel >= 0; left--) {
		/* Only a server that is loading sends a descriptor. */
		fd = -1;
		heard = channel_receive(
			child->channel, &message,
			child->state == CHILD_LOADING ? &fd : NULL, &error);
		if (heard == 0)
			return;
		if (heard < 0) {
			broken(child, &error);
			return;
		}
		/* A server that is being killed is no longer believed. */
		if (child->reason.text[0] == '\0' &&
		    hear_message(monitor, child, &message, fd, &error) < 0)
			child_kill(child, error.text);
		if (fd >= 0 && fd != child->accepted)
			close(fd);
	}
}
