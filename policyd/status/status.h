/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_BOARD_H
#define POLICYD_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "lib/config/config.h"
#include "lib/server/server.h"
#include "lib/stats/counters.h"
#include "lib/stats/totals.h"
#include "policyd/process/channel.h"

/* The status listener: the listener of the metrics section, its pages, and what
 * they show. */
struct board;

/* board_new - before privileges are given up; config and server must stay;
 * loaded: when loading of the configuration began (CLOCK_REALTIME). gather()
 * fills in counters and the number of open connections. fd listens, and the
 * board owns it on success. It does not accept yet. */
typedef void board_gather(void *context, struct counters *metrics,
			  unsigned *open);
struct board *board_new(const struct config *config, struct server *server,
			const struct timespec *loaded, board_gather *gather,
			void *context, int fd, struct error *error);

/* board_free - NULL is allowed, here and in all functions below: there is no
 * metrics section then. */
void board_free(struct board *board);

/* board_add - add the tally of one worker, which must stay. */
void board_add(struct board *board, struct totals *totals);

/* board_news - news from the monitor; takes: another server hands over. The
 * board accepts once that server has sent its counters. */
void board_news(struct board *board, const struct channel_news *news,
		bool takes);

/* board_drain - the server is going to end; pages show that until it has. */
void board_drain(struct board *board);

/* board_farewell - write our counts for the next server, in at most size bytes;
 * from now on that server shows them. Returns the length. */
size_t board_farewell(struct board *board, char *bytes, size_t size);

/* board_close - stop accepting: the next server accepts. */
void board_close(struct board *board);

/* board_finish - after server_run(): answer the remaining requests, for at most
 * limit_ms. */
void board_finish(struct board *board, unsigned limit_ms);

/* board_take - the counts of the previous server; 0 bytes if it broke off. */
void board_take(struct board *board, const char *bytes, size_t length);

#endif
