/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_WATCH_H
#define LIB_CONFIG_WATCH_H

#include "lib/config.h"
#include "lib/config_messages.h"

/* Each file that a configuration is made of passes here before it is read: it
 * is put on the list for table_refresh, and looked at with lib/trust.h; a
 * warning says if others could change it. name and line are those of the
 * option. Only for lib/config*.c. */

/* config_watch_file - one file. 0, or -1 when table_refresh is in use and
 * there are too many, or the path is not absolute. */
int config_watch_file(struct config *config, struct config_notes *notes,
		      const char *name, int line, const char *path,
		      struct error *error);

/* config_watch_text - likewise every file that a list in main.cf syntax
 * names. */
int config_watch_text(struct config *config, struct config_notes *notes,
		      const char *name, int line, const char *text,
		      struct error *error);

/* config_watch_directories - those of this file and of what policyd itself
 * writes: a warning says if others could make a file there. */
void config_watch_directories(struct config *config,
			      struct config_notes *notes);

/* config_watch_end - without table_refresh nothing is watched. */
void config_watch_end(struct config *config);

#endif
