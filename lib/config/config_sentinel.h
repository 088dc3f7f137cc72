/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_SENTINEL_H
#define LIB_CONFIG_CONFIG_SENTINEL_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"
#include "lib/config/config_options.h"

/* config_sentinel - make what a store needs to find its primary, if its title
 * is "sentinel:NAME"; otherwise, the options of it must not be set. 1: it is
 * such a store; 0: the title is an address. Errors are added to notes. Only for
 * lib/config/config_stores.c. */
int config_sentinel(struct config *config, struct config_store *store,
		    const struct config_section *section, bool unserved,
		    struct config_notes *notes);

/* config_sentinel_title - does the section have such a title? */
bool config_sentinel_title(const struct config_section *section);

/* config_sentinel_is_remote - is one of them on another host? */
bool config_sentinel_is_remote(const struct config_store *store);

/* config_sentinel_clear - free what it made. */
void config_sentinel_clear(struct config_store *store);

#endif
