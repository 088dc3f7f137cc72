/* SPDX-License-Identifier: ISC */
/* init_apply - do what --init prints
 *
 * policyd is started first. Then main.cf and master.cf are replaced by those of
 * the trial, which are what the printed commands make of them, byte for byte.
 * Whatever fails afterwards puts the previous ones back. */

#include "policyd/init/init_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/shell.h"
#include "lib/base/subprocess.h"
#include "lib/base/xalloc.h"
#include "policyd/check/check_postfix.h"
#include "policyd/check/service_manager.h"

#define TIMEOUT_MS 90000

/* shell - run a command; print says whether its output is shown. Its exit
 * status, or -1 and the reason. */
static int shell(const char *command, bool print, struct error *error)
{
	const struct subprocess_limits limits = { TIMEOUT_MS, 1 << 20 };
	const char *const argv[] = { "sh", "-c", command, NULL };
	char *output = NULL;
	size_t length;
	int status = subprocess_run(argv, &limits, &output, &length, error);

	if (status >= 0 && print)
		fputs(output, stdout);
	if (status >= 0)
		free(output);
	if (status > 0 && *error->text == '\0')
		error_set(error, "exit status %d", status);
	return status;
}

/* ourselves - a command with this program for "policyd"; the caller frees it */
static char *ourselves(const char *command)
{
	char program[PATH_MAX];
	ssize_t length =
		readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *word, *text;

	if (length <= 0 || strncmp(command, "policyd ", 8) != 0)
		return xstrdup(command);
	program[length] = '\0';
	word = shell_quote(program);
	text = xasprintf("%s%s", word, command + 7);
	free(word);
	return text;
}

/* run - run one command; -1 for each failure */
static int run(const char *command, bool print, struct error *error)
{
	char *text = ourselves(command);
	int status = shell(text, print, error);

	free(text);
	return status == 0 ? 0 : error_prefix(error, "%s: ", command);
}

/* run_lines - run commands, one a line, up to the first failure */
static int run_lines(const char *commands, struct error *error)
{
	int result = 0;

	while (*commands != '\0' && result == 0) {
		size_t length = strcspn(commands, "\n");
		char *line = xstrndup(commands, length);

		result = run(line, false, error);
		free(line);
		commands += length + (commands[length] != '\0' ? 1 : 0);
	}
	return result;
}

/* init_reload - make Postfix read its files, if it is running */
int init_reload(const char *directory, struct error *error)
{
	char *option = shell_option(directory, "");
	char *status = xasprintf("postfix%s status", option);
	char *reload = xasprintf("postfix%s reload", option);
	int result = 0;

	if (shell(status, false, error) == 0)
		result = run(reload, false, error);
	else
		printf("%s: Postfix is not running, so it is not reloaded\n",
		       directory);
	free(option);
	free(status);
	free(reload);
	if (result == 0)
		*error->text = '\0';
	return result;
}

/* check_same - is the file still what was tried? */
static int check_same(const struct init *init, int file, struct error *error)
{
	char *path = xasprintf("%s/%s", init->postfix.directory,
			       init_file_name(file));
	char *text = init_file_in(init->postfix.directory, init_file_name(file),
				  error);
	int result = -1;

	if (text == NULL)
		;
	else if (strcmp(text, init->now[file]) != 0)
		error_set(error, "%s has changed meanwhile: try again", path);
	else
		result = 0;
	free(text);
	free(path);
	return result;
}

/* install - put one set of files in place, main.cf first */
static int install(const struct init *init, char *const files[INIT_FILES],
		   struct error *error)
{
	int i;

	for (i = 0; i < INIT_FILES; i++) {
		char *path = xasprintf("%s/%s", init->postfix.directory,
				       init_file_name(i));
		int result = init_file_replace(path, files[i], error);

		free(path);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* start - check policyd.conf, and start policyd or make it load the file */
static int start(const struct init *init, struct error *error)
{
	char *test = xasprintf("policyd -t%s", init->option);
	char *commands = service_start("", init->option);
	int result = run(test, false, error);

	if (result == 0 &&
	    (init->config == NULL || !init_answers(init->config)))
		result = run_lines(commands, error);
	free(test);
	free(commands);
	return result;
}

/* switch_on - change Postfix, and see whether it reaches policyd */
static int switch_on(const struct init *init, struct error *error)
{
	if (install(init, init->then, error) < 0 ||
	    init_reload(init->postfix.directory, error) < 0)
		return -1;
	if (check_postfix_reach(&init->changed, init->tried) < 0)
		return error_set(error, "Postfix does not reach policyd");
	return 0;
}

/* check - run policyd -P, and show what it says */
static int check(const struct init *init, struct error *error)
{
	char *command = xasprintf("policyd -P%s", init->option);
	int result;

	printf("\n%s: main.cf and master.cf are changed: Postfix asks "
	       "policyd\n",
	       init->postfix.directory);
	result = run(command, true, error);

	free(command);
	return result == 0 ? EX_OK : INIT_CHANGED;
}

/* switch_off - put the previous files back after a failure */
static void switch_off(const struct init *init)
{
	struct error error = { "" };

	if (install(init, init->now, &error) < 0 ||
	    init_reload(init->postfix.directory, &error) < 0)
		fprintf(stderr, "policyd: cannot restore: %s\n", error.text);
	else
		fprintf(stderr,
			"policyd: main.cf and master.cf are restored; policyd "
			"is left running\n");
}

/* init_apply - start policyd, and make Postfix use it */
int init_apply(const struct init *init, struct error *error)
{
	int i;

	for (i = 0; i < INIT_FILES; i++)
		if (check_same(init, i, error) < 0)
			return EX_TEMPFAIL;
	if (start(init, error) < 0)
		return EX_UNAVAILABLE;
	if (switch_on(init, error) == 0)
		return check(init, error);
	switch_off(init);
	return EX_UNAVAILABLE;
}
