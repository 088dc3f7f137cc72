/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_MESSAGES_H
#define LIB_CONFIG_CONFIG_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/config/config.h"
#include "lib/config/config_options.h"

/* Errors and warnings found while a file is loaded. Only for lib/config*.c. */

#define CONFIG_MESSAGES_MAX 20 /* errors; and as many warnings */

/* One message. */
struct config_note {
	int line; /* 0: about the file as a whole */
	bool warning;
	char *text;
};

struct config_notes {
	const char *path;
	struct config_note notes[2 * CONFIG_MESSAGES_MAX];
	size_t count;
	size_t errors;
	size_t obstacles;
	bool inspected; /* as in struct config_load_options */
};

/* config_error, config_warning - record a message, once; if there are more than
 * CONFIG_MESSAGES_MAX it is dropped. config_error returns -1. */
int config_error(struct config_notes *notes, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define config_error(...) error_failed(config_error(__VA_ARGS__))
void config_warning(struct config_notes *notes, int line, const char *format,
		    ...) __attribute__((format(printf, 3, 4)));

/* config_obstacle - record what keeps this host from serving the configuration:
 * an error, which is printed but refuses nothing if the configuration is only
 * inspected. */
void config_obstacle(struct config_notes *notes, int line, const char *format,
		     ...) __attribute__((format(printf, 3, 4)));

/* config_option_error - record that the value of an option is not
 * acceptable. */
void config_option_error(struct config_notes *notes, enum config_option option,
			 int line, const struct error *error);

/* config_notes_move - move the notes, sorted by line, to messages; notes is
 * empty afterwards. */
void config_notes_move(struct config_notes *notes,
		       struct config_messages *messages);

/* CONFIG_SHOWN - size of the buffer for config_show(). */
#define CONFIG_SHOWN 80

/* config_show - quote text for a message: printable, and shortened if it is
 * long. Returns buffer, which has CONFIG_SHOWN bytes. */
const char *config_show(char *buffer, const char *text);

#endif
