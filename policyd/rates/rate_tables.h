/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_RATES_RATE_TABLES_H
#define POLICYD_RATES_RATE_TABLES_H

#include "lib/base/error.h"
#include "lib/config/config.h"
#include "lib/rate/rate_table.h"

/* The counts of all rates of a configuration, by the index of the rate; one
 * file in rate_directory for each. */

/* rate_tables_path - the file of a rate; the caller frees it. */
char *rate_tables_path(const struct config *config, const struct rate *rate);

/* rate_tables_open - open or create all, for a server. note is called with a
 * line for the log if one of them was not found as it was left. NULL, and the
 * reason: one cannot be used. Also NULL if there is no rate, without a reason:
 * error->text is "". */
struct rate_table **rate_tables_open(const struct config *config,
				     void (*note)(void *context,
						  const char *line),
				     void *context, struct error *error);

/* rate_tables_find - the same, as they are, to look into; a table that does not
 * exist yet is NULL. */
struct rate_table **rate_tables_find(const struct config *config,
				     struct error *error);

/* rate_tables_migrate - this process has all connections now. */
void rate_tables_migrate(struct rate_table **tables,
			 const struct config *config);

/* rate_tables_begin - the same, when there is no previous server: limits of
 * windows that are not in the file yet would not be enforced. note: a line for
 * the log if another process uses a file. */
void rate_tables_begin(struct rate_table **tables, const struct config *config,
		       void (*note)(void *context, const char *line),
		       void *context);

/* rate_tables_store - the rates of a configuration, as a store of several hosts
 * knows them, by their index; the caller frees it. The names are those of
 * config. */
struct store_rate;
struct store_rate *rate_tables_store(const struct config *config);

/* rate_tables_close - tables may be NULL. */
void rate_tables_close(struct rate_table **tables, const struct config *config);

#endif
