/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_STORES_H
#define LIB_CONFIG_CONFIG_STORES_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"

/* config_stores - make the stores from completed settings. If the configuration
 * will not be served, no password is read. Errors are added to notes. Only for
 * lib/config/config.c. */
void config_stores(struct config *config, struct config_notes *notes,
		   bool unserved);

/* config_stores_clear - free what it made. */
void config_stores_clear(struct config *config);

#endif
