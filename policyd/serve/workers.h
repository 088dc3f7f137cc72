/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_WORKERS_H
#define POLICYD_SERVE_WORKERS_H

#include <stdbool.h>

#include "lib/base/file_events.h"
#include "lib/config/config.h"
#include "lib/server/server.h"
#include "lib/stats/counters.h"
#include "lib/stats/totals.h"
#include "policyd/serve/capture.h"
#include "policyd/serve/shadow.h"

/* The other serving threads. Each has its own event loop and policy; all share
 * the configuration, which never changes. The first thread has the main server;
 * it accepts connections for all, and does everything else in a server process.
 */
struct workers;
struct rate_table;
struct settle_seen;

/* workers_new - create config->threads - 1 of them, which will get their share
 * of the connections of server. They are not running yet. NULL: no event loop
 * or channel could be made. config and server must stay. */
struct workers *workers_new(const struct config *config, struct server *server,
			    struct error *error);

/* workers_try - like policy_try(). */
void workers_try(struct workers *workers, struct capture *capture,
		 const struct shadow *shadow);

/* workers_rates - like policy_rates(). */
void workers_rates(struct workers *workers, struct rate_table *const *tables,
		   struct settle_seen *seen);

/* workers_store - connect each of them to the stores; like policy_store(). 0,
 * or -1. */
struct store_rate;
struct store_threads;
int workers_store(struct workers *workers, const struct store_threads *all,
		  const struct store_rate *rates, struct error *error);

/* workers_give - the connection of the worker with that number, of which the
 * first is 1, to a store, as store_thread_give(); of another one, fd is closed.
 */
void workers_give(struct workers *workers, size_t number, size_t store, int fd,
		  const char *why);

/* workers_watch - like policy_watch(). */
void workers_watch(struct workers *workers, struct file_events *events);

/* workers_start - start the threads. Call it when the process has the rights
 * that it will keep: threads inherit them. */
int workers_start(struct workers *workers, struct error *error);

/* workers_gather - have each of them pass its connections to the server, as in
 * a hand-over, and end; then done() is called, from the event loop or at once.
 * The server must no longer accept. Once only. */
void workers_gather(struct workers *workers, void (*done)(void *context),
		    void *context);

/* workers_counters - add their counters and their open connections. */
void workers_counters(const struct workers *workers, struct counters *metrics,
		      unsigned *open);

/* workers_totals - call visit for the tally of each. */
void workers_totals(const struct workers *workers,
		    void (*visit)(void *context, struct totals *totals),
		    void *context);

/* workers_running - is any of them still running? Then nothing that they use
 * may be freed. */
bool workers_running(const struct workers *workers);

/* workers_free - none may be running. NULL is allowed. */
void workers_free(struct workers *workers);

#endif
