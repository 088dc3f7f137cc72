/* SPDX-License-Identifier: ISC */
/* monitor_refresh - reload when a file has changed (table_refresh)
 *
 * A server tells which files its configuration was made of, as they were
 * before it read them. Those of the server that serves are looked at from time
 * to time. What is refused is told once; as long as the files stay as they
 * are it is tried again in silence, since the trouble may pass. */

#include "policyd/monitor_internal.h"

#include "lib/log.h"

/* monitor_refresh_plan - when to look at the files next */
void monitor_refresh_plan(struct monitor *monitor)
{
	const struct child *serving = monitor->serving;

	monitor->refresh_ms = UINT64_MAX;
	if (!monitor->stopping && serving != NULL &&
	    serving->settings.refresh_ms > 0 && serving->watched.count > 0)
		monitor->refresh_ms =
			monitor_now_ms() + serving->settings.refresh_ms;
}

/* start - a reload; quietly: the same was refused before */
static void start(struct monitor *monitor, bool quietly)
{
	monitor->refresh_failed = true; /* until it is ready */
	monitor_start_server(monitor);
	if (monitor->next != NULL)
		monitor->next->quietly = quietly;
}

/* monitor_refresh - it is time to look */
void monitor_refresh(struct monitor *monitor)
{
	struct child *serving = monitor->serving;
	const char *changed;

	monitor_refresh_plan(monitor);
	/* While a reload is under way a change can wait: it is not lost, since
	 * the states are only remembered when they are looked at. */
	if (serving == NULL || monitor->next != NULL ||
	    serving->state != CHILD_SERVING)
		return;
	changed = watch_list_changed(&serving->watched);
	if (changed != NULL)
		log_info("%s has changed: reloading", changed);
	if (changed != NULL || monitor->refresh_failed)
		start(monitor, changed == NULL);
}
