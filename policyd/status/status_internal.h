/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_STATUS_STATUS_INTERNAL_H
#define POLICYD_STATUS_STATUS_INTERNAL_H

/* Shared by policyd/status/status*.c only: status.c (the listener),
 * status_prometheus.c (for Prometheus), status_page.c (the status page),
 * status_notes.c (what it says first), status_style.c (its style),
 * status_chart.c (its charts), status_frequent.c (what is refused most),
 * status_rates.c (sending limits, for Prometheus), status_limits.c (for
 * people), status_store.c (the stores of several hosts). */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/stats/history.h"
#include "policyd/status/status.h"

/* A file that the configuration was read from. */
struct status_file {
	const char *name;   /* "policyd.conf", "main.cf" */
	const char *path;   /* NULL: not used */
	int64_t changed_ms; /* contents, mode or name; 0: unknown */
};
#define STATUS_FILES 2

/* All that is shown. */
struct status_view {
	const struct config *config;
	const char *configuration; /* as -T prints it */
	const struct history *history;
	struct rate_table *const *tables; /* NULL: there is no rate */
	struct status_store stores[CONFIG_STORES_MAX];
	size_t store_count;
	struct channel_news news;
	struct counters counters;
	unsigned open; /* connections */
	bool draining;
	int64_t now;	   /* time(2) */
	int64_t loaded_ms; /* since the epoch */
	struct status_file files[STATUS_FILES];
};

/* status_changed - a file that was changed after it was loaded, or NULL. */
const struct status_file *status_changed(const struct status_view *view);

/* status_prometheus - write the text format of Prometheus. */
void status_prometheus(const struct status_view *view, FILE *output);

/* status_put_head - the HELP and TYPE lines of a metric. */
void status_put_head(FILE *output, const char *name, const char *type,
		     const char *help);

/* status_put_label - the value of a label, in quotes. */
void status_put_label(FILE *output, const char *value);

/* status_put_times - a histogram of times, in seconds. */
void status_put_times(FILE *output, const char *name, const char *help,
		      const struct totals_times *times);

/* status_rates_prometheus - the part about sending limits. */
void status_rates_prometheus(const struct status_view *view, FILE *output);

/* status_stores_away - how many of the stores do not answer. */
size_t status_stores_away(const struct status_view *view);

/* status_store_prometheus - the part about the stores of several hosts. */
void status_store_prometheus(const struct status_view *view, FILE *output);

/* status_page - write the status page in HTML; nonce: of its style. */
void status_page(const struct status_view *view, const char *nonce,
		 FILE *output);

/* The state, as one word or two, and its colour: "green", "amber" or "red". */
struct status_badge {
	const char *colour;
	const char *text;
};

/* status_worst - the worst that is to be said. */
struct status_badge status_worst(const struct status_view *view);

/* status_notes - a list of what needs attention. */
void status_notes(const struct status_view *view, FILE *output);

/* status_style - the style of the page. */
extern const char status_style[];

/* The rows of a chart: services or restrictions. */
enum status_subject { STATUS_SERVICE, STATUS_RESTRICTION };

/* status_charts - the charts of one period. */
void status_charts(const struct history *history, enum history_period period,
		   FILE *output);

/* status_frequent - who and what is refused most often. */
void status_frequent(const struct history *history, FILE *output);

/* status_limits - the fullest keys of each rate; nothing if there is none. */
void status_limits(const struct status_view *view, FILE *output);

/* status_number - write a number with thin spaces between thousands. */
void status_number(FILE *output, uint64_t number);

/* status_time - write a time of time(2), with the name of the zone or without.
 */
void status_time(FILE *output, int64_t when, bool zone);

/* status_span - write a time span in at most two units: "3 d 4 h". */
void status_span(FILE *output, int64_t seconds);

#endif
