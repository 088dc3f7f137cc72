/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_OPTIONS_H
#define POLICYD_PROCESS_OPTIONS_H

#include <stdbool.h>

/* The options of the command line. */
struct options {
	const char *config; /* -c: the absolute path of the file */
	bool daemonize;	    /* -d */
	bool verbose;	    /* -v */
	bool lenient;	    /* serve even if a table cannot be read */
	int accepted; /* the text to serve with (policyd/process/accepted.h);
		       * -1: read config */
};

#endif
