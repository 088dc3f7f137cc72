/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_ASSIGN_H
#define LIB_CONFIG_CONFIG_ASSIGN_H

#include "lib/base/error.h"
#include "lib/config/config_messages.h"
#include "lib/config/config_options.h"

/* Values of options, read and stored as their rows say. Only for
 * lib/config*.c. */

/* config_read - one value of an option whose row has a unit other than text and
 * path: a number, a time in ms, 0 or 1, the place of a word, a mode, a user or
 * a group. 0, or -1 with the reason, which says what is allowed. */
int config_read(enum config_option option, const char *text,
		unsigned long *value, struct error *error);

/* config_assign - store the values of a completed section in all members of a
 * struct that rows name. home says which struct it is: SCOPE_TOP: struct
 * config, SCOPE_SERVICE: struct service, SCOPE_LISTEN: struct listener_options,
 * SCOPE_RATE: struct rate, SCOPE_STORE: struct config_store. A value that is
 * empty by default and empty here leaves its member alone; so does one that is
 * wrong, but for a path, after an error in notes. Paths are copied; the struct
 * owns them. */
void config_assign(void *to, enum config_scope home,
		   const struct config_section *section,
		   struct config_notes *notes);

#endif
