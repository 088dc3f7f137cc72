/* SPDX-License-Identifier: ISC */
/* pid_file - the process number of a daemon
 *
 * The lock, not the number, says whether the daemon is alive: after a crash the
 * number in the file may long be that of another process. */

#include "policyd/process/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/number.h"
#include "lib/base/trust.h"
#include "lib/base/xalloc.h"

#define CHECK_FLAGS (O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* is_pid_file - is it empty, or one number? A mistake in the configuration must
 * not overwrite another file. */
static int is_pid_file(int fd, const struct stat *status)
{
	char text[32];
	ssize_t length;

	if (!S_ISREG(status->st_mode) || status->st_size >= (off_t)sizeof(text))
		return 0;
	length = pread(fd, text, sizeof(text) - 1, 0);
	if (length < 0)
		return 0;
	text[length] = '\0';
	return strspn(text, "0123456789\n") == (size_t)length;
}

/* read_number - the process number in an open pid file; 0: none */
static pid_t read_number(int fd)
{
	char text[32];
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
	uint64_t number;

	if (length <= 0)
		return 0;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return number_parse(text, INT_MAX, &number) == 0 ? (pid_t)number : 0;
}

/* not_locked - another process has locked it: report which one */
static int not_locked(int fd, const char *path, struct error *error)
{
	pid_t pid = errno == EWOULDBLOCK ? read_number(fd) : 0;

	if (pid == 0)
		return error_set(error, "pid file %s: %s", path,
				 errno == EWOULDBLOCK ? "policyd is starting"
						      : strerror(errno));
	return error_set(error,
			 "pid file %s: policyd is already running; to reload "
			 "it: kill -HUP %ld, to end it: kill %ld",
			 path, (long)pid, (long)pid);
}

/* open_locked - open and lock it: the descriptor, -1 failed, -2 the file has
 * been removed meanwhile */
static int open_locked(const char *path, struct error *error)
{
	int fd = trust_open(AT_FDCWD, path, O_RDWR, 0644);
	struct stat opened, named;
	int result = -1;

	if (fd < 0)
		return error_set(error,
				 "pid file %s: %s; set pid_file to where "
				 "policyd may write, or start it as root",
				 path,
				 errno == ELOOP ? "is a symbolic link"
						: strerror(errno));
	if (fstat(fd, &opened) < 0)
		error_set(error, "pid file %s: %s", path, strerror(errno));
	else if (trust_status(&opened, TRUST_NOBODY, error) < 0)
		error_prefix(error, "pid file %s ", path);
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		not_locked(fd, path, error);
	else if (!is_pid_file(fd, &opened))
		error_set(error, "%s exists and is not a pid file", path);
	else if (lstat(path, &named) < 0 || named.st_ino != opened.st_ino ||
		 named.st_dev != opened.st_dev)
		result = -2;
	else
		return fd;
	close(fd);
	return result;
}

/* pid_file_check - as far as possible without creating a file */
int pid_file_check(const char *path, struct error *error)
{
	int fd = open(path, CHECK_FLAGS);
	struct stat status;
	int result = 0;

	if (fd < 0 && errno == ENOENT)
		return file_check_directory(path, "set pid_file elsewhere",
					    error);
	if (fd < 0)
		return error_set(error, "%s: %s; set pid_file elsewhere", path,
				 errno == ELOOP ? "is a symbolic link"
						: strerror(errno));
	if (fstat(fd, &status) < 0 || !is_pid_file(fd, &status))
		result = error_set(error, "%s exists and is not a pid file",
				   path);
	else if (trust_status(&status, TRUST_NOBODY, error) < 0)
		result = error_prefix(error, "%s ", path);
	close(fd);
	return result;
}

/* pid_file_lock - lock the file for this process */
int pid_file_lock(struct pid_file *file, const char *path, struct error *error)
{
	int fd;

	do {
		fd = open_locked(path, error);
	} while (fd == -2);
	if (fd < 0)
		return -1;
	file->fd = fd;
	file->path = xstrdup(path);
	return 0;
}

/* pid_file_write - write our process number */
int pid_file_write(const struct pid_file *file, struct error *error)
{
	char text[32];
	int length;

	if (file->path == NULL)
		return 0;
	length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (pwrite(file->fd, text, (size_t)length, 0) != length ||
	    ftruncate(file->fd, length) < 0)
		return error_set(error, "pid file %s: %s", file->path,
				 strerror(errno));
	return 0;
}

/* pid_file_remove - unlink and unlock */
void pid_file_remove(struct pid_file *file)
{
	struct stat opened, named;

	if (file->path == NULL)
		return;
	if (fstat(file->fd, &opened) == 0 && lstat(file->path, &named) == 0 &&
	    opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
		unlink(file->path);
	close(file->fd);
	free(file->path);
	file->path = NULL;
}
