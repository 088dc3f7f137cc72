/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_BOARD_INTERNAL_H
#define POLICYD_BOARD_INTERNAL_H

/* Shared by policyd/board*.c only: board.c (what is asked for),
 * board_metrics.c (for Prometheus), board_page.c (for people), board_chart.c
 * (its charts). */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/ledger.h"
#include "policyd/board.h"

/* A file that the configuration was made of. */
struct board_file {
	const char *name;   /* "policyd.conf", "main.cf" */
	const char *path;   /* NULL: it is not used */
	int64_t changed_ms; /* it, its mode or its name; 0: not known */
};
#define BOARD_FILES 2

/* All that is shown. */
struct board_status {
	const struct config *config;
	const char *configuration; /* as -T prints it */
	const struct ledger *ledger;
	struct channel_news news;
	struct metrics counters;
	unsigned open; /* connections */
	bool draining;
	int64_t now;	   /* time(2) */
	int64_t loaded_ms; /* the same, finer, as files have it */
	struct board_file files[BOARD_FILES];
};

/* board_changed - the file that was changed after it was loaded, or NULL. */
const struct board_file *board_changed(const struct board_status *status);

/* board_metrics - in the text format of Prometheus. */
void board_metrics(const struct board_status *status, FILE *output);

/* board_page - in HTML; nonce: of the style. */
void board_page(const struct board_status *status, const char *nonce,
		FILE *output);

/* What decisions are told apart by. */
enum board_subject { BOARD_SERVICE, BOARD_RESTRICTION };

/* board_charts - of one period. */
void board_charts(const struct ledger *ledger, enum ledger_period period,
		  FILE *output);

/* board_number - with thin spaces between thousands. */
void board_number(FILE *output, uint64_t number);

/* board_span - "3 days 4 h", in at most two units. */
void board_span(FILE *output, int64_t seconds);

#endif
