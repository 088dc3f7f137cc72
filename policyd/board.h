/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_BOARD_H
#define POLICYD_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "lib/config.h"
#include "lib/metrics.h"
#include "lib/server.h"
#include "lib/tally.h"
#include "policyd/channel.h"

/* What those see who look: the listener of the metrics section, its pages, and
 * what is told there. */
struct board;

/* board_new - before privileges are given up; config and server must stay;
 * loaded: when the configuration was about to be read (CLOCK_REALTIME).
 * gather() fills counters and open connections. fd listens, and is the board's
 * on success. Nobody is let in yet. */
typedef void board_gather(void *context, struct metrics *metrics,
			  unsigned *open);
struct board *board_new(const struct config *config, struct server *server,
			const struct timespec *loaded, board_gather *gather,
			void *context, int fd, struct error *error);

/* board_free - NULL is allowed, here and in all that follow: then nobody can
 * look. */
void board_free(struct board *board);

/* board_add - one more worker's tally, which must stay. */
void board_add(struct board *board, struct tally *tally);

/* board_news - from the monitor; takes: another server hands over. Those who
 * want to look are let in when that has told what it has counted. */
void board_news(struct board *board, const struct channel_news *news,
		bool takes);

/* board_drain - this is the end; it is shown as long as it takes. */
void board_drain(struct board *board);

/* board_farewell - for the next server, in at most size bytes, which lets in
 * those who look from now on; returns the length. */
size_t board_farewell(struct board *board, char *bytes, size_t size);

/* board_close - let nobody in any more: the next server does. */
void board_close(struct board *board);

/* board_finish - after server_run(): answer who is still there, for limit_ms.
 */
void board_finish(struct board *board, unsigned limit_ms);

/* board_take - what the server before has given; 0 bytes if it broke off. */
void board_take(struct board *board, const char *bytes, size_t length);

#endif
