/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_MONITOR_H
#define POLICYD_MONITOR_H

#include "policyd/options.h"

/* monitor - keep the listening sockets, the pid file and the signals, start
 * servers, replace the dead ones; never read a byte from a client. program is
 * the installed policyd, absolute. Returns the exit status. */
int monitor(const struct options *options, const char *program);

#endif
