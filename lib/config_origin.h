/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_ORIGIN_H
#define LIB_CONFIG_ORIGIN_H

#include "lib/config.h"

/* CONFIG_ORIGIN_MAX - room for what config_origin() writes. */
#define CONFIG_ORIGIN_MAX (CONFIG_PATH_MAX + 64)

/* config_origin - where the entry stands that made a domain match: list is the
 * parameter, match what table_match() told. Writes "FILE:LINE", of the list's
 * own text, of a /file in it, of policyd.conf or of main.cf; "default" where
 * nobody has set the list. Reads main.cf and sources of tables as they are now,
 * so only for explanations. */
void config_origin(const struct config *config, const char *list,
		   const struct table_match *match, const char *domain,
		   char origin[CONFIG_ORIGIN_MAX]);

#endif
