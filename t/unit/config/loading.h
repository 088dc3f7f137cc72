/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_CONFIG_LOADING_H
#define T_UNIT_CONFIG_LOADING_H

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/config/config.h"
#include "t/unit/test.h"

/* Texts that are loaded as a file in a directory of their own. A file is loaded
 * once in a process: each case is a process of its own. */

#define FULL TEST_DATA "/config/full.conf"

/* A directory of the test, and a file in it. */
struct file_place {
	char directory[64];
	char path[96];
};

/* place_make - a new directory */
static inline void file_place_make(struct file_place *place)
{
	strcpy(place->directory, "/tmp/test_config.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place->directory));
	snprintf(place->path, sizeof(place->path), "%s/c.conf",
		 place->directory);
}

/* place_remove - with what is in it */
static inline void file_place_remove(const struct file_place *place)
{
	unlink(place->path);
	rmdir(place->path);
	ck_assert_int_eq(rmdir(place->directory), 0);
}

/* write_file - a file that only its owner can write */
static inline void write_file(const char *path, const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, 0644), 0);
	ck_assert_int_eq((int)write(fd, text, length), (int)length);
	close(fd);
}

/* load_text - load text as a file; messages begin with "FILE" for its name */
static inline struct config *load_text(const char *text, size_t length,
				       struct config_messages *messages)
{
	struct config *config;
	struct file_place place;
	size_t i;

	file_place_make(&place);
	write_file(place.path, text, length);
	config = config_load(place.path, messages);
	for (i = 0; i < messages->count; i++) {
		char *line = messages->lines[i];

		ck_assert(strncmp(line, place.path, strlen(place.path)) == 0);
		messages->lines[i] =
			xasprintf("FILE%s", line + strlen(place.path));
		free(line);
	}
	file_place_remove(&place);
	return config;
}

/* message_has - begins with start, and part follows */
static inline bool message_has(const char *message, const char *start,
			       const char *part)
{
	return strncmp(message, start, strlen(start)) == 0 &&
	       strstr(message + strlen(start), part) != NULL;
}

#endif
