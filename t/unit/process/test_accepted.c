/* SPDX-License-Identifier: ISC */
/* test_accepted - the text of a configuration in memory, and what is none */

#include "policyd/process/accepted.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/test.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static const char text[] = "a = b\n\0c";
static const struct timespec when = { 1700000000, 123456789 };

/* put - the text above */
static int put(void)
{
	struct error error;
	int fd = accepted_put(text, sizeof(text), &when, &error);

	ck_assert_msg(fd >= 0, "%s", error.text);
	return fd;
}

/* get - it is still that, whoever has read before; when was it read? */
static struct timespec get(int fd)
{
	struct timespec read;
	struct error error;
	size_t length;
	char *got = accepted_get(fd, &length, &read, &error);

	ck_assert_msg(got != NULL, "%s", error.text);
	ck_assert_uint_eq(length, sizeof(text));
	ck_assert_mem_eq(got, text, sizeof(text));
	ck_assert_int_eq(got[length], '\0');
	free(got);
	return read;
}

START_TEST(comes_back)
{
	struct timespec read;
	struct error error;
	int fd = put();

	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(accepted_check(fd, &error), 0);
	read = get(fd);
	ck_assert_int_eq(read.tv_sec, when.tv_sec);
	ck_assert_int_eq(read.tv_nsec, when.tv_nsec);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)sizeof(text));
	get(fd);
	close(fd);
}
END_TEST

START_TEST(cannot_be_changed)
{
	int fd = put();

	ck_assert_int_lt((int)pwrite(fd, "x", 1, 0), 0);
	ck_assert_int_lt((int)pwrite(fd, "x", 1, sizeof(text)), 0);
	ck_assert_int_lt(ftruncate(fd, 0), 0);
	ck_assert_int_lt(ftruncate(fd, 100), 0);
	ck_assert_ptr_eq(mmap(NULL, sizeof(text), PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, 0),
			 MAP_FAILED);
	ck_assert_int_lt(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	get(fd);
	close(fd);
}
END_TEST

/* sealed - a file in memory of that size, with those seals */
static int sealed(off_t size, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

/* again - opened once more */
static int again(int fd, int flags)
{
	char path[64];
	int other;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, flags | O_CLOEXEC);
	ck_assert_int_ge(other, 0);
	close(fd);
	return other;
}

/* one_end - of a pipe */
static int one_end(void)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	close(ends[1]);
	return ends[0];
}

/* wrong - a descriptor of no such text, or -1: these are all */
static int wrong(int number)
{
	switch (number) {
	case 0:
		return one_end();
	case 1:
		return open("/dev/null", O_RDWR);
	case 2:
		return open("/etc/passwd", O_RDONLY);
	case 3:
		return open("/", O_RDONLY | O_DIRECTORY);
	case 4:
		return sealed(ACCEPTED_MAX + 1, SEALS);
	case 5:
		return sealed(1, SEALS & ~F_SEAL_SEAL);
	case 6:
		return sealed(1, SEALS & ~F_SEAL_SHRINK);
	case 7:
		return sealed(1, SEALS & ~F_SEAL_GROW);
	case 8:
		return sealed(1, SEALS & ~F_SEAL_WRITE);
	case 9:
		return again(put(), O_PATH);
	default:
		return -1;
	}
}

START_TEST(what_is_none)
{
	int fd = wrong(_i);
	struct timespec read;
	struct error error;
	size_t length;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(accepted_check(fd, &error), -1);
	ck_assert_str_ne(error.text, "");
	ck_assert_ptr_null(accepted_get(fd, &length, &read, &error));
	close(fd);
}
END_TEST

START_TEST(for_writing_only)
{
	int fd = sealed(1, F_SEAL_SHRINK), other;
	struct error error;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(other, 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, SEALS), 0);
	ck_assert_int_eq(accepted_check(fd, &error), 0);
	ck_assert_int_eq(accepted_check(other, &error), -1);
	close(other);
	close(fd);
}
END_TEST

START_TEST(the_largest_one)
{
	int fd = sealed(ACCEPTED_MAX, SEALS);
	struct timespec read;
	struct error error;
	size_t length;
	char *got = accepted_get(fd, &length, &read, &error);

	ck_assert_msg(got != NULL, "%s", error.text);
	ck_assert_uint_eq(length, ACCEPTED_MAX);
	free(got);
	close(fd);
}
END_TEST

START_TEST(there_is_no_room)
{
	struct rlimit limit = { 1, 1 }, before;
	struct error error;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(accepted_put(text, sizeof(text), &when, &error), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	ck_assert_ptr_nonnull(strstr(error.text, "too large"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("accepted");

	tcase_add_test(tests, comes_back);
	tcase_add_test(tests, cannot_be_changed);
	tcase_add_loop_test(tests, what_is_none, 0, 10);
	tcase_add_test(tests, for_writing_only);
	tcase_add_test(tests, the_largest_one);
	tcase_add_test(tests, there_is_no_room);
	return run_tests("accepted", tests);
}
