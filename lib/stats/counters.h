/* SPDX-License-Identifier: ISC */
#ifndef LIB_STATS_COUNTERS_H
#define LIB_STATS_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/decision/decision.h"

/* counters_count_more - add to a counter. Each has one writer; others may read
 * it at any time. On i386 a number of 64 bits may lie across two lines of the
 * cache, so that it is read in two parts; in a struct, _Alignas(8) of the first
 * one prevents that. */
static inline void counters_count_more(uint64_t *counter, uint64_t more)
{
	__atomic_store_n(counter,
			 __atomic_load_n(counter, __ATOMIC_RELAXED) + more,
			 __ATOMIC_RELAXED);
}

/* counters_count - increment a counter. */
static inline void counters_count(uint64_t *counter)
{
	counters_count_more(counter, 1);
}

/* counters_read - read a counter that another thread may be incrementing. */
static inline uint64_t counters_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* One row a counter besides the decisions: its name, as a field and in the log;
 * the name of its metric, perhaps with a label; and the HELP text of that. Rows
 * of one metric are neighbours, and have the same text. All else follows from
 * the row. The counters of one server are handed over to the next server as
 * struct counters, so that they continue across a reload: a change of rows
 * requires a new HANDOVER_VERSION (policyd/process/channel.h). */
#define COUNTERS(X)                                                     \
	X(malformed, "malformed_requests_total",                        \
	  "Malformed requests; closed without a reply.")                \
	X(timeouts, "timeouts_total",                                   \
	  "Connections closed because a time limit was exceeded.")      \
	X(connections, "connections_total", "Accepted connections.")    \
	X(handed_over, "connections_handed_over_total",                 \
	  "Connections handed over to a new server by a reload.")       \
	X(shadow_compared, "shadow_compared_total",                     \
	  "Decisions compared with the shadow configuration.")          \
	X(shadow_differing, "shadow_differing_total",                   \
	  "Of these, answered differently.")                            \
	X(shadow_opening, "shadow_opening_total",                       \
	  "Of these, more permissively.")                               \
	/* Not in allow_remote, or not in allow_users. */               \
	X(not_allowed, "connections_refused_total{reason=\"address\"}", \
	  "Refused connections, by reason.")                            \
	X(tls_failed, "connections_refused_total{reason=\"tls\"}",      \
	  "Refused connections, by reason.")                            \
	/* It was away, or did not answer in time. */                   \
	X(store_fallback, "store_fallback_total",                       \
	  "Questions about rates that were decided without the store.") \
	X(log_dropped, "log_dropped_total",                             \
	  "Log lines that could not be written.")

struct counters {
	_Alignas(8) uint64_t decisions[VERDICT_COUNT];
#define COUNTERS_FIELD(name, metric, help) uint64_t name;
	COUNTERS(COUNTERS_FIELD)
#undef COUNTERS_FIELD
};

/* The rows, and the value of each in counters. */
#define COUNTERS_ROWS \
	(sizeof(struct counters) / sizeof(uint64_t) - VERDICT_COUNT)
extern const struct counters_row {
	const char *name;
	const char *metric; /* without "policyd_" */
	const char *help;
} counters_rows[COUNTERS_ROWS];
uint64_t counters_value(const struct counters *counters, size_t row);

/* counters_add - add other, which may belong to another thread, to counters. */
void counters_add(struct counters *counters, const struct counters *other);

/* counters_write - "permit=3 reject=1 ..." for the log; returns its length. */
size_t counters_write(char *buffer, size_t size,
		      const struct counters *counters);

#endif
