/* SPDX-License-Identifier: ISC */
/* status_store - the metrics of the store where several hosts count together */

#include <inttypes.h>

#include "policyd/status/status_internal.h"

/* put_times - the histogram of its answers */
static void put_times(const struct totals_times *times, FILE *output)
{
	uint64_t count = 0;

	fputs("# HELP policyd_store_seconds Time that the store took to "
	      "answer.\n# TYPE policyd_store_seconds histogram\n",
	      output);
	for (size_t i = 0; i < TOTALS_BOUNDS; i++) {
		count += times->counts[i];
		fprintf(output,
			"policyd_store_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
			(double)totals_bounds_us[i] / 1e6, count);
	}
	count += times->counts[TOTALS_BOUNDS];
	fprintf(output,
		"policyd_store_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n"
		"policyd_store_seconds_sum %.6f\n"
		"policyd_store_seconds_count %" PRIu64 "\n",
		count, (double)times->sum_us / 1e6, count);
}

/* status_store_prometheus - all of these; nothing if there is no store */
void status_store_prometheus(const struct status_view *view, FILE *output)
{
	if (view->store.address == NULL)
		return;
	fprintf(output,
		"# HELP policyd_store_up Whether the store answers.\n"
		"# TYPE policyd_store_up gauge\npolicyd_store_up %d\n",
		view->store.up);
	put_times(history_store_times(view->history), output);
}
