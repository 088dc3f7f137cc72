/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_RATES_RATES_INTERNAL_H
#define POLICYD_RATES_RATES_INTERNAL_H

#include <stdint.h>
#include <stdio.h>

#include "lib/config/config.h"
#include "lib/decision/rate.h"
#include "lib/rate/rate_table.h"

/* Shared by rates.c (what is asked for), rates_list.c (how it is shown) and
 * rates_counts.c (where the counts are). */

/* The counts: in the files of this host, and in the store of several hosts if
 * there is one. Then that is what is listed; changes are made in both, so that
 * they are known here while it is away. */
struct rates_counts {
	const struct config *config;
	struct rate_table **tables; /* of this host, by the index of the rate;
				     * one that does not exist is NULL */
	struct store_admin *store;  /* NULL: there is none */
	struct tls_client *tls;	    /* NULL: it is not in TLS */
	struct store_rate *rates;
};

/* rates_counts_open - open them; why: "", or why the store cannot be asked. 0;
 * or -1: they cannot be opened, or error->text is "": there is no rate. */
int rates_counts_open(struct rates_counts *counts, const struct config *config,
		      struct error *why, struct error *error);
void rates_counts_close(struct rates_counts *counts);

/* rates_counts_each - call handler with each key of a rate, or with this one if
 * it is not NULL. 0, or -1. */
int rates_counts_each(const struct rates_counts *counts,
		      const struct rate *rate, const char *key,
		      rate_handler *handler, void *context,
		      struct error *error);

/* rates_counts_reset, rates_counts_unblock - 1; 0: there was nothing; -1. */
int rates_counts_reset(const struct rates_counts *counts,
		       const struct rate *rate, const char *key,
		       struct error *error);
int rates_counts_unblock(const struct rates_counts *counts,
			 const struct rate *rate, const char *key,
			 struct error *error);

/* rates_counts_block - as rate_table_block(). */
int rates_counts_block(const struct rates_counts *counts,
		       const struct rate *rate, const char *key,
		       uint64_t seconds, struct error *error);

/* One key, copied from its table. */
struct rates_row {
	const struct rate *rate;
	char *key;
	struct rate_limits limits; /* of this key */
	unsigned windows;
	uint32_t length_s[RATE_WINDOWS_MAX];
	uint64_t used[RATE_WINDOWS_MAX];
	uint64_t free_s[RATE_WINDOWS_MAX];
	uint64_t blocked_s; /* UINT64_MAX: for good; 0: not blocked */
	uint64_t idle_s;
	struct rate_place *places;
	unsigned place_count;
	unsigned fullness; /* of its fullest window, in percent */
};

struct rates_rows {
	struct rates_row *rows;
	size_t count;
};

/* rates_row_limit - the limit of one of its windows; RATE_UNLIMITED. */
uint64_t rates_row_limit(const struct rates_row *row, unsigned window);

/* rates_print - as a table; all: everything about each key, otherwise its
 * windows with at least that percentage. */
void rates_print(const struct rates_rows *rows, bool all, unsigned least,
		 FILE *output);

/* rates_print_json - each key as one object on one line. */
void rates_print_json(const struct rates_rows *rows, FILE *output);

#endif
