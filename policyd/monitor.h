/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_MONITOR_H
#define POLICYD_MONITOR_H

#include <signal.h>

#include "policyd/options.h"

/* monitor_hold_signals - those that are for the monitor wait from now on, until
 * it reads them: called first of all, since to die is not what a signal should
 * do to a policyd that starts. mask receives the mask as it was. */
void monitor_hold_signals(sigset_t *mask);

/* monitor - keep the listening sockets, the pid file and the signals, start
 * servers, replace the dead ones; never read a byte from a client. program is
 * the installed policyd, absolute; mask is that of its servers. Returns the
 * exit status. */
int monitor(const struct options *options, const char *program,
	    const sigset_t *mask);

#endif
