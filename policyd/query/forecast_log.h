/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_LOG_H
#define POLICYD_QUERY_FORECAST_LOG_H

#include <stdio.h>

#include "lib/config/config.h"

/* Limits of forecast_log(): of each file, and of all. */
#define FORECAST_LOG_BYTES (32LL << 20)
#define FORECAST_LOG_MS	   20000

/* forecast_log - print the forecast for the end of some regular files, the
 * older ones first, or of LOG_FILE_JOURNAL, in limited time and memory. A file
 * that ends too early, as one that was compressed only in part, is noted. 0;
 * -1: there is nothing of Postfix in them, or a file cannot be read, and error
 * says so. */
int forecast_log(const struct config *config, const char *const files[],
		 size_t count, FILE *output, struct error *error);

#endif
