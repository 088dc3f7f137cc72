/* SPDX-License-Identifier: ISC */
/* postconf - read the configuration of Postfix through postconf(1) */

#include "lib/postfix/postconf.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/subprocess.h"
#include "lib/base/xalloc.h"

#define OUTPUT_MAX ((size_t)64 << 20)

/* run - run postconf with these arguments; all of its output */
static int run(const char *const argv[], const char *directory, char **text,
	       struct error *error)
{
	const struct subprocess_limits limits = { POSTCONF_TIMEOUT_MS,
						  OUTPUT_MAX };
	size_t length;
	int status = subprocess_run(argv, &limits, text, &length, error);

	if (status == 0 && strlen(*text) == length)
		return 0;
	if (status == 127)
		error_set(error, "cannot run postconf: is Postfix installed?");
	else if (status == 0)
		error_set(error, "postconf printed a NUL byte");
	else if (strstr(error->text, "invalid option -- 'x'") != NULL)
		error_set(error, "this Postfix is too old: its postconf has "
				 "no -x (Postfix 2.10 or later is needed)");
	if (status >= 0)
		free(*text);
	*text = NULL;
	return error_prefix(error, "postconf -c %s: ", directory);
}

/* postconf_text - the output of postconf with one option */
int postconf_text(const char *directory, const char *option, char **text,
		  struct error *error)
{
	const char *const argv[] = { "postconf", "-c", directory, option,
				     NULL };

	return run(argv, directory, text, error);
}

/* expanding - the command that prints values with $name expanded, with room for
 * more words; the caller frees it */
static const char **expanding(const char *directory, size_t count)
{
	const char **argv = xcalloc(count + 5, sizeof(*argv));

	argv[0] = "postconf";
	argv[1] = "-c";
	argv[2] = directory;
	argv[3] = "-x";
	return argv;
}

/* postconf_effective - every value, as a service with overrides sees it */
int postconf_effective(const char *directory, const char *const overrides[],
		       size_t count, char **text, struct error *error)
{
	const char **argv = expanding(directory, 2 * count);
	int result;
	size_t i;

	for (i = 0; i < count; i++) {
		argv[4 + 2 * i] = "-o";
		argv[5 + 2 * i] = overrides[i];
	}
	result = run(argv, directory, text, error);
	free(argv);
	return result;
}

/* take_line - "name = value": store the value at the index of its name */
static int take_line(const char *line, const char *const names[], size_t count,
		     char *values[], struct error *error)
{
	size_t length = strcspn(line, " =");
	const char *value = line + length + strspn(line + length, " ");
	size_t i;

	if (*value != '=')
		return error_set(error,
				 "postconf printed \"%.80s\", not "
				 "\"name = value\"",
				 line);
	value++;
	value += strspn(value, " ");
	for (i = 0; i < count; i++) {
		if (strncmp(names[i], line, length) != 0 ||
		    names[i][length] != '\0')
			continue;
		free(values[i]);
		values[i] = xstrdup(value);
		return 0;
	}
	return error_set(error,
			 "postconf printed \"%.80s\", which was not "
			 "asked for",
			 line);
}

/* postconf_values_parse - parse every line */
int postconf_values_parse(char *text, const char *const names[], size_t count,
			  char *values[], struct error *error)
{
	char *rest, *line;
	int result = 0;
	size_t i;

	line = strtok_r(text, "\n", &rest);
	while (result == 0 && line != NULL) {
		result = take_line(line, names, count, values, error);
		line = strtok_r(NULL, "\n", &rest);
	}
	for (i = 0; result != 0 && i < count; i++) {
		free(values[i]);
		values[i] = NULL;
	}
	return result;
}

/* postconf_values - the effective value of each parameter */
int postconf_values(const char *directory, const char *const names[],
		    size_t count, char *values[], struct error *error)
{
	const char **argv = expanding(directory, count);
	char *text = NULL;
	int result;
	size_t i;

	for (i = 0; i < count; i++) {
		argv[4 + i] = names[i];
		values[i] = NULL;
	}
	result = run(argv, directory, &text, error);
	if (result == 0)
		result = postconf_values_parse(text, names, count, values,
					       error);
	free(text);
	free(argv);
	return result;
}
