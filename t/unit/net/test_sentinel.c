/* SPDX-License-Identifier: ISC */
/* What a Sentinel is asked, and any answer that it may give. */

#include "lib/net/sentinel.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/net/listener.h"
#include "t/unit/test.h"

#define ASKED "*3\r\n$8\r\nSENTINEL\r\n$23\r\nget-master-addr-by-name\r\n"
#define GOOD  "*2\r\n$9\r\n192.0.2.7\r\n$4\r\n6379\r\n"

/* The words that are sent. */
static const struct {
	const char *name, *username, *password, *bytes;
} questions[] = {
	{ "mymaster", NULL, NULL, ASKED "$8\r\nmymaster\r\n" },
	{ "x", "", "", ASKED "$1\r\nx\r\n" },
	{ "x", "user", "", ASKED "$1\r\nx\r\n" },
	{ "x", NULL, "secret",
	  "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n" ASKED "$1\r\nx\r\n" },
	{ "x", "user", "a b",
	  "*3\r\n$4\r\nAUTH\r\n$4\r\nuser\r\n$3\r\na b\r\n" ASKED
	  "$1\r\nx\r\n" },
};

START_TEST(question)
{
	struct sentinel_question asked;

	ck_assert_int_eq(sentinel_ask(&asked, questions[_i].name,
				      questions[_i].username,
				      questions[_i].password, NULL),
			 0);
	ck_assert_uint_eq(asked.length, strlen(questions[_i].bytes));
	ck_assert_mem_eq(asked.bytes, questions[_i].bytes, asked.length);
}
END_TEST

/* Whatever the lengths: all of it, or nothing. */
START_TEST(too_long)
{
	struct sentinel_question asked;
	struct error error;
	char text[1200];
	size_t fits = 0;

	for (size_t length = 1; length < sizeof(text); length++) {
		memset(text, 'x', sizeof(text));
		text[length] = '\0';
		if (sentinel_ask(&asked, "name", _i == 1 ? text : NULL,
				 _i == 0   ? NULL
				 : _i == 1 ? "p"
					   : text,
				 &error) == 0) {
			ck_assert_uint_eq(fits + 1, length);
			fits = length;
			if (_i == 0)
				break;
			ck_assert_uint_le(asked.length, sizeof(asked.bytes));
			ck_assert_mem_eq(asked.bytes + asked.length - 6,
					 "name\r\n", 6);
		}
	}
	ck_assert_uint_ge(fits, _i == 0 ? 1 : 800);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(sentinel_ask(&asked, text, NULL, NULL, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "too long"));
}
END_TEST

/* Good ones: byte by byte there is more to come until all of it is there. */
static const struct {
	const char *bytes, *address;
} good[] = {
	{ GOOD, "inet:192.0.2.7:6379" },
	{ "+OK\r\n" GOOD, "inet:192.0.2.7:6379" },
	{ "*2\r\n$3\r\n::1\r\n$1\r\n1\r\n", "inet:[::1]:1" },
	{ "*2\r\n$11\r\n2001:db8::1\r\n$5\r\n65535\r\n",
	  "inet:[2001:db8::1]:65535" },
};

START_TEST(good_answer)
{
	char address[SENTINEL_ADDRESS] = "";
	size_t length = strlen(good[_i].bytes);
	struct listener_options options;

	for (size_t i = 0; i < length; i++)
		ck_assert_int_eq(
			sentinel_answer(good[_i].bytes, i, address, NULL), 0);
	ck_assert_int_eq(sentinel_answer(good[_i].bytes, length, address, NULL),
			 1);
	ck_assert_str_eq(address, good[_i].address);
	ck_assert_int_eq(listener_parse(&options, address, NULL), 0);
}
END_TEST

#define NONE	"is no answer of a Sentinel"
#define UNKNOWN "it knows no primary of that name"

/* Anything else, and what is said of it. */
static const struct {
	const char *bytes, *why;
} bad[] = {
	{ "*-1\r\n", UNKNOWN },
	{ "$-1\r\n", UNKNOWN },
	{ "+OK\r\n*-1\r\n", UNKNOWN },
	{ "-ERR unknown command 'SENTINEL'\r\n",
	  "it says: ERR unknown command 'SENTINEL'" },
	{ "-NOAUTH Authentication required.\r\n", "it says: NOAUTH" },
	{ "-WRONGPASS\x1b[31m\r\n-NOAUTH\r\n", "it says: WRONGPASS?[31m" },
	{ "+OK\r\n-ERR no\r\n", "it says: ERR no" },
	{ "+OK\r\n+OK\r\n", NONE },
	{ "+PONG\r\n", NONE },
	{ ":1\r\n", NONE },
	{ "*0\r\n", NONE },
	{ "*1\r\n$9\r\n192.0.2.7\r\n", NONE },
	{ "*3\r\n$9\r\n192.0.2.7\r\n$4\r\n6379\r\n$1\r\nx\r\n", NONE },
	{ GOOD "x", NONE },
	{ GOOD GOOD, NONE },
	{ "\n", NONE },
	{ "*2\n$9\r\n", NONE },
	{ "*2\r\n:9\r\n", NONE },
	{ "*2\r\n$8\r\n192.0.2.7\r\n", NONE },
	{ "*2\r\n$10\r\n192.0.2.7\r\n", NONE },
	{ "*2\r\n$09\r\n192.0.2.7\r\n", NONE },
	{ "*2\r\n$0\r\n\r\n", NONE },
	{ "*2\r\n$-1\r\n", NONE },
	{ "*2\r\n$\r\n", NONE },
	{ "*2\r\n$9x\r\n", NONE },
	{ "*2\r\n$64\r\n", NONE },
	{ "*2\r\n$999999\r\n", NONE },
	{ "*2\r\n$99999999999999999999\r\n", NONE },
	{ "*2\r\n$9\r\n192.0.2.7\r\n*0\r\n", NONE },
	{ "*2\r\n$4\r\nhost\r\n$4\r\n6379\r\n", "a name, \"host\"" },
	{ "*2\r\n$13\r\nfe80::1%eth0x\r\n$1\r\n1\r\n", "a name" },
	{ "*2\r\n$12\r\n192.0.2.7:80\r\n$1\r\n1\r\n", "a name" },
	{ "*2\r\n$10\r\nunix:/x/yz\r\n$1\r\n1\r\n", "a name" },
	{ "*2\r\n$9\r\n192.0.2.7\r\n$1\r\n0\r\n", "the port \"0\"" },
	{ "*2\r\n$9\r\n192.0.2.7\r\n$5\r\n65536\r\n", "the port" },
	{ "*2\r\n$9\r\n192.0.2.7\r\n$6\r\n999999\r\n", "the port" },
	{ "*2\r\n$9\r\n192.0.2.7\r\n$2\r\n-1\r\n", "the port" },
	{ "*2\r\n$9\r\n192.0.2.7\r\n$3\r\n 80\r\n", "the port" },
	{ "HTTP/1.1 400 Bad Request\r\n\r\n", NONE },
};

START_TEST(bad_answer)
{
	char address[SENTINEL_ADDRESS] = "untouched";
	struct error error = { "" };

	ck_assert_int_eq(sentinel_answer(bad[_i].bytes, strlen(bad[_i].bytes),
					 address, &error),
			 -1);
	ck_assert_msg(strstr(error.text, bad[_i].why) != NULL, "%d: %s", _i,
		      error.text);
	ck_assert_str_eq(address, "untouched");
}
END_TEST

/* It has no end, or a NUL inside. */
START_TEST(endless)
{
	char bytes[SENTINEL_ANSWER_MAX], address[SENTINEL_ADDRESS];
	struct error error;

	memset(bytes, '\0', sizeof(bytes));
	memcpy(bytes, "*2\r\n$9\r\n192.0.2\0007\r\n", 19);
	ck_assert_int_eq(sentinel_answer(bytes, 19, address, &error), -1);
	memset(bytes, '-', sizeof(bytes));
	ck_assert_int_eq(sentinel_answer(bytes, 100, address, &error), 0);
	ck_assert_int_eq(sentinel_answer(bytes, sizeof(bytes), address, &error),
			 -1);
	ck_assert_ptr_nonnull(strstr(error.text, NONE));
}
END_TEST

/* --- a process that may wait */

static char place[] = "/tmp/sentinelXXXXXX";

/* sentinel_at - a process that answers one question; its address */
static pid_t sentinel_at(const char *says, char *address, size_t size)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char asked[1024];
	pid_t pid;

	ck_assert_ptr_nonnull(mkdtemp(place));
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/socket", place);
	snprintf(address, size, "unix:%s", un.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int client = accept(fd, NULL, NULL);

		if (recv(client, asked, sizeof(asked), 0) > 0 && says != NULL)
			send(client, says, strlen(says), MSG_NOSIGNAL);
		while (says != NULL && says[0] == '*' && says[1] == '2' &&
		       recv(client, asked, sizeof(asked), 0) > 0)
			;
		_exit(0);
	}
	close(fd);
	return pid;
}

/* What it says, and what comes of it. */
static const struct {
	const char *says, *address, *why;
} found[] = {
	{ GOOD, "inet:192.0.2.7:6379", "" },
	{ "-ERR no\r\n", "", "it says: ERR no" },
	{ NULL, "", "it closed the connection" },
	{ "*2\r\n$9\r\n192", "", "no answer" },
};

START_TEST(find)
{
	char sentinel[100], address[SENTINEL_ADDRESS] = "";
	struct sentinel_question asked;
	struct error error = { "" };
	pid_t pid = sentinel_at(found[_i].says, sentinel, sizeof(sentinel));
	int result;

	ck_assert_int_eq(sentinel_ask(&asked, "x", NULL, NULL, NULL), 0);
	result = sentinel_find(sentinel, &asked, _i == 3 ? 1 : TEST_WAIT_S,
			       address, &error);
	ck_assert_int_eq(result, found[_i].why[0] == '\0' ? 0 : -1);
	ck_assert_str_eq(address, found[_i].address);
	ck_assert_ptr_nonnull(strstr(error.text, found[_i].why));
	if (result < 0)
		ck_assert_int_eq(
			strncmp(error.text, sentinel, strlen(sentinel)), 0);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	run_shell("rm -r %s", place);
	ck_assert_int_eq(sentinel_find(sentinel, &asked, 1, address, &error),
			 -1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("sentinel");

	tcase_add_loop_test(tests, question, 0, COUNT(questions));
	tcase_add_loop_test(tests, too_long, 0, 3);
	tcase_add_loop_test(tests, good_answer, 0, COUNT(good));
	tcase_add_loop_test(tests, bad_answer, 0, COUNT(bad));
	tcase_add_test(tests, endless);
	tcase_add_loop_test(tests, find, 0, COUNT(found));
	return run_tests("sentinel", tests);
}
