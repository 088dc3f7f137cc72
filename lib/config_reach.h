/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_REACH_H
#define LIB_CONFIG_REACH_H

#include "lib/config.h"
#include "lib/config_messages.h"

/* config_reach - warn of what can never come to anything: a restriction behind
 * others that always decide, the same word twice, a service all of whose
 * requests belong to services before it. Only for lib/config.c. */
void config_reach(const struct config *config, struct config_notes *notes);

/* config_match - the part of it that is about services. */
void config_match(const struct service_list *list, struct config_notes *notes);

/* config_overlap - warn of domains that stand in two lists, of which only the
 * first counts. Looks up every domain, so that it is for -t only. */
void config_overlap(const struct config *config, struct config_notes *notes);

#endif
