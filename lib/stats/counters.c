/* SPDX-License-Identifier: ISC */
/* counters - counters of decisions, and their text form */

#include "lib/stats/counters.h"

#include <inttypes.h>
#include <stdio.h>

/* counters_add - add other to metrics */
void counters_add(struct counters *counters, const struct counters *other)
{
	size_t i;

	for (i = 0; i < VERDICT_COUNT; i++)
		counters->decisions[i] += counters_read(&other->decisions[i]);
	counters->malformed += counters_read(&other->malformed);
	counters->timeouts += counters_read(&other->timeouts);
	counters->connections += counters_read(&other->connections);
	counters->handed_over += counters_read(&other->handed_over);
	counters->shadow_compared += counters_read(&other->shadow_compared);
	counters->shadow_differing += counters_read(&other->shadow_differing);
	counters->shadow_opening += counters_read(&other->shadow_opening);
	counters->not_allowed += counters_read(&other->not_allowed);
	counters->tls_failed += counters_read(&other->tls_failed);
	counters->log_dropped += counters_read(&other->log_dropped);
}

/* counters_write - format the counters as one line for the log */
size_t counters_write(char *buffer, size_t size,
		      const struct counters *counters)
{
	int length =
		snprintf(buffer, size,
			 "permit=%" PRIu64 " reject=%" PRIu64 " defer=%" PRIu64
			 " dunno=%" PRIu64 " ask=%" PRIu64 " malformed=%" PRIu64
			 " timeouts=%" PRIu64 " connections=%" PRIu64
			 " handed_over=%" PRIu64 " shadow_compared=%" PRIu64
			 " shadow_differing=%" PRIu64 " shadow_opening=%" PRIu64
			 " not_allowed=%" PRIu64 " tls_failed=%" PRIu64
			 " log_dropped=%" PRIu64,
			 counters->decisions[VERDICT_PERMIT],
			 counters->decisions[VERDICT_REJECT],
			 counters->decisions[VERDICT_DEFER],
			 counters->decisions[VERDICT_DUNNO],
			 counters->decisions[VERDICT_ASK], counters->malformed,
			 counters->timeouts, counters->connections,
			 counters->handed_over, counters->shadow_compared,
			 counters->shadow_differing, counters->shadow_opening,
			 counters->not_allowed, counters->tls_failed,
			 counters->log_dropped);

	return (size_t)length < size ? (size_t)length : size - 1;
}
