/* SPDX-License-Identifier: ISC */
/* test_no_filter - a machine for which policyd/process/system_calls.c has no
 * row: it compiles, and everything says that there is no filter */

/* Takes the place of the one in the library. */
#define POLICYD_NO_FILTER
#include "policyd/process/system_calls.c" /* NOLINT(bugprone-suspicious-include) */

#include <sys/wait.h>

#include "policyd/process/privileges.h"
#include "t/unit/test.h"

/* drop - in a child: no filter, and the rest as usual; 0 */
static int drop(void)
{
	struct privileges privileges = { .keep = true };
	struct containment held;
	struct error error;

	if (privileges_drop(&privileges, &held, &error) < 0)
		return 1;
	if (held.system_calls != 0)
		return 2;
	return prctl(PR_GET_SECCOMP) == 0 ? 0 : 3;
}

START_TEST(drops_the_rest)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(drop());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(says_that_there_is_none)
{
#ifdef POLICYD_CONTAIN
	ck_assert_str_eq(privileges_built_in(),
			 "landlock (no seccomp filter for this machine)");
#endif
	ck_assert_uint_eq(system_calls_count(), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("no_filter");

	tcase_add_test(tests, drops_the_rest);
	tcase_add_test(tests, says_that_there_is_none);
	return run_tests("no_filter", tests);
}
