/* SPDX-License-Identifier: ISC */
/* serve_setup - the exchange with the monitor before a server serves: the
 * settings and files that the monitor needs to know, and the listening sockets
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policyd/serve/policy.h"
#include "policyd/serve/serve_internal.h"
#include "policyd/status/status.h"

/* copy_path - into a message; a truncated path would be a different one */
static int copy_path(char *buffer, const char *path, struct error *error)
{
	if (path == NULL)
		path = "";
	if (strlen(path) >= CHANNEL_PATH_MAX)
		return error_set(error, "path of more than %d bytes: %.60s...",
				 CHANNEL_PATH_MAX - 1, path);
	memcpy(buffer, path, strlen(path) + 1);
	return 0;
}

/* send_watched - the files to watch; lib/base/watched_files has checked their
 * lengths */
static int send_watched(const struct service_process *process,
			struct error *error)
{
	const struct watched_files *list = &process->config->watched;
	struct channel_message message;
	size_t i;

	for (i = 0; i < list->count; i++) {
		channel_message_init(&message, CHANNEL_WATCH, 0);
		message.body.watch.state = list->items[i].state;
		if (copy_path(message.body.watch.path, list->items[i].path,
			      error) < 0 ||
		    channel_send(process->channel, &message, -1, error) < 0)
			return -1;
	}
	return 0;
}

/* send_listener - request one socket */
static int send_listener(const struct service_process *process,
			 const struct listener_options *options,
			 struct error *error)
{
	struct channel_message message;

	channel_message_init(&message, CHANNEL_LISTENER, 0);
	message.body.listener = *options;
	return channel_send(process->channel, &message, -1, error);
}

/* send_store - one of those that the monitor may connect to */
static int send_store(const struct service_process *process,
		      const struct config_store *store, struct error *error)
{
	struct channel_message message;
	struct channel_store *body = &message.body.store;
	int result = 0;

	channel_message_init(&message, CHANNEL_STORE, 0);
	memcpy(body->address, store->address.address, sizeof(body->address));
	body->sentinel_count = (uint32_t)store->sentinel_count;
	for (size_t i = 0; i < store->sentinel_count; i++)
		memcpy(body->sentinels[i], store->sentinels[i].address,
		       sizeof(body->sentinels[i]));
	if (store->sentinel_count > 0)
		result = config_store_question(store,
					       store->sentinel_login.password,
					       &body->question, error);
	if (result == 0)
		result = channel_send(process->channel, &message, -1, error);
	explicit_bzero(&message, sizeof(message));
	return result;
}

/* serve_send_settings - what the monitor needs to know */
int serve_send_settings(struct service_process *process, struct error *error)
{
	const struct config *config = process->config;
	size_t count = config->listener_count + (config->metrics != NULL);
	struct channel_message message;
	size_t i;

	if (count > CHANNEL_LISTENER_MAX)
		return error_set(error,
				 "more than %d listen and metrics sections",
				 CHANNEL_LISTENER_MAX);
	channel_message_init(&message, CHANNEL_SETTINGS, (int64_t)count);
	message.body.settings.handover_version = HANDOVER_VERSION;
	message.body.settings.refresh_ms = config->table_refresh_ms;
	message.body.settings.watch_count = (uint32_t)config->watched.count;
	message.body.settings.failed_tables = (uint32_t)config->failed_tables;
	message.body.settings.differs = process->differs;
	message.body.settings.user = config->uid;
	message.body.settings.optional = config->metrics != NULL;
	message.body.settings.store_count =
		(uint32_t)process->store_threads.count;
	if (copy_path(message.body.settings.log, config->log, error) < 0 ||
	    copy_path(message.body.settings.pid_file, config->pid_file, error) <
		    0 ||
	    channel_send(process->channel, &message, process->accepted, error) <
		    0 ||
	    send_watched(process, error) < 0)
		return -1;
	if (process->accepted >= 0)
		close(process->accepted); /* before any client connects */
	process->accepted = -1;
	for (i = 0; i < config->listener_count; i++)
		if (send_listener(process, &config->listeners[i], error) < 0)
			return -1;
	if (config->metrics != NULL &&
	    send_listener(process, config->metrics, error) < 0)
		return -1;
	for (i = 0; i < process->store_threads.count; i++)
		if (send_store(process, &config->stores[i], error) < 0)
			return -1;
	return 0;
}

/* receive_socket - one listening socket, or -1. *fd is -1 if the monitor could
 * not open it, which is allowed if it is optional. */
static int receive_socket(const struct service_process *process, bool optional,
			  int *fd, struct error *error)
{
	struct channel_message message;

	if (channel_receive(process->channel, &message, fd, error) < 1)
		return -1;
	if (message.kind == CHANNEL_SOCKET && (*fd >= 0 || optional))
		return 0;
	if (*fd >= 0)
		close(*fd);
	return error_set(error, "unexpected message from the monitor");
}

/* gather - a status_gather */
static void gather(void *context, struct counters *metrics, unsigned *open)
{
	serve_metrics(context, metrics, open);
}

/* add_totals - the tally of one worker */
static void add_totals(void *context, struct totals *totals)
{
	status_add(context, totals);
}

/* ask_store - a status_store_asked */
static bool ask_store(void *context, size_t i, struct status_store *store)
{
	const struct service_process *process = context;
	const struct store_state *state = &process->store_states[i];
	struct store_questions questions;

	if (i >= process->store_threads.count)
		return false;
	store->address = state->address;
	store->name = process->config->stores[i].name;
	store->up = store_state_is_up(state, &store->away_s);
	questions = store_state_questions(state);
	store->answered = questions.answered;
	store->unanswered = questions.unanswered;
	store->us = questions.us;
	return true;
}

/* receive_status - the socket of the metrics listener. Without it the server
 * serves as well. */
static int receive_status(struct service_process *process, struct error *error)
{
	int fd;

	if (receive_socket(process, true, &fd, error) < 0)
		return -1;
	if (fd < 0)
		return 0; /* the monitor has logged why */
	process->status =
		status_new(process->config, process->server, &process->loaded,
			   gather, process, fd, error);
	if (process->status == NULL) {
		close(fd);
		serve_tell(process->channel, LOG_LEVEL_WARNING, error->text);
		return 0;
	}
	status_add(process->status, policy_totals(process->policy));
	status_rates(process->status, process->tables);
	if (process->store_thread != NULL)
		status_store(process->status, ask_store, process);
	workers_totals(process->workers, add_totals, process->status);
	return 0;
}

/* serve_receive_sockets - the listening sockets, from the monitor */
int serve_receive_sockets(struct service_process *process, struct error *error)
{
	size_t i;
	int fd;

	for (i = 0; i < process->config->listener_count; i++) {
		if (receive_socket(process, false, &fd, error) < 0)
			return -1;
		if (admission_listen(process->admission, i, fd, error) < 0) {
			close(fd);
			return -1;
		}
	}
	return process->config->metrics != NULL ? receive_status(process, error)
						: 0;
}
