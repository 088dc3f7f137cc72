/* SPDX-License-Identifier: ISC */
#ifndef LIB_LEDGER_H
#define LIB_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/decision/service.h"
#include "lib/stats/totals.h"

/* The statistics of all workers and all servers since the start: totals by
 * service, restriction and verdict, and their course over the last minute, hour
 * and day. The tallies of the workers are read from time to time; the ledger
 * itself belongs to one thread. */
struct ledger;

/* The number of separate series; later ones are counted in the service and
 * restriction "other", one series for each verdict. */
#define LEDGER_SERIES 120

enum ledger_period { LEDGER_MINUTE, LEDGER_HOUR, LEDGER_DAY, LEDGER_PERIODS };
#define LEDGER_BARS_MAX 48
extern const struct ledger_span {
	const char *name;     /* "minute" */
	const char *bar_name; /* "2 s" */
	unsigned bars;	      /* the number shown */
	unsigned bar_ms;      /* the time each represents */
} ledger_spans[LEDGER_PERIODS];

/* One series. */
struct ledger_series {
	char service[SERVICE_NAME_MAX + 1];
	char restriction[TALLY_WORD_MAX];
	enum verdict verdict;
	uint64_t total;
	/* The newest bar of a period has index clock[period] modulo its number
	 * of bars. */
	uint32_t bars[LEDGER_PERIODS][LEDGER_BARS_MAX];
	uint64_t before;  /* total of the previous servers */
	uint64_t counted; /* used while the tallies are read */
};

/* ledger_new - a ledger for the services of a configuration, which must outlive
 * it. */
struct ledger *ledger_new(const struct service_list *services);

/* ledger_free - NULL is allowed. */
void ledger_free(struct ledger *ledger);

/* ledger_add - add a tally to read; it must outlive the ledger. */
void ledger_add(struct ledger *ledger, struct tally *tally);

/* ledger_read - read all tallies; now_ms is from clock_ms(). More frequent
 * calls give finer bars. */
void ledger_read(struct ledger *ledger, uint64_t now_ms);

/* ledger_count - the number of series. */
size_t ledger_count(const struct ledger *ledger);

/* ledger_get - the series with that index, from 0, as last read. */
const struct ledger_series *ledger_get(const struct ledger *ledger,
				       size_t index);

/* ledger_bar - the bar of a period with that index, from the oldest. */
uint32_t ledger_bar(const struct ledger *ledger,
		    const struct ledger_series *series,
		    enum ledger_period period, unsigned index);

/* ledger_sum - the sum of all bars of a period. */
uint64_t ledger_sum(const struct ledger_series *series,
		    enum ledger_period period);

/* ledger_times - how long decisions took, as last read. */
const struct tally_times *ledger_times(const struct ledger *ledger);

/* ledger_refusals - the last refusals, newest first, including those in the
 * tallies now; returns how many. */
size_t ledger_refusals(const struct ledger *ledger,
		       struct tally_refusal refusals[TALLY_REFUSALS]);

/* ledger_write - write all of it for the next server, in at most size bytes. If
 * they do not suffice, bars are left out first, then refusals. Returns the
 * length. */
size_t ledger_write(const struct ledger *ledger, char *bytes, size_t size);

/* ledger_take - continue from what the previous server wrote; services that no
 * longer exist are skipped. Read the tallies first. 0, or -1: it is incomplete;
 * what came before the damage is used. */
int ledger_take(struct ledger *ledger, const char *bytes, size_t length);

#endif
