/* SPDX-License-Identifier: ISC */
/* test_subprocess - programs that behave, and those that do not */

#include <check.h>
#include <string.h>

#include "lib/base/subprocess.h"
#include "t/unit/test.h"

#define LATE "did not end within"

static const struct {
	const char *script;
	unsigned timeout_ms;
	size_t output_max;
	int status;
	const char *output; /* with a status of 0 or more */
	const char *error;  /* part of the reason */
} runs[] = {
	{ "echo hello", 10000, 100, 0, "hello\n", "" },
	{ "cat", 10000, 100, 0, "", "" },
	{ "printf 'a\\000b'", 10000, 100, 0, "a", "" },
	{ "echo no >&2; echo more >&2; exit 3", 10000, 100, 3, "", "no" },
	{ "echo p: warning: a >&2; echo p: fatal: b >&2; exit 1", 10000, 100, 1,
	  "", "p: fatal: b" },
	{ "echo a >&2; echo p: warning: nesting: x >&2; "
	  "echo p: fatal: macro processing error >&2; exit 1",
	  10000, 100, 1, "", "p: warning: nesting: x" },
	{ "echo p: no -x >&2; echo p: fatal: usage: p >&2; exit 1", 10000, 100,
	  1, "", "p: no -x" },
	{ "printf 'x\\033[1m' >&2; exit 1", 10000, 100, 1, "", "x?[1m" },
	{ "kill -9 $$", 10000, 100, -1, NULL, "signal 9" },
	{ "exec sleep 100", 100, 100, -1, NULL, LATE },
	{ "sleep 100 & sleep 100", 100, 100, -1, NULL, LATE },
	{ "exec >&- 2>&-; exec sleep 100", 100, 100, -1, NULL, "signal 9" },
	{ "yes", 10000, 1000, -1, NULL, "wrote more than 1000 bytes" },
	{ "yes >&2 & sleep 0.1; kill $!; echo done", 10000, 100, 0, "done\n",
	  "y" },
	{ "[ -z \"$SECRET\" ] && echo clean", 10000, 100, 0, "clean\n", "" },
};

START_TEST(runs_to_its_end)
{
	const char *const argv[] = { "sh", "-c", runs[_i].script, NULL };
	struct subprocess_limits limits = { runs[_i].timeout_ms,
					    runs[_i].output_max };
	struct error error = { "" };
	char *output = NULL;
	size_t length = 0;
	int status;

	/* spawn(8) has no sbin in its PATH, and nobody's PATH is trusted */
	setenv("PATH", "/nonexistent", 1);
	setenv("SECRET", "x", 1);
	/* A busy machine may need longer than that to get where it matters. */
	while ((status = subprocess_run(argv, &limits, &output, &length,
					&error)) < 0 &&
	       strstr(error.text, LATE) != NULL &&
	       strcmp(runs[_i].error, LATE) != 0 &&
	       limits.timeout_ms < TEST_WAIT_S * 1000)
		limits.timeout_ms *= 4;
	ck_assert_msg(status == runs[_i].status, "%s: %d %s", runs[_i].script,
		      status, error.text);
	ck_assert_msg(strstr(error.text, runs[_i].error) != NULL, "%s: %s",
		      runs[_i].script, error.text);
	if (status >= 0)
		ck_assert_str_eq(output, runs[_i].output);
	free(output);
}
END_TEST

START_TEST(a_missing_program_is_said)
{
	const char *const argv[] = { "no-such-program-here", NULL };
	struct subprocess_limits limits = { 10000, 100 };
	struct error error = { "" };
	char *output = NULL;
	size_t length = 0;

	ck_assert_int_eq(
		subprocess_run(argv, &limits, &output, &length, &error), 127);
	ck_assert_str_eq(error.text, "No such file or directory");
	free(output);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("subprocess");

	tcase_add_loop_test(tests, runs_to_its_end, 0, COUNT(runs));
	tcase_add_test(tests, a_missing_program_is_said);
	return run_tests("subprocess", tests);
}
