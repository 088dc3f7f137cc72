/* SPDX-License-Identifier: ISC */
/* metrics - counters of decisions, and their text form */

#include "lib/stats/counters.h"

#include <inttypes.h>
#include <stdio.h>

/* metrics_add - add other to metrics */
void metrics_add(struct metrics *metrics, const struct metrics *other)
{
	size_t i;

	for (i = 0; i < VERDICT_COUNT; i++)
		metrics->decisions[i] += metrics_read(&other->decisions[i]);
	metrics->malformed += metrics_read(&other->malformed);
	metrics->timeouts += metrics_read(&other->timeouts);
	metrics->connections += metrics_read(&other->connections);
	metrics->handed_over += metrics_read(&other->handed_over);
	metrics->shadow_compared += metrics_read(&other->shadow_compared);
	metrics->shadow_differing += metrics_read(&other->shadow_differing);
	metrics->shadow_opening += metrics_read(&other->shadow_opening);
	metrics->not_allowed += metrics_read(&other->not_allowed);
	metrics->tls_failed += metrics_read(&other->tls_failed);
	metrics->log_dropped += metrics_read(&other->log_dropped);
}

/* metrics_write - format the counters as one line for the log */
size_t metrics_write(char *buffer, size_t size, const struct metrics *metrics)
{
	int length = snprintf(
		buffer, size,
		"permit=%" PRIu64 " reject=%" PRIu64 " defer=%" PRIu64
		" dunno=%" PRIu64 " ask=%" PRIu64 " malformed=%" PRIu64
		" timeouts=%" PRIu64 " connections=%" PRIu64
		" handed_over=%" PRIu64 " shadow_compared=%" PRIu64
		" shadow_differing=%" PRIu64 " shadow_opening=%" PRIu64
		" not_allowed=%" PRIu64 " tls_failed=%" PRIu64
		" log_dropped=%" PRIu64,
		metrics->decisions[VERDICT_PERMIT],
		metrics->decisions[VERDICT_REJECT],
		metrics->decisions[VERDICT_DEFER],
		metrics->decisions[VERDICT_DUNNO],
		metrics->decisions[VERDICT_ASK], metrics->malformed,
		metrics->timeouts, metrics->connections, metrics->handed_over,
		metrics->shadow_compared, metrics->shadow_differing,
		metrics->shadow_opening, metrics->not_allowed,
		metrics->tls_failed, metrics->log_dropped);

	return (size_t)length < size ? (size_t)length : size - 1;
}
