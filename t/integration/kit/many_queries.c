/* SPDX-License-Identifier: ISC */
/* many_queries - policyd -q of many configurations, for test_networks.py
 *
 *	many_queries CONFIGURATION ...
 *
 * Of each: the requests are in CONFIGURATION.in, what policyd prints goes to
 * CONFIGURATION.out and CONFIGURATION.err, and its exit status is a line here.
 * This is all of the program, main() included, in a process of its own for each
 * configuration; but the program is not started again each time, and the first
 * answer of postconf(1) is that of all. So import_postfix must name the same
 * directory in each of them, and nothing in it may change. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/postconf.h"
#include "lib/session/session.h"

#define ANSWER_MAX 65536

/* main() of policyd */
int policyd_main(int argc, char **argv);

/* postconf_values(), and what is called in its place; see ld(1), --wrap */
int __real_postconf_values(const char *directory, const char *const names[],
			   size_t count, char *values[], struct error *error);
int __wrap_postconf_values(const char *directory, const char *const names[],
			   size_t count, char *values[], struct error *error);

/* The first answer, as postconf(1) printed it; shared with all children. */
static char *answer;

/* keep - values as "name = value" lines */
static void keep(const char *const names[], size_t count, char *const values[])
{
	size_t used = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (values[i] != NULL && used < ANSWER_MAX)
			used += (size_t)snprintf(answer + used,
						 ANSWER_MAX - used, "%s = %s\n",
						 names[i], values[i]);
	if (used >= ANSWER_MAX)
		*answer = '\0'; /* too long: ask each time */
}

int __wrap_postconf_values(const char *directory, const char *const names[],
			   size_t count, char *values[], struct error *error)
{
	char *text;
	size_t i;
	int result;

	if (*answer == '\0') {
		result = __real_postconf_values(directory, names, count, values,
						error);
		if (result == 0)
			keep(names, count, values);
		return result;
	}
	for (i = 0; i < count; i++)
		values[i] = NULL;
	text = xstrdup(answer);
	result = postconf_values_parse(text, names, count, values, error);
	free(text);
	return result;
}

/* redirect - a descriptor from or to CONFIGURATION + ending */
static void redirect(int descriptor, const char *path, const char *ending,
		     int flags)
{
	char *name = xasprintf("%s%s", path, ending);
	int file = open(name, flags, 0600);

	if (file < 0 || dup2(file, descriptor) < 0) {
		perror(name);
		_exit(EXIT_FAILURE);
	}
	close(file);
	free(name);
}

/* ask - policyd -q -c path; does not return */
static void ask(char *path)
{
	char program[] = "policyd", query[] = "-q", option[] = "-c";
	char *argv[] = { program, query, option, path, NULL };
	const int write_only = O_WRONLY | O_CREAT | O_TRUNC;

	redirect(STDIN_FILENO, path, ".in", O_RDONLY);
	redirect(STDOUT_FILENO, path, ".out", write_only);
	redirect(STDERR_FILENO, path, ".err", write_only);
	exit(policyd_main(4, argv));
}

int main(int argc, char *argv[])
{
	int i, status;
	pid_t child;

	answer = mmap(NULL, ANSWER_MAX, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (answer == MAP_FAILED) {
		perror("mmap");
		return EXIT_FAILURE;
	}
	openssl_init(); /* not in each child again */
	for (i = 1; i < argc; i++) {
		fflush(stdout); /* or the child has it, too */
		child = fork();
		if (child == 0)
			ask(argv[i]);
		if (child < 0 || waitpid(child, &status, 0) != child) {
			perror("policyd");
			return EXIT_FAILURE;
		}
		printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	}
	return EXIT_SUCCESS;
}
