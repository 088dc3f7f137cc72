/* SPDX-License-Identifier: ISC */
/* status_store - the metrics of the store where several hosts count together */

#include "policyd/status/status_internal.h"

/* status_store_prometheus - all of these; nothing if there is no store */
void status_store_prometheus(const struct status_view *view, FILE *output)
{
	if (view->store.address == NULL)
		return;
	status_put_head(output, "policyd_store_up", "gauge",
			"Whether the store answers.");
	fprintf(output, "policyd_store_up %d\n", view->store.up);
	status_put_times(output, "policyd_store_seconds",
			 "Time that the store took to answer.",
			 history_store_times(view->history));
}
