/* SPDX-License-Identifier: ISC */
#ifndef LIB_STORE_STORE_ADMIN_INTERNAL_H
#define LIB_STORE_STORE_ADMIN_INTERNAL_H

#include "lib/store/store_admin.h"
#include "lib/store/store_internal.h"

/* Shared by store_admin.c and store_rows.c. */

#define STORE_NUMBER_SIZE 24

struct store_admin {
	struct store_settings settings;
	struct store_reader *reader;
	struct store_transport transport;
};

/* store_admin_ask - a question, whose command is freed; its answer, until the
 * next one. NULL: error. */
const struct store_values *store_admin_ask(const struct store_admin *admin,
					   struct store_command command,
					   struct error *error);

/* store_admin_ask_key - about one key. */
const struct store_values *
store_admin_ask_key(const struct store_admin *admin, const char *word,
		    const struct store_rate *rate, const char *key,
		    size_t length, const char *const numbers[], size_t count,
		    struct error *error);

/* store_admin_lengths - of the windows of a rate, as words that point into
 * lengths; both have room for RATE_WINDOWS_MAX. How many. */
unsigned store_admin_lengths(const struct store_rate *rate,
			     char lengths[][STORE_NUMBER_SIZE],
			     const char *words[]);

/* store_admin_odd - the answer has another form: -1. */
int store_admin_odd(struct error *error);

#endif
