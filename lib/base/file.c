/* SPDX-License-Identifier: ISC */
/* file - the whole content of a file
 *
 * For files that list domains. They are read without a pause, so that the
 * content is as close to one state of the file as possible, but in pieces: a
 * kernel without preemption does nothing else on this processor while it
 * copies, and one read(2) of 20 MB would make a server wait 60 ms. */

#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/xalloc.h"

#define PIECE 65536 /* bytes of one read(2) */

/* read_piece - read the next bytes, if there is room for them */
static ssize_t read_piece(int fd, char *room, size_t size)
{
	return read(fd, room, size < PIECE ? size : PIECE);
}

/* file_read - the whole content of a regular file, or NULL */
char *file_read(const char *path, size_t *length, const char **reason)
{
	struct stat status;
	char *content = NULL;
	size_t size = 0;
	ssize_t got = 1;
	int fd;

	*length = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		*reason = strerror(errno);
		return NULL;
	}
	if (fstat(fd, &status) < 0) {
		*reason = strerror(errno);
	} else if (!S_ISREG(status.st_mode)) {
		*reason = "not a regular file";
	} else if (status.st_size > FILE_SIZE_MAX) {
		*reason = "the file is too large";
	} else {
		size = (size_t)status.st_size + 1;
		content = xmalloc(size + 1);
	}
	while (content != NULL && got > 0) {
		if (*length == size) {
			size *= 2;
			content = xreallocarray(content, size + 1, 1);
		}
		got = read_piece(fd, content + *length, size - *length);
		if (got > 0)
			*length += (size_t)got;
		if (got < 0 && errno == EINTR)
			got = 1;
		if (got < 0 || *length > FILE_SIZE_MAX) {
			*reason = got < 0 ? strerror(errno)
					  : "the file is too large";
			free(content);
			content = NULL;
		}
	}
	close(fd);
	if (content != NULL)
		content[*length] = '\0';
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
