/* SPDX-License-Identifier: ISC */
/* test_daemon_state - what a running policyd has loaded, as text and back */

#include "policyd/process/daemon_state.h"

#include <string.h>
#include <unistd.h>

#include "t/unit/test.h"

START_TEST(comes_back)
{
	const char *listeners[] = { "unix:/a b=c", "inet:[::1]:1" };
	struct daemon_state state = {
		.version = "1.0",
		.phase = "serving",
		.config = "/etc/a b",
		.reason = "/etc/a b:7: two\nlines = one",
		.pid = 1,
		.server = -2,
		.started = INT64_MAX,
		.answered = 3,
		.config_state = { .inode = UINT64_MAX, .ctime_ns = 999999999 },
		.listeners = listeners,
		.listener_count = 2,
	};
	const struct watched_state seen = { .size = -1, .device = 5 };
	struct daemon_state read;
	struct error error;
	char *text;

	ck_assert_int_eq(watched_files_add(&state.files, "/x y", &seen, &error),
			 0);
	ck_assert_int_eq(
		watched_files_add(&state.files, "/x\ny", &seen, &error), 0);
	text = daemon_state_text(&state);
	daemon_state_parse(&read, text);
	ck_assert_str_eq(read.version, "1.0");
	ck_assert_str_eq(read.config, "/etc/a b");
	ck_assert_str_eq(read.reason, "/etc/a b:7: two lines = one");
	ck_assert_str_eq(read.metrics, "");
	ck_assert_int_eq(read.server, -2);
	ck_assert_int_eq(read.started, INT64_MAX);
	ck_assert_int_eq(read.answered, 3);
	ck_assert_int_eq(read.requested, 0);
	ck_assert(watched_state_is(&read.config_state, &state.config_state));
	ck_assert_uint_eq(read.listener_count, 2);
	ck_assert_str_eq(read.listeners[0], listeners[0]);
	/* A name of two lines is left out. */
	ck_assert_uint_eq(read.files.count, 1);
	ck_assert_str_eq(read.files.items[0].path, "/x y");
	ck_assert(watched_state_is(&read.files.items[0].state, &seen));
	daemon_state_clear(&read);
	watched_files_clear(&state.files);
	free(text);
}
END_TEST

/* Of another version, or damaged: what is not understood is skipped. */
START_TEST(skips_what_it_does_not_know)
{
	char text[] = "pid\nnew=1\n=\n\npid=7x\nfile=1 2 3 /x\nfile=\n"
		      "file=1 2 3 4 5 6 7 relative\nlisten\nphase=";
	struct daemon_state read;

	daemon_state_parse(&read, text);
	ck_assert_int_eq(read.pid, 7);
	ck_assert_str_eq(read.phase, "");
	ck_assert_uint_eq(read.files.count, 0);
	ck_assert_uint_eq(read.listener_count, 0);
	daemon_state_clear(&read);
}
END_TEST

START_TEST(notices_changes)
{
	char path[] = "/tmp/test_daemon_state.XXXXXX";
	int fd = mkstemp(path);
	struct watched_state none = { 0 }, there;

	ck_assert_int_ge(fd, 0);
	watched_state_read(&there, path);
	ck_assert(!daemon_state_changed(path, &there));
	ck_assert(daemon_state_changed(path, &none));
	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert(daemon_state_changed(path, &there));
	close(fd);
	unlink(path);
	ck_assert(daemon_state_changed(path, &there));
	ck_assert(!daemon_state_changed(path, &none));
	/* What cannot be looked at has not changed. */
	ck_assert(!daemon_state_changed("/dev/null/x", &there));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("daemon_state");

	tcase_add_test(tests, comes_back);
	tcase_add_test(tests, skips_what_it_does_not_know);
	tcase_add_test(tests, notices_changes);
	return run_tests("daemon_state", tests);
}
