/* SPDX-License-Identifier: ISC */
/* test_log - hostile bytes escaped, and a log that never waits */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/log_batch.h"
#include "t/unit/test.h"

static const struct {
	const char *text, *quoted;
	size_t limit;
} quotes[] = {
	{ "", "", 10 },
	{ "a@b.example", "a@b.example", 80 },
	{ "a b", "a\\x20b", 80 },
	{ "a\"b\\c", "a\\x22b\\x5cc", 80 },
	{ "x\ny\r\t", "x\\x0ay\\x0d\\x09", 80 },
	{ "\xc3\xa9\x7f\x01\xff", "\\xc3\\xa9\\x7f\\x01\\xff", 80 },
	{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8", 80 },
	{ "abcdefghij", "abcdefghij", 10 },
	{ "abcdefghijk", "abcdefg...", 10 },
	{ "abcdef ghijk", "abcdef...", 10 },
	{ "a\nbcdefgh", "a\\x0abc...", 10 },
	{ "abcdef\n\n", "abcdef...", 10 },
	{ "abc", "", 0 },
	{ "abc", "", 2 },
	{ "a=b<c>[d],e", "a=b<c>[d],e", 80 },
};

START_TEST(quotes_hostile_bytes)
{
	char buffer[81];

	ck_assert_uint_eq(log_quote(buffer, quotes[_i].limit, quotes[_i].text),
			  strlen(quotes[_i].quoted));
	ck_assert_str_eq(buffer, quotes[_i].quoted);
}
END_TEST

START_TEST(every_byte_and_limit)
{
	char text[256];
	char buffer[1100];
	size_t limit, i, length;

	for (i = 0; i < 255; i++)
		text[i] = (char)(i + 1);
	text[255] = '\0';
	for (limit = 0; limit < 1090; limit++) {
		length = log_quote(buffer, limit, text);
		ck_assert_uint_le(length, limit);
		ck_assert_uint_eq(strlen(buffer), length);
		for (i = 0; i < length; i++)
			ck_assert(buffer[i] > ' ' && buffer[i] < 0x7f &&
				  buffer[i] != '"');
	}
}
END_TEST

/* Plain bytes are looked at eight at a time, from any place on. */
START_TEST(every_byte_at_every_place)
{
	unsigned char byte = (unsigned char)_i;
	bool plain = byte > ' ' && byte < 0x7f && byte != '"' && byte != '\\';
	char text[] = "abcdefghijklmnopqrst", buffer[81], quoted[81];

	for (size_t place = 0; place < sizeof(text) - 1; place++) {
		char before = text[place];

		text[place] = (char)byte;
		snprintf(quoted, sizeof(quoted),
			 plain ? "%.*s%c%s" : "%.*s\\x%02x%s", (int)place, text,
			 byte, text + place + 1);
		log_quote(buffer, 80, text);
		ck_assert_str_eq(buffer, quoted);
		text[place] = before;
	}
}
END_TEST

START_TEST(writes_to_a_file)
{
	char directory[] = "/tmp/test_log.XXXXXX";
	struct error error;
	struct stat status;
	char *path, *text;
	size_t size;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	path = xasprintf("%s/log", directory);
	ck_assert_int_eq(log_open(path, &error), 0);
	log_info("one %d", 1);
	log_warning("two");
	log_debug("not written");
	log_set_debug(true);
	log_debug("three");
	ck_assert_int_eq(log_open("stderr", &error), 0);
	text = read_whole(path, &size);
	ck_assert_ptr_nonnull(strstr(text, "]: one 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "]: warning: two\n"));
	ck_assert_ptr_nonnull(strstr(text, "]: debug: three\n"));
	ck_assert_ptr_null(strstr(text, "not written"));
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 0007, 0);
	ck_assert_uint_eq(log_dropped(), 0);
	free(text);
	unlink(path);
	free(path);
	rmdir(directory);
}
END_TEST

START_TEST(the_head_is_never_that_of_another)
{
	char directory[] = "/tmp/test_log.XXXXXX";
	struct error error;
	char *path, *text, *child;
	size_t size;
	pid_t pid;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	path = xasprintf("%s/log", directory);
	log_info("to stderr, without a date");
	ck_assert_int_eq(log_open(path, &error), 0);
	log_info("parent");
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		log_info("child");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(log_open("stderr", &error), 0);
	text = read_whole(path, &size);
	ck_assert_msg(text[4] == '-' && text[10] == 'T', "no date: %s", text);
	child = xasprintf(" policyd[%ld]: child\n", (long)pid);
	ck_assert_msg(strstr(text, child) != NULL, "not its number: %s", text);
	free(child);
	free(text);
	unlink(path);
	free(path);
	rmdir(directory);
}
END_TEST

START_TEST(refuses_a_file_that_cannot_be)
{
	struct error error;

	ck_assert_int_eq(log_open("/nonexistent/log", &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent/log"));
	ck_assert_int_eq(log_open("/tmp", &error), -1);
}
END_TEST

START_TEST(a_reader_that_stops_delays_nobody)
{
	struct error error;
	int ends[2];
	int saved = dup(STDERR_FILENO);
	int i;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
	ck_assert_int_eq(log_open("stderr", &error), 0);
	for (i = 0; i < 10000; i++)
		log_info("a line that nobody reads, number %d", i);
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	ck_assert_int_eq(log_open("stderr", &error), 0);
	ck_assert_uint_gt(log_dropped(), 0);
	close(ends[0]);
	close(ends[1]);
	close(saved);
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	char directory[] = "/tmp/test_log.XXXXXX";
	struct error error;
	char *path, *text, *longest = xmalloc(100001);
	size_t size;

	memset(longest, 'x', 100000);
	longest[100000] = '\0';
	ck_assert_ptr_nonnull(mkdtemp(directory));
	path = xasprintf("%s/log", directory);
	ck_assert_int_eq(log_open(path, &error), 0);
	log_info("%s", longest);
	log_info("next");
	ck_assert_int_eq(log_open("stderr", &error), 0);
	text = read_whole(path, &size);
	ck_assert_uint_lt(size, 5000);
	ck_assert_ptr_nonnull(strstr(text, "]: next\n"));
	free(longest);
	free(text);
	unlink(path);
	free(path);
	rmdir(directory);
}
END_TEST

/* Lines that are written together are those that were added, in order. */
START_TEST(a_batch_is_written_whole)
{
	char directory[] = "/tmp/test_log.XXXXXX";
	struct log_batch *batch = log_batch_new();
	unsigned long dropped = log_dropped();
	struct error error;
	char *path, *text, *place, *line = xmalloc(100001);
	size_t size;
	int i;

	memset(line, 'x', 100000);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	path = xasprintf("%s/log", directory);
	ck_assert_int_eq(log_open(path, &error), 0);
	for (i = 0; i < 1000; i++) {
		snprintf(line, 100, "number=%d of 1000", i);
		log_batch_add(batch, line, strlen(line));
	}
	memset(line, 'x', 100);
	log_batch_add(batch, line, 100000);
	log_batch_add(batch, "last", 4);
	log_batch_write(batch);
	text = read_whole(path, &size);
	for (i = 0, place = text; i < 1000; i++) {
		snprintf(line, 100, "]: number=%d of 1000\n", i);
		place = strstr(place, line);
		ck_assert_msg(place != NULL, "%s", line);
	}
	ck_assert_ptr_nonnull(strstr(place, "xxx\n"));
	ck_assert_int_eq(strncmp(text + size - 8, "]: last\n", 8), 0);
	ck_assert_uint_eq(log_dropped(), dropped);
	log_batch_add(batch, "by free", 7);
	log_batch_free(batch);
	free(text);
	text = read_whole(path, &size);
	ck_assert_ptr_nonnull(strstr(text, "by free\n"));
	ck_assert_int_eq(log_open("stderr", &error), 0);
	free(line);
	free(text);
	unlink(path);
	free(path);
	rmdir(directory);
}
END_TEST

/* Only whole lines go into a pipe that does not block; some wait until there is
 * room, and those that come when there is none are counted. */
START_TEST(a_batch_delays_nobody)
{
	unsigned long dropped = log_dropped();
	struct error error;
	struct log_batch *batch = log_batch_new();
	int saved = dup(STDERR_FILENO);
	unsigned long lines = 0;
	static char bytes[1 << 20];
	ssize_t count;
	int ends[2];
	int i;

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
	ck_assert_int_eq(log_open("stderr", &error), 0);
	for (i = 0; i < 10000; i++)
		log_batch_add(batch, "a line that nobody reads", 24);
	ck_assert(log_batch_write(batch));
	count = read(ends[0], bytes, sizeof(bytes));
	ck_assert_int_gt(count, 0);
	ck_assert_int_le(count, (ssize_t)sizeof(bytes));
	ck_assert_int_eq(bytes[count - 1], '\n');
	ck_assert(!log_batch_write(batch));
	count += read(ends[0], bytes + count, sizeof(bytes) - (size_t)count);
	log_batch_free(batch);
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	ck_assert_int_eq(log_open("stderr", &error), 0);
	while (count-- > 0)
		lines += bytes[count] == '\n';
	ck_assert_uint_gt(lines, 100);
	ck_assert_uint_eq(lines + log_dropped() - dropped, 10000);
	close(ends[0]);
	close(ends[1]);
	close(saved);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("log");

	tcase_add_loop_test(tests, quotes_hostile_bytes, 0, COUNT(quotes));
	tcase_add_test(tests, every_byte_and_limit);
	tcase_add_loop_test(tests, every_byte_at_every_place, 1, 256);
	tcase_add_test(tests, writes_to_a_file);
	tcase_add_test(tests, the_head_is_never_that_of_another);
	tcase_add_test(tests, refuses_a_file_that_cannot_be);
	tcase_add_test(tests, a_reader_that_stops_delays_nobody);
	tcase_add_test(tests, a_long_line_is_cut);
	tcase_add_test(tests, a_batch_is_written_whole);
	tcase_add_test(tests, a_batch_delays_nobody);
	return run_tests("log", tests);
}
