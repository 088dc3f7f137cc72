/* SPDX-License-Identifier: ISC */
/* standard_streams - standard input, output and error, even if they were closed
 */

#include "policyd/process/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* standard_streams_open - replace a closed descriptor by one whose use fails:
 * input that cannot be read, output that cannot be written; in this order,
 * since open(2) returns the lowest free number */
int standard_streams_open(void)
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
