/* SPDX-License-Identifier: ISC */
#ifndef LIB_STATS_HISTORY_H
#define LIB_STATS_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/decision/service.h"
#include "lib/stats/totals.h"

/* The statistics of all workers and all servers since the start: totals by
 * service, restriction and verdict, and their course over the last minute, hour
 * and day. The tallies of the workers are read from time to time; the history
 * itself belongs to one thread. */
struct history;

/* The number of separate series; later ones are counted in the service and
 * restriction "other", one series for each verdict. */
#define HISTORY_SERIES 120

enum history_period {
	HISTORY_MINUTE,
	HISTORY_HOUR,
	HISTORY_DAY,
	HISTORY_PERIODS
};
#define HISTORY_BARS_MAX 48
extern const struct history_span {
	const char *name;     /* "minute" */
	const char *bar_name; /* "2 s" */
	unsigned bars;	      /* the number shown */
	unsigned bar_ms;      /* the time each represents */
} history_spans[HISTORY_PERIODS];

/* One series. */
struct history_series {
	char service[SERVICE_NAME_MAX + 1];
	char restriction[TOTALS_WORD_MAX];
	enum verdict verdict;
	uint64_t total;
	/* The newest bar of a period has index clock[period] modulo its number
	 * of bars. */
	uint32_t bars[HISTORY_PERIODS][HISTORY_BARS_MAX];
	uint64_t before;  /* total of the previous servers */
	uint64_t counted; /* used while the tallies are read */
};

/* history_new - a history for the services of a configuration, which must
 * outlive it. */
struct history *history_new(const struct service_list *services);

/* history_free - NULL is allowed. */
void history_free(struct history *history);

/* history_add - add a tally to read; it must outlive the history. */
void history_add(struct history *history, struct totals *totals);

/* history_rate - what came of the charges of a rate, in this server. */
uint64_t history_rate(const struct history *history, size_t rate,
		      enum totals_result result);

/* history_read - read all tallies; now_ms is from clock_ms(). More frequent
 * calls give finer bars. */
void history_read(struct history *history, uint64_t now_ms);

/* history_count - the number of series. */
size_t history_count(const struct history *history);

/* history_get - the series with that index, from 0, as last read. */
const struct history_series *history_get(const struct history *history,
					 size_t index);

/* history_bar - the bar of a period with that index, from the oldest. */
uint32_t history_bar(const struct history *history,
		     const struct history_series *series,
		     enum history_period period, unsigned index);

/* history_sum - the sum of all bars of a period. */
uint64_t history_sum(const struct history_series *series,
		     enum history_period period);

/* history_frequent - what is refused most often, since this server has begun:
 * added to sum. */
void history_frequent(const struct history *history, enum totals_about about,
		      struct frequent *sum);

/* history_times - how long decisions took, as last read. */
const struct totals_times *history_times(const struct history *history);

/* history_store_times - likewise, how long answers of the store took. */
const struct totals_times *history_store_times(const struct history *history);

/* history_refusals - the last refusals, newest first, including those in the
 * tallies now; returns how many. */
size_t history_refusals(const struct history *history,
			struct totals_refusal refusals[TOTALS_REFUSALS]);

/* history_write - write all of it for the next server, in at most size bytes.
 * If they do not suffice, bars are left out first, then refusals. Returns the
 * length. */
size_t history_write(const struct history *history, char *bytes, size_t size);

/* history_take - continue from what the previous server wrote; services that no
 * longer exist are skipped. Read the tallies first. 0, or -1: it is incomplete;
 * what came before the damage is used. */
int history_take(struct history *history, const char *bytes, size_t length);

#endif
