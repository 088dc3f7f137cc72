/* SPDX-License-Identifier: ISC */
#ifndef LIB_LEDGER_INTERNAL_H
#define LIB_LEDGER_INTERNAL_H

/* Shared by history.c (counts) and history_record.c (passes the counts on)
 * only. */

#include "lib/stats/history.h"

#define SERIES_MAX (LEDGER_SERIES + VERDICT_COUNT)

struct ledger {
	const struct service_list *services;
	struct tally **tallies;
	size_t tally_count;
	struct ledger_series series[SERIES_MAX];
	size_t count;
	uint64_t clock[LEDGER_PERIODS]; /* index of the newest bar */
	struct tally_times times, times_before;
	struct tally_refusal refusals[TALLY_REFUSALS]; /* of previous servers */
};

/* ledger_find - the series with these names, possibly a new one or "other". */
struct ledger_series *ledger_find(struct ledger *ledger, const char *service,
				  const char *restriction,
				  enum verdict verdict);

#endif
