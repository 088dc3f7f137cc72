/* SPDX-License-Identifier: ISC */
/* monitor_refresh - reload when a file has changed (table_refresh)
 *
 * A server reports which files its configuration was read from, and their state
 * before it read them. The files of the serving process are checked from time
 * to time. A refusal is logged once; while the files stay the same, the reload
 * is retried silently, since the problem may be temporary. */

#include "policyd/monitor/monitor_internal.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"

/* monitor_refresh_plan - when to check the files next */
void monitor_refresh_plan(struct monitor *monitor)
{
	const struct server_process *serving = monitor->serving;

	monitor->refresh_ms = UINT64_MAX;
	if (!monitor->stopping && serving != NULL &&
	    serving->settings.refresh_ms > 0 && serving->watched.count > 0)
		monitor->refresh_ms = clock_ms() + serving->settings.refresh_ms;
}

/* start - start a reload; quietly: the same files were refused before */
static void start(struct monitor *monitor, bool quietly)
{
	monitor->refresh_failed = true; /* until it is ready */
	monitor_start_server(monitor);
	if (monitor->next != NULL)
		monitor->next->quietly = quietly;
}

/* monitor_refresh - check the files */
void monitor_refresh(struct monitor *monitor)
{
	struct server_process *serving = monitor->serving;
	const char *changed;

	monitor_refresh_plan(monitor);
	/* During a reload a change can wait: it is not lost, since states are
	 * remembered only when they are checked. */
	if (serving == NULL || monitor->next != NULL ||
	    serving->state != SERVER_PROCESS_SERVING)
		return;
	changed = watched_files_changed(&serving->watched);
	if (changed != NULL)
		log_info("%s has changed: reloading", changed);
	if (changed != NULL || monitor->refresh_failed)
		start(monitor, changed == NULL);
}
