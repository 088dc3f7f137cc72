/* SPDX-License-Identifier: ISC */
/* file - open a file, or read all of it
 *
 * Files that list domains are read without a pause, so that the
 * content is as close to one state of the file as possible, but in pieces: a
 * kernel without preemption does nothing else on this processor while it
 * copies, and one read(2) of 20 MB would make a server wait 60 ms. */

#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/xalloc.h"

#define PIECE 65536 /* bytes of one read(2) */

static const char too_large[] = "the file is too large";

/* file_open - open a regular file for reading */
int file_open(const char *path, struct stat *status, const char **reason)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		*reason = strerror(errno);
		return -1;
	}
	if (fstat(fd, status) < 0)
		*reason = strerror(errno);
	else if (!S_ISREG(status->st_mode))
		*reason = "not a regular file";
	else
		return fd;
	close(fd);
	return -1;
}

/* read_piece - read the next bytes, if there is room for them */
static ssize_t read_piece(int fd, char *room, size_t size)
{
	ssize_t got;

	do
		got = read(fd, room, size < PIECE ? size : PIECE);
	while (got < 0 && errno == EINTR);
	return got;
}

/* read_all - read to the end; size: that of the file, as far as known */
static char *read_all(int fd, size_t size, size_t *length, const char **reason)
{
	char *content = xmalloc(++size + 1);
	ssize_t got;

	do {
		if (*length == size) {
			size *= 2;
			content = xreallocarray(content, size + 1, 1);
		}
		got = read_piece(fd, content + *length, size - *length);
		if (got > 0)
			*length += (size_t)got;
	} while (got > 0 && *length <= FILE_SIZE_MAX);
	content[*length] = '\0';
	if (got == 0)
		return content;
	*reason = got < 0 ? strerror(errno) : too_large;
	free(content);
	return NULL;
}

/* file_read - the whole content of a regular file, or NULL */
char *file_read(const char *path, size_t *length, const char **reason)
{
	struct stat status;
	char *content = NULL;
	int fd = file_open(path, &status, reason);

	*length = 0;
	if (fd < 0)
		return NULL;
	if (status.st_size > FILE_SIZE_MAX)
		*reason = too_large;
	else
		content = read_all(fd, (size_t)status.st_size, length, reason);
	close(fd);
	return content;
}

/* file_check_directory - can a file be created there? */
int file_check_directory(const char *path, const char *advice,
			 struct error *error)
{
	size_t length = (size_t)(strrchr(path, '/') - path);
	char *directory = xstrndup(path, length > 0 ? length : 1);
	int result = 0;

	if (access(directory, W_OK | X_OK) < 0)
		result = error_set(error, "directory %s: %s; make it, or %s",
				   directory, strerror(errno), advice);
	free(directory);
	return result;
}

/* file_lines - roughly how many lines of some length there are */
size_t file_lines(const char *text, size_t length)
{
	const char *end = text + length;
	size_t lines = 0;

	while (text < end && lines < length / 8) {
		text = memchr(text, '\n', (size_t)(end - text));
		if (text == NULL)
			break;
		text++;
		lines++;
	}
	return lines;
}
