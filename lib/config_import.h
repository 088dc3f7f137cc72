/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_IMPORT_H
#define LIB_CONFIG_IMPORT_H

#include "lib/config.h"
#include "lib/config_messages.h"

/* config_import - import_postfix: give each parameter, mynetworks and
 * relay_clientcerts that the file does not set the value of that Postfix, and
 * fill config's import_postfix, main_cf, queue_directory and mail_version, and
 * watch main.cf if table_refresh_ms says so. To be called before the defaults
 * are given. What is wrong goes into notes; 0 or -1. Only for lib/config.c. */
int config_import(struct config *config, struct config_notes *notes);

#endif
