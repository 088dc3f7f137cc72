/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_WATCH_H
#define LIB_CONFIG_CONFIG_WATCH_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"

/* Each file that a configuration is made from is passed to these functions
 * before it is read. It is added to the list for table_refresh, and checked by
 * lib/base/trust.h, with a warning if others could change it. name and line are
 * those of the option. Only for lib/config*.c. */

/* config_watch_file - watch one file. 0, or -1 when table_refresh is in use and
 * there are too many files, or the path is not absolute. */
int config_watch_file(struct config *config, struct config_notes *notes,
		      const char *name, int line, const char *path,
		      struct error *error);

/* config_watch_option - watch the file that an option of a section names. Its
 * path, or NULL: the option is empty. An error is added to notes. */
const char *config_watch_option(struct config *config,
				const struct config_section *section,
				enum config_option option,
				struct config_notes *notes);

/* config_watch_text - watch every file that a list in main.cf syntax names. */
int config_watch_text(struct config *config, struct config_notes *notes,
		      const char *name, int line, const char *text,
		      struct error *error);

/* config_watch_directories - check the directories of the configuration file
 * and of the files that policyd writes; a warning if others could create a file
 * there. */
void config_watch_directories(struct config *config,
			      struct config_notes *notes);

#endif
