/* SPDX-License-Identifier: ISC */
/* accepted - the configuration text in effect, in case its server dies
 *
 * A server that has loaded policyd.conf gives the text to the monitor. The
 * monitor keeps it without reading it, and gives it to a replacement if one is
 * needed: the file itself may be half edited then, and nobody has requested a
 * reload. */

#include "policyd/process/accepted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/xalloc.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* since Linux 6.3 */
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* make - an empty file. Some kernels require that it cannot be executed; older
 * ones do not know the flag. */
static int make(void)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("policyd.conf", flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("policyd.conf", flags);
	return fd;
}

/* write_all - 0 or -1 and errno */
static int write_all(int fd, const char *text, size_t length)
{
	ssize_t done;

	while (length > 0) {
		done = write(fd, text, length);
		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0) {
			text += done;
			length -= (size_t)done;
		}
	}
	return 0;
}

/* accepted_put - sealed; its mtime is the time at which the text was read */
int accepted_put(const char *text, size_t length, const struct timespec *read,
		 struct error *error)
{
	struct timespec times[2] = { *read, *read };
	int fd = make();

	if (fd < 0)
		return error_set(error, "memfd_create: %s", strerror(errno));
	if (write_all(fd, text, length) == 0 && futimens(fd, times) == 0 &&
	    fcntl(fd, F_ADD_SEALS, SEALS) == 0)
		return fd;
	error_set(error, "memory file: %s", strerror(errno));
	close(fd);
	return -1;
}

/* look - accepted_check(), and the result of fstat(2) */
static int look(int fd, struct stat *status, struct error *error)
{
	int flags = fcntl(fd, F_GETFL), seals = fcntl(fd, F_GET_SEALS);

	if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY || seals < 0 ||
	    (seals & SEALS) != SEALS || fstat(fd, status) < 0 ||
	    !S_ISREG(status->st_mode))
		return error_set(error, "the text of the configuration is not "
					"a sealed memory file");
	if (status->st_size > ACCEPTED_MAX)
		return error_set(error,
				 "the text of the configuration is "
				 "larger than %d bytes",
				 ACCEPTED_MAX);
	return 0;
}

/* accepted_check - is it such a text? */
int accepted_check(int fd, struct error *error)
{
	struct stat status;

	return look(fd, &status, error);
}

/* accepted_get - read without the file offset, which all its users share */
char *accepted_get(int fd, size_t *length, struct timespec *read,
		   struct error *error)
{
	struct stat status;
	ssize_t got;
	char *text;

	if (look(fd, &status, error) < 0)
		return NULL;
	*read = status.st_mtim;
	text = xmalloc((size_t)status.st_size + 1);
	for (*length = 0; *length < (size_t)status.st_size;
	     *length += (size_t)got) {
		got = pread(fd, text + *length,
			    (size_t)status.st_size - *length, (off_t)*length);
		if (got <= 0) {
			error_set(error, "memory file: %s",
				  strerror(got < 0 ? errno : EIO));
			free(text);
			return NULL;
		}
	}
	text[*length] = '\0';
	return text;
}
