/* SPDX-License-Identifier: ISC */
/* streams - standard input, output and error, also when there are none */

#include "policyd/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* streams_open - something that cannot be read for input, and nothing that can
 * be written for output, in place of what is closed; in this order, since
 * open(2) takes the lowest number that is free */
int streams_open(void)
{
	int fd, opened;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		opened = open("/dev/null",
			      fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
		if (opened != fd)
			return -1;
	}
	return 0;
}
