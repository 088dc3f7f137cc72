/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_SERVE_H
#define POLICYD_SERVE_SERVE_H

#include "policyd/process/options.h"

/* serve - the server process: load the configuration, get the listening sockets
 * from the monitor at the other end of channel, give up privileges, report
 * ready, serve. Returns the exit status. */
int serve(const struct options *options, int channel);

/* serve_stdio - one connection on standard input and output (-s), without a
 * monitor. Returns the exit status. */
int serve_stdio(const struct options *options);

#endif
