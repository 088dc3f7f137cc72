/* SPDX-License-Identifier: ISC */
/* status_store - the metrics of the stores where several hosts count together
 */

#include "policyd/status/status_internal.h"

/* status_stores_away - see above */
size_t status_stores_away(const struct status_view *view)
{
	size_t away = 0;

	for (size_t i = 0; i < view->store_count; i++)
		away += !view->stores[i].up;
	return away;
}

/* put_up - one of them */
static void put_up(const struct status_store *store, FILE *output)
{
	fputs("policyd_store_up{store=", output);
	status_put_label(output, store->name);
	fprintf(output, "} %d\n", store->up);
}

/* status_store_prometheus - all of these; nothing if there is no store */
void status_store_prometheus(const struct status_view *view, FILE *output)
{
	if (view->store_count == 0)
		return;
	status_put_head(output, "policyd_store_up", "gauge",
			"Whether the store answers.");
	for (size_t i = 0; i < view->store_count; i++)
		put_up(&view->stores[i], output);
	status_put_times(output, "policyd_store_seconds",
			 "Time that a store took to answer.",
			 history_store_times(view->history));
}
