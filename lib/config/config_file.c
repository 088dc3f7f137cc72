/* SPDX-License-Identifier: ISC */
/* config_file - read the configuration file if it can be trusted
 *
 * The file decides who may relay, and root reads it. So it must be a regular
 * file, named directly, that nobody else can write, in a directory that nobody
 * else can write to. */

#include "lib/config/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/trust.h"
#include "lib/base/xalloc.h"

/* kind_name - the kind of a file that is not regular */
static const char *kind_name(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISSOCK(mode))
		return "a socket";
	return "a device";
}

/* check_file - can the open file be trusted? */
static int check_file(int fd, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_set(error, "cannot examine it: %s",
				 strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(error,
				 "is %s, not a regular file; name the "
				 "configuration file itself",
				 kind_name(status.st_mode));
	if (status.st_size > CONFIG_FILE_MAX)
		return error_set(error, "is larger than %d bytes",
				 CONFIG_FILE_MAX);
	return trust_status(&status, TRUST_NOBODY, error);
}

/* read_all - read to the end, at most CONFIG_FILE_MAX bytes */
static char *read_all(int fd, size_t *length, struct error *error)
{
	char *text = xmalloc(CONFIG_FILE_MAX + 2);
	ssize_t got;

	*length = 0;
	while (*length <= CONFIG_FILE_MAX) {
		got = read(fd, text + *length, CONFIG_FILE_MAX + 1 - *length);
		if (got == 0)
			break;
		if (got > 0)
			*length += (size_t)got;
		else if (errno != EINTR) {
			error_set(error, "cannot read: %s", strerror(errno));
			free(text);
			return NULL;
		}
	}
	if (*length > CONFIG_FILE_MAX) {
		error_set(error, "is larger than %d bytes", CONFIG_FILE_MAX);
		free(text);
		return NULL;
	}
	text[*length] = '\0';
	return text;
}

/* open_failed - report why, and what to do about it */
static int open_failed(const char *path, struct error *error)
{
	const char *reason = strerror(errno);

	switch (errno) {
	case ELOOP:
		return error_set(error, "is a symbolic link; name the file "
					"itself");
	case ENXIO:
		return error_set(error, "is not a regular file");
	case ENOENT:
		return error_set(error,
				 "cannot open: %s; to write one for the "
				 "Postfix of this machine: policyd --init "
				 "-c %s",
				 reason, path);
	case EACCES:
		return error_set(error, "cannot open: %s; run policyd as root",
				 reason);
	default:
		return error_set(error, "cannot open: %s", reason);
	}
}

/* config_file_read - read the whole file */
char *config_file_read(const char *path, size_t *length, struct error *error)
{
	char *text = NULL;
	int fd;

	fd = open(path,
		  O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		open_failed(path, error);
		return NULL;
	}
	if (check_file(fd, error) == 0 &&
	    trust_name(path, TRUST_NOBODY, error) == 0)
		text = read_all(fd, length, error);
	close(fd);
	return text;
}
