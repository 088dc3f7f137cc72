/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_OPTIONS_H
#define POLICYD_OPTIONS_H

#include <stdbool.h>

/* What the command line says. */
struct options {
	const char *config; /* -c: the file, absolute */
	bool daemonize;	    /* -d */
	bool verbose;	    /* -v */
	bool lenient;	    /* serve even if a table cannot be read */
	int accepted;	    /* the text to serve with (policyd/accepted.h); -1:
			     * that of config */
};

#endif
