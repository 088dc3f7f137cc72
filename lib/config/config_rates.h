/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_RATES_H
#define LIB_CONFIG_CONFIG_RATES_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"
#include "lib/table/table.h"

/* config_rates - make the rates from completed settings, with the tables that
 * they name; the resolver is made already, or NULL after an error. *line is set
 * to that of the option whose tables are read, for their warnings. Errors are
 * added to notes. Only for lib/config/config_lists.c. */
void config_rates(struct config *config, struct config_notes *notes,
		  struct table_loader *loader, bool utf8, int *line);

/* config_rates_values - check the values of the tables of a rate, and set its
 * networks; lenient: bad ones are only warned of. Only for
 * lib/config/config_rates.c. */
void config_rates_values(struct rate *rate, struct config_notes *notes,
			 int line, bool lenient);

/* config_rates_used - warn of rates that count nothing, or not what they seem
 * to; after the services were made. */
void config_rates_used(const struct config *config, struct config_notes *notes);

#endif
