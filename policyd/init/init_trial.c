/* SPDX-License-Identifier: ISC */
/* init_trial - try the changes on a copy
 *
 * main.cf and master.cf are copied, the commands that will be printed are run
 * on the copy, and the resulting Postfix is judged together with the new
 * policyd.conf: may a stranger relay? Then all changes are undone, which must
 * restore the original. */

#include "policyd/init/init_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config.h"
#include "lib/postfix/postconf.h"
#include "policyd/check/check_postfix.h"
#include "policyd/check/ports.h"

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
static int apply(const struct postfix_copy *copy,
		 const struct init_changes *changes, struct error *error)
{
	return postfix_copy_change(copy, changes->list, changes->count, error);
}

/* state - everything that the copy contains (-M has the -o options too); the
 * caller frees it. NULL: failed */
static char *state(const char *directory, struct error *error)
{
	static const char *const options[] = { "-n", "-M" };
	char *all = xstrdup(""), *text;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (postconf_text(directory, options[i], &text, error) < 0) {
			free(all);
			return NULL;
		}
		xappend(&all, "%s", text);
		free(text);
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
static int judge(struct init *init, const struct postfix_copy *copy,
		 const struct config *config, struct error *error)
{
	const struct smtpd_knowledge knowledge = ports_knowledge(config);
	struct postfix *postfix = &init->changed;

	if (postfix_copy_read(copy, postfix, error) < 0)
		return -1;
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
static int undo(const struct init *init, const struct postfix_copy *copy,
		const char *before, struct error *error)
{
	char *after = NULL;
	int result = -1;

	if (apply(copy, &init->off, error) == 0)
		after = state(copy->directory, error);
	if (after != NULL && strcmp(before, after) == 0)
		result = 0;
	else if (after != NULL)
		error_set(error, "the changes could not be undone exactly");
	free(after);
	return result;
}

/* try_on - a copy that is empty as yet */
static int try_on(const struct postfix_copy *copy, struct init *init,
		  const char *text, struct error *error)
{
	const char *directory = copy->directory;
	char *before = NULL;
	int result = -1;

	error_set(error, "nothing is written: the settings of this Postfix do "
			 "not work with policyd");
	init->tried = text != NULL ? load_text(directory, init->path, text)
				   : init->config;
	if (init->tried == NULL || postfix_copy_fill(copy, error) < 0 ||
	    keep(directory, init->now, error) < 0)
		return -1;
	before = state(directory, error);
	if (before != NULL && apply(copy, &init->on, error) == 0 &&
	    keep(directory, init->then, error) == 0 &&
	    judge(init, copy, init->tried, error) == 0 &&
	    undo(init, copy, before, error) == 0)
		result = 0;
	free(before);
	return result;
}

/* init_trial - try everything on a copy */
int init_trial(struct init *init, const char *text)
{
	struct postfix_copy copy;
	struct error error = { "" };
	int result = -1;

	if (postfix_copy_open(&copy, init->postfix.directory, &error) == 0)
		result = try_on(&copy, init, text, &error);
	if (result < 0)
		fprintf(stderr, "policyd: %s\n", error.text);
	postfix_copy_close(&copy);
	return result;
}
