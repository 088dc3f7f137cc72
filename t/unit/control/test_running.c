/* SPDX-License-Identifier: ISC */
/* test_running - where the state of a policyd is looked for: what its file says
 * about that, even if the file is broken */

#include "policyd/control/running.h"

#include <string.h>
#include <unistd.h>

#include "t/unit/test.h"

static const struct {
	const char *text;
	const char *place;
} cases[] = {
	{ "", "/run/policyd.state" },
	{ "pid_file = \"/x/y.pid\"\n", "/x/y.state" },
	{ "\tpid_file='/x/y'", "/x/y.state" },
	{ "pid_file = /x/y\n", "/x/y.state" },
	{ "log = \"a\" pid_file = \"/x/y.pid\" user = \"b\"", "/x/y.state" },
	{ "# pid_file = \"/z\"\n// pid_file = /z\n/* pid_file = /z\n*/"
	  "pid_file\n=\n\"/x/y.pid\"",
	  "/x/y.state" },
	{ "a = \"pid_file = /z\"\nb = 'it\\'s pid_file = /z'\n{{ pid_file = "
	  "/x/y",
	  "/x/y.state" },
	{ "my_pid_file = /z\npid_files = /z\npid_file /z\n",
	  "/run/policyd.state" },
	{ "pid_file = relative", "/run/policyd.state" },
	{ "pid_file = \"", "/run/policyd.state" },
	{ "pid_file =", "/run/policyd.state" },
	{ "/*", "/run/policyd.state" },
	{ "\"", "/run/policyd.state" },
};

START_TEST(is_looked_for)
{
	char path[] = "/tmp/test_running.XXXXXX", expected[200];
	int fd = mkstemp(path);
	size_t length = strlen(cases[_i].text);
	struct running running;
	struct error why;

	unsetenv("RUNTIME_DIRECTORY");
	ck_assert_int_eq(write(fd, cases[_i].text, length), (ssize_t)length);
	close(fd);
	/* A policyd of this host has another configuration. */
	if (running_find(&running, path, &why) == 0 &&
	    strstr(why.text, "has loaded") == NULL) {
		snprintf(expected, sizeof(expected),
			 "no policyd runs with %s: there is neither %s nor ",
			 path, cases[_i].place);
		ck_assert_msg(strncmp(why.text, expected, strlen(expected)) ==
				      0,
			      "%s: %s", cases[_i].text, why.text);
	}
	running_clear(&running);
	ck_assert_int_eq(running_behind(path, stderr), 0);
	unlink(path);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("running");

	tcase_add_loop_test(tests, is_looked_for, 0, COUNT(cases));
	return run_tests("running", tests);
}
