/* SPDX-License-Identifier: ISC */
/* history - the statistics of all workers and all servers since the start
 *
 * Each worker counts from zero, and so does each server after a reload. The
 * history turns their counts into series that never decrease: the totals of
 * previous servers, plus what the tallies say now. The number of series is
 * limited, whatever the configuration; later ones are counted as "other". A
 * series is kept until its service no longer exists.
 *
 * For the bars, time is divided into intervals from the origin of the clock,
 * which is the same for all processes on this machine; so the next server can
 * continue them (history_record.c). */

#include "lib/stats/history_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

const struct history_span history_spans[HISTORY_PERIODS] = {
	[HISTORY_MINUTE] = { "minute", "2 s", 30, 2000 },
	[HISTORY_HOUR] = { "hour", "2 min", 30, 120000 },
	[HISTORY_DAY] = { "day", "30 min", 48, 1800000 },
};

/* history_new - an empty history */
struct history *history_new(const struct service_list *services)
{
	struct history *history = xcalloc(1, sizeof(*history));

	history->services = services;
	return history;
}

/* history_free - NULL is allowed */
void history_free(struct history *history)
{
	if (history == NULL)
		return;
	free(history->tallies);
	free(history);
}

/* history_add - add a tally to read */
void history_add(struct history *history, struct totals *totals)
{
	history->tallies =
		xreallocarray(history->tallies, history->totals_count + 1,
			      sizeof(struct totals *));
	history->tallies[history->totals_count++] = totals;
}

/* history_rate - what came of the charges of a rate */
uint64_t history_rate(const struct history *history, size_t rate,
		      enum totals_result result)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < history->totals_count; i++)
		sum += totals_rate_count(history->tallies[i], rate, result);
	return sum;
}

/* copy - copy a name, cut if necessary */
static void copy(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

/* history_find - the series with these names, a new one, or "other" */
struct history_series *history_find(struct history *history,
				    const char *service,
				    const char *restriction,
				    enum verdict verdict)
{
	struct history_series *series;
	size_t i;

	for (i = 0; i < history->count; i++) {
		series = &history->series[i];
		if (series->verdict == verdict &&
		    strcmp(series->restriction, restriction) == 0 &&
		    strcmp(series->service, service) == 0)
			return series;
	}
	if (history->count >= HISTORY_SERIES &&
	    (strcmp(service, TOTALS_OTHER) != 0 ||
	     strcmp(restriction, TOTALS_OTHER) != 0))
		return history_find(history, TOTALS_OTHER, TOTALS_OTHER,
				    verdict);
	series = &history->series[history->count++];
	copy(series->service, sizeof(series->service), service);
	copy(series->restriction, sizeof(series->restriction), restriction);
	series->verdict = verdict;
	return series;
}

/* advance - advance to the present: new bars replace the oldest ones */
static void advance(struct history *history, enum history_period period,
		    uint64_t clock)
{
	unsigned bars = history_spans[period].bars;
	uint64_t *now = &history->clock[period];
	size_t i;

	if (clock > *now + bars)
		*now = clock - bars;
	while (*now < clock) {
		(*now)++;
		for (i = 0; i < history->count; i++)
			history->series[i].bars[period][*now % bars] = 0;
	}
}

/* visit - add one count of a tally */
static void visit(void *context, const struct totals_entry *entry)
{
	struct history *history = context;
	const char *name =
		entry->service >= 0
			? history->services->services[entry->service].name
			: TOTALS_OTHER;

	history_find(history, name, entry->restriction, entry->verdict)
		->counted += entry->count;
}

/* catch_up - add what is new in a series since it was last read */
static void catch_up(struct history *history, struct history_series *series)
{
	uint64_t total = series->before + series->counted;
	uint32_t more = (uint32_t)(total - series->total);
	int period;

	series->total = total;
	for (period = 0; period < HISTORY_PERIODS; period++)
		series->bars[period][history->clock[period] %
				     history_spans[period].bars] += more;
}

/* history_read - read all tallies */
void history_read(struct history *history, uint64_t now_ms)
{
	int period;
	size_t i;

	for (period = 0; period < HISTORY_PERIODS; period++)
		advance(history, (enum history_period)period,
			now_ms / history_spans[period].bar_ms);
	for (i = 0; i < history->count; i++)
		history->series[i].counted = 0;
	history->times = history->times_before;
	history->store = history->store_before;
	for (i = 0; i < history->totals_count; i++) {
		totals_each(history->tallies[i], visit, history);
		totals_times(history->tallies[i], &history->times);
		totals_store_times(history->tallies[i], &history->store);
	}
	for (i = 0; i < history->count; i++)
		catch_up(history, &history->series[i]);
}

/* history_count - the number of series */
size_t history_count(const struct history *history)
{
	return history->count;
}

/* history_get - one of the series */
const struct history_series *history_get(const struct history *history,
					 size_t index)
{
	return &history->series[index];
}

/* history_bar - one bar, numbered from the oldest */
uint32_t history_bar(const struct history *history,
		     const struct history_series *series,
		     enum history_period period, unsigned index)
{
	unsigned bars = history_spans[period].bars;

	return series
		->bars[period][(history->clock[period] + 1 + index) % bars];
}

/* history_sum - the sum of all bars of a period */
uint64_t history_sum(const struct history_series *series,
		     enum history_period period)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < history_spans[period].bars; i++)
		sum += series->bars[period][i];
	return sum;
}

/* history_store_times - how long answers of the store took */
const struct totals_times *history_store_times(const struct history *history)
{
	return &history->store;
}

/* history_times - how long decisions took */
const struct totals_times *history_times(const struct history *history)
{
	return &history->times;
}

/* put_refusal - insert into a list, newest first, unless it is too old for it;
 * returns the new length */
static size_t put_refusal(struct totals_refusal refusals[TOTALS_REFUSALS],
			  size_t count, const struct totals_refusal *refusal)
{
	size_t at = count;

	if (refusal->when == 0)
		return count;
	while (at > 0 && refusals[at - 1].when < refusal->when)
		at--;
	if (at == TOTALS_REFUSALS)
		return count;
	if (count == TOTALS_REFUSALS)
		count--;
	memmove(&refusals[at + 1], &refusals[at],
		(count - at) * sizeof(*refusals));
	refusals[at] = *refusal;
	return count + 1;
}

/* history_frequent - of all workers */
void history_frequent(const struct history *history, enum totals_about about,
		      struct frequent *sum)
{
	size_t i;

	for (i = 0; i < history->totals_count; i++)
		totals_frequent(history->tallies[i], about, sum);
}

/* history_refusals - the last refusals, the newest first */
size_t history_refusals(const struct history *history,
			struct totals_refusal refusals[TOTALS_REFUSALS])
{
	struct totals_refusal some[TOTALS_REFUSALS];
	size_t count = 0;
	size_t i;
	size_t k;

	for (i = 0; i < history->totals_count; i++) {
		totals_refusals(history->tallies[i], some);
		for (k = 0; k < TOTALS_REFUSALS; k++)
			count = put_refusal(refusals, count, &some[k]);
	}
	for (k = 0; k < TOTALS_REFUSALS; k++)
		count = put_refusal(refusals, count, &history->refusals[k]);
	return count;
}
