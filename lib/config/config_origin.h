/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_ORIGIN_H
#define LIB_CONFIG_CONFIG_ORIGIN_H

#include "lib/config/config.h"

/* CONFIG_ORIGIN_MAX - size of the buffer for config_origin(). */
#define CONFIG_ORIGIN_MAX (CONFIG_PATH_MAX + 64)

/* config_origin - where the entry is that made a domain match: list is the
 * parameter, match the result of domain_list_match(). Writes "FILE:LINE" of the
 * list's own text, of a /file in it, of policyd.conf or of main.cf; or
 * "default" if the list is not set. Reads main.cf and the sources of tables as
 * they are now, so it is only for explanations. */
void config_origin(const struct config *config, const char *list,
		   const struct domain_list_match *match, const char *domain,
		   char origin[CONFIG_ORIGIN_MAX]);

#endif
