/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_DOUBT_H
#define LIB_CONFIG_CONFIG_DOUBT_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"

/* config_doubt - warn of values that are accepted, but can hardly be meant: a
 * comment inside a value, an entry of a list that no domain matches, a list
 * that no restriction uses, a login check that comes too late. Looks at every
 * entry, so it is for -t only. Only for lib/config/config.c. */
void config_doubt(const struct config *config, struct config_notes *notes);

/* config_doubt_ports - likewise, of a server_port that no smtpd(8) in the
 * imported master.cf has. Runs postconf(1). */
void config_doubt_ports(const struct config *config,
			struct config_notes *notes);

/* config_doubt_tables - likewise, of tables that are older than the text that
 * postmap(1) makes them from. */
void config_doubt_tables(const struct config *config,
			 struct config_notes *notes);

#endif
