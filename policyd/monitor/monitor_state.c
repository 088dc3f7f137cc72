/* SPDX-License-Identifier: ISC */
/* monitor_state - say in a file what is loaded, and since when
 *
 * For policyd --status and --reload, and for -q, -t and -P, whose answers may
 * differ from those of the running server. The file is written when something
 * in it has changed, after each round of the loop, and before a line of the log
 * says the same. Serving does not depend on it. */

#include "policyd/monitor/monitor_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/xalloc.h"

/* monitor_state_open - after the first start: decide where it will be */
void monitor_state_open(struct monitor *monitor, const char *pid_file)
{
	struct error error;

	if (state_file_choose(&monitor->state_file, pid_file,
			      monitor->options->daemonize, &error) < 0)
		log_info("no state file: %s", error.text);
}

/* remember_files - as they were before they were read; the server process
 * compares its own list with the present */
static void remember_files(struct watched_files *files,
			   const struct watched_files *read)
{
	size_t i;

	watched_files_clear(files);
	for (i = 0; i < read->count; i++)
		(void)watched_files_add(files, read->items[i].path,
					&read->items[i].state, NULL);
}

/* monitor_state_loaded - what this server has loaded is in effect. A
 * replacement may have another text of policyd.conf than the file. */
void monitor_state_loaded(struct monitor *monitor,
			  const struct server_process *process)
{
	struct daemon_state *loaded = &monitor->loaded;

	loaded->loaded = process->started;
	if (!process->replaces || process->settings.differs == 0)
		loaded->config_state = process->config_state;
	if (!process->replaces)
		loaded->config_loaded = process->started;
	loaded->refresh_ms = process->settings.refresh_ms;
	loaded->failed_tables = process->settings.failed_tables;
	memcpy(monitor->failed, process->failed, sizeof(monitor->failed));
	loaded->failed = monitor->failed;
	remember_files(&loaded->files, &process->watched);
}

/* monitor_state_done - the result of the latest reload is known. It stays what
 * it was: a replacement that starts later is no reload. */
void monitor_state_done(struct monitor *monitor, bool succeeded)
{
	if (monitor->loaded.answered == monitor->trying)
		return;
	monitor->loaded.answered = monitor->trying;
	monitor->loaded.succeeded = succeeded;
}

/* add_listeners - of the serving process; that of the metrics is the last one,
 * and may not be open */
static void add_listeners(struct daemon_state *state,
			  const struct server_process *serving)
{
	size_t count = serving->listener_count - serving->settings.optional, i;

	state->listeners = xcalloc(count + 1, sizeof(*state->listeners));
	for (i = 0; i < count; i++)
		state->listeners[state->listener_count++] =
			serving->listeners[i].address;
	if (serving->settings.optional > 0 && serving->without.text[0] == '\0')
		state->metrics = serving->listeners[count].address;
}

/* is_same - nothing in it can have changed: what is loaded changes only with
 * the server */
static bool is_same(const struct daemon_state *one,
		    const struct daemon_state *other)
{
	return one->phase == other->phase && one->server == other->server &&
	       one->requested == other->requested &&
	       one->answered == other->answered &&
	       one->reloads == other->reloads &&
	       one->refused == other->refused &&
	       one->is_refused == other->is_refused;
}

/* monitor_state_write - if anything has changed */
void monitor_state_write(struct monitor *monitor)
{
	static const char *const phases[] = {
		[NOTIFY_STARTING] = "starting",
		[NOTIFY_READY] = "serving",
		[NOTIFY_RELOADING] = "reloading",
		[NOTIFY_WITHOUT] = "without a server",
		[NOTIFY_STOPPING] = "stopping",
	};
	struct daemon_state state = monitor->loaded;
	struct error error;

	if (monitor->state_file.path == NULL)
		return;
	state.version = POLICYD_VERSION;
	state.phase = phases[monitor_state_now(monitor)];
	state.config = monitor->options->config;
	state.pid = getpid();
	state.started = monitor->news.started;
	state.reloads = (int64_t)monitor->news.reloads;
	state.refused = (int64_t)monitor->news.refused;
	state.is_refused = monitor->news.is_refused;
	state.refused_when = monitor->news.refused_when;
	state.reason = monitor->news.reason;
	if (monitor->serving != NULL)
		state.server = monitor->serving->pid;
	if (is_same(&state, &monitor->written))
		return;
	monitor->written = state;
	if (monitor->serving != NULL)
		add_listeners(&state, monitor->serving);
	if (state_file_write(&monitor->state_file, daemon_state_text(&state),
			     &error) < 0)
		log_info("no state file: %s", error.text);
	free(state.listeners);
}

/* monitor_state_close - the monitor ends */
void monitor_state_close(struct monitor *monitor)
{
	state_file_remove(&monitor->state_file);
	watched_files_clear(&monitor->loaded.files);
}
