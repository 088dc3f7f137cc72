/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_FILE_H
#define LIB_CONFIG_CONFIG_FILE_H

#include <stddef.h>

#include "lib/base/error.h"
#include "lib/config/config_messages.h"
#include "lib/config/config_options.h"
#include "lib/config/config_scan.h"

/* From the file to the values of its options as text. Only for lib/config*.c;
 * policyd/serve/serve_load.c also uses the text. */

#define CONFIG_FILE_MAX 1048576

/* config_file_read - the whole file, NUL-terminated; NULL and the reason: it is
 * not a regular file, too large, or others can write to it or to its directory.
 * The caller frees it. */
char *config_file_read(const char *path, size_t *length, struct error *error);

/* config_parse - read the values from a text that config_scan() has checked. 0,
 * or -1 with at least one error in notes. Clear settings in both cases. */
int config_parse(struct config_settings *settings, const char *text,
		 const struct config_scan *scan, struct config_notes *notes);

#endif
