/* SPDX-License-Identifier: ISC */
/* init_files - write policyd.conf, copies, and a changed main.cf or master.cf
 *
 * A file is there as a whole or not at all. */

#include "policyd/init/init_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/xalloc.h"

#define FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

/* write_all - write the text to a new file */
static int write_all(int fd, const char *text)
{
	size_t length = strlen(text);
	ssize_t written;

	while (length > 0) {
		written = write(fd, text, length);
		if (written < 0 && errno != EINTR)
			return -1;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	return fsync(fd);
}

/* finish - write the text to a new file and close it; if that fails no file is
 * left. name: in messages */
static int finish(int fd, const char *path, const char *name, const char *text,
		  struct error *error)
{
	int result = 0;

	if (fd < 0)
		return error_set(error, "cannot write %s: %s", name,
				 strerror(errno));
	if (write_all(fd, text) < 0)
		result = error_set(error, "cannot write %s: %s", name,
				   strerror(errno));
	if (close(fd) < 0 && result == 0)
		result = error_set(error, "cannot write %s: %s", name,
				   strerror(errno));
	if (result < 0)
		unlink(path);
	return result;
}

/* init_file_new - create a file, and its directory */
int init_file_new(const char *path, const char *text, struct error *error)
{
	int fd = open(path, FLAGS, 0644);
	char *directory;

	if (fd >= 0 || errno != ENOENT)
		return finish(fd, path, path, text, error);
	directory = xstrdup(path);
	if (strrchr(directory, '/') != NULL)
		*strrchr(directory, '/') = '\0';
	if (mkdir(directory, 0755) == 0)
		fd = open(path, FLAGS, 0644);
	free(directory);
	return finish(fd, path, path, text, error);
}

/* init_file_put - create a file that only we can read, in the place of a
 * previous one */
int init_file_put(const char *path, const char *text, struct error *error)
{
	unlink(path);
	return finish(open(path, FLAGS, 0600), path, path, text, error);
}

/* init_file_replace - replace the content of a file */
int init_file_replace(const char *path, const char *text, struct error *error)
{
	char *file = realpath(path, NULL);
	char *next = xasprintf("%s.policyd", file != NULL ? file : path);
	struct stat status;
	int fd = -1, result;

	unlink(next);
	if (file != NULL && lstat(file, &status) == 0)
		fd = open(next, FLAGS, 0600);
	if (fd >= 0 && (fchown(fd, status.st_uid, status.st_gid) < 0 ||
			fchmod(fd, status.st_mode & 07777) < 0)) {
		close(fd);
		fd = -1;
	}
	result = finish(fd, next, path, text, error);
	if (result == 0 && rename(next, file) < 0)
		result = error_set(error, "cannot write %s: %s", path,
				   strerror(errno));
	if (result < 0)
		unlink(next);
	free(next);
	free(file);
	return result;
}

/* init_file_in - the content of a file in a directory */
char *init_file_in(const char *directory, const char *name, struct error *error)
{
	char *path = xasprintf("%s/%s", directory, name);
	const char *reason;
	size_t length;
	char *text = file_read(path, &length, &reason);

	if (text == NULL)
		error_set(error, "%s: %s", path, reason);
	free(path);
	return text;
}
