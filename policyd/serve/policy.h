/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_POLICY_H
#define POLICYD_SERVE_POLICY_H

#include "lib/config/config.h"
#include "lib/server/server.h"
#include "lib/stats/counters.h"
#include "policyd/serve/capture.h"
#include "policyd/serve/shadow.h"

/* The way of a request through the program, from bytes to reply. One per
 * event loop; the configuration may be shared. */
struct policy;

/* policy_new - keeps a reference to config. */
struct policy *policy_new(const struct config *config);
void policy_free(struct policy *policy);

/* policy_try - from now on capture requests, and compare them with the shadow
 * configuration; keeps references, each of which may be NULL. */
void policy_try(struct policy *policy, struct capture *capture,
		struct shadow *shadow);

/* policy_rates - the counts of the rates of the configuration, by their index;
 * before the first request, and not NULL if there is a rate; seen is shared by
 * all threads. Keeps references. */
struct rate_table;
struct settle_seen;
void policy_rates(struct policy *policy, struct rate_table *const *tables,
		  struct settle_seen *seen);

/* policy_store - where several hosts count together: the stores of the
 * configuration; and its rates as they know them. Before the first request;
 * keeps references. */
struct stores;
struct store_rate;
void policy_store(struct policy *policy, struct stores *stores,
		  const struct store_rate *rates);

/* policy_watch - while a file that the configuration was made from has changed
 * and is not loaded yet, refusals are deferred. Keeps a reference; NULL: do not
 * look. */
struct file_events;
void policy_watch(struct policy *policy, struct file_events *events);

/* policy_handler - the functions that lib/server calls. */
struct server_handler policy_handler(struct policy *policy);

/* policy_counters - decisions and malformed requests; the caller may add to
 * them. */
struct counters *policy_counters(struct policy *policy);

/* policy_totals - counts for the metrics; NULL: there is no metrics section. */
struct totals;
struct totals *policy_totals(struct policy *policy);

#endif
