/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_PLACE_CONFIG_H
#define T_UNIT_PLACE_CONFIG_H

#include "lib/config/config.h"
#include "t/unit/place.h"

/* Configurations in the directory of a test. */

/* place_load - that file as a configuration; it must be accepted */
static inline struct config *place_load(const char *name,
					const struct config_load_options *how,
					struct config_messages *messages)
{
	char *path = place_path(name);
	struct config *config = config_load_with(path, how, messages);

	ck_assert_msg(config != NULL, "%s",
		      messages->count > 0 ? messages->lines[0] : "no message");
	free(path);
	return config;
}

#endif
