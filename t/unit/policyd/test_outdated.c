/* SPDX-License-Identifier: ISC */
/* test_outdated - whether -t can tell that main.cf is newer than the daemon */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policyd/outdated.h"
#include "policyd/process/pid_file.h"
#include "t/unit/test.h"

static char directory[64];
static struct config config;

/* put - write a file */
static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

/* set_up - main.cf, and a pid file that is ours */
static void set_up(void)
{
	char text[32];

	strcpy(directory, "/tmp/test_outdated.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	config.main_cf = xasprintf("%s/main.cf", directory);
	config.pid_file = xasprintf("%s/pid", directory);
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	put(config.main_cf, "");
	put(config.pid_file, text);
}

static void tear_down(void)
{
	unlink(config.main_cf);
	unlink(config.pid_file);
	free(config.main_cf);
	free(config.pid_file);
	ck_assert_int_eq(rmdir(directory), 0);
}

/* loaded - as if the daemon had loaded this many ns after main.cf changed */
static void loaded(long ns)
{
	struct pid_file file = { config.pid_file,
				 open(config.pid_file, O_WRONLY | O_CLOEXEC) };
	struct timespec when;
	struct stat status;
	struct error error;

	ck_assert_int_ge(file.fd, 0);
	ck_assert_int_eq(stat(config.main_cf, &status), 0);
	when = status.st_ctim;
	when.tv_nsec += ns;
	if (when.tv_nsec < 0) {
		when.tv_nsec += 1000000000;
		when.tv_sec--;
	} else if (when.tv_nsec >= 1000000000) {
		when.tv_nsec -= 1000000000;
		when.tv_sec++;
	}
	ck_assert_int_eq(pid_file_touch(&file, &when, &error), 0);
	close(file.fd);
}

START_TEST(compares_times)
{
	pid_t pid = 0;

	loaded(1);
	ck_assert_int_eq(outdated_main_cf(&config, &pid), 0);
	loaded(0);
	ck_assert_int_eq(outdated_main_cf(&config, &pid), 1);
	ck_assert_int_eq(pid, getpid());
	loaded(-500000000);
	ck_assert_int_eq(outdated_main_cf(&config, &pid), 1);
	loaded(999999999);
	ck_assert_int_eq(outdated_main_cf(&config, &pid), 0);
}
END_TEST

/* A main.cf of old, moved into place, has an old mtime and a new ctime. */
START_TEST(an_older_file_is_a_change)
{
	const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	pid_t pid;

	loaded(1);
	do {
		ck_assert_int_eq(utimensat(AT_FDCWD, config.main_cf, old, 0),
				 0);
	} while (!outdated_main_cf(&config, &pid));
}
END_TEST

START_TEST(no_daemon_no_warning)
{
	char *main_cf = config.main_cf;
	char text[32];
	pid_t pid;

	put(config.pid_file, "");
	ck_assert_int_eq(outdated_main_cf(&config, &pid), 0);
	put(config.pid_file, "0\n");
	ck_assert_int_eq(outdated_main_cf(&config, &pid), 0);
	put(config.pid_file, "12 precious\n");
	ck_assert_int_eq(outdated_main_cf(&config, &pid), 0);
	pid = fork();
	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	snprintf(text, sizeof(text), "%ld\n", (long)pid);
	put(config.pid_file, text);
	ck_assert_int_eq(outdated_main_cf(&config, &pid), 0);
	unlink(config.pid_file);
	ck_assert_int_eq(outdated_main_cf(&config, &pid), 0);
	config.main_cf = NULL;
	ck_assert_int_eq(outdated_main_cf(&config, &pid), 0);
	config.main_cf = main_cf;
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("outdated");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, compares_times);
	tcase_add_test(tests, an_older_file_is_a_change);
	tcase_add_test(tests, no_daemon_no_warning);
	return run_tests("outdated", tests);
}
