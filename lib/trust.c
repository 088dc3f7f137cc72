/* SPDX-License-Identifier: ISC */
/* trust - could somebody else change a file that root opens?
 *
 * What policyd reads as root decides who may relay; what it writes as root
 * holds the addresses of all mail. The rule is the same for all of them, and
 * is asked here only. Whoever asks decides if the answer is an error (the
 * configuration, and what policyd writes) or a warning (lists, tables and
 * certificates, which may have other masters).
 *
 * A path may be looked at before or after the file is opened: only root, or
 * somebody that this very check complains of, could exchange the file between
 * the two. */

#include "lib/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as many as the kernel follows */
#define TRIES	  16 /* to open a file that comes and goes */

/* trust_status - owner and mode */
int trust_status(const struct stat *status, uid_t user, struct error *error)
{
	/* One such as /tmp is to be as it is. */
	bool shared =
		S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX) != 0;

	if (status->st_uid != 0 && status->st_uid != geteuid() &&
	    (user == TRUST_NOBODY || status->st_uid != user))
		return error_set(error,
				 "belongs to user %lu; it must belong "
				 "to root or to the user that runs policyd",
				 (unsigned long)status->st_uid);
	if ((status->st_mode & S_IWOTH) != 0)
		return error_set(error, "can be written by everybody; %s",
				 shared ? "use another one" : "chmod o-w it");
	if ((status->st_mode & S_IWGRP) != 0 && status->st_gid != 0 &&
	    status->st_gid != getegid())
		return error_set(error, "can be written by group %lu; %s",
				 (unsigned long)status->st_gid,
				 shared ? "use another one" : "chmod g-w it");
	return 0;
}

/* prefix_directory - say which directory is meant */
static int prefix_directory(int fd, struct error *error)
{
	char link[40], name[256];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, sizeof(name) - 1);
	name[length > 0 ? length : 0] = '\0';
	return error_prefix(error, "its directory %s ", name);
}

/* check_directory - one that is open; may it be sticky? */
static int check_directory(int fd, uid_t user, bool sticky, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return 0;
	if (sticky && (status.st_mode & S_ISVTX) != 0)
		status.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	if (trust_status(&status, user, error) < 0)
		return prefix_directory(fd, error);
	return 0;
}

/* open_directory - the one that a path is in; name is the rest. -1: it is not
 * there */
static int open_directory(int at, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash != NULL ? (size_t)(slash - path) + 1 : 0;
	char directory[PATH_MAX] = ".";

	*name = path + length;
	if (length >= sizeof(directory))
		return -1;
	if (length > 0) {
		memcpy(directory, path, length);
		directory[length] = '\0';
	}
	return openat(at, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* check_directory_of - of the one that the path is in */
static int check_directory_of(const char *path, uid_t user, bool sticky,
			      struct error *error)
{
	const char *name;
	int fd = open_directory(AT_FDCWD, path, &name);
	int result = 0;

	if (fd >= 0) {
		result = check_directory(fd, user, sticky, error);
		close(fd);
	}
	return result;
}

/* trust_directory - could others put a file there? */
int trust_directory(const char *path, uid_t user, struct error *error)
{
	return check_directory_of(path, user, false, error);
}

/* trust_name - could others put another file there? */
int trust_name(const char *path, uid_t user, struct error *error)
{
	return check_directory_of(path, user, true, error);
}

/* check_name - a file in an open directory. 1: it is a symbolic link, to path;
 * 0; -1: it is not to be trusted */
static int check_name(int at, const char *name, char path[PATH_MAX], uid_t user,
		      struct error *error)
{
	struct stat status;
	ssize_t length;

	if (check_directory(at, user, false, error) < 0)
		return error_prefix(error, ": ");
	if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!S_ISLNK(status.st_mode)) {
		if (trust_status(&status, user, error) < 0)
			return error_prefix(error, " ");
		return 0;
	}
	length = readlinkat(at, name, path, PATH_MAX - 1);
	if (length < 0)
		return 0;
	path[length] = '\0';
	return 1;
}

/* trust_path - from link to link */
int trust_path(const char *path, uid_t user, struct error *error)
{
	char next[PATH_MAX];
	const char *name;
	const char *step = path;
	int at = AT_FDCWD;
	int result = 1;
	int links;

	for (links = 0; result == 1 && links <= LINKS_MAX; links++) {
		int directory = open_directory(at, step, &name);

		if (at != AT_FDCWD)
			close(at);
		at = directory;
		if (at < 0)
			return 0;
		result = check_name(at, name, next, user, error);
		step = next;
	}
	if (at != AT_FDCWD)
		close(at);
	return result < 0 ? error_prefix(error, "%s", path) : 0;
}

/* trust_open - the file that is there, or a new one. What O_CREAT finds without
 * O_EXCL is never opened: that way nobody's link or file is taken for ours. */
int trust_open(int at, const char *path, int flags, mode_t mode)
{
	int fd = -1;
	int i;

	flags |= O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	for (i = 0; fd < 0 && i < TRIES; i++) {
		fd = openat(at, path, flags);
		if (fd < 0 && errno == ENOENT)
			fd = openat(at, path, flags | O_CREAT | O_EXCL, mode);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}
