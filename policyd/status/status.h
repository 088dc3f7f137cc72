/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_STATUS_STATUS_H
#define POLICYD_STATUS_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/config/config.h"
#include "lib/server/server.h"
#include "lib/stats/counters.h"
#include "lib/stats/totals.h"
#include "policyd/process/channel.h"

/* The status listener: the listener of the metrics section, its pages, and what
 * they show. */
struct status;

/* status_new - before privileges are given up; config and server must stay;
 * loaded: when loading of the configuration began (CLOCK_REALTIME). gather()
 * fills in counters and the number of open connections. fd listens, and the
 * board owns it on success. It does not accept yet. */
typedef void status_gather(void *context, struct counters *metrics,
			   unsigned *open);
struct status *status_new(const struct config *config, struct server *server,
			  const struct timespec *loaded, status_gather *gather,
			  void *context, int fd, struct error *error);

/* status_free - NULL is allowed, here and in all functions below: there is no
 * metrics section then. */
void status_free(struct status *status);

/* status_add - add the tally of one worker, which must stay. */
void status_add(struct status *status, struct totals *totals);

/* status_rates - the counts of the rates, by their index; they must stay. */
struct rate_table;
void status_rates(struct status *status, struct rate_table *const *tables);

/* One of the stores where several hosts count together. */
struct status_store {
	const char *address, *name;
	bool up;
	uint64_t away_s; /* how long it has been away */
	/* Questions, and the time until they were answered. */
	uint64_t answered, unanswered, us;
};

/* status_store - show the state of all, too, which ask() fills in at any time;
 * false: there is none with that number. */
typedef bool status_store_asked(void *context, size_t number,
				struct status_store *store);
void status_store(struct status *status, status_store_asked *ask,
		  void *context);

/* status_news - news from the monitor; takes: another server hands over. The
 * board accepts once that server has sent its counters. */
void status_news(struct status *status, const struct channel_news *news,
		 bool takes);

/* status_drain - the server is going to end; pages show that until it has. */
void status_drain(struct status *status);

/* status_farewell - write our counts for the next server, in at most size
 * bytes; from now on that server shows them. Returns the length. */
size_t status_farewell(struct status *status, char *bytes, size_t size);

/* status_close - stop accepting: the next server accepts. */
void status_close(struct status *status);

/* status_finish - after server_run(): answer the remaining requests, for at
 * most limit_ms. */
void status_finish(struct status *status, unsigned limit_ms);

/* status_take - the counts of the previous server; 0 bytes if it broke off. */
void status_take(struct status *status, const char *bytes, size_t length);

#endif
