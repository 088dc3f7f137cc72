/* SPDX-License-Identifier: ISC */
#ifndef LIB_LEDGER_H
#define LIB_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/service.h"
#include "lib/tally.h"

/* What was decided, over all workers and all servers since the start: totals
 * by service, restriction and verdict, and how they came about in the last
 * minute, hour and day. The tallies of the workers are read from time to time;
 * the ledger itself belongs to one thread. */
struct ledger;

/* Series that are kept apart; what comes after them goes into those of the
 * service and restriction "other", one for each verdict. */
#define LEDGER_SERIES 120

enum ledger_period { LEDGER_MINUTE, LEDGER_HOUR, LEDGER_DAY, LEDGER_PERIODS };
#define LEDGER_BARS_MAX 48
extern const struct ledger_span {
	const char *name;     /* "minute" */
	const char *bar_name; /* "2 s" */
	unsigned bars;	      /* that it is shown in */
	unsigned bar_ms;      /* that one stands for */
} ledger_spans[LEDGER_PERIODS];

/* One series. */
struct ledger_series {
	char service[SERVICE_NAME_MAX + 1];
	char restriction[TALLY_WORD_MAX];
	enum verdict verdict;
	uint64_t total;
	/* The newest bar of a period is number clock[period] modulo its bars.
	 */
	uint32_t bars[LEDGER_PERIODS][LEDGER_BARS_MAX];
	uint64_t before;  /* total of the servers before */
	uint64_t counted; /* while the tallies are read */
};

/* ledger_new - of the services of a configuration, which must stay. */
struct ledger *ledger_new(const struct service_list *services);

/* ledger_free - NULL is allowed. */
void ledger_free(struct ledger *ledger);

/* ledger_add - one more tally to read; it must stay as long as the ledger. */
void ledger_add(struct ledger *ledger, struct tally *tally);

/* ledger_read - read all tallies; now_ms is that of clock_ms(). The more often,
 * the finer are the bars. */
void ledger_read(struct ledger *ledger, uint64_t now_ms);

/* ledger_count - how many series there are. */
size_t ledger_count(const struct ledger *ledger);

/* ledger_get - the series with that index, from 0, as last read. */
const struct ledger_series *ledger_get(const struct ledger *ledger,
				       size_t index);

/* ledger_bar - of the bars of a period, the one with that index, from the
 * oldest one. */
uint32_t ledger_bar(const struct ledger *ledger,
		    const struct ledger_series *series,
		    enum ledger_period period, unsigned index);

/* ledger_sum - all bars of a period. */
uint64_t ledger_sum(const struct ledger_series *series,
		    enum ledger_period period);

/* ledger_times - how long decisions took, as last read. */
const struct tally_times *ledger_times(const struct ledger *ledger);

/* ledger_refusals - the last refusals, the newest first, where the newest is
 * what the tallies have now; returns how many. */
size_t ledger_refusals(const struct ledger *ledger,
		       struct tally_refusal refusals[TALLY_REFUSALS]);

/* ledger_write - all of it, for the next server, in at most size bytes: if
 * they do not suffice bars are left out, then refusals. Returns the length. */
size_t ledger_write(const struct ledger *ledger, char *bytes, size_t size);

/* ledger_take - go on with what the server before has written; services that
 * there are no more are left out. Read the tallies before. 0, or -1: it is not
 * whole; what came before that counts. */
int ledger_take(struct ledger *ledger, const char *bytes, size_t length);

#endif
