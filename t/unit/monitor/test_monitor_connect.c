/* SPDX-License-Identifier: ISC */
/* test_monitor_connect - the monitor connects a worker to its store, and to
 * nothing else, and does not wait for it */

#include "t/unit/test.h"
#include "t/unit/monitor/hearing.h"

/* ask_to_connect - a worker does; *fd: what it gets, or -1 */
static void ask_to_connect(int64_t worker, struct channel_message *answer,
			   int *fd)
{
	struct channel_message message;
	struct error error;

	channel_message_init(&message, CHANNEL_CONNECT, worker);
	say(&message);
	ck_assert_str_eq(process->reason.text, "");
	if (!TAILQ_EMPTY(&process->connecting))
		return;
	ck_assert_int_eq(channel_receive(server_end, answer, fd, &error), 1);
	ck_assert_uint_eq(answer->kind, CHANNEL_CONNECTED);
	ck_assert_int_eq(answer->number, worker);
}

/* listen_at - a TCP port; its address is that of the store */
static int listen_at(int backlog)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	char text[64];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length),
			 0);
	snprintf(text, sizeof(text), "inet:127.0.0.1:%u",
		 ntohs(address.sin_port));
	be_stored(text);
	return fd;
}

/* wait_for_connections - until none is being made */
static void wait_for_connections(void)
{
	struct pollfd ready = { .fd = monitor_state.connecting,
				.events = POLLIN };

	while (!TAILQ_EMPTY(&process->connecting)) {
		ck_assert_int_eq(poll(&ready, 1, TEST_WAIT_S * 1000), 1);
		monitor_connect_ready(&monitor_state);
	}
}

START_TEST(connects_a_worker)
{
	struct channel_message answer = { 0 };
	struct epoll_event event;
	struct error error;
	int fd = -1, store;

	be(SERVER_PROCESS_SERVING);
	store = listen_at(8);
	ask_to_connect(3, &answer, &fd);
	if (fd < 0) {
		wait_for_connections();
		ck_assert_int_eq(
			channel_receive(server_end, &answer, &fd, &error), 1);
	}
	ck_assert_int_eq(answer.number, 3);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq((int)write(fd, "x", 1), 1);
	/* It is the server's alone now. */
	if (monitor_state.connecting >= 0)
		ck_assert_int_eq(
			epoll_wait(monitor_state.connecting, &event, 1, 0), 0);
	close(fd);
	close(store);
}
END_TEST

/* Each of them, by its number, for the same worker at once. */
START_TEST(connects_to_the_store_that_is_meant)
{
	struct channel_message answer;
	char text[64];
	int fd = -1;

	be(SERVER_PROCESS_SERVING);
	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "unix:/nothing/%zu", i);
		be_stored(text);
	}
	for (size_t i = 3; i-- > 0;) {
		snprintf(text, sizeof(text), "unix:/nothing/%zu: ", i);
		for (int again = 0; again < 8; again++) {
			ask_to_connect(channel_link(i, 5), &answer, &fd);
			ck_assert_ptr_nonnull(strstr(answer.body.text, text));
		}
	}
	ck_assert_int_eq(channel_link(2, 5), 2 * CHANNEL_WORKERS_MAX + 5);
}
END_TEST

START_TEST(says_why_it_is_not_connected)
{
	struct channel_message answer;
	char text[200];
	int fd = -1;

	be(_i == 0 ? SERVER_PROCESS_PREPARING : SERVER_PROCESS_LEAVING);
	snprintf(text, sizeof(text), "unix:%s/nothing", place_directory);
	be_stored(text);
	ask_to_connect(0, &answer, &fd);
	ck_assert_int_lt(fd, 0);
	ck_assert_ptr_nonnull(
		strstr(answer.body.text, "/nothing: No such file"));
}
END_TEST

START_TEST(waits_for_no_connection)
{
	struct channel_message answer;
	struct error error;
	int fill[16];
	int store, fd = -1;
	bool pending;
	size_t i;

	be(SERVER_PROCESS_SERVING);
	store = listen_at(0);
	/* As long as the kernel takes them, though nobody accepts. */
	for (i = 0; i < COUNT(fill); i++)
		fill[i] = listener_connect_start(
			process->stores[0].told.address, &pending, &error);
	ask_to_connect(0, &answer, &fd);
	ck_assert_int_lt(fd, 0);
	ck_assert(!TAILQ_EMPTY(&process->connecting));
	monitor_connect_overdue(process, clock_ms());
	ck_assert(!TAILQ_EMPTY(&process->connecting));
	monitor_connect_overdue(process, UINT64_MAX);
	ck_assert(TAILQ_EMPTY(&process->connecting));
	ck_assert_int_eq(channel_receive(server_end, &answer, &fd, &error), 1);
	ck_assert_uint_eq(answer.kind, CHANNEL_CONNECTED);
	ck_assert_int_lt(fd, 0);
	ck_assert_ptr_nonnull(strstr(answer.body.text, "timed out"));
	for (i = 0; i < COUNT(fill); i++)
		if (fill[i] >= 0)
			close(fill[i]);
	close(store);
}
END_TEST

START_TEST(connects_not_too_often)
{
	struct channel_message answer;
	int fd = -1, i;

	be(SERVER_PROCESS_SERVING);
	be_stored("unix:/nonexistent");
	for (i = 0; i < 8; i++) {
		ask_to_connect(0, &answer, &fd);
		ask_to_connect(1, &answer, &fd);
	}
	channel_message_init(&answer, CHANNEL_CONNECT, 0);
	for (i = 0; i < 8 && process->reason.text[0] == '\0'; i++)
		say(&answer);
	is_killed("connect", 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("monitor_connect");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, connects_a_worker);
	tcase_add_test(tests, connects_to_the_store_that_is_meant);
	tcase_add_loop_test(tests, says_why_it_is_not_connected, 0, 2);
	tcase_add_test(tests, waits_for_no_connection);
	tcase_add_test(tests, connects_not_too_often);
	return run_tests("monitor_connect", tests);
}
