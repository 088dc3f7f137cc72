/* SPDX-License-Identifier: ISC */
/* test_file_events - what the kernel reports about files, from any thread and
 * at once */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file_events.h"
#include "t/unit/test.h"

static char directory[64];
static struct watched_files list;
static struct file_events *events;
static char *paths[3]; /* a, b: of the list; c: beside them */

/* put - write a file, in place */
static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	ck_assert_int_eq(close(fd), 0);
}

/* watch - from now on; a exists, b does not */
static void watch(void)
{
	struct error error;

	file_events_free(events);
	events = file_events_new(&list, &error);
	ck_assert_ptr_nonnull(events);
}

static void set_up(void)
{
	struct error error;
	int i;

	strcpy(directory, "/tmp/test_file_events.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	for (i = 0; i < 3; i++)
		paths[i] = xasprintf("%s/%c", directory, 'a' + i);
	put(paths[0], "1");
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(
			watched_files_add(&list, paths[i], NULL, &error), 0);
	watch();
}

static void tear_down(void)
{
	int i;

	file_events_free(events);
	events = NULL;
	watched_files_clear(&list);
	for (i = 0; i < 3; i++) {
		unlink(paths[i]);
		free(paths[i]);
	}
	ck_assert_int_eq(rmdir(directory), 0);
}

/* write_same - as long as before, perhaps in the same tick of the clock */
static void write_same(void)
{
	put(paths[0], "2");
}

static void move_over(void)
{
	put(paths[2], "2");
	ck_assert_int_eq(rename(paths[2], paths[0]), 0);
}

static void delete (void)
{
	ck_assert_int_eq(unlink(paths[0]), 0);
}

static void move_away(void)
{
	ck_assert_int_eq(rename(paths[0], paths[2]), 0);
}

static void change_mode(void)
{
	ck_assert_int_eq(chmod(paths[0], 0644), 0);
}

static void create(void)
{
	put(paths[1], "");
}

/* come_and_go - the state is the same afterwards */
static void come_and_go(void)
{
	put(paths[1], "");
	ck_assert_int_eq(unlink(paths[1]), 0);
}

static const struct {
	void (*change)(void);
	int path;
} changes[] = {
	{ write_same, 0 },  { move_over, 0 },	{ delete, 0 },
	{ move_away, 0 },   { change_mode, 0 }, { create, 1 },
	{ come_and_go, 1 },
};

START_TEST(reports)
{
	ck_assert(!file_events_changed(events));
	ck_assert_ptr_null(file_events_read(events));
	changes[_i].change();
	ck_assert(file_events_changed(events)); /* before it is read */
	ck_assert_str_eq(file_events_read(events), paths[changes[_i].path]);
	ck_assert_str_eq(file_events_read(events), paths[changes[_i].path]);
	ck_assert(file_events_changed(events));
	file_events_forget(events);
	ck_assert_ptr_null(file_events_read(events));
	ck_assert(!file_events_changed(events));
}
END_TEST

/* Through a symbolic link, its target is what matters. */
START_TEST(follows_links)
{
	ck_assert_int_eq(rename(paths[0], paths[2]), 0);
	ck_assert_int_eq(symlink("c", paths[0]), 0);
	watched_state_read(&list.items[0].state, paths[0]);
	watch();
	ck_assert(!file_events_changed(events));
	put(paths[2], "2");
	ck_assert_str_eq(file_events_read(events), paths[0]);
}
END_TEST

/* On the way to it, a link may get another target, at once or not, and a
 * directory may be replaced; the file itself stays where it is. */
static const struct {
	const char *path;      /* below the directory of the test */
	const char *old, *new; /* renamed */
} ways[] = {
	{ "link/f", "other", "link" },
	{ "through/f", "other", "link" },
	{ "x/f", "x", "z" },
};

/* remove_ways - some of these are there */
static void remove_ways(void)
{
	static const char *const names[] = { "x/f",   "y/f",   "z/f",
					     "link",  "other", "through",
					     "beside" };
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		unlink(names[i]);
	for (i = 0; i < 3; i++)
		rmdir((const char *const[]){ "x", "y", "z" }[i]);
}

START_TEST(watches_the_way)
{
	const char *const names[] = { "x", "y" };
	struct watched_files far = { 0 };
	struct file_events *kernel;
	struct error error;
	char *path;
	int i;

	ck_assert_int_eq(chdir(directory), 0);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(mkdir(names[i], 0700), 0);
		path = xasprintf("%s/f", names[i]);
		put(path, "1");
		free(path);
	}
	ck_assert_int_eq(symlink("x", "link"), 0);
	ck_assert_int_eq(symlink("y", "other"), 0);
	path = xasprintf("%s/link", directory);
	ck_assert_int_eq(symlink(path, "through"), 0);
	free(path);
	path = xasprintf("%s/%s", directory, ways[_i].path);
	ck_assert_int_eq(watched_files_add(&far, path, NULL, &error), 0);
	kernel = file_events_new(&far, &error);
	ck_assert_ptr_nonnull(kernel);
	put("beside", "");
	ck_assert(!file_events_changed(kernel));
	ck_assert_int_eq(rename(ways[_i].old, ways[_i].new), 0);
	ck_assert(file_events_changed(kernel));
	ck_assert_str_eq(file_events_read(kernel), path);
	file_events_free(kernel);
	watched_files_clear(&far);
	free(path);
	remove_ways();
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(ignores_others)
{
	int fd = open(paths[0], O_RDWR);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	put(paths[2], "1");
	ck_assert_int_eq(unlink(paths[2]), 0);
	ck_assert(!file_events_changed(events)); /* before it is read */
	ck_assert_ptr_null(file_events_read(events));
}
END_TEST

/* What changed between the state in the list and the first watch. */
START_TEST(compares_states)
{
	put(paths[1], "1");
	watch();
	ck_assert(file_events_changed(events));
	ck_assert_str_eq(file_events_read(events), paths[1]);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("file_events");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, reports, 0,
			    sizeof(changes) / sizeof(changes[0]));
	tcase_add_test(tests, follows_links);
	tcase_add_loop_test(tests, watches_the_way, 0, COUNT(ways));
	tcase_add_test(tests, ignores_others);
	tcase_add_test(tests, compares_states);
	return run_tests("file_events", tests);
}
