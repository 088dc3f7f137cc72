/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_MESSAGES_H
#define LIB_CONFIG_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/config.h"
#include "lib/config_options.h"
#include "lib/error.h"

/* Errors and warnings while a file is loaded. Only for lib/config*.c. */

#define CONFIG_MESSAGES_MAX 20 /* errors; and as many warnings */

/* One of them. */
struct config_note {
	int line; /* 0: of the file as a whole */
	bool warning;
	char *text;
};

struct config_notes {
	const char *path;
	struct config_note notes[2 * CONFIG_MESSAGES_MAX];
	size_t count;
	size_t errors;
};

/* config_error, config_warning - note one, once; beyond CONFIG_MESSAGES_MAX
 * it is dropped. config_error returns -1. */
int config_error(struct config_notes *notes, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define config_error(...) error_failed(config_error(__VA_ARGS__))
void config_warning(struct config_notes *notes, int line, const char *format,
		    ...) __attribute__((format(printf, 3, 4)));

/* config_option_error - an option has a value that will not do. */
void config_option_error(struct config_notes *notes, enum config_option option,
			 int line, const struct error *error);

/* config_notes_move - the notes, sorted by line, as messages; notes are empty
 * then. */
void config_notes_move(struct config_notes *notes,
		       struct config_messages *messages);

/* CONFIG_SHOWN - room for what config_show() writes. */
#define CONFIG_SHOWN 80

/* config_show - text for a message: in quotes, printable, and cut when long.
 * Returns buffer, which has CONFIG_SHOWN bytes. */
const char *config_show(char *buffer, const char *text);

#endif
