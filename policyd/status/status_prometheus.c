/* SPDX-License-Identifier: ISC */
/* status_prometheus - the metrics for Prometheus
 *
 * The text format, version 0.0.4. The number of series depends neither on the
 * size of the configuration nor on what clients send: decisions have at most
 * HISTORY_SERIES + 5, a rate has nine, everything else has some forty. */

#include "policyd/status/status_internal.h"

#include <inttypes.h>
#include <string.h>

/* status_put_label - the value of a label, in quotes */
void status_put_label(FILE *output, const char *value)
{
	putc('"', output);
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			fputs("\\n", output);
			continue;
		}
		if (*value == '"' || *value == '\\')
			putc('\\', output);
		putc(*value, output);
	}
	putc('"', output);
}

/* status_put_head - the HELP and TYPE lines of a metric */
void status_put_head(FILE *output, const char *name, const char *type,
		     const char *help)
{
	fprintf(output, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* put_counter - a counter without labels */
static void put_counter(FILE *output, const char *name, uint64_t value,
			const char *help)
{
	status_put_head(output, name, "counter", help);
	fprintf(output, "%s %" PRIu64 "\n", name, value);
}

/* put_gauge - a gauge without labels */
static void put_gauge(FILE *output, const char *name, int64_t value,
		      const char *help)
{
	status_put_head(output, name, "gauge", help);
	fprintf(output, "%s %" PRId64 "\n", name, value);
}

/* put_decisions - by service, verdict and restriction */
static void put_decisions(const struct history *history, FILE *output)
{
	size_t i;

	status_put_head(output, "policyd_decisions_total", "counter",
			"Decisions, by matching service, verdict and deciding "
			"restriction.");
	for (i = 0; i < history_count(history); i++) {
		const struct history_series *series = history_get(history, i);

		fputs("policyd_decisions_total{service=", output);
		status_put_label(output, series->service);
		fprintf(output, ",verdict=\"%s\",restriction=",
			verdict_name(series->verdict));
		status_put_label(output, series->restriction);
		fprintf(output, "} %" PRIu64 "\n", series->total);
	}
}

/* status_put_times - a histogram of times */
void status_put_times(FILE *output, const char *name, const char *help,
		      const struct totals_times *times)
{
	uint64_t count = 0;
	size_t i;

	status_put_head(output, name, "histogram", help);
	for (i = 0; i < TOTALS_BOUNDS; i++) {
		count += times->counts[i];
		fprintf(output, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
			(double)totals_bounds_us[i] / 1e6, count);
	}
	count += times->counts[TOTALS_BOUNDS];
	fprintf(output,
		"%s_bucket{le=\"+Inf\"} %" PRIu64 "\n"
		"%s_sum %.6f\n"
		"%s_count %" PRIu64 "\n",
		name, count, name, (double)times->sum_us / 1e6, name, count);
}

/* put_counters - the rows of lib/stats/counters.h */
static void put_counters(const struct counters *counters, FILE *output)
{
	const char *last = "";
	size_t i;

	for (i = 0; i < COUNTERS_ROWS; i++) {
		const struct counters_row *row = &counters_rows[i];
		size_t length = strcspn(row->metric, "{");
		char name[128];

		snprintf(name, sizeof(name), "policyd_%.*s", (int)length,
			 row->metric);
		if (strcspn(last, "{") != length ||
		    strncmp(last, row->metric, length) != 0)
			status_put_head(output, name, "counter", row->help);
		fprintf(output, "%s%s %" PRIu64 "\n", name,
			row->metric + length, counters_value(counters, i));
		last = row->metric;
	}
}

/* put_configuration - its age, and whether it could be read */
static void put_configuration(const struct status_view *view, FILE *output)
{
	const struct channel_news *news = &view->news;
	size_t i;

	status_put_head(output, "policyd_reloads_total", "counter",
			"Reloads, by result.");
	fprintf(output,
		"policyd_reloads_total{result=\"done\"} %" PRIu64 "\n"
		"policyd_reloads_total{result=\"refused\"} %" PRIu64 "\n",
		news->reloads, news->refused);
	put_gauge(output, "policyd_last_reload_successful",
		  news->is_refused == 0,
		  "Whether the last reload succeeded (1) or not (0).");
	status_put_head(
		output, "policyd_config_load_timestamp_seconds", "gauge",
		"Time at which the configuration in effect was loaded.");
	fprintf(output, "policyd_config_load_timestamp_seconds %.3f\n",
		(double)view->loaded_ms / 1000);
	status_put_head(output, "policyd_config_file_timestamp_seconds",
			"gauge",
			"Time at which a configuration file was last changed.");
	for (i = 0; i < STATUS_FILES; i++)
		if (view->files[i].changed_ms > 0)
			fprintf(output,
				"policyd_config_file_timestamp_seconds"
				"{file=\"%s\"} %.3f\n",
				view->files[i].name,
				(double)view->files[i].changed_ms / 1000);
	put_gauge(output, "policyd_failed_tables",
		  (int64_t)view->config->failed_tables,
		  "Tables that could not be read; lookups there are deferred.");
	put_gauge(output, "policyd_services",
		  (int64_t)view->config->services.count,
		  "Services, including the default one.");
}

/* put_tables - the sizes of the lists of our domains */
static void put_tables(const struct config *config, FILE *output)
{
	const struct resolver_list *lists = resolver_lists(config->resolver);
	size_t i;

	status_put_head(output, "policyd_table_entries", "gauge",
			"Entries of a domain list.");
	for (i = 0; i < RESOLVER_LISTS; i++)
		fprintf(output, "policyd_table_entries{table=\"%s\"} %zu\n",
			parameter_name(lists[i].parameter),
			domain_list_size(lists[i].domains));
}

/* put_process - the version, and the state of the process */
static void put_process(const struct status_view *view, FILE *output)
{
	status_put_head(output, "policyd_build_info", "gauge",
			"Always 1; the version is a label.");
	fputs("policyd_build_info{version=\"" POLICYD_VERSION "\"} 1\n",
	      output);
	put_gauge(output, "policyd_start_timestamp_seconds", view->news.started,
		  "Time at which policyd was started.");
	put_gauge(output, "policyd_draining", view->draining,
		  "Whether policyd is draining before it stops.");
	put_counter(output, "policyd_server_deaths_total", view->news.died,
		    "Server processes that died and were replaced.");
}

/* status_prometheus - write the text format of Prometheus */
void status_prometheus(const struct status_view *view, FILE *output)
{
	put_process(view, output);
	put_decisions(view->history, output);
	status_put_times(output, "policyd_decision_seconds",
			 "Time from the complete request to its reply.",
			 history_times(view->history));
	put_gauge(output, "policyd_connections", view->open,
		  "Open connections.");
	put_counters(&view->counters, output);
	put_configuration(view, output);
	put_tables(view->config, output);
	status_rates_prometheus(view, output);
	status_store_prometheus(view, output);
}
