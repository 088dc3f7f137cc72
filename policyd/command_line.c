/* SPDX-License-Identifier: ISC */
/* command_line - read the command line, and report mistakes in it */

#include "policyd/command_line.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <openssl/opensslv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/base/number.h"
#include "lib/base/printable.h"
#include "lib/base/similar.h"
#include "lib/base/xalloc.h"
#include "lib/config/config.h"
#include "lib/postfix/postfix_version.h"
#include "lib/text/idna.h"
#include "policyd/process/channel.h"
#include "policyd/process/privileges.h"

#ifdef __clang__
#define COMPILER "" /* it says its name */
#else
#define COMPILER "GCC "
#endif

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
#define OPTION_SUGGEST 'M'
/* Only with MODE_INIT; likewise. */
#define OPTION_APPLY   'Y'
#define OPTION_OBSERVE 'O'
#define OPTION_UNDO    'U' /* implies it */
#define OPTION_LOG     'g'
#define OPTION_NO_LOG  'G'
/* Only with MODE_RATES. */
#define OPTION_OVER    'o'
#define OPTION_RESET   'z'
#define OPTION_BLOCK   'b'
#define OPTION_UNBLOCK 'B'
#define OPTION_FOR     'f'

/* One example for each; no line has more than 79 columns. */
static const char usage_text[] =
	"usage: policyd [-dv] [-c FILE]                 run the server\n"
	"           policyd -d\n"
	"       policyd -t [-v] [-c FILE]               check the configuration\n"
	"           policyd -t && policyd -d\n"
	"       policyd -T [-v] [-c FILE]               what differs from the\n"
	"                                               defaults; -v: all of it\n"
	"           policyd -T | grep mydestination\n"
	"       policyd -q [-c FILE] [--format=json] [NAME=VALUE ...]\n"
	"                                               explain an answer\n"
	"           policyd -q to=user@far.example port=587 tls=1.3 "
	"login=alice\n"
	"       policyd -q [-c FILE] --replay [--against OLD] [LOG|CAPTURE "
	"...]\n"
	"                                               judge logged requests\n"
	"           policyd -q --replay /var/log/mail.log\n"
	"       policyd -q [-c FILE] --replay --suggest-limits [LOG ...]\n"
	"                                               limits for logins\n"
	"           policyd -q --replay --suggest-limits /var/log/mail.log\n"
	"       policyd -q [-c FILE] --id ID [LOG ...]  explain a refusal\n"
	"           policyd -q --id 4F2K7Q /var/log/mail.log.2.gz\n"
	"       policyd -s [-c FILE]                    serve stdin and stdout\n"
	"           policyd -s <request\n"
	"       policyd -P [-c FILE] [--format=json]    check Postfix; 1: to fix\n"
	"           policyd -P\n"
	"       policyd --status [-c FILE] [--format=json]\n"
	"                                               what runs; 1: not well\n"
	"           policyd --status\n"
	"       policyd --reload [-c FILE]              reload it, and wait\n"
	"           policyd -t && policyd --reload\n"
	"       policyd -r [-c FILE] [--format=json] [--over] [RATE [KEY]]\n"
	"                                               who has sent how much\n"
	"           policyd -r --over\n"
	"       policyd -r [-c FILE] --block RATE KEY [--for TIME]\n"
	"                                               stop somebody now\n"
	"           policyd -r --block login alice@example.com --for 2d\n"
	"       policyd -r [-c FILE] --unblock | --reset RATE KEY\n"
	"                                               let it go; forget it\n"
	"           policyd -r --unblock login alice@example.com\n"
	"       policyd --init [-c FILE] [DIR]          write FILE for a Postfix\n"
	"           policyd --init /etc/postfix\n"
	"       policyd --init --apply|--observe [-c FILE] [DIR]\n"
	"                                               and use it, or watch\n"
	"           policyd --init --observe --apply\n"
	"       policyd --init --log LOG | --no-log [-c FILE] [DIR]\n"
	"                                               forecast from that log\n"
	"           policyd --init --log /var/log/mail.log.1\n"
	"       policyd --undo [-c FILE]                undo --init\n"
	"           policyd --undo\n"
	"       policyd -V | -h\n"
	"Options: --config FILE --daemon --verbose --check --dump --query "
	"--stdio\n"
	"         --check-postfix --rates --version --help.\n"
	"Default FILE: " CONFIG_USUAL "\n";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, MODE_CHECK },
	{ "dump", no_argument, NULL, MODE_DUMP },
	{ "query", no_argument, NULL, MODE_QUERY },
	{ "stdio", no_argument, NULL, MODE_STDIO },
	{ "check-postfix", no_argument, NULL, MODE_CHECK_POSTFIX },
	{ "init", no_argument, NULL, MODE_INIT },
	{ "status", no_argument, NULL, MODE_STATUS },
	{ "reload", no_argument, NULL, MODE_RELOAD },
	{ "apply", no_argument, NULL, OPTION_APPLY },
	{ "observe", no_argument, NULL, OPTION_OBSERVE },
	{ "undo", no_argument, NULL, OPTION_UNDO },
	{ "log", required_argument, NULL, OPTION_LOG },
	{ "no-log", no_argument, NULL, OPTION_NO_LOG },
	{ "rates", no_argument, NULL, MODE_RATES },
	{ "over", no_argument, NULL, OPTION_OVER },
	{ "reset", no_argument, NULL, OPTION_RESET },
	{ "block", no_argument, NULL, OPTION_BLOCK },
	{ "unblock", no_argument, NULL, OPTION_UNBLOCK },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "replay", no_argument, NULL, OPTION_REPLAY },
	{ "against", required_argument, NULL, OPTION_AGAINST },
	{ "suggest-limits", no_argument, NULL, OPTION_SUGGEST },
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

/* usage - report a mistake in one line; NULL: that was done */
static int usage(const char *mistake)
{
	if (mistake != NULL)
		fprintf(stderr, "policyd: %s; policyd --help has examples\n",
			mistake);
	return EX_USAGE;
}

/* similar_option - "; did you mean --NAME?" for an unknown long option, or ""
 */
static const char *similar_option(const char *word, char *advice, size_t size)
{
	const struct option *each;
	struct similar similar;
	char *name = xstrndup(word + 2, strcspn(word + 2, "="));

	similar_init(&similar, name);
	similar.prefix = "--";
	/* Those from MODE_SERVER on are internal. */
	for (each = long_options; each->val != MODE_SERVER; each++)
		similar_try(&similar, each->name);
	free(name);
	return similar_advice(&similar, advice, size);
}

/* bad_option - report what getopt_long(3) refused with this result; word is the
 * argument that it has read */
static int bad_option(int result, const char *word)
{
	/* A short option in the middle of an argument is not in word. */
	bool is_long = strncmp(word, "--", 2) == 0 &&
		       (optopt == 0 || strchr(word, '=') != NULL);
	char text[200], advice[80] = "";

	if (is_long && optopt == 0)
		similar_option(word, advice, sizeof(advice));
	if (result == ':')
		snprintf(text, sizeof(text), "%.60s needs an argument", word);
	else if (is_long)
		snprintf(text, sizeof(text), "%.60s: %s%s", word,
			 optopt == 0 ? "unknown or ambiguous option"
				     : "this option takes no argument",
			 advice);
	else
		snprintf(text, sizeof(text), "-%c: unknown option", optopt);
	printable_replace(text);
	return usage(text);
}

/* output_written - the exit status once all output is written */
int output_written(int status)
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

/* print_version - for -V, with the means by which servers are contained, the
 * library that decides which domains are alike, and what else may matter if
 * policyd behaves differently somewhere */
static _Noreturn void print_version(void)
{
	char library[IDNA_LIBRARY_MAX];

	idna_library(library);
	printf("policyd " POLICYD_VERSION "\ncontainment: %s\nlibrary: %s\n"
	       "built with: " COMPILER __VERSION__
	       ", OpenSSL " OPENSSL_VERSION_STR "\n"
	       "tested with: " POSTFIX_TESTED "\n",
	       privileges_built_in(), library);
	exit(output_written(EX_OK));
}

/* print_and_exit - print a text on stdout and exit: for -h */
static _Noreturn void print_and_exit(const char *text)
{
	fputs(text, stdout);
	exit(output_written(EX_OK));
}

/* set_mode - only one of them */
static int set_mode(struct command *command, int mode)
{
	if (command->mode != MODE_SERVE)
		return usage("only one of -t -T -q -s -P -r --init --status "
			     "--reload");
	command->mode = (enum mode)mode;
	return EX_OK;
}

/* set_descriptor - a descriptor that the monitor passes on */
static int set_descriptor(int *fd, const char *text)
{
	uint64_t number;

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

/* set_undo - --undo, alone or with --init */
static int set_undo(struct command *command)
{
	command->undo = true;
	return command->mode == MODE_INIT ? EX_OK
					  : set_mode(command, MODE_INIT);
}

/* set_rates - an option that requires -r */
static int set_rates(struct rates_options *rates, int option)
{
	switch (option) {
	case OPTION_OVER:
		rates->over = true;
		return EX_OK;
	case OPTION_RESET:
		rates->reset = true;
		return EX_OK;
	case OPTION_BLOCK:
		rates->block = true;
		return EX_OK;
	case OPTION_UNBLOCK:
		rates->unblock = true;
		return EX_OK;
	default:
		rates->time = optarg;
		return EX_OK;
	}
}

/* set_query - an option that requires -q or -r */
static int set_query(struct command *command, int option)
{
	switch (option) {
	case OPTION_OVER:
	case OPTION_RESET:
	case OPTION_BLOCK:
	case OPTION_UNBLOCK:
	case OPTION_FOR:
		return set_rates(&command->rates, option);
	case OPTION_FORMAT:
		return set_format(command, optarg);
	case OPTION_REPLAY:
		command->query.replay = true;
		return EX_OK;
	case OPTION_AGAINST:
		command->query.against = optarg;
		return EX_OK;
	case OPTION_SUGGEST:
		command->query.suggest_limits = true;
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
	case OPTION_APPLY:
		command->init.apply = true;
		return EX_OK;
	case OPTION_OBSERVE:
		command->init.observe = true;
		return EX_OK;
	case OPTION_LOG:
		command->init.log = optarg;
		return EX_OK;
	case OPTION_NO_LOG:
		command->init.no_log = true;
		return EX_OK;
	case OPTION_UNDO:
		return set_undo(command);
	case MODE_INIT:
		if (command->undo)
			return EX_OK;
		return set_mode(command, option);
	case MODE_CHECK:
	case MODE_DUMP:
	case MODE_QUERY:
	case MODE_STDIO:
	case MODE_CHECK_POSTFIX:
	case MODE_STATUS:
	case MODE_RELOAD:
	case MODE_RATES:
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

	if (query->json && command->mode != MODE_QUERY &&
	    command->mode != MODE_CHECK_POSTFIX &&
	    command->mode != MODE_STATUS && command->mode != MODE_RATES)
		return "--format requires -q, -P, -r or --status";
	if (command->mode != MODE_QUERY)
		return query->replay || query->against != NULL ||
				       query->id != NULL ||
				       query->suggest_limits
			       ? "--replay, --against, --suggest-limits and "
				 "--id require -q"
			       : NULL;
	if (query->replay && query->id != NULL)
		return "only one of --replay and --id";
	if (query->against != NULL && !query->replay)
		return "--against requires --replay";
	if (query->suggest_limits && (!query->replay || query->against != NULL))
		return "--suggest-limits requires --replay, without --against";
	return NULL;
}

/* check_init - are the options of --init used together correctly? */
static const char *check_init(const struct command *command)
{
	const struct init_options *options = &command->init;

	if (command->undo && (options->apply || options->observe))
		return "--undo goes with neither --apply nor --observe";
	if (command->mode != MODE_INIT && (options->apply || options->observe))
		return "--apply and --observe require --init";
	if ((command->mode != MODE_INIT || command->undo) &&
	    (options->log != NULL || options->no_log))
		return "--log and --no-log require --init";
	if (options->log != NULL && options->no_log)
		return "only one of --log and --no-log";
	return NULL;
}

/* rates_chosen - is there an option of -r? */
static bool rates_chosen(const struct rates_options *rates)
{
	return rates->over || rates->reset || rates->block || rates->unblock ||
	       rates->time != NULL;
}

/* check_command - are all options used together correctly? words: arguments
 * that are not options */
static const char *check_command(const struct command *command, int words)
{
	const struct options *options = &command->options;

	if (words > (command->mode == MODE_INIT && !command->undo ? 1 : 0) &&
	    command->mode != MODE_QUERY && command->mode != MODE_RATES)
		return "too many arguments";
	if (*options->config == '\0')
		return "-c: the file name is empty";
	if (check_query(command) != NULL)
		return check_query(command);
	if (check_init(command) != NULL)
		return check_init(command);
	if (command->mode == MODE_RATES)
		return rates_check(&command->rates, words);
	if (rates_chosen(&command->rates))
		return "--over, --reset, --block, --unblock and --for require "
		       "-r";
	if (options->daemonize && command->mode != MODE_SERVE)
		return "-d is only for running the server";
	if ((options->lenient || options->accepted >= 0) &&
	    command->mode != MODE_SERVER)
		return INTERNAL;
	return NULL;
}

/* command_read - read the whole command line; EX_OK or an exit status */
int command_read(struct command *command, int argc, char **argv)
{
	int option, status;
	const char *mistake;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":c:dvtTqsPrVh", long_options,
				     NULL)) != -1) {
		if (option == '?' || option == ':')
			return bad_option(option, argv[optind - 1]);
		status = set_option(command, option);
		if (status != EX_OK)
			return status;
	}
	mistake = check_command(command, argc - optind);
	return mistake != NULL ? usage(mistake) : EX_OK;
}
