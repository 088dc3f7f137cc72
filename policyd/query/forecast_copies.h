/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_COPIES_H
#define POLICYD_QUERY_FORECAST_COPIES_H

#include <stdbool.h>

#include "lib/config/config.h"
#include "lib/postfix/postfix_settings.h"

/* Recipients that Postfix adds to some messages: sender_bcc_maps and
 * recipient_bcc_maps. */
struct forecast_copies;

/* forecast_copies_new - read the maps of main.cf; origin is added to results
 * without a domain, and may be NULL. config must stay. NULL: there are none, a
 * program has maps of its own, or they cannot be read. */
struct forecast_copies *forecast_copies_new(const struct config *config,
					    const struct postfix *postfix,
					    const char *origin);

/* forecast_copies_find - a postlog_copier, with a struct forecast_copies. */
const char *forecast_copies_find(void *context, bool sender,
				 const char *address);

/* forecast_copies_free - NULL is allowed. */
void forecast_copies_free(struct forecast_copies *copies);

#endif
