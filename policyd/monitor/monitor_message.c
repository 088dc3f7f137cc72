/* SPDX-License-Identifier: ISC */
/* monitor_message - messages from servers to the monitor
 *
 * A starting server, still root and without clients, sends its settings and
 * receives its sockets. A serving one may have been taken over by a client. All
 * that it may send is: once, the number of connections that it took over; an
 * answer when it is pinged; and, not often, that it has lost the log daemon or
 * a connection to a store. A
 * server that sends anything else is killed. No message makes the monitor do
 * more than log a line, open a socket of an allowed kind, connect to the log
 * daemon or to a store that it named before it had clients, or enter the next
 * state. */

#include "policyd/monitor/monitor_internal.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/xalloc.h"
#include "policyd/process/accepted.h"

#define MESSAGE_BATCH 256
#define CLOSED_MS     5000
#define LOG_MS	      500 /* a server waits twice as long between requests */
#define CONNECT_MS    500 /* likewise */
#define CONNECT_BURST 8

/* A message: the server that sent it, and the descriptor that came with it, or
 * -1. Only a server that is loading can send one. */
struct heard {
	struct monitor *monitor;
	struct server_process *process;
	const struct channel_message *message;
	int fd;
};

/* hear - handle a message that is allowed in the state of its server. 0, or -1:
 * kill the server. */
typedef int hear(const struct heard *heard, struct error *error);

/* unexpected - a message that this server may not send now */
static int unexpected(const struct heard *heard, struct error *error)
{
	return error_set(error, "unexpected message from server %ld",
			 (long)heard->process->pid);
}

/* hear_line - a line for the log, from a starting server */
static int hear_line(const struct heard *heard, struct error *error)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERROR,
						 LOG_LEVEL_WARNING,
						 LOG_LEVEL_INFO,
						 LOG_LEVEL_DEBUG };
	const struct channel_message *message = heard->message;
	struct error *complaint = &heard->monitor->complaint;

	if (heard->fd >= 0 || message->number < 0 || message->number > 3)
		return unexpected(heard, error);
	if (message->number == LOG_LEVEL_ERROR && *complaint->text == '\0')
		error_set(complaint, "%s", message->body.text);
	log_write(heard->process->quietly ? LOG_LEVEL_DEBUG
					  : levels[message->number],
		  "%s", message->body.text);
	return 0;
}

/* hear_failed - the tables that a starting server cannot read */
static int hear_failed(const struct heard *heard, struct error *error)
{
	if (heard->fd >= 0)
		return unexpected(heard, error);
	memcpy(heard->process->failed, heard->message->body.text,
	       sizeof(heard->process->failed));
	return 0;
}

/* give_sockets - open the sockets that are not open yet, and send all of them
 */
static int give_sockets(struct monitor *monitor, struct server_process *process,
			struct error *error)
{
	size_t count = process->listener_count, i;
	int fd;

	for (i = 0; i < count; i++) {
		fd = listening_sockets_want(&monitor->sockets,
					    &process->listeners[i], error);
		if (fd < 0 && count - i > process->settings.optional)
			return -1;
		if (fd < 0)
			process->without = *error;
		if (child_tell(process, CHANNEL_SOCKET, 0, fd, error) < 0)
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
	    process->listener_count < process->listeners_expected ||
	    process->store_count < process->settings.store_count)
		return 0;
	monitor_refresh_watch(process);
	return give_sockets(monitor, process, error);
}

/* hear_settings - the first message of a server that has loaded; with the text
 * that it loaded, unless that cannot be kept */
static int hear_settings(const struct heard *heard, struct error *error)
{
	struct server_process *process = heard->process;

	if (heard->fd >= 0 && accepted_check(heard->fd, error) < 0)
		return -1;
	process->accepted = heard->fd;
	process->settings = heard->message->body.settings;
	process->listeners_expected = (size_t)heard->message->number;
	process->listeners = xcalloc(process->listeners_expected,
				     sizeof(*process->listeners));
	process->stores = xcalloc(process->settings.store_count,
				  sizeof(*process->stores));
	process->state = SERVER_PROCESS_ASKING;
	if (claim_pid_file(heard->monitor, process, error) < 0)
		return -1;
	return after_lists(heard->monitor, process, error);
}

/* hear_watch - one of the files that its configuration was read from */
static int hear_watch(const struct heard *heard, struct error *error)
{
	const struct channel_watch *told = &heard->message->body.watch;
	struct server_process *process = heard->process;
	size_t count = process->watched.count;

	if (count == process->settings.watch_count)
		return error_set(error, "more files than announced");
	if (watched_files_add(&process->watched, told->path, &told->state,
			      error) < 0)
		return -1;
	if (process->watched.count == count)
		return error_set(error, "%s is listed twice", told->path);
	return after_lists(heard->monitor, process, error);
}

/* hear_listener - one of the sockets that it needs; the monitor parses the
 * address itself */
static int hear_listener(const struct heard *heard, struct error *error)
{
	const struct listener_options *told = &heard->message->body.listener;
	struct server_process *process = heard->process;
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
	return after_lists(heard->monitor, process, error);
}

/* is_address - does the monitor parse it, too? */
static bool is_address(const char *text, struct error *error)
{
	struct listener_options options;

	return listener_parse(&options, text, error) == 0;
}

/* hear_store - one of those where several hosts count together */
static int hear_store(const struct heard *heard, struct error *error)
{
	const struct channel_store *told = &heard->message->body.store;
	struct server_process *process = heard->process;

	if (process->store_count == process->settings.store_count)
		return error_set(error, "more stores than announced");
	if (told->sentinel_count == 0 && !is_address(told->address, error))
		return -1;
	for (uint32_t i = 0; i < told->sentinel_count; i++)
		if (!is_address(told->sentinels[i], error))
			return -1;
	process->stores[process->store_count++].told = *told;
	return after_lists(heard->monitor, process, error);
}

/* hear_ready - it serves */
static int hear_ready(const struct heard *heard, struct error *error)
{
	(void)error;
	monitor_server_ready(heard->monitor, heard->process);
	return 0;
}

/* is_count - is it possible as a number of connections? */
static bool is_count(int64_t number)
{
	return number >= 0 && number <= INT32_MAX;
}

/* hear_taken - it has taken over that many connections */
static int hear_taken(const struct heard *heard, struct error *error)
{
	int64_t number = heard->message->number;

	if (!is_count(number < 0 ? -1 - number : number))
		return unexpected(heard, error);
	monitor_server_taken(heard->monitor, heard->process, number);
	return 0;
}

/* hear_log_lost - a server, which may not connect to anything, gets a new
 * socket to the log daemon, or learns that there is none */
static int hear_log_lost(const struct heard *heard, struct error *error)
{
	struct server_process *process = heard->process;
	int fd, result;

	if (strcmp(process->settings.log, "syslog") != 0)
		return unexpected(heard, error);
	if (clock_ms() < process->log_ms + LOG_MS)
		return error_set(error, "asks for the log daemon too often");
	fd = log_connect();
	result = child_tell(process, CHANNEL_LOG, 0, fd, error);
	if (fd >= 0)
		close(fd);
	process->log_ms = clock_ms();
	return result;
}

/* hear_connect - a worker, which may not connect to anything, gets a connection
 * to a store */
static int hear_connect(const struct heard *heard, struct error *error)
{
	struct server_process *process = heard->process;
	int64_t number = heard->message->number;
	unsigned worker = (unsigned)(number % CHANNEL_WORKERS_MAX);
	uint64_t now = clock_ms(), *due;
	struct store_target *store;

	if (number < 0 ||
	    (uint64_t)number / CHANNEL_WORKERS_MAX >= process->store_count)
		return unexpected(heard, error);
	store = &process->stores[number / CHANNEL_WORKERS_MAX];
	due = &store->connect_ms[worker];
	*due = (*due > now ? *due : now) + CONNECT_MS;
	if (*due > now + (uint64_t)CONNECT_BURST * CONNECT_MS)
		return error_set(error, "asks for the store too often");
	monitor_connect(heard->monitor, process, store, worker);
	return 0;
}

/* hear_pong - the answer to our ping */
static int hear_pong(const struct heard *heard, struct error *error)
{
	struct server_process *process = heard->process;

	if (process->ping == 0 || heard->message->number != process->ping)
		return unexpected(heard, error);
	monitor_pong(heard->monitor, process);
	return 0;
}

#define IN(state) (1U << SERVER_PROCESS_##state)
#define STARTING  (IN(LOADING) | IN(ASKING) | IN(PREPARING))
#define READY	  (IN(TAKING) | IN(SERVING) | IN(LEAVING))

/* The messages of servers, and the states in which each is allowed. */
static const struct {
	unsigned states;
	hear *hear;
} messages[CHANNEL_KIND_COUNT] = {
	[CHANNEL_LINE] = { STARTING, hear_line },
	[CHANNEL_FAILED] = { IN(LOADING), hear_failed },
	[CHANNEL_SETTINGS] = { IN(LOADING), hear_settings },
	[CHANNEL_WATCH] = { IN(ASKING), hear_watch },
	[CHANNEL_LISTENER] = { IN(ASKING), hear_listener },
	[CHANNEL_STORE] = { IN(ASKING), hear_store },
	[CHANNEL_READY] = { IN(PREPARING), hear_ready },
	[CHANNEL_TAKEN] = { IN(TAKING), hear_taken },
	[CHANNEL_PONG] = { READY, hear_pong },
	[CHANNEL_LOG_LOST] = { READY, hear_log_lost },
	[CHANNEL_CONNECT] = { IN(PREPARING) | READY, hear_connect },
};

/* hear_message - handle a message if it is allowed in the server's state */
static int hear_message(const struct heard *heard, struct error *error)
{
	uint32_t kind = heard->message->kind;

	if (kind >= CHANNEL_KIND_COUNT ||
	    (messages[kind].states & 1U << heard->process->state) == 0)
		return unexpected(heard, error);
	return messages[kind].hear(heard, error);
}

/* broken - the channel of a server failed, so the server ends too. A closed
 * channel mostly means that the process is exiting, and its exit status says
 * more: wait a moment for that. */
static void broken(struct monitor *monitor, struct server_process *process,
		   const struct error *error)
{
	uint64_t soon = clock_ms() + CLOSED_MS;

	close(process->channel);
	process->channel = -1;
	if (strstr(error->text, "closed") == NULL)
		monitor_kill(monitor, process, error->text);
	else if (process->state != SERVER_PROCESS_LEAVING &&
		 soon < process->deadline_ms)
		process->deadline_ms = soon;
}

/* monitor_hear - read the messages of a server */
void monitor_hear(struct monitor *monitor, struct server_process *process)
{
	struct channel_message message;
	struct heard heard = { monitor, process, &message, -1 };
	struct error error;
	int left, result;

	for (left = MESSAGE_BATCH; left > 0 && process->channel >= 0; left--) {
		bool loading = process->state == SERVER_PROCESS_LOADING;

		heard.fd = -1;
		result = channel_receive(process->channel, &message,
					 loading ? &heard.fd : NULL, &error);
		if (result == 0)
			return;
		if (result < 0) {
			broken(monitor, process, &error);
			return;
		}
		/* A server that is being killed is no longer believed. */
		if (process->reason.text[0] == '\0' &&
		    hear_message(&heard, &error) < 0)
			monitor_kill(monitor, process, error.text);
		if (heard.fd >= 0 && heard.fd != process->accepted)
			close(heard.fd);
	}
}
