/* SPDX-License-Identifier: ISC */
/* monitor_refresh - load files that have changed (table_refresh)
 *
 * A server reports which files its configuration was read from, and their state
 * before it read them. The files of the serving process are checked when the
 * kernel reports something about them, and from time to time. A change is
 * loaded when the files have been quiet for a while, so that no half-written
 * one is read; Postfix's own tools lock a table until it is whole. The next
 * server gets the text of policyd.conf that is in effect: only a signal loads
 * another one.
 *
 * A refusal is logged once. Another change is tried at once; without one, the
 * reload is retried silently, and less and less often, since the problem may be
 * temporary. */

#include "policyd/monitor/monitor_internal.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"

#define QUIET_MS      1000
#define QUIET_LAST_MS 10000 /* a file that is never quiet is loaded anyway */
#define RETRY_LAST_MS 60000

/* monitor_refresh_watch - from now on, before the server itself watches its
 * files: so what it sees, the monitor sees. */
void monitor_refresh_watch(struct server_process *process)
{
	struct error error;

	if (process->watched.count == 0 || process->settings.refresh_ms == 0)
		return;
	process->events = file_events_new(&process->watched, &error);
	if (process->events == NULL)
		log_debug("%s: files are only checked every %g s", error.text,
			  (double)process->settings.refresh_ms / 1000);
}

/* is_idle - is a server serving, and no other one starting? During a reload a
 * change can wait: it is not lost, since states are remembered only when they
 * are checked. */
static bool is_idle(const struct monitor *monitor)
{
	return !monitor->stopping && monitor->serving != NULL &&
	       monitor->next == NULL &&
	       monitor->serving->state == SERVER_PROCESS_SERVING;
}

/* plan - when to check the files next; soon, if nothing can be done now */
static void plan(struct monitor *monitor)
{
	const struct server_process *serving = monitor->serving;
	uint64_t next;

	monitor->refresh_ms = UINT64_MAX;
	if (monitor->stopping || serving == NULL ||
	    serving->settings.refresh_ms == 0 || serving->watched.count == 0)
		return;
	next = clock_ms() +
	       (is_idle(monitor) ? serving->settings.refresh_ms : QUIET_MS);
	if (is_idle(monitor) && monitor->changed_ms != UINT64_MAX &&
	    monitor->quiet_ms < next)
		next = monitor->quiet_ms;
	if (is_idle(monitor) && monitor->retry_ms < next)
		next = monitor->retry_ms;
	monitor->refresh_ms = next;
}

/* plan_retry - later and later */
static void plan_retry(struct monitor *monitor)
{
	uint64_t delay = monitor->retry_delay_ms;

	monitor->retry_ms = clock_ms() + delay;
	monitor->retry_delay_ms =
		delay < RETRY_LAST_MS / 2 ? delay * 2 : RETRY_LAST_MS;
}

/* monitor_refresh_ready - a server has read the files as they were */
void monitor_refresh_ready(struct monitor *monitor)
{
	const struct channel_settings *settings = &monitor->serving->settings;

	monitor->changed_ms = monitor->retry_ms = UINT64_MAX;
	monitor->retry_delay_ms = QUIET_MS;
	if (settings->failed_tables > 0)
		plan_retry(monitor);
	/* A file that changed meanwhile need not be reported again. */
	monitor->refresh_ms =
		settings->refresh_ms > 0 ? clock_ms() + QUIET_MS : UINT64_MAX;
}

/* monitor_refresh_descriptor - readable when a check may find something; -1:
 * the time for that is not now */
int monitor_refresh_descriptor(const struct monitor *monitor)
{
	return is_idle(monitor) && monitor->serving->events != NULL
		       ? file_events_descriptor(monitor->serving->events)
		       : -1;
}

/* find_change - a file that has changed since the last check, or NULL */
static const char *find_change(struct server_process *serving)
{
	const char *changed = watched_files_changed(&serving->watched);
	const char *reported = NULL;

	if (serving->events != NULL) {
		reported = file_events_read(serving->events);
		file_events_forget(serving->events);
	}
	return changed != NULL ? changed : reported;
}

/* note_change - wait until it is quiet */
static void note_change(struct monitor *monitor, const char *path)
{
	uint64_t now = clock_ms();

	if (monitor->changed_ms == UINT64_MAX) {
		log_info("%s has changed: reloading", path);
		monitor->changed_ms = now;
	}
	monitor->quiet_ms = now + QUIET_MS;
	if (monitor->quiet_ms > monitor->changed_ms + QUIET_LAST_MS)
		monitor->quiet_ms = monitor->changed_ms + QUIET_LAST_MS;
}

/* start - start a reload; quietly: the same files were refused before */
static void start(struct monitor *monitor, bool quietly)
{
	if (!quietly)
		monitor->retry_delay_ms = QUIET_MS;
	monitor->changed_ms = UINT64_MAX;
	plan_retry(monitor); /* unless it becomes ready */
	monitor_replace_server(monitor);
	if (monitor->next != NULL)
		monitor->next->quietly = quietly;
}

/* reload_if_due - after a change that is quiet by now, or once more */
static void reload_if_due(struct monitor *monitor)
{
	uint64_t now = clock_ms();

	if (monitor->changed_ms == UINT64_MAX) {
		if (monitor->retry_ms <= now)
			start(monitor, true);
	} else if (monitor->quiet_ms <= now) {
		start(monitor, false);
	}
}

/* monitor_refresh - check the files */
void monitor_refresh(struct monitor *monitor)
{
	const char *changed;

	if (is_idle(monitor)) {
		changed = find_change(monitor->serving);
		if (changed != NULL)
			note_change(monitor, changed);
		reload_if_due(monitor);
	}
	plan(monitor);
}
