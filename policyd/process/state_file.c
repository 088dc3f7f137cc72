/* SPDX-License-Identifier: ISC */
/* state_file - where the monitor says what is loaded
 *
 * Anyone may read the file. Each version is written to another file, which is
 * locked and then gets the name, so that a reader sees a whole one, and can
 * tell the file of a monitor that lives from one that was left behind. */

#include "policyd/process/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/xalloc.h"

#define RUNTIME_DIRECTORY "/run/policyd" /* of contrib/systemd */
#define TEXT_MAX	  (1 << 20)
#define TRIES		  100

/* name_in - the path of the state file in a directory, of that many bytes */
static char *name_in(const char *directory, size_t length, const char *pid_file)
{
	const char *slash = strrchr(pid_file, '/');
	const char *name = slash != NULL ? slash + 1 : pid_file;
	size_t stem = strlen(name);

	if (stem > 4 && strcmp(name + stem - 4, ".pid") == 0)
		stem -= 4;
	return xasprintf("%.*s/%.*s.state", (int)length, directory, (int)stem,
			 name);
}

/* in_environment - the first directory that a supervisor has made, or NULL */
static const char *in_environment(size_t *length)
{
	const char *directories = getenv("RUNTIME_DIRECTORY");

	if (directories == NULL || directories[0] != '/')
		return NULL;
	*length = strcspn(directories, ":");
	return directories;
}

/* beside - the state file beside the pid file */
static char *beside(const char *pid_file)
{
	const char *slash = strrchr(pid_file, '/');

	return slash != NULL
		       ? name_in(pid_file, (size_t)(slash - pid_file), pid_file)
		       : NULL;
}

/* is_in_place - does the open file still have its name? */
static int is_in_place(int fd, const char *path)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 &&
	       opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/* open_live - open the file if the monitor that wrote it lives. A descriptor,
 * -1: no such file, or nobody has locked it */
static int open_live(const char *path)
{
	int tries, fd, busy;

	for (tries = 0; tries < TRIES; tries++) {
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
					O_NOCTTY);
		if (fd < 0)
			return -1;
		busy = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
		if (busy)
			return fd;
		/* It may have been replaced since it was opened. */
		busy = !is_in_place(fd, path);
		close(fd);
		if (!busy)
			break;
	}
	errno = ENOENT;
	return -1;
}

/* state_file_choose - its path, unless another policyd has it */
int state_file_choose(struct state_file *file, const char *pid_file,
		      bool is_alone, struct error *error)
{
	size_t length = 0;
	const char *directory = is_alone ? NULL : in_environment(&length);
	char *path = directory != NULL ? name_in(directory, length, pid_file)
				       : beside(pid_file);
	int fd;

	if (path == NULL)
		return 0;
	fd = open_live(path);
	if (fd >= 0) {
		close(fd);
		error_set(error, "%s: another policyd has it; set pid_file",
			  path);
		free(path);
		return -1;
	}
	file->path = path;
	file->fd = -1;
	return 0;
}

/* write_all - fill a new file that everybody can read, and lock it */
static int write_all(int fd, const char *text)
{
	size_t length = strlen(text);
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    fchmod(fd, 0644) < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -1;
	while (length > 0) {
		ssize_t written = write(fd, text, length);

		if (written <= 0)
			return -1;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

/* replace - a new file gets the name; its descriptor, or -1 */
static int replace(const char *path, const char *text)
{
	char *next = xasprintf("%s.new", path);
	int fd, reason;

	unlink(next);
	fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  0644);
	if (fd >= 0 && (write_all(fd, text) < 0 || rename(next, path) < 0)) {
		reason = errno;
		close(fd);
		unlink(next);
		errno = reason;
		fd = -1;
	}
	free(next);
	return fd;
}

/* state_file_write - replace it */
int state_file_write(struct state_file *file, char *text, struct error *error)
{
	int fd;

	if (file->path == NULL ||
	    (file->text != NULL && strcmp(file->text, text) == 0)) {
		free(text);
		return 0;
	}
	fd = replace(file->path, text);
	if (fd < 0) {
		error_set(error, "%s: %s", file->path, strerror(errno));
		free(text);
		state_file_remove(file);
		return -1;
	}
	if (file->fd >= 0)
		close(file->fd);
	free(file->text);
	file->fd = fd;
	file->text = text;
	return 0;
}

/* state_file_remove - unlink and unlock; nothing happens without one */
void state_file_remove(struct state_file *file)
{
	if (file->path == NULL)
		return;
	if (file->fd >= 0) {
		if (is_in_place(file->fd, file->path))
			unlink(file->path);
		close(file->fd);
	}
	free(file->path);
	free(file->text);
	file->path = file->text = NULL;
	file->fd = -1;
}

/* state_file_candidates - where it may be */
size_t state_file_candidates(const char *pid_file,
			     char *paths[STATE_FILE_CANDIDATES])
{
	size_t count = 0, length = 0;
	const char *directory = in_environment(&length);

	if (directory != NULL)
		paths[count++] = name_in(directory, length, pid_file);
	paths[count] = beside(pid_file);
	if (paths[count] != NULL)
		count++;
	paths[count++] =
		name_in(RUNTIME_DIRECTORY, strlen(RUNTIME_DIRECTORY), pid_file);
	return count;
}

/* read_all - the text of an open file; NULL and errno */
static char *read_all(int fd, size_t size)
{
	char *text = xmalloc(size + 1);
	size_t length = 0;
	ssize_t count = 1;

	while (length < size && count > 0) {
		count = read(fd, text + length, size - length);
		length += count > 0 ? (size_t)count : 0;
	}
	if (count < 0) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

/* state_file_read - that of a monitor that lives */
char *state_file_read(const char *path, uid_t *owner, struct error *error)
{
	char *text = NULL;
	struct stat status;
	int fd = open_live(path);

	*error->text = '\0';
	if (fd < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			error_set(error, "%s: %s", path, strerror(errno));
		return NULL;
	}
	memset(&status, 0, sizeof(status));
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size < TEXT_MAX)
		text = read_all(fd, (size_t)status.st_size);
	*owner = status.st_uid;
	if (text == NULL)
		error_set(error, "%s cannot be read", path);
	close(fd);
	return text;
}
