/* SPDX-License-Identifier: ISC */
/* policyd - Postfix policy server: mail for us, or encrypted and logged in
 *
 * This file reads the command line and calls the part of the program that was
 * requested. See README and policyd(8). */

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/number.h"
#include "lib/base/printable.h"
#include "lib/base/xalloc.h"
#include "lib/config/config.h"
#include "lib/session/session.h"
#include "policyd/check/check_postfix.h"
#include "policyd/init/init.h"
#include "policyd/monitor/monitor.h"
#include "policyd/outdated.h"
#include "policyd/process/channel.h"
#include "policyd/process/pid_file.h"
#include "policyd/process/privileges.h"
#include "policyd/process/standard_streams.h"
#include "policyd/query/progress.h"
#include "policyd/query/query.h"
#include "policyd/serve/serve.h"
#include "policyd/serve/shadow.h"

#define DEFAULT_CONFIG POLICYD_SYSCONFDIR "/policyd.conf"

enum mode {
	MODE_SERVE,
	MODE_CHECK = 't',
	MODE_DUMP = 'T',
	MODE_QUERY = 'q',
	MODE_STDIO = 's',
	MODE_CHECK_POSTFIX = 'P',
	MODE_INIT = 'i',   /* no short option */
	MODE_SERVER = 'S', /* for the monitor, to start a server */
};
/* Only with MODE_SERVER. */
#define OPTION_LENIENT	'L'
#define OPTION_ACCEPTED 'a'
#define INTERNAL                                                     \
	CHANNEL_OPTION ", " CHANNEL_LENIENT " and " CHANNEL_ACCEPTED \
		       " are for internal use only"
/* Only with MODE_QUERY; no short options. */
#define OPTION_FORMAT  'F'
#define OPTION_REPLAY  'R'
#define OPTION_AGAINST 'A'
#define OPTION_ID      'I'

static const char usage_text[] =
	"usage: policyd [-dv] [-c FILE]                 run the server\n"
	"       policyd -t [-c FILE]                    check the configuration\n"
	"       policyd -T [-c FILE]                    print the effective "
	"configuration\n"
	"       policyd -q [-c FILE] [--format=json] [NAME=VALUE ...]\n"
	"                                               explain the answer to "
	"a request:\n"
	"                                               to= from= client= "
	"port= tls=1.3\n"
	"                                               login=alice ...\n"
	"       policyd -q [-c FILE] --replay [--against OLD] [LOG|CAPTURE ...]\n"
	"                                               re-evaluate logged "
	"requests\n"
	"       policyd -q [-c FILE] --id ID [LOG ...]  explain a refusal by its "
	"id\n"
	"       policyd -s [-c FILE]                    serve one connection on "
	"stdin and stdout\n"
	"       policyd -P [-c FILE]                    check the Postfix "
	"configuration;\n"
	"                                               exit 1 if it needs "
	"fixing\n"
	"       policyd --init [-c FILE] [DIR]          write FILE for the "
	"Postfix in DIR, and\n"
	"                                               print how to connect "
	"the two\n"
	"       policyd -V | -h\n"
	"Options: --config FILE --daemon --verbose --check --dump --query "
	"--stdio\n"
	"         --check-postfix --version --help.\n"
	"Default FILE: " DEFAULT_CONFIG "\n";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, MODE_CHECK },
	{ "dump", no_argument, NULL, MODE_DUMP },
	{ "query", no_argument, NULL, MODE_QUERY },
	{ "stdio", no_argument, NULL, MODE_STDIO },
	{ "check-postfix", no_argument, NULL, MODE_CHECK_POSTFIX },
	{ "init", no_argument, NULL, MODE_INIT },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "replay", no_argument, NULL, OPTION_REPLAY },
	{ "against", required_argument, NULL, OPTION_AGAINST },
	{ "id", required_argument, NULL, OPTION_ID },
	{ "daemon", no_argument, NULL, 'd' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ &CHANNEL_OPTION[2], required_argument, NULL, MODE_SERVER },
	{ &CHANNEL_LENIENT[2], no_argument, NULL, OPTION_LENIENT },
	{ &CHANNEL_ACCEPTED[2], required_argument, NULL, OPTION_ACCEPTED },
	{ NULL, 0, NULL, 0 },
};

/* The command line. */
struct command {
	enum mode mode;
	struct options options;
	struct query_options query;
	int channel; /* with MODE_SERVER */
};

/* usage - print the usage, and the mistake before it if there is one */
static int usage(const char *mistake)
{
	if (mistake != NULL)
		fprintf(stderr, "policyd: %s\n", mistake);
	fputs(usage_text, stderr);
	return EX_USAGE;
}

/* written - the exit status once all output is written: truncated output must
 * not look complete, and a warning that was lost must not look like success.
 * EPIPE is not reported: the reader closed the pipe on purpose. */
static int written(int status)
{
	int error = fflush(stdout) != 0 ? errno : 0;

	if (!ferror(stdout))
		return ferror(stderr) && status == EX_OK ? EX_IOERR : status;
	if (error != EPIPE)
		fprintf(stderr,
			"policyd: the output could not be written%s%s\n",
			error != 0 ? ": " : "",
			error != 0 ? strerror(error) : "");
	return status == EX_OK ? EX_IOERR : status;
}

/* print_version - for -V, with the means by which servers are contained */
static _Noreturn void print_version(void)
{
	printf("policyd " POLICYD_VERSION "\ncontainment: %s\n",
	       privileges_built_in());
	exit(written(EX_OK));
}

/* print_and_exit - print a text on stdout and exit: for -h */
static _Noreturn void print_and_exit(const char *text)
{
	fputs(text, stdout);
	exit(written(EX_OK));
}

/* set_mode - one of -t -T -q -s -P --init; only one of them */
static int set_mode(struct command *command, int mode)
{
	if (command->mode != MODE_SERVE)
		return usage("only one of -t -T -q -s -P --init");
	command->mode = (enum mode)mode;
	return EX_OK;
}

/* set_descriptor - a descriptor that the monitor passes on */
static int set_descriptor(int *fd, const char *text)
{
	unsigned long number;

	if (number_parse(text, INT_MAX, &number) != 0)
		return usage(INTERNAL);
	*fd = (int)number;
	return EX_OK;
}

/* set_channel - the descriptor of the channel to the monitor */
static int set_channel(struct command *command, const char *text)
{
	int status = set_descriptor(&command->channel, text);

	return status != EX_OK ? status : set_mode(command, MODE_SERVER);
}

/* set_format - text or json */
static int set_format(struct command *command, const char *name)
{
	command->query.json = strcmp(name, "json") == 0;
	if (command->query.json || strcmp(name, "text") == 0)
		return EX_OK;
	fprintf(stderr, "policyd: --format: %.40s is neither text nor json\n",
		name);
	return usage(NULL);
}

/* set_query - an option that requires -q */
static int set_query(struct command *command, int option)
{
	switch (option) {
	case OPTION_FORMAT:
		return set_format(command, optarg);
	case OPTION_REPLAY:
		command->query.replay = true;
		return EX_OK;
	case OPTION_AGAINST:
		command->query.against = optarg;
		return EX_OK;
	case OPTION_ID:
		command->query.id = optarg;
		return EX_OK;
	default:
		return usage(NULL); /* getopt_long(3) has said why */
	}
}

/* set_option - one option; 0, or the exit status, and its mistake is printed */
static int set_option(struct command *command, int option)
{
	switch (option) {
	case 'c':
		command->options.config = optarg;
		return EX_OK;
	case 'd':
		command->options.daemonize = true;
		return EX_OK;
	case 'v':
		command->options.verbose = true;
		return EX_OK;
	case 'V':
		print_version();
	case 'h':
		print_and_exit(usage_text);
	case MODE_CHECK:
	case MODE_DUMP:
	case MODE_QUERY:
	case MODE_STDIO:
	case MODE_CHECK_POSTFIX:
	case MODE_INIT:
		return set_mode(command, option);
	case MODE_SERVER:
		return set_channel(command, optarg);
	case OPTION_LENIENT:
		command->options.lenient = true;
		return EX_OK;
	case OPTION_ACCEPTED:
		return set_descriptor(&command->options.accepted, optarg);
	default:
		return set_query(command, option);
	}
}

/* check_query - are the options of -q used together correctly? */
static const char *check_query(const struct command *command)
{
	const struct query_options *query = &command->query;

	if (command->mode != MODE_QUERY)
		return query->json || query->replay || query->against != NULL ||
				       query->id != NULL
			       ? "--format, --replay, --against and --id "
				 "require -q"
			       : NULL;
	if (query->replay && query->id != NULL)
		return "only one of --replay and --id";
	if (query->against != NULL && !query->replay)
		return "--against requires --replay";
	return NULL;
}

/* check_command - are all options used together correctly? words: arguments
 * that are not options */
static const char *check_command(const struct command *command, int words)
{
	const struct options *options = &command->options;

	if (words > (command->mode == MODE_INIT ? 1 : 0) &&
	    command->mode != MODE_QUERY)
		return "too many arguments";
	if (*options->config == '\0')
		return "-c: the file name is empty";
	if (check_query(command) != NULL)
		return check_query(command);
	if (options->daemonize && command->mode != MODE_SERVE)
		return "-d is only for running the server";
	if ((options->lenient || options->accepted >= 0) &&
	    command->mode != MODE_SERVER)
		return INTERNAL;
	return NULL;
}

/* read_command - read the whole command line; 0 or an exit status */
static int read_command(struct command *command, int argc, char **argv)
{
	int option, status;
	const char *mistake;

	opterr = 1;
	while ((option = getopt_long(argc, argv, "c:dvtTqsPVh", long_options,
				     NULL)) != -1) {
		status = set_option(command, option);
		if (status != EX_OK)
			return status;
	}
	mistake = check_command(command, argc - optind);
	return mistake != NULL ? usage(mistake) : EX_OK;
}

/* absolute - the path, valid after a chdir(2) too; the caller frees it */
static char *absolute(const char *path)
{
	char directory[PATH_MAX];

	if (path[0] == '/' || getcwd(directory, sizeof(directory)) == NULL)
		return xstrdup(path);
	return xasprintf("%s/%s", directory, path);
}

/* warn - about something outside the file, in one printable line */
__attribute__((format(printf, 2, 3))) static void
warn(const struct config *config, const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	printable_format(text, sizeof(text), format, arguments);
	va_end(arguments);
	fprintf(stderr, "%s: warning: %s\n", config->path, text);
}

/* warn_stale - if the running daemon has not loaded main.cf as it is now */
static void warn_stale(const struct config *config)
{
	pid_t pid;

	if (outdated_main_cf(config, &pid))
		warn(config,
		     "%s has changed since the running policyd loaded it; "
		     "to reload: kill -HUP %ld",
		     config->main_cf, (long)pid);
}

/* check_files - warn of anything that would keep the daemon from logging,
 * listening or writing its pid file; only root can check that */
static void check_files(const struct config *config)
{
	struct error error;
	size_t i;

	if (geteuid() != 0)
		return;
	if (log_check(config->log, config->uid, &error) < 0)
		warn(config, "log: %s", error.text);
	if (pid_file_check(config->pid_file, &error) < 0)
		warn(config, "pid_file: %s", error.text);
	for (i = 0; i < config->listener_count; i++)
		if (listener_check(&config->listeners[i], &error) < 0)
			warn(config, "listen: %s", error.text);
}

/* check_shadow - load the shadow configuration, if there is one; an error in it
 * is no reason to refuse this one */
static void check_shadow(const struct config *config)
{
	struct config_messages messages = { 0 };
	int result;
	size_t i;

	if (config->shadow == NULL)
		return;
	result = shadow_try(config->shadow, &messages);
	for (i = 0; i < messages.count; i++)
		fprintf(stderr, "%s: shadow: %s\n", config->path,
			messages.lines[i]);
	config_messages_clear(&messages);
	if (result < 0)
		warn(config, "shadow: %s is refused and will not be compared",
		     config->shadow);
}

/* load - strictly only for -t; the other modes load leniently, as a starting
 * server does, since a table that cannot be read is part of their answer */
static struct config *load(const struct command *command,
			   struct config_messages *messages)
{
	struct progress progress;
	struct config_load_options options = {
		.lenient = command->mode != MODE_CHECK,
		.unserved = command->mode == MODE_QUERY,
		.thorough = command->mode == MODE_CHECK,
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
static void dump(const struct config *config)
{
	struct printable all;

	if (isatty(STDOUT_FILENO) != 1) {
		config_dump(config, stdout);
		return;
	}
	printable_open(&all);
	config_dump(config, all.stream);
	printable_close(&all, stdout);
}

/* with_config - run a mode that loads the configuration and then exits */
static int with_config(const struct command *command)
{
	struct config_messages messages = { 0 };
	struct config *config = load(command, &messages);
	int status = EX_OK;

	if (config == NULL || config->failed_tables > 0 ||
	    command->mode == MODE_CHECK)
		config_messages_print(&messages, stderr);
	config_messages_clear(&messages);
	if (config == NULL)
		return written(EX_CONFIG);
	switch (command->mode) {
	case MODE_CHECK:
		warn_stale(config);
		check_files(config);
		check_shadow(config);
		break;
	case MODE_DUMP:
		dump(config);
		break;
	case MODE_QUERY:
		status = query(config, &command->query);
		break;
	default:
		status = check_postfix(config);
		break;
	}
	config_free(config);
	return written(status);
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

int main(int argc, char **argv)
{
	struct command command = {
		.mode = MODE_SERVE,
		.options = { .config = DEFAULT_CONFIG, .accepted = -1 },
	};
	sigset_t mask;
	int status;

	monitor_hold_signals(&mask);
	if (standard_streams_open() < 0)
		return EX_TEMPFAIL; /* stderr may not exist: no message */
	openssl_init();
	status = read_command(&command, argc, argv);
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
		command.query.count = argc - optind;
		command.query.arguments = argv + optind;
		return with_config(&command);
	case MODE_INIT:
		return written(init(
			command.options.config, argv[optind],
			strcmp(command.options.config, DEFAULT_CONFIG) == 0));
	case MODE_STDIO:
		return serve_stdio(&command.options);
	case MODE_SERVER:
		return serve(&command.options, command.channel);
	case MODE_SERVE:
		break;
	}
	return start_monitor(&command.options, &mask);
}
