/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_IMPORT_H
#define LIB_CONFIG_CONFIG_IMPORT_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"

/* config_import - process import_postfix: give each parameter, mynetworks and
 * relay_clientcerts the value of that Postfix unless the file sets it; fill
 * config's import_postfix, main_cf, queue_directory and mail_version; and watch
 * main.cf if table_refresh requires it. To be called before defaults are given.
 * Errors are added to notes; 0 or -1. Only for lib/config/config.c. */
int config_import(struct config *config, struct config_notes *notes);

#endif
