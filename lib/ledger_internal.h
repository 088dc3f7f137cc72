/* SPDX-License-Identifier: ISC */
#ifndef LIB_LEDGER_INTERNAL_H
#define LIB_LEDGER_INTERNAL_H

/* Shared by ledger.c, which counts, and ledger_record.c, which passes the
 * counts on, only. */

#include "lib/ledger.h"

#define SERIES_MAX (LEDGER_SERIES + VERDICT_COUNT)

struct ledger {
	const struct service_list *services;
	struct tally **tallies;
	size_t tally_count;
	struct ledger_series series[SERIES_MAX];
	size_t count;
	uint64_t clock[LEDGER_PERIODS]; /* the newest bar */
	struct tally_times times, times_before;
	struct tally_refusal refusals[TALLY_REFUSALS]; /* of servers before */
};

/* ledger_find - the series of these names, perhaps a new one, perhaps that of
 * "other". */
struct ledger_series *ledger_find(struct ledger *ledger, const char *service,
				  const char *restriction,
				  enum verdict verdict);

#endif
