/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_MONITOR_MONITOR_H
#define POLICYD_MONITOR_MONITOR_H

#include <signal.h>

#include "policyd/process/options.h"

/* monitor_hold_signals - block the monitor's signals until it reads them.
 * Called first of all, so that a signal cannot kill a policyd that is starting.
 * mask receives the previous mask. */
void monitor_hold_signals(sigset_t *mask);

/* monitor - keep the listening sockets, the pid file and the signals, start
 * servers, replace those that die; never read a byte from a client. program is
 * the absolute path of the installed policyd; mask is the signal mask for
 * servers. Returns the exit status. */
int monitor(const struct options *options, const char *program,
	    const sigset_t *mask);

#endif
