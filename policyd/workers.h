/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_WORKERS_H
#define POLICYD_WORKERS_H

#include <stdbool.h>

#include "lib/config.h"
#include "lib/metrics.h"
#include "lib/server.h"
#include "lib/tally.h"
#include "policyd/capture.h"
#include "policyd/shadow.h"

/* The other threads that serve: each has an event loop and a policy of its
 * own, all have the same configuration, which nobody changes. The first worker
 * is the thread that has the main server; it accepts for all, and everything
 * else that a server process does is its business alone. */
struct workers;

/* workers_new - config->threads - 1 of them, who will get their share of what
 * comes to server. They do not run yet. NULL: there is no event loop, or no
 * channel for one. config and server must stay. */
struct workers *workers_new(const struct config *config, struct server *server,
			    struct error *error);

/* workers_try - as policy_try(). */
void workers_try(struct workers *workers, struct capture *capture,
		 const struct shadow *shadow);

/* workers_start - from now on they serve. Call it when the process has the
 * rights that it will keep: threads inherit them. */
int workers_start(struct workers *workers, struct error *error);

/* workers_gather - have each of them pass its connections to the server, as
 * in a hand-over, and end; then done() is called, from the event loop or at
 * once. The server must accept no more. Once only. */
void workers_gather(struct workers *workers, void (*done)(void *context),
		    void *context);

/* workers_metrics - add what they have counted, and their open connections. */
void workers_metrics(const struct workers *workers, struct metrics *metrics,
		     unsigned *open);

/* workers_tallies - call visit for the tally of each. */
void workers_tallies(const struct workers *workers,
		     void (*visit)(void *context, struct tally *tally),
		     void *context);

/* workers_running - is one of them not at its end? Then nothing that they
 * use may be freed. */
bool workers_running(const struct workers *workers);

/* workers_free - they must not be running. NULL is allowed. */
void workers_free(struct workers *workers);

#endif
