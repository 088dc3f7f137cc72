/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_TEST_H
#define T_UNIT_TEST_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/xalloc.h"

/* What the test programs share. */

/* Seconds after which what does not come hangs, as WAIT in t/integration. Tests
 * wait for events, so that it costs nothing to be generous. */
#define TEST_WAIT_S 120

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Check notes each assertion that holds in a file, for the case that the test
 * crashes later. Some tests here assert millions of times: leave that out,
 * since a sanitizer or a debugger names the place of a crash anyway. */
#define _mark_point(file, line) ((void)0)

/* run_tests - run one case as a suite; the exit status for main() */
static inline int run_tests(const char *name, TCase *tests)
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 5 * TEST_WAIT_S);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	if (srunner_ntests_run(runner) == 0)
		failed = 1;
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* mutants - how many random inputs to try: TEST_MUTANTS, or usual, or, if that
 * is fewer, TEST_MUTANTS_MAX */
static inline int mutants(int usual)
{
	const char *number = getenv("TEST_MUTANTS");
	const char *most = getenv("TEST_MUTANTS_MAX");

	if (number != NULL && atoi(number) > 0)
		return atoi(number);
	return most != NULL && atoi(most) > 0 && atoi(most) < usual ? atoi(most)
								    : usual;
}

/* read_whole - a file, with a NUL after it; the caller frees it */
static inline char *read_whole(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *bytes = NULL;
	size_t length = 0;

	ck_assert_msg(file != NULL, "cannot open %s", path);
	for (;;) {
		size_t count;

		bytes = xreallocarray(bytes, length + 65537, 1);
		count = fread(bytes + length, 1, 65536, file);
		length += count;
		if (count == 0)
			break;
	}
	fclose(file);
	bytes[length] = '\0';
	*size = length;
	return bytes;
}

/* try_shell - a command; its status, as of system(3) */
__attribute__((format(printf, 1, 2))) static inline int
try_shell(const char *format, ...)
{
	va_list arguments;
	char *command;
	int status;

	va_start(arguments, format);
	ck_assert_int_ge(vasprintf(&command, format, arguments), 0);
	va_end(arguments);
	status = system(command);
	free(command);
	return status;
}

/* run_shell - a command that must succeed */
#define run_shell(...) ck_assert_int_eq(try_shell(__VA_ARGS__), 0)

#endif
