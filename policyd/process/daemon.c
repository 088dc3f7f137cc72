/* SPDX-License-Identifier: ISC */
/* daemon - go into the background once serving is known to work
 *
 * The exit status of a program that starts a daemon should say whether it
 * serves. So the original process stays until the new one reports it. */

#include "policyd/process/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* wait_for_report - the exit status, from the new process */
static int wait_for_report(int pipe_end)
{
	unsigned char status;
	ssize_t length;

	do {
		length = read(pipe_end, &status, 1);
	} while (length < 0 && errno == EINTR);
	return length == 1 ? status : EX_TEMPFAIL;
}

/* daemon_start - go into the background */
int daemon_start(int *report, int *status, const sigset_t *mask,
		 struct error *error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(error, "pipe: %s", strerror(errno));
	switch (fork()) {
	case -1:
		close(ends[0]);
		close(ends[1]);
		return error_set(error, "fork: %s", strerror(errno));
	case 0:
		close(ends[0]);
		setsid();
		*report = ends[1];
		return 0;
	default:
		close(ends[1]);
		sigprocmask(SIG_SETMASK, mask, NULL);
		*status = wait_for_report(ends[0]);
		close(ends[0]);
		return 1;
	}
}

/* let_go - detach from the terminal and the working directory */
static void let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd;

	for (fd = 0; fd <= STDERR_FILENO && null >= 0; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	if (chdir("/") < 0)
		return; /* then the working directory is one that was removed */
}

/* daemon_report - send the exit status to the original process */
void daemon_report(int *report, int status)
{
	unsigned char byte = (unsigned char)status;
	ssize_t length;

	if (*report < 0)
		return;
	if (status == EX_OK)
		let_go();
	do {
		length = write(*report, &byte, 1);
	} while (length < 0 && errno == EINTR);
	close(*report);
	*report = -1;
}
