/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_COMMAND_LINE_H
#define POLICYD_COMMAND_LINE_H

#include <stdbool.h>

#include "policyd/init/init.h"
#include "policyd/process/options.h"
#include "policyd/query/query.h"
#include "policyd/rates/rates.h"

/* The command line; see policyd(8). */

enum mode {
	MODE_SERVE,
	MODE_CHECK = 't',
	MODE_DUMP = 'T',
	MODE_QUERY = 'q',
	MODE_STDIO = 's',
	MODE_CHECK_POSTFIX = 'P',
	MODE_INIT = 'i', /* no short option; likewise: */
	MODE_STATUS = 'u',
	MODE_RELOAD = 'l',
	MODE_RATES = 'r',
	MODE_SERVER = 'S', /* for the monitor, to start a server */
};

/* The request: a mode, and its options. */
struct command {
	enum mode mode;
	struct options options;
	struct query_options query;
	struct init_options init;
	bool undo;
	struct rates_options rates;
	int channel; /* with MODE_SERVER */
};

/* command_read - read the command line into *command, which has the defaults;
 * what is no option is left to the caller, from optind on. EX_OK, or an exit
 * status, and the mistake is printed. -V and -h do not return. */
int command_read(struct command *command, int argc, char **argv);

/* output_written - the exit status once all output is written: truncated output
 * must not look complete, and a warning that was lost must not look like
 * success. EPIPE is not reported: the reader closed the pipe on purpose. */
int output_written(int status);

#endif
