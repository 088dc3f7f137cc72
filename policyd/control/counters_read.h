/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CONTROL_COUNTERS_READ_H
#define POLICYD_CONTROL_COUNTERS_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/decision/decision.h"

/* Some of the counters of a running policyd. */
struct counters_seen {
	uint64_t decisions[VERDICT_COUNT];
	uint64_t connections; /* open now */
	uint64_t malformed;
	double seconds;	 /* of all decisions together */
	unsigned stores; /* that there are; and: */
	unsigned stores_up;
	uint64_t fallbacks; /* decided without one of them */
};

/* counters_read - from the metrics listener at this address. 0, or -1. */
int counters_read(const char *address, struct counters_seen *counters,
		  struct error *error);

/* counters_parse - from the text of its page. */
void counters_parse(struct counters_seen *counters, const char *page);

#endif
