/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_H
#define POLICYD_SERVE_H

#include <stdbool.h>

/* The options of the command line. */
struct options {
	const char *config; /* -c: the absolute path of the file */
	bool daemonize;	    /* -d */
	bool verbose;	    /* -v */
	bool lenient;	    /* serve even if a table cannot be read */
	int accepted;	    /* the text to serve with (policyd/accepted.h); -1:
			     * read config */
};

/* serve - the server process: load the configuration, get the listening sockets
 * from the monitor at the other end of channel, give up privileges, report
 * ready, serve. Returns the exit status. */
int serve(const struct options *options, int channel);

/* serve_stdio - one connection on standard input and output (-s), without a
 * monitor. Returns the exit status. */
int serve_stdio(const struct options *options);

#endif
