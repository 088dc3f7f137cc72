/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_RATES_RATES_INTERNAL_H
#define POLICYD_RATES_RATES_INTERNAL_H

#include <stdint.h>
#include <stdio.h>

#include "lib/config/config.h"
#include "lib/decision/rate.h"
#include "lib/rate/rate_table.h"
#include "lib/store/store_map.h"

/* Shared by rates.c (what is asked for), rates_list.c (how it is shown) and
 * rates_counts.c (where the counts are). */

/* A store of several hosts. */
struct rates_store {
	struct store_admin *admin; /* NULL: it cannot be asked */
	struct tls_client *tls;	   /* NULL: it is not in TLS */
	struct error why;	   /* it cannot be asked */
};

/* The counts: in the files of this host, and in the stores of several hosts if
 * there are any. Then these are what is listed; changes are made in both, so
 * that they are known here while a store is away. */
struct rates_counts {
	const struct config *config;
	struct rate_table **tables; /* of this host, by the index of the rate;
				     * one that does not exist is NULL */
	struct rates_store *stores; /* of the configuration */
	struct store_map map;	    /* which of them has a key */
	struct store_rate *rates;
};

/* rates_counts_open - open them. 0; or -1: they cannot be opened, or
 * error->text is "": there is no rate. */
int rates_counts_open(struct rates_counts *counts, const struct config *config,
		      struct error *error);
void rates_counts_close(struct rates_counts *counts);

/* rates_counts_away - the stores that cannot be asked, of those that have this
 * key; NULL: any key. said: is called for each, with the reason. How many. */
size_t rates_counts_away(const struct rates_counts *counts, const char *key,
			 void said(const char *why));

/* rates_counts_each - call handler with each key of a rate, or with this one if
 * it is not NULL; those of a store that cannot be asked are as this host has
 * counted them. 0, or -1. */
int rates_counts_each(const struct rates_counts *counts,
		      const struct rate *rate, const char *key,
		      rate_handler *handler, void *context,
		      struct error *error);

/* Changes of a key whose store can be asked. */

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
