/* SPDX-License-Identifier: ISC */
/* test_listener_paths - what happens to files that are in the way of a socket
 */

#include "lib/net/listener.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "t/unit/net/sockets.h"

START_TEST(sets_owner_and_mode)
{
	struct listener_options options = options_for(path);
	struct listener listener;
	struct error error;
	struct stat status;

	options.uid = geteuid() == 0 ? 1 : geteuid();
	options.gid = geteuid() == 0 ? 1 : getegid();
	ck_assert_msg(listener_open(&listener, &options, &error) == 0, "%s",
		      error.text);
	ck_assert_int_eq(lstat(path, &status), 0);
	ck_assert_uint_eq(status.st_uid, options.uid);
	ck_assert_uint_eq(status.st_gid, options.gid);
	ck_assert_uint_eq(status.st_mode & 07777, 0660);
	listener_remove(&listener);
	if (geteuid() != 0) {
		/* A failure to set it is an error, and nothing is left. */
		options.uid = 0;
		ck_assert_int_eq(listener_open(&listener, &options, &error),
				 -1);
		ck_assert_int_lt(lstat(path, &status), 0);
	}
}
END_TEST

START_TEST(listens_at_the_longest_path)
{
	struct listener_options options;
	struct listener listener;
	struct error error;
	char text[128];
	int client;

	memset(text, 'x', sizeof(text));
	memcpy(text, directory, strlen(directory));
	text[strlen(directory)] = '/';
	text[107] = '\0';
	options = options_for(text);
	ck_assert_msg(listener_open(&listener, &options, &error) == 0, "%s",
		      error.text);
	client = unix_socket(text, connect);
	ck_assert_int_ge(client, 0);
	close(client);
	listener_remove(&listener);
}
END_TEST

START_TEST(replaces_a_socket_that_nobody_serves)
{
	struct listener_options options = options_for(path);
	struct listener first, second;
	struct error error;

	ck_assert_int_eq(listener_open(&first, &options, &error), 0);
	listener_close(&first); /* as after kill -9: the name stays */
	ck_assert_msg(listener_open(&second, &options, &error) == 0, "%s",
		      error.text);
	listener_remove(&second);
}
END_TEST

START_TEST(leaves_the_socket_of_another)
{
	struct listener_options options = options_for(path);
	struct listener first, second;
	struct error error;

	ck_assert_int_eq(listener_open(&first, &options, &error), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(listener_open(&second, &options, &error), 0);
	/* The first one must not take the second one's name away. */
	listener_remove(&first);
	ck_assert(listener_in_place(&second));
	listener_remove(&second);
}
END_TEST

START_TEST(refuses_a_socket_in_use)
{
	struct listener_options options = options_for(path);
	struct listener first, second;
	struct error error;
	int clients[3], i;

	/* Also one whose queue is full is alive. */
	clients[0] = unix_socket(path, bind);
	ck_assert_int_ge(clients[0], 0);
	ck_assert_int_eq(listen(clients[0], 0), 0);
	clients[1] = unix_socket(path, connect);
	ck_assert_int_eq(listener_open(&second, &options, &error), -1);
	ck_assert_msg(strstr(error.text, "in use") != NULL, "%s", error.text);
	for (i = 0; i < 2; i++)
		close(clients[i]);
	ck_assert_int_eq(listener_open(&first, &options, &error), 0);
	ck_assert_int_eq(listener_open(&second, &options, &error), -1);
	ck_assert(listener_in_place(&first));
	listener_remove(&first);
}
END_TEST

START_TEST(waits_for_the_previous_one_to_go)
{
	struct listener_options options = options_for(path);
	struct listener first, second;
	struct error error;
	uint64_t took;
	pid_t pid;
	int status;

	/* The other one is somewhere in its two seconds, or not there yet;
	 * once more if we were not quick enough to know that. */
	do {
		ck_assert_int_eq(listener_open(&first, &options, &error), 0);
		took = clock_ms();
		pid = fork();
		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			close(first.fd);
			_exit(listener_open(&second, &options, NULL) == 0 ? 0
									  : 1);
		}
		listener_remove(&first);
		took = clock_ms() - took;
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	} while (status != 0 && took > 1000);
	ck_assert_int_eq(status, 0);
}
END_TEST

static const mode_t others[] = { S_IFREG, S_IFDIR, S_IFIFO, S_IFLNK };

START_TEST(touches_no_other_file)
{
	struct listener_options options = options_for(path);
	struct listener listener;
	struct stat before, after;
	struct error error;

	if (others[_i] == S_IFDIR)
		ck_assert_int_eq(mkdir(path, 0700), 0);
	else if (others[_i] == S_IFLNK)
		ck_assert_int_eq(symlink("/nonexistent", path), 0);
	else
		ck_assert_int_eq(mknod(path, others[_i] | 0600, 0), 0);
	ck_assert_int_eq(lstat(path, &before), 0);
	ck_assert_int_eq(listener_open(&listener, &options, &error), -1);
	ck_assert_msg(strstr(error.text, "not touched") != NULL, "%s",
		      error.text);
	ck_assert_int_eq(lstat(path, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_uint_eq(before.st_mode, after.st_mode);
	if (others[_i] == S_IFDIR)
		rmdir(path);
}
END_TEST

START_TEST(refuses_a_datagram_socket_in_use)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct listener_options options = options_for(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct listener listener;
	struct error error;

	/* Somebody's socket of another kind is alive too. */
	memcpy(address.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	ck_assert_int_eq(listener_open(&listener, &options, &error), -1);
	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
}
END_TEST

START_TEST(sees_that_its_name_was_replaced)
{
	struct listener_options options = options_for(path);
	struct listener listener;
	struct error error;

	ck_assert_int_eq(listener_open(&listener, &options, &error), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(!listener_in_place(&listener));
	ck_assert_int_eq(mknod(path, S_IFREG | 0600, 0), 0);
	ck_assert(!listener_in_place(&listener));
	ck_assert_int_eq(listener_adjust(&listener, &options, &error), -1);
	listener_remove(&listener);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

/* contend - try to get the socket; tell, and keep it until told to end */
static _Noreturn void contend(const struct listener_options *options, int start,
			      int told, int end)
{
	struct listener listener;
	char byte;
	int won;

	if (read(start, &byte, 1) < 0)
		_exit(2);
	won = listener_open(&listener, options, NULL) == 0;
	byte = won ? 'w' : 'l';
	if (write(told, &byte, 1) != 1 || read(end, &byte, 1) < 0)
		_exit(2);
	_exit(0);
}

START_TEST(lets_one_of_two_starts_win)
{
	struct listener_options options = options_for(path);
	int start[2], told[2], end[2], i, status;
	char results[2];

	/* The loser waits 2 s for the winner to go away: the test does not wait
	 * for it, it must only not win as long as the winner is there. */
	ck_assert_int_eq(pipe(start) + pipe(told) + pipe(end), 0);
	for (i = 0; i < 2; i++) {
		if (fork() == 0) {
			close(start[1]);
			close(end[1]);
			contend(&options, start[0], told[1], end[0]);
		}
	}
	close(start[1]);
	close(end[0]);
	ck_assert_int_eq(read(told[0], &results[0], 1), 1);
	ck_assert_int_eq(results[0], 'w');
	ck_assert_int_eq(fcntl(told[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(read(told[0], &results[1], 1), -1);
	i = unix_socket(path, connect);
	ck_assert_int_ge(i, 0);
	close(i);
	close(end[1]);
	for (i = 0; i < 2; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	close(start[0]);
	close(told[0]);
	close(told[1]);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("listener");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, sets_owner_and_mode);
	tcase_add_test(tests, listens_at_the_longest_path);
	tcase_add_test(tests, replaces_a_socket_that_nobody_serves);
	tcase_add_test(tests, leaves_the_socket_of_another);
	tcase_add_test(tests, refuses_a_socket_in_use);
	tcase_add_test(tests, waits_for_the_previous_one_to_go);
	tcase_add_loop_test(tests, touches_no_other_file, 0, COUNT(others));
	tcase_add_test(tests, refuses_a_datagram_socket_in_use);
	tcase_add_test(tests, sees_that_its_name_was_replaced);
	tcase_add_loop_test(tests, lets_one_of_two_starts_win, 0, 100);

	return run_tests("listener_paths", tests);
}
