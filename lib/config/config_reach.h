/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_REACH_H
#define LIB_CONFIG_CONFIG_REACH_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"

/* config_reach - warn of what never takes effect: a restriction after others
 * that always decide, a repeated word, a service whose requests all belong to
 * earlier services. Only for lib/config/config.c. */
void config_reach(const struct config *config, struct config_notes *notes);

/* config_match - the part of it that checks services. */
void config_match(const struct service_list *list, struct config_notes *notes);

/* config_overlap - warn of domains that are in two lists, of which only the
 * first takes effect. Looks up every domain, so it is for -t only. */
void config_overlap(const struct config *config, struct config_notes *notes);

#endif
