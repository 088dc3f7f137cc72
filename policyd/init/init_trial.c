/* SPDX-License-Identifier: ISC */
/* init_trial - try the changes on a copy
 *
 * main.cf and master.cf are copied, the commands that will be printed are run
 * on the copy, and the resulting Postfix is judged together with the new
 * policyd.conf: may a stranger relay? Then all changes are undone, which must
 * restore the original. */

#include "policyd/init/init_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/subprocess.h"
#include "lib/base/xalloc.h"
#include "lib/config/config.h"
#include "lib/postfix/postconf.h"
#include "policyd/check/check_postfix.h"
#include "policyd/check/ports.h"

/* run - run a command that must succeed */
static int run(const char *const argv[], struct error *error)
{
	const struct subprocess_limits limits = { POSTCONF_TIMEOUT_MS,
						  1 << 20 };
	char *output = NULL;
	size_t length;
	int status = subprocess_run(argv, &limits, &output, &length, error);

	free(output);
	if (status == 0)
		return 0;
	return error_prefix(error, "%s: ", argv[0]);
}

/* settle - make the copies look old: postconf(1) waits until a file has not
 * changed for a while */
static void settle(const char *directory)
{
	static const struct timespec past[2] = { { .tv_sec = 1 },
						 { .tv_sec = 1 } };
	char *main_cf = xasprintf("%s/main.cf", directory);
	char *master_cf = xasprintf("%s/master.cf", directory);

	utimensat(AT_FDCWD, main_cf, past, 0);
	utimensat(AT_FDCWD, master_cf, past, 0);
	free(main_cf);
	free(master_cf);
}

/* copy_in - copy both files */
static int copy_in(const char *from, const char *to, struct error *error)
{
	char *main_cf = xasprintf("%s/main.cf", from);
	char *master_cf = xasprintf("%s/master.cf", from);
	const char *const argv[] = { "cp", main_cf, master_cf, to, NULL };
	int result = run(argv, error);

	free(main_cf);
	free(master_cf);
	settle(to);
	return result;
}

/* keep - read both files of the copy */
static int keep(const char *directory, char *files[INIT_FILES],
		struct error *error)
{
	int i;

	for (i = 0; i < INIT_FILES; i++) {
		files[i] = init_file_in(directory, init_file_name(i), error);
		if (files[i] == NULL)
			return -1;
	}
	return 0;
}

/* apply - run the commands on the copy */
static int apply(const char *directory, const struct init_changes *changes,
		 struct error *error)
{
	int result = 0;
	size_t i;

	for (i = 0; i < changes->count && result == 0; i++) {
		const char *const argv[] = { "postconf",
					     "-c",
					     directory,
					     changes->list[i].option,
					     changes->list[i].text,
					     NULL };

		result = run(argv, error);
		settle(directory);
	}
	return result;
}

/* state - everything that the copy contains; the caller frees it. NULL: failed
 */
static char *state(const char *directory, struct error *error)
{
	static const char *const options[] = { "-n", "-M", "-P" };
	char *all = xstrdup(""), *text, *longer;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (postconf_text(directory, options[i], &text, error) < 0) {
			free(all);
			return NULL;
		}
		longer = xasprintf("%s%s", all, text);
		free(all);
		free(text);
		all = longer;
	}
	return all;
}

/* init_load - the configuration in a file */
struct config *init_load(const char *path, const char *name)
{
	static const struct config_load_options lenient = { .lenient = true };
	struct config_messages messages = { 0 };
	struct config *config = config_load_with(path, &lenient, &messages);
	size_t i;

	for (i = 0; i < messages.count && config == NULL; i++)
		fprintf(stderr, "%s%s\n", name,
			messages.lines[i] + strlen(path));
	config_messages_clear(&messages);
	return config;
}

/* load_text - load text from a file; NULL: the reason was printed */
static struct config *load_text(const char *directory, const char *name,
				const char *text)
{
	char *copy = xasprintf("%s/policyd.conf", directory);
	FILE *file = fopen(copy, "we");
	bool written = file != NULL && fputs(text, file) >= 0;
	struct config *config = NULL;

	if (file == NULL || fclose(file) != 0 || !written)
		fprintf(stderr, "policyd: cannot write %s\n", copy);
	else
		config = init_load(copy, name);
	free(copy);
	return config;
}

/* is_exempt - is the port left alone? So is smtpd behind another program. */
static bool is_exempt(void *context, const struct postfix_service *service)
{
	const struct init *init = context;
	size_t i;

	for (i = 0; i < init->port_count; i++)
		if (strcmp(init->ports[i].service->name, service->name) == 0 &&
		    strcmp(init->ports[i].service->type, service->type) == 0)
			return false;
	return true;
}

/* judge - check the changed Postfix together with the new configuration */
static int judge(struct init *init, const char *directory,
		 const struct config *config, struct error *error)
{
	const struct smtpd_knowledge knowledge = ports_knowledge(config);
	struct postfix *postfix = &init->changed;

	if (postfix_read(postfix, directory, error) < 0)
		return -1;
	free(postfix->directory); /* findings are about the original */
	postfix->directory = xstrdup(init->postfix.directory);
	/* With --observe whatever is wrong there stays as it is. */
	if (!init->observe &&
	    check_postfix_copy(postfix, config, is_exempt, init) < 0)
		return error_set(error, "nothing is written: fix this first, "
					"or strangers might relay");
	smtpd_ports_judge(&init->after, postfix, &knowledge);
	ports_changes_find(&init->effects, &init->before, &init->after);
	if (init->observe && init->effects.count > 0)
		return error_set(error, "nothing is written: the lists would "
					"not stay in effect");
	return 0;
}

/* undo - undo the changes; is the copy as it was before? */
static int undo(const struct init *init, const char *directory,
		const char *before, struct error *error)
{
	char *after = NULL;
	int result = -1;

	if (apply(directory, &init->off, error) == 0)
		after = state(directory, error);
	if (after != NULL && strcmp(before, after) == 0)
		result = 0;
	else if (after != NULL)
		error_set(error, "the changes could not be undone exactly");
	free(after);
	return result;
}

/* try_in - in a directory made for it */
static int try_in(const char *directory, struct init *init, const char *text,
		  struct error *error)
{
	const char *from = init->postfix.directory;
	char *before = NULL;
	int result = -1;

	error_set(error, "nothing is written: the settings of this Postfix do "
			 "not work with policyd");
	init->tried = text != NULL ? load_text(directory, init->path, text)
				   : init->config;
	if (init->tried == NULL || copy_in(from, directory, error) < 0 ||
	    keep(directory, init->now, error) < 0)
		return -1;
	before = state(directory, error);
	if (before != NULL && apply(directory, &init->on, error) == 0 &&
	    keep(directory, init->then, error) == 0 &&
	    judge(init, directory, init->tried, error) == 0 &&
	    undo(init, directory, before, error) == 0)
		result = 0;
	free(before);
	return result;
}

/* init_trial - try everything on a copy */
int init_trial(struct init *init, const char *text)
{
	char directory[] = "/tmp/policyd-init.XXXXXX";
	const char *const remove[] = { "rm", "-r", "-f", directory, NULL };
	struct error error = { "" };
	int result;

	if (mkdtemp(directory) == NULL) {
		perror("policyd: mkdtemp");
		return -1;
	}
	result = try_in(directory, init, text, &error);
	if (result < 0)
		fprintf(stderr, "policyd: %s\n", error.text);
	if (run(remove, &error) < 0)
		fprintf(stderr, "policyd: %s\n", error.text);
	return result;
}
