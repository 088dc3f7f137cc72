/* SPDX-License-Identifier: ISC */
/* test_landlock - what it refuses without the filter of system calls */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policyd/process/landlock.h"
#include "t/unit/test.h"

/* only_landlock - without the filter: open, make a file, connect */
static int only_landlock(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(9) };
	struct error error;
	int version, fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	version = landlock_enter(&error);
	if (version <= 0)
		return version == 0 ? 0 : 1;
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		return 2;
	if (open("/tmp/policyd-test-landlock", O_CREAT | O_WRONLY, 0600) >= 0 ||
	    errno != EACCES)
		return 3;
	if (version >= 4 &&
	    (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
	     errno != EACCES))
		return 4;
	if (version >= 6 && (kill(getppid(), 0) == 0 || errno != EPERM))
		return 5;
	return write(STDERR_FILENO, "", 0) == 0 ? 0 : 6;
}

START_TEST(landlock_alone_holds_too)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(only_landlock());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("landlock");

	tcase_add_test(tests, landlock_alone_holds_too);
	return run_tests("landlock", tests);
}
