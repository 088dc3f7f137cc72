/* SPDX-License-Identifier: ISC */
/* init - write a first policyd.conf, and print how to connect Postfix to it
 *
 *	postconf -> plan -> text -> trial -> file, and commands to type
 *	            init_plan init_text init_trial    init_start
 *
 * Only the administrator changes Postfix, by typing the commands that are
 * printed. */

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
#include "lib/base/xalloc.h"
#include "policyd/check/check_postfix.h"
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

/* write_all - write the text to a new file */
static int write_all(int fd, const char *text)
{
	size_t length = strlen(text);
	ssize_t written;

	while (length > 0) {
		written = write(fd, text, length);
		if (written < 0 && errno != EINTR)
			return -1;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	return fsync(fd);
}

/* open_new - create a file that must not exist, and its directory */
static int open_new(const char *path)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags, 0644);
	char *directory;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	directory = xstrdup(path);
	if (strrchr(directory, '/') != NULL)
		*strrchr(directory, '/') = '\0';
	if (mkdir(directory, 0755) == 0)
		fd = open(path, flags, 0644);
	free(directory);
	return fd;
}

/* write_file - write the text; if that fails no file is left */
static int write_file(const char *path, const char *text, struct error *error)
{
	int fd = open_new(path);
	int result = 0;

	if (fd < 0)
		return error_set(error, "cannot write %s: %s", path,
				 strerror(errno));
	if (write_all(fd, text) < 0) {
		result = error_set(error, "cannot write %s: %s", path,
				   strerror(errno));
		unlink(path);
	}
	close(fd);
	return result;
}

/* print_postfix - how to make Postfix use policyd, and how to undo that */
static void print_postfix(const struct init *init, FILE *output)
{
	fprintf(output, "\n# 2. Make Postfix use it, and check:\n");
	init_print_commands(output, init, &init->on, "");
	fprintf(output,
		"policyd -P%s\n"
		"\n# To restore the previous Postfix configuration (%s):\n",
		init->option,
		init->config != NULL ? "keep these lines"
				     : "these lines are in the file, too");
	init_print_commands(output, init, &init->off, "");
}

/* print - what to do now */
static void print(const struct init *init)
{
	char *start = init_start("", init->option);
	char *stop = init_stop("", init->option,
			       init->config != NULL ? init->config->pid_file
						    : CONFIG_PID_FILE);
	struct printable all;

	printable_open(&all);
	fprintf(all.stream,
		"# %s is %s. These commands were tried on a copy of main.cf\n"
		"# and master.cf: strangers cannot relay, and everything can "
		"be undone.\n\n",
		init->path, init->config != NULL ? "kept as it is" : "written");
	init_print_effects(all.stream, init);
	fprintf(all.stream,
		"\n# 1. Check it, and start policyd:\n"
		"policyd -t%s\n%s",
		init->option, start);
	print_postfix(init, all.stream);
	fprintf(all.stream, "\n# And to stop policyd:\n%s", stop);
	printable_close(&all, stdout);
	free(start);
	free(stop);
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

/* run - plan, try, write, print; returns an exit status */
static int run(struct init *init, struct error *error)
{
	int status = EX_CONFIG;
	char *text = NULL;

	if (name_server(init, error) < 0 || init_plan(init, error) < 0)
		goto out;
	if (init->config == NULL)
		text = init_text(init);
	*error->text = '\0';
	if (init_trial(init, text) < 0)
		goto out;
	status = EX_CANTCREAT;
	if (text != NULL && write_file(init->path, text, error) < 0)
		goto out;
	print(init);
	status = fflush(stdout) == 0 ? EX_OK : EX_IOERR;
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
int init(const char *path, const char *directory, bool terse)
{
	struct init state = { .path = path };
	char *option = terse ? xstrdup("") : xasprintf(" -c %s", path);
	char *postfix_option = NULL;
	struct error error = { "" };
	int status = keep_file(&state, &error);

	if (status == EX_OK)
		status = read_postfix(&state, directory, &error);
	if (status == EX_OK) {
		postfix_option =
			directory == NULL
				? xstrdup("")
				: xasprintf(" -c %s", state.postfix.directory);
		state.option = option;
		state.postfix_option = postfix_option;
		status = run(&state, &error);
	}
	if (status != EX_OK && *error.text != '\0')
		fprintf(stderr, "policyd: %s\n", error.text);
	init_changes_clear(&state.on);
	init_changes_clear(&state.off);
	ports_changes_clear(&state.effects);
	smtpd_ports_clear(&state.before);
	smtpd_ports_clear(&state.after);
	postfix_clear(&state.changed);
	postfix_clear(&state.postfix);
	free(state.services);
	free(state.ports);
	free(state.group);
	free(state.server);
	config_free(state.config);
	free(postfix_option);
	free(option);
	return status;
}
