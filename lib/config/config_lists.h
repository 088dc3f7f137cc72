/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_LISTS_H
#define LIB_CONFIG_CONFIG_LISTS_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"

/* config_lists - make parameters, resolver and services from completed
 * settings, with every table that they name. For table_refresh, each file is
 * noted before it is read. Errors are added to notes. Only for
 * lib/config/config.c. */
void config_lists(struct config *config, struct config_notes *notes,
		  const struct config_load_options *options);

#endif
