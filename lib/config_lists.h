/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_LISTS_H
#define LIB_CONFIG_LISTS_H

#include "lib/config.h"
#include "lib/config_messages.h"

/* config_lists - from completed settings: parameters, resolver and services,
 * with every table that they name; before it reads one it notes the file for
 * table_refresh. What is wrong goes into notes. Only for lib/config.c. */
void config_lists(struct config *config, struct config_notes *notes,
		  const struct config_load_options *options);

#endif
