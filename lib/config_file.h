/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_FILE_H
#define LIB_CONFIG_FILE_H

#include <stddef.h>

#include "lib/config_messages.h"
#include "lib/config_options.h"
#include "lib/config_scan.h"
#include "lib/error.h"

/* From the file to the texts of its options. Only for lib/config*.c; the text
 * alone also for the server that has it kept (policyd/serve_load.c). */

#define CONFIG_FILE_MAX 1048576

/* config_file_read - the whole file, NUL-terminated, or NULL and the reason:
 * not a regular file, too large, or somebody else may write it or to its
 * directory. The caller frees it. */
char *config_file_read(const char *path, size_t *length, struct error *error);

/* config_parse - the values of a text that config_scan() has seen. 0, or -1
 * and at least one error in notes. Clear settings in both cases. */
int config_parse(struct config_settings *settings, const char *text,
		 const struct config_scan *scan, struct config_notes *notes);

#endif
