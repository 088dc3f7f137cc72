/* SPDX-License-Identifier: ISC */
#ifndef LIB_METRICS_H
#define LIB_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/decision.h"

/* metrics_count - one more. Each counter has one writer; others may read it at
 * any time. */
static inline void metrics_count(uint64_t *counter)
{
	__atomic_store_n(counter,
			 __atomic_load_n(counter, __ATOMIC_RELAXED) + 1,
			 __ATOMIC_RELAXED);
}

/* metrics_read - one that another thread may be counting. */
static inline uint64_t metrics_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* Counters of one server. Handed over to the next server as they are in
 * memory, so that they go on counting across a reload; a change of this
 * struct needs a new HANDOVER_VERSION (policyd/channel.h). */
struct metrics {
	uint64_t decisions[VERDICT_COUNT];
	uint64_t malformed;	   /* requests that got no reply */
	uint64_t timeouts;	   /* connections closed for time */
	uint64_t connections;	   /* accepted since the start */
	uint64_t handed_over;	   /* taken over from a server before */
	uint64_t shadow_compared;  /* judged under the shadow, too */
	uint64_t shadow_differing; /* of these: answered otherwise by it */
	uint64_t shadow_opening;   /* of these: more openly */
	uint64_t not_allowed;	   /* connections refused: not in allow_remote,
				    * or not in allow_users */
	uint64_t tls_failed;	   /* connections refused: TLS, certificate */
	uint64_t log_dropped;	   /* lines that could not be logged */
};

/* metrics_add - add other, which may be another thread's, to metrics. */
void metrics_add(struct metrics *metrics, const struct metrics *other);

/* metrics_write - "permit=3 reject=1 ..." for the log; returns its length. */
size_t metrics_write(char *buffer, size_t size, const struct metrics *metrics);

#endif
