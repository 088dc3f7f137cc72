/* SPDX-License-Identifier: ISC */
/* test_capabilities - those that are kept, and no others, for good */

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policyd/process/capabilities.h"
#include "t/unit/test.h"

/* bound_child - has it what it kept, and nothing else, for good? */
static int bound_child(void)
{
	const uint64_t kept = CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_SETPCAP);
	struct error error;

	if (capabilities_bound(kept, &error) < 0 ||
	    capabilities_keep(kept, &error) < 0)
		return 1;
	if (geteuid() == 0 &&
	    (prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) != 1 ||
	     prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 0 ||
	     setgroups(0, NULL) == 0))
		return 2;
	return 0;
}

START_TEST(keeps_only_these_capabilities)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(bound_child());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("capabilities");

	tcase_add_test(tests, keeps_only_these_capabilities);
	return run_tests("capabilities", tests);
}
