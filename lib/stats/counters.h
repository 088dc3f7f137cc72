/* SPDX-License-Identifier: ISC */
#ifndef LIB_STATS_COUNTERS_H
#define LIB_STATS_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/decision/decision.h"

/* counters_count - increment a counter. Each counter has one writer; others may
 * read it at any time. */
static inline void counters_count(uint64_t *counter)
{
	__atomic_store_n(counter,
			 __atomic_load_n(counter, __ATOMIC_RELAXED) + 1,
			 __ATOMIC_RELAXED);
}

/* counters_read - read a counter that another thread may be incrementing. */
static inline uint64_t counters_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* The counters of one server. They are handed over to the next server in this
 * form, so that they continue across a reload; changing this struct requires a
 * new HANDOVER_VERSION (policyd/process/channel.h). */
struct counters {
	uint64_t decisions[VERDICT_COUNT];
	uint64_t malformed;	   /* requests that got no reply */
	uint64_t timeouts;	   /* connections closed by a time limit */
	uint64_t connections;	   /* accepted since the start */
	uint64_t handed_over;	   /* taken over from a previous server */
	uint64_t shadow_compared;  /* also evaluated by the shadow */
	uint64_t shadow_differing; /* of these: answered differently */
	uint64_t shadow_opening;   /* of these: less strictly */
	uint64_t not_allowed;	   /* connections refused: not in allow_remote,
				    * or not in allow_users */
	uint64_t tls_failed;	   /* connections refused: TLS or certificate */
	uint64_t log_dropped;	   /* lines that could not be logged */
};

/* counters_add - add other, which may belong to another thread, to metrics. */
void counters_add(struct counters *counters, const struct counters *other);

/* counters_write - "permit=3 reject=1 ..." for the log; returns its length. */
size_t counters_write(char *buffer, size_t size,
		      const struct counters *counters);

#endif
