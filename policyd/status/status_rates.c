/* SPDX-License-Identifier: ISC */
/* status_rates - the metrics of sending limits
 *
 * Never a key as a label: keys are addresses, and as many as clients like. */

#include <inttypes.h>

#include "lib/rate/rate_table.h"
#include "policyd/status/status_internal.h"

#define SCANNED_MAX 100000 /* keys, so that nobody waits for it */

/* put_results - what came of the charges of each rate */
static void put_results(const struct status_view *view, FILE *output)
{
	const struct rate_list *list = &view->config->rates;

	status_put_head(output, "policyd_rate_total", "counter",
			"Requests that a rate was asked about, by result.");
	for (size_t i = 0; i < list->count; i++)
		for (int result = 0; result < TOTALS_RESULTS; result++)
			fprintf(output,
				"policyd_rate_total{rate=\"%s\",result=\"%s\"}"
				" %" PRIu64 "\n",
				list->rates[i].name,
				totals_result_name((enum totals_result)result),
				history_rate(view->history, i,
					     (enum totals_result)result));
}

/* Keys that are over. */
struct scan {
	const struct rate *rate;
	uint64_t over;
};

/* count_over - is one of its windows full? */
static int count_over(void *context, const struct rate_row *row)
{
	struct scan *scan = context;
	struct rate_limits limits;
	struct table_trouble trouble;
	bool over = false;

	if (rate_key_limits(scan->rate, row->key, &limits, &trouble) < 0)
		return 0;
	for (unsigned i = 0; i < row->windows; i++)
		for (unsigned k = 0; k < limits.count; k++)
			over |= limits.limit[k].length_s == row->length_s[i] &&
				limits.limit[k].number != RATE_UNLIMITED &&
				row->used[i] >= limits.limit[k].number;
	scan->over += over;
	return 0;
}

/* put_over - the keys of each rate that are over a limit */
static void put_over(const struct status_view *view, FILE *output)
{
	const struct rate_list *list = &view->config->rates;

	status_put_head(
		output, "policyd_rate_keys_over", "gauge",
		"Keys that have used up a limit; absent above 100000 keys.");
	for (size_t i = 0; i < list->count; i++) {
		struct scan scan = { &list->rates[i], 0 };

		if (rate_table_stats(view->tables[i]).keys > SCANNED_MAX)
			continue;
		rate_table_each(view->tables[i], rate_now_us(), count_over,
				&scan);
		fprintf(output,
			"policyd_rate_keys_over{rate=\"%s\"} %" PRIu64 "\n",
			list->rates[i].name, scan.over);
	}
}

/* put_tables - how full the tables of counts are */
static void put_tables(const struct status_view *view, FILE *output)
{
	const struct rate_list *list = &view->config->rates;

	status_put_head(output, "policyd_rate_keys", "gauge",
			"Keys that are kept apart.");
	for (size_t i = 0; i < list->count; i++)
		fprintf(output, "policyd_rate_keys{rate=\"%s\"} %" PRIu64 "\n",
			list->rates[i].name,
			rate_table_stats(view->tables[i]).keys);
	status_put_head(output, "policyd_rate_displaced_total", "counter",
			"Keys that had to give way to others; raise keys.");
	for (size_t i = 0; i < list->count; i++)
		fprintf(output,
			"policyd_rate_displaced_total{rate=\"%s\"} %" PRIu64
			"\n",
			list->rates[i].name,
			rate_table_stats(view->tables[i]).displaced);
}

/* status_rates_prometheus - all of these; nothing if there is no rate */
void status_rates_prometheus(const struct status_view *view, FILE *output)
{
	if (view->tables == NULL)
		return;
	put_results(view, output);
	put_tables(view, output);
	put_over(view, output);
}
