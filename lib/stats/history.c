/* SPDX-License-Identifier: ISC */
/* ledger - the statistics of all workers and all servers since the start
 *
 * Each worker counts from zero, and so does each server after a reload. The
 * ledger turns their counts into series that never decrease: the totals of
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

const struct ledger_span ledger_spans[LEDGER_PERIODS] = {
	[LEDGER_MINUTE] = { "minute", "2 s", 30, 2000 },
	[LEDGER_HOUR] = { "hour", "2 min", 30, 120000 },
	[LEDGER_DAY] = { "day", "30 min", 48, 1800000 },
};

/* ledger_new - an empty ledger */
struct ledger *ledger_new(const struct service_list *services)
{
	struct ledger *ledger = xcalloc(1, sizeof(*ledger));

	ledger->services = services;
	return ledger;
}

/* ledger_free - NULL is allowed */
void ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	free(ledger->tallies);
	free(ledger);
}

/* ledger_add - add a tally to read */
void ledger_add(struct ledger *ledger, struct tally *tally)
{
	ledger->tallies =
		xreallocarray(ledger->tallies, ledger->tally_count + 1,
			      sizeof(struct tally *));
	ledger->tallies[ledger->tally_count++] = tally;
}

/* copy - copy a name, cut if necessary */
static void copy(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

/* ledger_find - the series with these names, a new one, or "other" */
struct ledger_series *ledger_find(struct ledger *ledger, const char *service,
				  const char *restriction, enum verdict verdict)
{
	struct ledger_series *series;
	size_t i;

	for (i = 0; i < ledger->count; i++) {
		series = &ledger->series[i];
		if (series->verdict == verdict &&
		    strcmp(series->restriction, restriction) == 0 &&
		    strcmp(series->service, service) == 0)
			return series;
	}
	if (ledger->count >= LEDGER_SERIES &&
	    (strcmp(service, TALLY_OTHER) != 0 ||
	     strcmp(restriction, TALLY_OTHER) != 0))
		return ledger_find(ledger, TALLY_OTHER, TALLY_OTHER, verdict);
	series = &ledger->series[ledger->count++];
	copy(series->service, sizeof(series->service), service);
	copy(series->restriction, sizeof(series->restriction), restriction);
	series->verdict = verdict;
	return series;
}

/* advance - advance to the present: new bars replace the oldest ones */
static void advance(struct ledger *ledger, enum ledger_period period,
		    uint64_t clock)
{
	unsigned bars = ledger_spans[period].bars;
	uint64_t *now = &ledger->clock[period];
	size_t i;

	if (clock > *now + bars)
		*now = clock - bars;
	while (*now < clock) {
		(*now)++;
		for (i = 0; i < ledger->count; i++)
			ledger->series[i].bars[period][*now % bars] = 0;
	}
}

/* visit - add one count of a tally */
static void visit(void *context, int service, const char *restriction,
		  enum verdict verdict, uint64_t count)
{
	struct ledger *ledger = context;
	const char *name = service >= 0
				   ? ledger->services->services[service].name
				   : TALLY_OTHER;

	ledger_find(ledger, name, restriction, verdict)->counted += count;
}

/* settle - add what is new in a series since it was last read */
static void settle(struct ledger *ledger, struct ledger_series *series)
{
	uint64_t total = series->before + series->counted;
	uint32_t more = (uint32_t)(total - series->total);
	int period;

	series->total = total;
	for (period = 0; period < LEDGER_PERIODS; period++)
		series->bars[period][ledger->clock[period] %
				     ledger_spans[period].bars] += more;
}

/* ledger_read - read all tallies */
void ledger_read(struct ledger *ledger, uint64_t now_ms)
{
	int period;
	size_t i;

	for (period = 0; period < LEDGER_PERIODS; period++)
		advance(ledger, (enum ledger_period)period,
			now_ms / ledger_spans[period].bar_ms);
	for (i = 0; i < ledger->count; i++)
		ledger->series[i].counted = 0;
	ledger->times = ledger->times_before;
	for (i = 0; i < ledger->tally_count; i++) {
		tally_each(ledger->tallies[i], visit, ledger);
		tally_times(ledger->tallies[i], &ledger->times);
	}
	for (i = 0; i < ledger->count; i++)
		settle(ledger, &ledger->series[i]);
}

/* ledger_count - the number of series */
size_t ledger_count(const struct ledger *ledger)
{
	return ledger->count;
}

/* ledger_get - one of the series */
const struct ledger_series *ledger_get(const struct ledger *ledger,
				       size_t index)
{
	return &ledger->series[index];
}

/* ledger_bar - one bar, numbered from the oldest */
uint32_t ledger_bar(const struct ledger *ledger,
		    const struct ledger_series *series,
		    enum ledger_period period, unsigned index)
{
	unsigned bars = ledger_spans[period].bars;

	return series->bars[period][(ledger->clock[period] + 1 + index) % bars];
}

/* ledger_sum - the sum of all bars of a period */
uint64_t ledger_sum(const struct ledger_series *series,
		    enum ledger_period period)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < ledger_spans[period].bars; i++)
		sum += series->bars[period][i];
	return sum;
}

/* ledger_times - how long decisions took */
const struct tally_times *ledger_times(const struct ledger *ledger)
{
	return &ledger->times;
}

/* put_refusal - insert into a list, newest first, unless it is too old for it;
 * returns the new length */
static size_t put_refusal(struct tally_refusal refusals[TALLY_REFUSALS],
			  size_t count, const struct tally_refusal *refusal)
{
	size_t at = count;

	if (refusal->when == 0)
		return count;
	while (at > 0 && refusals[at - 1].when < refusal->when)
		at--;
	if (at == TALLY_REFUSALS)
		return count;
	if (count == TALLY_REFUSALS)
		count--;
	memmove(&refusals[at + 1], &refusals[at],
		(count - at) * sizeof(*refusals));
	refusals[at] = *refusal;
	return count + 1;
}

/* ledger_refusals - the last refusals, the newest first */
size_t ledger_refusals(const struct ledger *ledger,
		       struct tally_refusal refusals[TALLY_REFUSALS])
{
	struct tally_refusal some[TALLY_REFUSALS];
	size_t count = 0;
	size_t i;
	size_t k;

	for (i = 0; i < ledger->tally_count; i++) {
		tally_refusals(ledger->tallies[i], some);
		for (k = 0; k < TALLY_REFUSALS; k++)
			count = put_refusal(refusals, count, &some[k]);
	}
	for (k = 0; k < TALLY_REFUSALS; k++)
		count = put_refusal(refusals, count, &ledger->refusals[k]);
	return count;
}
