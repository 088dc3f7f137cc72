/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_STORES_H
#define LIB_CONFIG_CONFIG_STORES_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"
#include "lib/config/config_options.h"

/* config_stores - make the stores from completed settings. If the configuration
 * will not be served, no password and no key is read. Errors are added to
 * notes. Only for lib/config/config.c. */
void config_stores(struct config *config, struct config_notes *notes,
		   bool unserved);

/* config_store_load_tls - the tls section of one, from config_stores.c; its
 * address is known. */
void config_store_load_tls(struct config *config, struct config_store *store,
			   const struct config_section *section, bool unserved,
			   struct config_notes *notes);

/* config_store_clear_tls - free what it made. */
void config_store_clear_tls(struct config_store *store);

/* config_stores_clear - free what it made. */
void config_stores_clear(struct config *config);

/* config_stores_login - a user, and the file with its password, from the
 * options name and file. config_stores_login_clear - free it. Only for
 * lib/config/config_sentinel.c. */
void config_stores_login(struct config *config, struct config_login *login,
			 const struct config_section *section,
			 enum config_option name, enum config_option file,
			 bool unserved, struct config_notes *notes);
void config_stores_login_clear(struct config_login *login);

#endif
