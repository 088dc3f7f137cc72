/* SPDX-License-Identifier: ISC */
/* postfix_copy - a Postfix that is only two files
 *
 * postconf(1) changes the copy as it would change the original. The
 * output of postconf(1) for the copy may have the name of its directory, from
 * $config_directory; this becomes that of the original again. */

#include "policyd/check/postfix_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/subprocess.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/postconf.h"

/* Changes in one run of postconf(1): a command line has an end. */
#define RUN_MAX 64

/* run - a command that must succeed */
static int run(const char *const argv[], struct error *error)
{
	const struct subprocess_limits limits = { POSTCONF_TIMEOUT_MS,
						  1 << 20 };
	char *output = NULL;
	size_t length;
	int status = subprocess_run(argv, &limits, &output, &length, error);

	free(output);
	return status == 0 ? 0 : error_prefix(error, "%s: ", argv[0]);
}

/* make_old - make the files look old: postconf(1) waits until a file has not
 * changed for a while */
static void make_old(const struct postfix_copy *copy)
{
	static const struct timespec past[2] = { { .tv_sec = 1 },
						 { .tv_sec = 1 } };
	char *main_cf = xasprintf("%s/main.cf", copy->directory);
	char *master_cf = xasprintf("%s/master.cf", copy->directory);

	utimensat(AT_FDCWD, main_cf, past, 0);
	utimensat(AT_FDCWD, master_cf, past, 0);
	free(main_cf);
	free(master_cf);
}

/* postfix_copy_open - make its directory */
int postfix_copy_open(struct postfix_copy *copy, const char *original,
		      struct error *error)
{
	*copy = (struct postfix_copy){ .directory = "/tmp/policyd-copy.XXXXXX",
				       .original = original };
	if (mkdtemp(copy->directory) != NULL)
		return 0;
	*copy->directory = '\0';
	return error_set(error, "/tmp: %s", strerror(errno));
}

/* postfix_copy_fill - copy both files */
int postfix_copy_fill(const struct postfix_copy *copy, struct error *error)
{
	char *main_cf = xasprintf("%s/main.cf", copy->original);
	char *master_cf = xasprintf("%s/master.cf", copy->original);
	const char *const argv[] = { "cp", main_cf, master_cf, copy->directory,
				     NULL };
	int result = run(argv, error);

	free(main_cf);
	free(master_cf);
	make_old(copy);
	return result;
}

/* change_some - one run of postconf(1), with up to RUN_MAX of the changes that
 * have this option; from: the first one that counts, then the next one. -e is
 * run for each, since postconf(1) adds new parameters in an order of its own.
 */
static int change_some(const struct postfix_copy *copy, const char *option,
		       const struct postfix_change *changes, size_t count,
		       size_t *from, struct error *error)
{
	const char *argv[RUN_MAX + 5] = { "postconf", "-c", copy->directory,
					  option };
	size_t most = strcmp(option, "-e") == 0 ? 1 : RUN_MAX;
	size_t found = 0;
	int result = 0;

	for (; *from < count && found < most; (*from)++)
		if (strcmp(changes[*from].option, option) == 0)
			argv[4 + found++] = changes[*from].text;
	if (found > 0) {
		result = run(argv, error);
		make_old(copy);
	}
	return result;
}

/* postfix_copy_change - make changes, with few runs of postconf(1) */
int postfix_copy_change(const struct postfix_copy *copy,
			const struct postfix_change *changes, size_t count,
			struct error *error)
{
	static const char *const options[] = { "-e", "-P", "-PX",
					       "-M", "-F", "-X" };
	size_t i, from;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		for (from = 0; from < count;)
			if (change_some(copy, options[i], changes, count, &from,
					error) < 0)
				return -1;
	return 0;
}

/* put_back - the name of the original wherever a value has that of the copy */
static void put_back(const struct postfix_copy *copy,
		     struct postfix_values *values)
{
	size_t i;

	for (i = 0; i < values->count; i++) {
		char **value = &values->list[i].value;
		char *found, *text;

		while ((found = strstr(*value, copy->directory)) != NULL) {
			text = xasprintf("%.*s%s%s", (int)(found - *value),
					 *value, copy->original,
					 found + strlen(copy->directory));
			free(*value);
			*value = text;
		}
	}
}

/* postfix_copy_read - as if it were the original */
int postfix_copy_read(const struct postfix_copy *copy, struct postfix *postfix,
		      struct error *error)
{
	size_t i;

	if (postfix_read(postfix, copy->directory, error) < 0)
		return -1;
	free(postfix->directory);
	postfix->directory = xstrdup(copy->original);
	put_back(copy, &postfix->effective);
	for (i = 0; i < postfix->service_count; i++)
		put_back(copy, &postfix->services[i].effective);
	return 0;
}

/* postfix_copy_close - remove its directory */
void postfix_copy_close(struct postfix_copy *copy)
{
	const char *const argv[] = { "rm", "-r", "-f", copy->directory, NULL };
	struct error error;

	if (*copy->directory != '\0' && run(argv, &error) < 0)
		fprintf(stderr, "policyd: %s\n", error.text);
	*copy->directory = '\0';
}
