/* SPDX-License-Identifier: ISC */
/* init - write a first policyd.conf, and print how to connect Postfix to it
 *
 *	postconf -> ports -> plan -> text -> trial -> file, copies, what will
 *	change, and commands to type, or to run
 *
 * Only with --apply Postfix is changed; else the administrator types the
 * commands that are printed. */

#include "policyd/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/printable.h"
#include "lib/base/shell.h"
#include "lib/base/xalloc.h"
#include "policyd/check/check_postfix.h"
#include "policyd/check/service_manager.h"
#include "policyd/init/init_internal.h"

/* find_directory - the configuration directory of Postfix, as an absolute path;
 * the caller frees it. NULL: there is no such directory */
static char *find_directory(const char *wanted, struct error *error)
{
	char *path = realpath(wanted != NULL ? wanted : "/etc/postfix", NULL);

	if (path == NULL)
		error_set(error, "%s: %s; name the directory of main.cf",
			  wanted != NULL ? wanted : "/etc/postfix",
			  strerror(errno));
	return path;
}

/* print_commands - how to make Postfix use policyd, and how to undo that */
static void print_commands(const struct init *init, FILE *output)
{
	char *start = service_start("", init->option);

	fprintf(output, "\n# 1. Check it, and start policyd:\npolicyd -t%s\n%s",
		init->option, start);
	fprintf(output, "\n# 2. Make Postfix use it, and check:\n");
	init_print_commands(output, init, &init->on, "");
	fprintf(output, "policyd -P%s\n", init->option);
	free(start);
}

/* print_undo - how to undo that */
static void print_undo(const struct init *init, FILE *output)
{
	char *stop = service_stop("", init->option,
				  init->config != NULL ? init->config->pid_file
						       : CONFIG_PID_FILE);

	fprintf(output,
		"\n# To restore the previous Postfix configuration byte for "
		"byte: policyd --undo%s\n"
		"# The same settings by hand (%s):\n",
		init->option,
		init->config != NULL ? "keep these lines"
				     : "these lines are in the file, too");
	init_print_commands(output, init, &init->off, "");
	fprintf(output, "\n# And to stop policyd:\n%s", stop);
	free(stop);
}

/* print - what will change, and what to do */
static void print(const struct init *init, bool apply)
{
	struct printable all;

	printable_open(&all);
	fprintf(all.stream,
		"# %s is %s. %s tried on a copy of main.cf\n"
		"# and master.cf: %s, and everything can be undone.\n\n",
		init->path, init->config != NULL ? "kept as it is" : "written",
		apply ? "The changes were" : "These commands were",
		init->observe ? "the same mail passes as before"
			      : "strangers cannot relay");
	init_print_effects(all.stream, init, apply);
	if (!apply)
		print_commands(init, all.stream);
	if (init->observe)
		fprintf(all.stream,
			"\n# When the log shows that its answers are right: "
			"policyd --undo%s;\n# remove mode = observe from %s; "
			"policyd --init --apply%s\n",
			init->option, init->path, init->option);
	print_undo(init, all.stream);
	printable_close(&all, stdout);
}

/* name_server - our socket in the notation of smtpd(8): that of an existing
 * policyd.conf, or one below the queue directory */
static int name_server(struct init *init, struct error *error)
{
	if (init->config == NULL)
		init->server = xstrdup("unix:private/policyd");
	else if (init->config->listener_count > 0)
		init->server = check_server(&init->postfix,
					    &init->config->listeners[0]);
	else
		return error_set(error,
				 "%s exists and has no listen section; move "
				 "it away to have --init write another",
				 init->path);
	return 0;
}

/* check_mode - does an existing policyd.conf do what is wanted? */
static int check_mode(const struct init *init, struct error *error)
{
	size_t i;

	for (i = 0; init->config != NULL && i < init->config->services.count;
	     i++)
		if (init->config->services.services[i].reply.observe !=
		    init->observe)
			return error_set(
				error, "%s exists, and %s mode = observe: %s",
				init->path,
				init->observe ? "does not have" : "has",
				init->observe ? "add it, or leave out --observe"
					      : "remove it, or use --observe");
	return 0;
}

/* run - plan, try, write, print, and apply; returns an exit status */
static int run(struct init *init, const struct init_options *options,
	       struct error *error)
{
	int status = EX_CONFIG;
	char *text = NULL;

	if (name_server(init, error) < 0 || check_mode(init, error) < 0 ||
	    init_plan(init, error) < 0)
		goto out;
	if (init->config == NULL)
		text = init_text(init);
	*error->text = '\0';
	if (init_trial(init, text) < 0)
		goto out;
	status = EX_CANTCREAT;
	if ((text != NULL && init_file_new(init->path, text, error) < 0) ||
	    init_copies_save(init, error) < 0)
		goto out;
	print(init, options->apply);
	status = fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	if (status == EX_OK && !options->no_log)
		init_forecast(init, options->log);
	if (status == EX_OK && options->apply)
		status = init_apply(init, error);
out:
	free(text);
	return status;
}

/* check_configured - is there a main.cf? */
static int check_configured(const char *directory, struct error *error)
{
	char *path = xasprintf("%s/main.cf", directory);
	int result = 0;

	if (access(path, R_OK) < 0)
		result = error_set(error,
				   "%s: %s; configure Postfix first (Debian: "
				   "dpkg-reconfigure postfix), or name the "
				   "directory of another one",
				   path, strerror(errno));
	free(path);
	return result;
}

/* read_postfix - find it, and read its configuration; an exit status */
static int read_postfix(struct init *init, const char *wanted,
			struct error *error)
{
	char *directory = find_directory(wanted, error);
	int status = EX_TEMPFAIL;

	if (directory == NULL || check_configured(directory, error) < 0)
		goto out;
	status = EX_CONFIG;
	if (init_master_check(directory, error) < 0)
		goto out;
	status = EX_TEMPFAIL;
	if (postfix_read(&init->postfix, directory, error) == 0)
		status = EX_OK;
out:
	free(directory);
	return status;
}

/* keep_file - load the file if it exists; an exit status */
static int keep_file(struct init *init, struct error *error)
{
	struct stat status;

	if (geteuid() != 0) {
		error_set(error, "--init writes a file for root: run it as "
				 "root");
		return EX_NOPERM;
	}
	if (lstat(init->path, &status) < 0)
		return EX_OK;
	init->config = init_load(init->path, init->path);
	if (init->config != NULL)
		return EX_OK;
	error_set(error,
		  "%s exists and is refused; it is not touched: fix it, or "
		  "name another file with -c",
		  init->path);
	return EX_CONFIG;
}

/* init - write policyd.conf, and print the commands */
int init(const char *path, const char *directory,
	 const struct init_options *options)
{
	struct init state = { .path = path, .observe = options->observe };
	char *option = shell_option(path, CONFIG_USUAL);
	char *postfix_option = NULL;
	struct error error = { "" };
	int status = keep_file(&state, &error);

	if (status == EX_OK)
		status = read_postfix(&state, directory, &error);
	if (status == EX_OK) {
		postfix_option =
			directory == NULL
				? xstrdup("")
				: shell_option(state.postfix.directory, "");
		state.option = option;
		state.postfix_option = postfix_option;
		status = run(&state, options, &error);
	}
	if (status != EX_OK && *error.text != '\0')
		fprintf(stderr, "policyd: %s\n", error.text);
	init_clear(&state);
	free(postfix_option);
	free(option);
	return status;
}
