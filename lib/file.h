/* SPDX-License-Identifier: ISC */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stddef.h>

#include "lib/error.h"

/* FILE_SIZE_MAX - the largest file that file_read() takes, in bytes. */
#define FILE_SIZE_MAX (1U << 30)

/* file_read - the whole content of a regular file, ended by a NUL that length
 * does not count; the caller frees it. NULL: *reason says why, static or until
 * the next call of strerror(3). Never waits for a FIFO. */
char *file_read(const char *path, size_t *length, const char **reason);

/* file_check_directory - can a file be made in the directory of that absolute
 * path? 0, or -1; advice: what else can be done than to make it. */
int file_check_directory(const char *path, const char *advice,
			 struct error *error);

/* file_lines - about how many lines of some length a text has: never more than
 * an eighth of its bytes. */
size_t file_lines(const char *text, size_t length);

#endif
