/* SPDX-License-Identifier: ISC */
/* policyd - Postfix policy server: mail for us, or encrypted and logged in
 *
 * This file calls the part of the program that was requested. See README and
 * policyd(8). */

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/printable.h"
#include "lib/base/xalloc.h"
#include "lib/config/config.h"
#include "lib/session/session.h"
#include "policyd/check/check_postfix.h"
#include "policyd/check_config.h"
#include "policyd/command_line.h"
#include "policyd/control/control.h"
#include "policyd/control/running.h"
#include "policyd/monitor/monitor.h"
#include "policyd/process/standard_streams.h"
#include "policyd/query/progress.h"
#include "policyd/rates/rate_tables.h"
#include "policyd/serve/serve.h"

#define CANNOT_START 1 /* -t: the configuration is fine, this host is not */
#define BEHIND	     1 /* -P: not all of it is in effect */

/* absolute - the path, valid after a chdir(2) too; the caller frees it */
static char *absolute(const char *path)
{
	char directory[PATH_MAX];

	if (path[0] == '/' || getcwd(directory, sizeof(directory)) == NULL)
		return xstrdup(path);
	return xasprintf("%s/%s", directory, path);
}

/* looks_around - does the mode look for what can hardly be meant? */
static bool looks_around(const struct command *command)
{
	return command->mode == MODE_CHECK ||
	       command->mode == MODE_CHECK_POSTFIX;
}

/* load - strictly only for -t; the other modes load leniently, as a starting
 * server does, since a table that cannot be read is part of their answer */
static struct config *load(const struct command *command,
			   struct config_messages *messages)
{
	struct progress progress;
	struct config_load_options options = {
		.lenient = command->mode != MODE_CHECK,
		.unserved = command->mode == MODE_QUERY ||
			    command->mode == MODE_RATES,
		.inspected = true,
		.thorough = looks_around(command),
		.overlaps_known = command->mode == MODE_CHECK_POSTFIX,
		.progress = progress_reading,
		.context = &progress,
	};
	struct config *config;

	progress_init(&progress);
	config = config_load_with(command->options.config, &options, messages);
	progress_clear(&progress);
	return config;
}

/* dump - printable on a terminal; in a file, exactly as it can be loaded */
static void dump(const struct config *config, bool all)
{
	struct printable text;

	if (isatty(STDOUT_FILENO) != 1) {
		config_dump(config, all, stdout);
		return;
	}
	printable_open(&text);
	config_dump(config, all, text.stream);
	printable_close(&text, stdout);
}

/* check - what -t checks of a configuration that was loaded: could it be served
 * here? obstacles: the number of those that were reported already */
static int check(const struct command *command, const struct config *config,
		 size_t obstacles)
{
	obstacles += check_config(config);
	if (obstacles > 0)
		return CANNOT_START;
	if (command->options.verbose)
		printf("%s: ok\n", config->path);
	return EX_OK;
}

/* ask - what -q does; it looks at the counts of rates, if it may */
static int ask(const struct config *config, struct query_options options)
{
	struct error error;
	struct rate_table **tables = rate_tables_find(config, &error);
	int status;

	if (tables == NULL && error.text[0] != '\0')
		fprintf(stderr, "policyd: rates are not looked at: %s\n",
			error.text);
	options.tables = tables;
	status = query(config, &options);
	rate_tables_close(tables, config);
	return status;
}

/* with_config - run a mode that loads the configuration and then exits */
static int with_config(const struct command *command)
{
	struct config_messages messages = { 0 };
	struct config *config = load(command, &messages);
	int status = EX_OK, behind;
	size_t obstacles, said;

	if (config == NULL || config->failed_tables > 0 ||
	    looks_around(command))
		config_messages_print(&messages, stderr);
	obstacles = messages.obstacles;
	said = messages.count;
	config_messages_clear(&messages);
	if (config == NULL)
		return output_written(EX_CONFIG);
	behind = command->mode != MODE_DUMP
			 ? running_behind(config->path, stderr)
			 : 0;
	switch (command->mode) {
	case MODE_CHECK:
		status = check(command, config, obstacles);
		break;
	case MODE_DUMP:
		dump(config, command->options.verbose);
		break;
	case MODE_QUERY:
		status = ask(config, command->query);
		break;
	case MODE_RATES:
		status = rates(config, &command->rates);
		break;
	default:
		status = check_postfix(config, command->query.json,
				       said > 0 || behind > 1);
		if (status == EX_OK &&
		    (behind > 1 || config->failed_tables > 0))
			status = BEHIND;
		break;
	}
	config_free(config);
	return output_written(status);
}

/* start_monitor - find our own program file, which starts servers, and serve */
static int start_monitor(struct options *options, const sigset_t *mask)
{
	char program[PATH_MAX];
	ssize_t length =
		readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *config;
	int status;

	if (length <= 0) {
		fprintf(stderr,
			"policyd: cannot find the program file: "
			"%s\n",
			strerror(errno));
		return EX_OSERR;
	}
	program[length] = '\0';
	config = absolute(options->config);
	options->config = config;
	status = monitor(options, program, mask);
	free(config);
	return status;
}

/* run_init - --init and --undo; an exit status */
static int run_init(const struct command *command, const char *directory)
{
	const char *path = command->options.config;

	if (command->undo)
		return init_undo(path);
	return init(path, directory, &command->init);
}

int main(int argc, char **argv)
{
	struct command command = {
		.mode = MODE_SERVE,
		.options = { .config = CONFIG_USUAL, .accepted = -1 },
	};
	sigset_t mask;
	int status;

	monitor_hold_signals(&mask);
	if (standard_streams_open() < 0)
		return EX_TEMPFAIL; /* stderr may not exist: no message */
	openssl_init();
	status = command_read(&command, argc, argv);
	if (status != EX_OK)
		return status;
	if (command.mode != MODE_SERVE)
		sigprocmask(SIG_SETMASK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	log_set_debug(command.options.verbose);
	switch (command.mode) {
	case MODE_CHECK:
	case MODE_DUMP:
	case MODE_QUERY:
	case MODE_CHECK_POSTFIX:
	case MODE_RATES:
		command.rates.json = command.query.json;
		command.rates.count = argc - optind;
		command.rates.arguments = argv + optind;
		command.query.count = argc - optind;
		command.query.arguments = argv + optind;
		return with_config(&command);
	case MODE_INIT:
		return output_written(run_init(&command, argv[optind]));
	case MODE_STATUS:
		return output_written(control_status(command.options.config,
						     command.query.json));
	case MODE_RELOAD:
		return output_written(control_reload(command.options.config));
	case MODE_STDIO:
		return serve_stdio(&command.options);
	case MODE_SERVER:
		return serve(&command.options, command.channel);
	case MODE_SERVE:
		break;
	}
	return start_monitor(&command.options, &mask);
}
