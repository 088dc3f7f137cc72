/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_FILE_H
#define LIB_BASE_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "lib/base/error.h"

/* FILE_SIZE_MAX - the largest file that file_read() accepts, in bytes. */
#define FILE_SIZE_MAX (1U << 30)

/* file_open - open a regular file for reading; symbolic links are followed. Its
 * descriptor, or -1 and *reason as of file_read(). Never waits for a FIFO. */
int file_open(const char *path, struct stat *status, const char **reason);

/* file_read - the whole content of a regular file, followed by a NUL that
 * length does not include; the caller frees it. NULL: *reason says why; it is
 * static or valid until the next call of strerror(3). Never waits for a
 * FIFO. */
char *file_read(const char *path, size_t *length, const char **reason);

/* file_check_directory - can a file be created in the directory of that
 * absolute path? 0, or -1; advice: an alternative to creating the directory. */
int file_check_directory(const char *path, const char *advice,
			 struct error *error);

/* file_lines - roughly how many lines of some length a text has: at most an
 * eighth of its bytes. */
size_t file_lines(const char *text, size_t length);

#endif
