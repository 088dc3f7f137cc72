/* SPDX-License-Identifier: ISC */
/* test_watched_files - which files a list names, and whether they have changed
 */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/watched_files.h"
#include "t/unit/test.h"

static char directory[64];
static struct watched_files list;

/* path_of - a file of the directory; the caller frees it */
static char *path_of(const char *name)
{
	return xasprintf("%s/%s", directory, name);
}

/* put - write a file of the directory, in place */
static void put(const char *name, const char *text)
{
	char *path = path_of(name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	free(path);
}

static void set_up(void)
{
	strcpy(directory, "/tmp/test_watched_files.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void tear_down(void)
{
	static const char *const names[] = { "a", "b" };
	size_t i;

	watched_files_clear(&list);
	for (i = 0; i < 2; i++) {
		char *path = path_of(names[i]);

		unlink(path);
		free(path);
	}
	ck_assert_int_eq(rmdir(directory), 0);
}

/* A list, and the files that it names, with spaces between. */
static const struct {
	const char *text;
	const char *files;
} texts[] = {
	{ "", "" },
	{ "a.test, b.test 192.0.2.0/24 [2001:db8::1]/64 2001:db8::/32", "" },
	{ "/x/a", "/x/a" },
	{ "c.test,/x/a !/x/b,!!/x/c", "/x/a /x/b /x/c" },
	{ "/x/a /x/a", "/x/a" },
	{ "hash:/x/a btree:/x/b",
	  "/x/a.db /x/a.cdb /x/a.lmdb /x/b.db /x/b.cdb /x/b.lmdb" },
	{ "!hash:/x/a cdb:/x/a", "/x/a.db /x/a.cdb /x/a.lmdb" },
	{ "lmdb:/x/a cdb:/x/b", "/x/a.lmdb /x/b.cdb" },
	{ "dbm:/x/a", "/x/a.dir /x/a.pag" },
	{ "sdbm:/x/a", "/x/a.dir /x/a.pag" },
	{ "texthash:/x/a regexp:/x/b pcre:/x/c cidr:/x/d",
	  "/x/a /x/b /x/c /x/d" },
	{ "proxy:hash:/x/a", "/x/a.db /x/a.cdb /x/a.lmdb" },
	{ "mysql:/x/a proxy:pgsql:/x/b static:x hash:a hashes:/x", "" },
	{ "pcre:{{/a b/ /c/} /d/} /x/e", "/x/e" },
	{ "inline:{ /x/a=b } /x/b", "/x/b" },
	{ "unionmap:{hash:/x/a, /x/b}, /x/c", "/x/c" },
	{ "CD:AB:01 cdb:01", "" },
};

/* expect - the files that a text names */
static void expect(const char *text, const char *files)
{
	struct error error;
	char *found = xstrdup(""), *longer;
	size_t i;

	ck_assert_int_eq(watched_files_add_text(&list, text, &error), 0);
	for (i = 0; i < list.count; i++) {
		longer = xasprintf("%s%s%s", found, i > 0 ? " " : "",
				   list.items[i].path);
		free(found);
		found = longer;
	}
	ck_assert_str_eq(found, files);
	free(found);
}

START_TEST(finds_files)
{
	expect(texts[_i].text, texts[_i].files);
}
END_TEST

/* Where a table says what hash: and btree: are. */
static const struct {
	const char *text, *files;
} any[] = {
	{ "hash:/x/a", "/x/a /x/a.dir /x/a.pag /x/a.db /x/a.cdb /x/a.lmdb" },
	{ "!proxy:btree:/x/a",
	  "/x/a /x/a.dir /x/a.pag /x/a.db /x/a.cdb /x/a.lmdb" },
	{ "cdb:/x/a hashes:/x/b hash:c", "/x/a.cdb" },
};

START_TEST(finds_those_of_any_type)
{
	list.any_type = true;
	expect(any[_i].text, any[_i].files);
	watched_files_clear(&list);
	ck_assert(!list.any_type);
}
END_TEST

START_TEST(files_name_files)
{
	char *a = path_of("a"), *b = path_of("b");
	char *text = xasprintf("x.test # \n  # /c\n%s cdb:/x\n!%s\n", b, a);
	struct error error;

	put("a", text);
	put("b", text);
	ck_assert_int_eq(watched_files_add_text(&list, a, &error), 0);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.items[0].path, a);
	ck_assert_str_eq(list.items[1].path, b);
	ck_assert_str_eq(list.items[2].path, "/x.cdb");
	free(text);
	free(a);
	free(b);
}
END_TEST

START_TEST(limits)
{
	char path[WATCHED_PATH_MAX + 1];
	struct error error;
	int i;

	memset(path, '/', sizeof(path));
	path[WATCHED_PATH_MAX] = '\0';
	ck_assert_int_eq(watched_files_add(&list, path, NULL, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "longer than"));
	ck_assert_int_eq(watched_files_add_text(&list, path, &error), -1);
	put("a", path);
	snprintf(path, sizeof(path), "%s/a", directory);
	ck_assert_int_eq(watched_files_add_text(&list, path, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "longer than"));
	watched_files_clear(&list);
	ck_assert_int_eq(watched_files_add(&list, "x", NULL, &error), -1);
	ck_assert_int_eq(watched_files_add(&list, "", NULL, &error), -1);
	for (i = 0; i < WATCHED_FILES_MAX; i++) {
		snprintf(path, sizeof(path), "/none/%d", i);
		ck_assert_int_eq(watched_files_add(&list, path, NULL, &error),
				 0);
	}
	ck_assert_int_eq(watched_files_add(&list, "/none/0", NULL, &error), 0);
	ck_assert_int_eq(watched_files_add(&list, "/more", NULL, &error), -1);
	ck_assert_uint_eq(list.count, WATCHED_FILES_MAX);
}
END_TEST

START_TEST(sees_changes)
{
	const struct timespec old[2] = { { 7, 0 }, { 7, 0 } };
	char *a = path_of("a"), *b = path_of("b");
	struct error error;

	put("b", "12");
	ck_assert_int_eq(watched_files_add(&list, b, NULL, &error), 0);
	ck_assert_int_eq(watched_files_add(&list, a, NULL, &error), 0);
	ck_assert_ptr_null(watched_files_changed(&list));
	put("a", "1"); /* appears */
	ck_assert_str_eq(watched_files_changed(&list), a);
	ck_assert_ptr_null(watched_files_changed(&list));
	put("a", "12"); /* grows */
	ck_assert_str_eq(watched_files_changed(&list), a);
	ck_assert_int_eq(utimensat(AT_FDCWD, a, old, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, b, old, 0), 0);
	ck_assert_str_eq(watched_files_changed(&list), b);
	ck_assert_ptr_null(watched_files_changed(&list));
	ck_assert_int_eq(rename(b, a), 0); /* another inode */
	ck_assert_str_eq(watched_files_changed(&list), b);
	put("b", "");
	ck_assert_str_eq(watched_files_changed(&list), b);
	ck_assert_int_eq(unlink(a), 0);
	ck_assert_str_eq(watched_files_changed(&list), a);
	ck_assert_ptr_null(watched_files_changed(&list));
	free(a);
	free(b);
}
END_TEST

/* A change between the check and the reading is a change. */
START_TEST(knows_the_state_before)
{
	struct watched_state state;
	char *a = path_of("a");
	struct error error;

	put("a", "1");
	watched_state_read(&state, a);
	ck_assert_int_eq(watched_files_add(&list, a, &state, &error), 0);
	ck_assert_ptr_null(watched_files_changed(&list));
	watched_files_clear(&list);
	put("a", "12");
	ck_assert_int_eq(watched_files_add(&list, a, &state, &error), 0);
	ck_assert_str_eq(watched_files_changed(&list), a);
	free(a);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("watched_files");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, finds_files, 0, COUNT(texts));
	tcase_add_loop_test(tests, finds_those_of_any_type, 0, COUNT(any));
	tcase_add_test(tests, files_name_files);
	tcase_add_test(tests, limits);
	tcase_add_test(tests, sees_changes);
	tcase_add_test(tests, knows_the_state_before);
	return run_tests("watched_files", tests);
}
