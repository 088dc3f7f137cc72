/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_DAEMON_H
#define POLICYD_PROCESS_DAEMON_H

#include <signal.h>

#include "lib/base/error.h"

/* daemon_start - go into the background (-d). The original process waits until
 * the new one knows whether it serves, and returns 1 with the exit status and
 * with its signal mask set to mask. The new process, in a session of its own,
 * returns 0, and *report is for daemon_report(). -1: could not fork. */
int daemon_start(int *report, int *status, const sigset_t *mask,
		 struct error *error);

/* daemon_report - send the exit status to the original process and, if it is 0,
 * detach from the terminal and the working directory. Only the first report is
 * sent. */
void daemon_report(int *report, int status);

#endif
