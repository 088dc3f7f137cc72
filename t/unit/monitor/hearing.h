/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_MONITOR_HEARING_H
#define T_UNIT_MONITOR_HEARING_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policyd/monitor/monitor_internal.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "policyd/process/accepted.h"
#include "t/unit/place.h"
#include "t/unit/test.h"

/* A monitor with a server, and what that says. */

static struct options options;
static struct monitor monitor_state;
static struct server_process *process;
static int server_end;
static char *log_path;

/* add_server - a child of the monitor that only waits to be killed; and its end
 * of the channel */
static inline struct server_process *add_server(int *end)
{
	struct server_process *child = xcalloc(1, sizeof(*child));
	struct error error;
	int ready[2];
	char none;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(channel_pair(&child->channel, end, &error), 0);
	child_init(child, fork(), child->channel);
	ck_assert_int_ge(child->pid, 0);
	if (child->pid == 0) {
		closefrom(3); /* nobody else has those ends */
		for (;;)
			pause();
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &none, 1), 0);
	close(ready[0]);
	TAILQ_INSERT_TAIL(&monitor_state.children, child, link);
	return child;
}

/* setup - a monitor with one child */
static inline void setup(void)
{
	struct error error;

	place_make();
	log_path = place_path("log");
	ck_assert_int_eq(log_open(log_path, &error), 0);
	memset(&monitor_state, 0, sizeof(monitor_state));
	options.config = "/nonexistent";
	monitor_state.options = &options;
	monitor_state.program = "/bin/false";
	monitor_state.started = true;
	monitor_state.signals = monitor_state.report = -1;
	monitor_state.notify.fd = monitor_state.accepted = -1;
	monitor_state.connecting = -1;
	monitor_state.restart_ms = monitor_state.refresh_ms = UINT64_MAX;
	monitor_state.stop_ms = monitor_state.ping_ms = UINT64_MAX;
	TAILQ_INIT(&monitor_state.children);
	process = add_server(&server_end);
}

static inline void teardown(void)
{
	struct error error;

	while ((process = TAILQ_FIRST(&monitor_state.children)) != NULL) {
		kill(process->pid, SIGKILL);
		waitpid(process->pid, NULL, 0);
		TAILQ_REMOVE(&monitor_state.children, process, link);
		server_process_free(process);
	}
	if (monitor_state.accepted >= 0)
		close(monitor_state.accepted);
	close(server_end);
	if (monitor_state.connecting >= 0)
		close(monitor_state.connecting);
	listening_sockets_remove_all(&monitor_state.sockets);
	log_open("stderr", &error);
	free(log_path);
	place_remove();
}

/* be - a server in that state */
static inline void be(enum server_process_state state)
{
	if (state == SERVER_PROCESS_LOADING) {
		/* A child of the monitor loads only once. */
		free(process->listeners);
		process->listeners = NULL;
		free(process->stores);
		process->stores = NULL;
		process->store_count = 0;
	}
	process->state = state;
	monitor_state.restart_ms = UINT64_MAX;
	monitor_state.next = state <= SERVER_PROCESS_PREPARING ? process : NULL;
	monitor_state.serving = state == SERVER_PROCESS_TAKING ||
						state == SERVER_PROCESS_SERVING
					? process
					: NULL;
}

/* be_stored - a server that has one more store, there */
static inline void be_stored(const char *address)
{
	struct channel_store *store;

	process->stores =
		xreallocarray(process->stores, process->store_count + 1,
			      sizeof(*process->stores));
	memset(&process->stores[process->store_count], 0,
	       sizeof(*process->stores));
	store = &process->stores[process->store_count++].told;
	snprintf(store->address, sizeof(store->address), "%s", address);
}

/* say - one message, and have the monitor hear it */
static inline void say(const struct channel_message *message)
{
	struct error error;

	ck_assert_int_eq(channel_send(server_end, message, -1, &error), 0);
	monitor_hear(&monitor_state, process);
}

/* is_killed - and only that: no socket, no reload, no other log; one that
 * served is replaced */
static inline void is_killed(const char *what, int number)
{
	bool left = process->state == SERVER_PROCESS_LEAVING ||
		    process == monitor_state.next;

	ck_assert_msg(process->reason.text[0] != '\0', "%s %d: not killed",
		      what, number);
	ck_assert_uint_eq(monitor_state.sockets.count, 0);
	ck_assert(!monitor_state.done && !monitor_state.stopping);
	ck_assert_ptr_eq(monitor_state.pid_file.path, NULL);
	ck_assert_ptr_null(monitor_state.serving);
	ck_assert_int_eq(monitor_state.restart_ms == UINT64_MAX, left);
}

#endif
