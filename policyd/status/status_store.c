/* SPDX-License-Identifier: ISC */
/* status_store - the metrics of the stores where several hosts count together
 */

#include "policyd/status/status_internal.h"

#include <inttypes.h>

/* status_stores_away - see above */
size_t status_stores_away(const struct status_view *view)
{
	size_t away = 0;

	for (size_t i = 0; i < view->store_count; i++)
		away += !view->stores[i].up;
	return away;
}

/* put_name - of a metric, and the first label */
static void put_name(const char *name, const struct status_store *store,
		     FILE *output)
{
	fprintf(output, "%s{store=", name);
	status_put_label(output, store->name);
}

/* put_up - which of them answer */
static void put_up(const struct status_view *view, FILE *output)
{
	const char *name = "policyd_store_up";

	status_put_head(output, name, "gauge", "Whether the store answers.");
	for (size_t i = 0; i < view->store_count; i++) {
		put_name(name, &view->stores[i], output);
		fprintf(output, "} %d\n", view->stores[i].up);
	}
}

/* put_questions - to each of them */
static void put_questions(const struct status_view *view, FILE *output)
{
	const char *name = "policyd_store_questions_total";

	status_put_head(output, name, "counter",
			"Questions about rates, by whether the store has "
			"answered in time. Those while it is away have not.");
	for (size_t i = 0; i < view->store_count; i++) {
		const struct status_store *store = &view->stores[i];

		put_name(name, store, output);
		fprintf(output, ",answered=\"yes\"} %" PRIu64 "\n",
			store->answered);
		put_name(name, store, output);
		fprintf(output, ",answered=\"no\"} %" PRIu64 "\n",
			store->unanswered);
	}
}

/* put_answers - how long they took, likewise */
static void put_answers(const struct status_view *view, FILE *output)
{
	const char *name = "policyd_store_answer_seconds_total";

	status_put_head(output, name, "counter",
			"Time that the answers of the store took.");
	for (size_t i = 0; i < view->store_count; i++) {
		put_name(name, &view->stores[i], output);
		fprintf(output, "} %.6f\n", (double)view->stores[i].us / 1e6);
	}
}

/* status_store_prometheus - all of these; nothing if there is no store */
void status_store_prometheus(const struct status_view *view, FILE *output)
{
	if (view->store_count == 0)
		return;
	put_up(view, output);
	status_put_times(output, "policyd_store_seconds",
			 "Time until the stores had answered a request.",
			 history_store_times(view->history));
	put_questions(view, output);
	put_answers(view, output);
}
