/* SPDX-License-Identifier: ISC */
/* trust - could others change a file that root opens?
 *
 * Files that policyd reads as root decide who may relay; files that it writes
 * as root contain the addresses of all mail. There is one rule for all of them,
 * and this is the only place that checks it. The caller decides whether a
 * violation is an error (the configuration, and files that policyd writes) or a
 * warning (lists, tables and certificates, which may belong to others).
 *
 * A path may be checked before or after the file is opened: only root, or a
 * user that this very check reports, could exchange the file between the
 * two. */

#include "lib/base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as in the kernel */
#define TRIES	  16 /* to open a file that comes and goes */

/* trust_status - check owner and mode */
int trust_status(const struct stat *status, uid_t user, struct error *error)
{
	/* A directory such as /tmp is meant to be shared. */
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

/* prefix_directory - add the name of the directory */
static int prefix_directory(int fd, struct error *error)
{
	char link[40], name[256];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, sizeof(name) - 1);
	name[length > 0 ? length : 0] = '\0';
	return error_prefix(error, "its directory %s ", name);
}

/* check_directory - check an open directory; may it be sticky? */
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

/* open_directory - open the directory of a path; name is the rest. -1: it does
 * not exist */
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

/* check_directory_of - check the directory of a path */
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

/* check_name - check a file in an open directory. 1: it is a symbolic link, to
 * path; 0: it is fine; -1: not to be trusted */
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

/* trust_path - check every link on the way */
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

/* trust_secret - a key or password is for its owner, and possibly for a group
 */
int trust_secret(const struct stat *status, struct error *error)
{
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return error_set(error,
				 "belongs to user %lu; it must belong to root "
				 "or to the user that runs policyd",
				 (unsigned long)status->st_uid);
	if ((status->st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return error_set(error,
				 "its mode is %04o: others may use it; "
				 "chmod 0600 it",
				 (unsigned)(status->st_mode & 07777));
	return 0;
}

/* trust_open - open the existing file, or a new one. A file that O_CREAT
 * without O_EXCL finds is never opened: so no link or file of another user is
 * taken for ours. */
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
