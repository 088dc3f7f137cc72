/* SPDX-License-Identifier: ISC */
/* check_config - could the daemon start here, with this configuration?
 *
 * A listener, or a log, that it cannot open keeps it from starting. The metrics
 * listener does not, and the pid file is only needed with -d: these are
 * warnings. A policyd that runs already is no obstacle. */

#include "policyd/check_config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/printable.h"
#include "lib/base/trust.h"
#include "policyd/process/pid_file.h"
#include "policyd/rates/rate_tables.h"
#include "policyd/serve/shadow.h"

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

/* report - an obstacle to the start, in one printable line; line 0: about the
 * file as a whole */
static size_t report(const struct config *config, int line, const char *what,
		     const struct error *error)
{
	if (line > 0)
		fprintf(stderr, "%s:%d: %s: %s\n", config->path, line, what,
			error->text);
	else
		fprintf(stderr, "%s: %s: %s\n", config->path, what,
			error->text);
	return 1;
}

/* check_counts - can the file of a rate be used, or created, as far as can be
 * seen from outside? 0, or -1 */
static int check_counts(const struct config *config, const char *path,
			struct error *error)
{
	struct stat status;

	if (trust_directory(path, config->uid, error) < 0)
		return error_prefix(error, "%s: ", path);
	if (lstat(path, &status) < 0)
		return 0;
	if (S_ISLNK(status.st_mode))
		return error_set(error,
				 "%s: is a symbolic link; give the real path",
				 path);
	if (!S_ISREG(status.st_mode))
		return error_set(error, "%s: is not a regular file", path);
	if (trust_status(&status, config->uid, error) < 0)
		return error_prefix(error, "%s ", path);
	return 0;
}

/* check_files - those of all rates */
static size_t check_files(const struct config *config)
{
	size_t obstacles = 0;
	struct error error;

	for (size_t i = 0; i < config->rates.count; i++) {
		char *path = rate_tables_path(config, &config->rates.rates[i]);

		if (check_counts(config, path, &error) < 0)
			obstacles +=
				report(config, 0, "rate_directory", &error);
		free(path);
	}
	return obstacles;
}

/* check_rates - can what rates count be kept? A directory that is not there is
 * no obstacle: the unit of systemd creates it. */
static size_t check_rates(const struct config *config)
{
	struct stat status;

	if (config->rates.count == 0 ||
	    stat(config->rate_directory, &status) == 0)
		return check_files(config);
	warn(config,
	     "rate_directory: %s: %s; policyd does not start without it; to "
	     "create it: install -d -m 0700 -o %s %s",
	     config->rate_directory, strerror(errno), config->user,
	     config->rate_directory);
	return 0;
}

/* check_start - could it log and listen, and write its pid file? */
static size_t check_start(const struct config *config)
{
	size_t obstacles = 0, i;
	struct error error;

	if (log_check(config->log, config->uid, &error) < 0)
		obstacles += report(config, 0, "log", &error);
	obstacles += check_rates(config);
	if (pid_file_check(config->pid_file, &error) < 0)
		warn(config, "pid_file: %s", error.text);
	for (i = 0; i < config->listener_count; i++)
		if (listener_check(&config->listeners[i], &error) < 0)
			obstacles += report(config, config->gates[i].line,
					    "listen", &error);
	if (config->metrics != NULL &&
	    listener_check(config->metrics, &error) < 0)
		warn(config,
		     "metrics: %s; policyd would serve without the metrics "
		     "listener",
		     error.text);
	return obstacles;
}

/* check_shadow - load the shadow configuration as well; an error in it is no
 * reason to refuse this one */
static void check_shadow(const struct config *config)
{
	struct config_messages messages = { 0 };
	int result = shadow_try(config->shadow, &messages);
	size_t i;

	for (i = 0; i < messages.count; i++)
		fprintf(stderr, "%s: shadow: %s\n", config->path,
			messages.lines[i]);
	config_messages_clear(&messages);
	if (result < 0)
		warn(config, "shadow: %s is refused and will not be compared",
		     config->shadow);
}

/* check_config - all of these */
size_t check_config(const struct config *config)
{
	size_t obstacles;

	obstacles = geteuid() == 0 ? check_start(config) : 0;
	if (config->shadow != NULL)
		check_shadow(config);
	return obstacles;
}
