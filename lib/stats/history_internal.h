/* SPDX-License-Identifier: ISC */
#ifndef LIB_STATS_HISTORY_INTERNAL_H
#define LIB_STATS_HISTORY_INTERNAL_H

/* Shared by history.c (counts) and history_record.c (passes the counts on)
 * only. */

#include "lib/stats/history.h"

#define SERIES_MAX (HISTORY_SERIES + VERDICT_COUNT)

struct history {
	const struct service_list *services;
	struct totals **tallies;
	size_t totals_count;
	struct history_series series[SERIES_MAX];
	size_t count;
	uint64_t clock[HISTORY_PERIODS]; /* index of the newest bar */
	struct totals_times times, times_before;
	struct totals_times store, store_before; /* its answers */
	struct totals_refusal
		refusals[TOTALS_REFUSALS]; /* of previous servers */
};

/* history_find - the series with these names, possibly a new one or "other". */
struct history_series *history_find(struct history *history,
				    const char *service,
				    const char *restriction,
				    enum verdict verdict);

#endif
