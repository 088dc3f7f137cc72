/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_DAEMON_H
#define POLICYD_DAEMON_H

#include <signal.h>

#include "lib/error.h"

/* daemon_start - go into the background (-d). In the original process it
 * waits until the other one knows whether it serves, and returns 1 with the
 * exit status; its signal mask is mask then. In the new process, which has a
 * session of its own, it returns 0 and *report is for daemon_report(). -1:
 * could not fork. */
int daemon_start(int *report, int *status, const sigset_t *mask,
		 struct error *error);

/* daemon_report - tell the original process its exit status and, if that is
 * 0, let go of the terminal and of the working directory. Only the first
 * report counts. */
void daemon_report(int *report, int status);

#endif
