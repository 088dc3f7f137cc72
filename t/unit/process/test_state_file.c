/* SPDX-License-Identifier: ISC */
/* test_state_file - the file that says what is loaded: read by anyone, while
 * the process lives that wrote it */

#include "policyd/process/state_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/unit/test.h"

static char directory[64];
static char *pid_file;

static void set_up(void)
{
	strcpy(directory, "/tmp/test_state_file.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	pid_file = xasprintf("%s/policyd.pid", directory);
	unsetenv("RUNTIME_DIRECTORY");
}

static void tear_down(void)
{
	free(pid_file);
	ck_assert_int_eq(rmdir(directory), 0);
}

/* reads - what is in the state file; NULL: nobody lives who wrote it */
static char *reads(const char *name)
{
	char *path = xasprintf("%s/%s", directory, name), *text;
	struct error error;
	uid_t owner = (uid_t)-1;

	text = state_file_read(path, &owner, &error);
	ck_assert_str_eq(error.text, "");
	if (text != NULL)
		ck_assert_uint_eq(owner, geteuid());
	free(path);
	return text;
}

/* expect - the state file of this name has this text; NULL: there is none */
static void expect(const char *name, const char *text)
{
	char *found = reads(name);

	if (text == NULL)
		ck_assert_ptr_null(found);
	else
		ck_assert_str_eq(found, text);
	free(found);
}

/* begin - choose and write */
static void begin(struct state_file *file, const char *text)
{
	struct error error;

	ck_assert_int_eq(state_file_choose(file, pid_file, false, &error), 0);
	ck_assert_int_eq(state_file_write(file, xstrdup(text), &error), 0);
}

START_TEST(is_written_and_read)
{
	struct state_file file = { 0 };
	struct error error;
	struct stat status;

	expect("policyd.state", NULL);
	begin(&file, "one\n");
	expect("policyd.state", "one\n");
	ck_assert_int_eq(state_file_write(&file, xstrdup("two\n"), &error), 0);
	ck_assert_int_eq(state_file_write(&file, xstrdup("two\n"), &error), 0);
	expect("policyd.state", "two\n");
	ck_assert_int_eq(stat(file.path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0644);
	state_file_remove(&file);
	expect("policyd.state", NULL);
	state_file_remove(&file);
}
END_TEST

/* Where a supervisor has made a directory, it is there. */
START_TEST(is_in_the_runtime_directory)
{
	struct state_file file = { 0 };
	char *paths[STATE_FILE_CANDIDATES], *runtime;
	size_t count;

	runtime = xasprintf("%s/run:/nowhere", directory);
	setenv("RUNTIME_DIRECTORY", runtime, 1);
	*strchr(runtime, ':') = '\0';
	ck_assert_int_eq(mkdir(runtime, 0755), 0);
	begin(&file, "one\n");
	expect("run/policyd.state", "one\n");
	expect("policyd.state", NULL);
	count = state_file_candidates(pid_file, paths);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(paths[0], file.path);
	ck_assert_str_eq(paths[2], "/run/policyd/policyd.state");
	while (count > 0)
		free(paths[--count]);
	state_file_remove(&file);
	ck_assert_int_eq(state_file_choose(&file, pid_file, true, NULL), 0);
	ck_assert_int_eq(strncmp(file.path, directory, strlen(directory)), 0);
	ck_assert_ptr_null(strstr(file.path, "/run/"));
	state_file_remove(&file);
	ck_assert_int_eq(rmdir(runtime), 0);
	free(runtime);
	unsetenv("RUNTIME_DIRECTORY");
}
END_TEST

/* What a killed one has left behind is not believed, and is replaced. */
START_TEST(of_a_process_that_died)
{
	struct state_file file = { 0 };
	pid_t pid = fork();

	if (pid == 0) {
		begin(&file, "dead\n");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	expect("policyd.state", NULL);
	begin(&file, "alive\n");
	expect("policyd.state", "alive\n");
	state_file_remove(&file);
}
END_TEST

/* Two that would use one file: the second does without, and leaves it alone. */
START_TEST(of_another_one)
{
	struct state_file file = { 0 }, other = { 0 };
	struct error error;

	begin(&file, "one\n");
	ck_assert_int_eq(state_file_choose(&other, pid_file, false, &error),
			 -1);
	ck_assert_ptr_nonnull(strstr(error.text, "another policyd has it"));
	ck_assert_int_eq(state_file_write(&other, xstrdup("x"), &error), 0);
	state_file_remove(&other);
	expect("policyd.state", "one\n");
	state_file_remove(&file);
}
END_TEST

/* Nothing is written through a link, and a failure leaves nothing old. */
START_TEST(cannot_be_written)
{
	struct state_file file = { 0 };
	struct error error;
	char *next;

	begin(&file, "one\n");
	next = xasprintf("%s.new", file.path);
	ck_assert_int_eq(mkdir(next, 0755), 0);
	ck_assert_int_eq(state_file_write(&file, xstrdup("two\n"), &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "policyd.state: "));
	expect("policyd.state", NULL);
	ck_assert_int_eq(rmdir(next), 0);
	free(next);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("state_file");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, is_written_and_read);
	tcase_add_test(tests, is_in_the_runtime_directory);
	tcase_add_test(tests, of_a_process_that_died);
	tcase_add_test(tests, of_another_one);
	tcase_add_test(tests, cannot_be_written);
	return run_tests("state_file", tests);
}
