/* SPDX-License-Identifier: ISC */
/* test_monitor_sentinel - the primary that a sentinel says is what a worker is
 * connected to, and whatever else it says comes to nothing */

#include "policyd/monitor/monitor_internal.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "t/unit/place.h"
#include "t/unit/test.h"

#define WORKER	 3
#define QUESTION "SENTINEL?"

static struct options options;
static struct monitor monitor_state;
static struct server_process *process;
static int server_end;
static char *log_path;

/* The sentinels of the test, and the primary. */
static int sentinels[2], primary;
static unsigned primary_port;

/* listen_on - a TCP port, in address as a configuration names it */
static int listen_on(char *address, size_t size, unsigned *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t length = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, length), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &length), 0);
	*port = ntohs(in.sin_port);
	snprintf(address, size, "inet:127.0.0.1:%u", *port);
	return fd;
}

/* make_store - with two sentinels */
static void make_store(struct channel_store *store)
{
	unsigned port;

	strcpy(store->address, "sentinel:mymaster");
	store->sentinel_count = 2;
	for (int i = 0; i < 2; i++)
		sentinels[i] = listen_on(store->sentinels[i],
					 sizeof(store->sentinels[i]), &port);
	store->question.length = strlen(QUESTION);
	memcpy(store->question.bytes, QUESTION, strlen(QUESTION));
}

static void setup(void)
{
	char address[64];
	struct error error;

	place_make();
	log_path = place_path("log");
	ck_assert_int_eq(log_open(log_path, &error), 0);
	memset(&monitor_state, 0, sizeof(monitor_state));
	monitor_state.options = &options;
	monitor_state.connecting = -1;
	TAILQ_INIT(&monitor_state.children);
	process = xcalloc(1, sizeof(*process));
	ck_assert_int_eq(channel_pair(&process->channel, &server_end, &error),
			 0);
	child_init(process, fork(), process->channel);
	if (process->pid == 0)
		for (;;)
			pause();
	TAILQ_INSERT_TAIL(&monitor_state.children, process, link);
	process->state = SERVER_PROCESS_SERVING;
	process->stores = xcalloc(2, sizeof(*process->stores));
	process->store_count = 1;
	make_store(&process->stores[0].told);
	/* So that the first one is asked first. */
	process->stores[0].next_sentinel = 1;
	primary = listen_on(address, sizeof(address), &primary_port);
}

static void teardown(void)
{
	struct error error;

	kill(process->pid, SIGKILL);
	waitpid(process->pid, NULL, 0);
	server_process_free(process);
	close(server_end);
	close(primary);
	for (int i = 0; i < 2; i++)
		close(sentinels[i]);
	if (monitor_state.connecting >= 0)
		close(monitor_state.connecting);
	log_open("stderr", &error);
	free(log_path);
	place_remove();
}

/* ask - the worker does */
static void ask(void)
{
	struct error error;

	ck_assert_int_eq(
		channel_tell(server_end, CHANNEL_CONNECT, WORKER, -1, &error),
		0);
	monitor_hear(&monitor_state, process);
	ck_assert_str_eq(process->reason.text, "");
}

/* turn - the monitor does what it can do now */
static void turn(void)
{
	struct pollfd ready = { .fd = monitor_state.connecting,
				.events = POLLIN };

	if (poll(&ready, 1, 10) > 0)
		monitor_connect_ready(&monitor_state);
}

/* asked - a sentinel is; its connection */
static int asked(int sentinel)
{
	uint64_t end_ms = clock_ms() + TEST_WAIT_S * 1000;
	struct pollfd ready = { .fd = sentinel, .events = POLLIN };
	char question[64] = "";
	int fd;

	while (poll(&ready, 1, 0) == 0) {
		ck_assert_uint_lt(clock_ms(), end_ms);
		turn();
	}
	fd = accept(sentinel, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	while (recv(fd, question, sizeof(question) - 1, MSG_DONTWAIT) < 0) {
		ck_assert_uint_lt(clock_ms(), end_ms);
		turn();
	}
	ck_assert_str_eq(question, QUESTION);
	return fd;
}

/* say - what a sentinel answers */
static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 (ssize_t)strlen(text));
}

/* say_primary - at that port of this host */
static void say_primary(int fd, unsigned port)
{
	char number[8], text[64];

	snprintf(number, sizeof(number), "%u", port);
	snprintf(text, sizeof(text), "*2\r\n$9\r\n127.0.0.1\r\n$%zu\r\n%s\r\n",
		 strlen(number), number);
	say(fd, text);
}

/* answer - what the worker gets; its connection, or -1 and why */
static int answer(struct channel_message *message)
{
	uint64_t end_ms = clock_ms() + TEST_WAIT_S * 1000;
	struct error error;
	int fd;

	while (!TAILQ_EMPTY(&process->connecting)) {
		ck_assert_uint_lt(clock_ms(), end_ms);
		turn();
	}
	ck_assert_int_eq(channel_receive(server_end, message, &fd, &error), 1);
	ck_assert_uint_eq(message->kind, CHANNEL_CONNECTED);
	ck_assert_int_eq(message->number, WORKER);
	return fd;
}

/* is_primary - is it connected to that? */
static void is_primary(int fd)
{
	struct sockaddr_in in = { 0 };
	socklen_t length = sizeof(in);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&in, &length), 0);
	ck_assert_uint_eq(ntohs(in.sin_port), primary_port);
	close(fd);
}

/* logged - how often the log has that */
static unsigned logged(const char *what)
{
	size_t size;
	char *text = read_whole(log_path, &size);
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		count++;
	free(text);
	return count;
}

/* Asked twice while it waits, it connects once; and it begins with another one
 * the next time. */
START_TEST(finds_the_primary)
{
	struct channel_message message;
	struct error error;
	int fd;

	ask();
	ask();
	fd = asked(sentinels[0]);
	say(fd, "*2\r\n$9\r\n127");
	turn();
	ck_assert(!TAILQ_EMPTY(&process->connecting));
	close(fd);
	fd = asked(sentinels[1]);
	say_primary(fd, primary_port);
	is_primary(answer(&message));
	close(fd);
	ck_assert_int_eq(
		channel_receive(process->channel, &message, NULL, &error), 0);
	ask();
	fd = asked(sentinels[1]);
	say_primary(fd, primary_port);
	is_primary(answer(&message));
	close(fd);
	ck_assert_uint_eq(logged("store sentinel:mymaster: the primary is "
				 "inet:127.0.0.1:"),
			  1);
}
END_TEST

/* What is no answer, and what is said of it if the others say the same. */
static const struct {
	const char *says, *why;
} lies[] = {
	{ "*-1\r\n", "it knows no primary of that name" },
	{ "-NOAUTH Authentication required.\r\n", "it says: NOAUTH" },
	{ "*2\r\n$4\r\nevil\r\n$1\r\n1\r\n", "a name, \"evil\"" },
	{ "*2\r\n$11\r\nunix:/x/log\r\n$1\r\n1\r\n", "a name" },
	{ "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n99999\r\n", "the port" },
	{ "GET / HTTP/1.0\r\n\r\n", "is no answer of a Sentinel" },
	{ "", "it closed the connection" },
	{ NULL, "timed out" },
};

/* lie - one of them, which has been asked */
static void lie(int fd, const char *says)
{
	if (says == NULL)
		monitor_connect_overdue(process, clock_ms() + 501);
	else
		say(fd, says);
	if (says != NULL && says[0] == '\0')
		shutdown(fd, SHUT_RDWR);
	turn();
}

START_TEST(believes_no_other_answer)
{
	struct channel_message message;
	int fd[2];

	ask();
	fd[0] = asked(sentinels[0]);
	lie(fd[0], lies[_i].says);
	fd[1] = asked(sentinels[1]);
	lie(fd[1], lies[_i].says);
	ck_assert_int_lt(answer(&message), 0);
	ck_assert_ptr_nonnull(
		strstr(message.body.text, "no sentinel says where it is: "));
	ck_assert_ptr_nonnull(strstr(message.body.text, lies[_i].why));
	ck_assert_ptr_nonnull(strstr(message.body.text,
				     process->stores[0].told.sentinels[1]));
	ck_assert_uint_eq(logged("the primary is"), 0);
	/* The next one may know. */
	ask();
	close(fd[1]);
	fd[1] = asked(sentinels[1]);
	lie(fd[1], lies[_i].says);
	close(fd[0]);
	fd[0] = asked(sentinels[0]);
	say_primary(fd[0], primary_port);
	is_primary(answer(&message));
	close(fd[0]);
	close(fd[1]);
}
END_TEST

/* Those that cannot be connected to, and a primary that is gone. */
START_TEST(nothing_is_there)
{
	struct channel_message message;
	int fd;

	close(sentinels[0]);
	close(primary);
	ask();
	fd = asked(sentinels[1]);
	say_primary(fd, primary_port);
	ck_assert_int_lt(answer(&message), 0);
	ck_assert_ptr_nonnull(strstr(message.body.text, "Connection refused"));
	ck_assert_ptr_null(strstr(message.body.text, "no sentinel"));
	close(fd);
	close(sentinels[1]);
	ask();
	ck_assert_int_lt(answer(&message), 0);
	ck_assert_ptr_nonnull(strstr(message.body.text, "no sentinel says"));
	sentinels[0] = sentinels[1] = primary = dup(STDIN_FILENO);
}
END_TEST

/* What one has said is reported, not that another one is gone. */
START_TEST(says_what_helps)
{
	struct channel_message message;
	int fd;

	close(sentinels[1]);
	ask();
	fd = asked(sentinels[0]);
	say(fd, "-ERR as it is\r\n");
	ck_assert_int_lt(answer(&message), 0);
	ck_assert_ptr_nonnull(strstr(message.body.text, "ERR as it is"));
	close(fd);
	sentinels[1] = dup(STDIN_FILENO);
}
END_TEST

/* ---- the message of a server that starts */

/* be_asking - a server that has announced that many stores */
static void be_asking(uint32_t count)
{
	process->state = SERVER_PROCESS_ASKING;
	process->store_count = 0;
	process->settings.store_count = count;
	monitor_state.next = process;
}

START_TEST(hears_of_a_store)
{
	struct channel_message message;
	struct error error;

	be_asking(2);
	channel_message_init(&message, CHANNEL_STORE, 0);
	message.body.store = process->stores[0].told;
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(process->state, SERVER_PROCESS_ASKING);
		message.body.store.address[0] = (char)('a' + i);
		ck_assert_int_eq(channel_send(server_end, &message, -1, &error),
				 0);
		monitor_hear(&monitor_state, process);
		ck_assert_str_eq(process->reason.text, "");
		ck_assert_uint_eq(process->store_count, i + 1);
		ck_assert_int_eq(process->stores[i].told.address[0],
				 'a' + (int)i);
	}
	ck_assert_int_eq(process->state, SERVER_PROCESS_PREPARING);
}
END_TEST

/* What must not be in it. */
START_TEST(kills_who_lies_about_a_store)
{
	static const char *const whys[] = {
		"more stores than announced",
		"x:y",
		"x:y",
		"unexpected message",
		"unexpected message",
		"unexpected message",
		"unexpected message",
	};
	struct channel_message message;
	struct channel_store *store = &message.body.store;
	struct error error;

	be_asking(_i > 0);
	channel_message_init(&message, CHANNEL_STORE, 0);
	*store = process->stores[0].told;
	if (_i == 1)
		strcpy(store->sentinels[1], "x:y");
	if (_i == 2)
		strcpy(store->address, "x:y");
	if (_i == 2)
		store->sentinel_count = 0;
	if (_i == 3)
		store->sentinel_count = SENTINELS_MAX + 1;
	if (_i == 4)
		store->question.length = sizeof(store->question.bytes) + 1;
	if (_i == 5)
		memset(store->address, 'x', sizeof(store->address));
	if (_i == 6)
		memset(store->sentinels[0], 'x', sizeof(store->sentinels[0]));
	ck_assert_int_eq(channel_send(server_end, &message, -1, &error), 0);
	monitor_hear(&monitor_state, process);
	ck_assert_msg(strstr(process->reason.text, whys[_i]) != NULL, "%d: %s",
		      _i, process->reason.text);
	ck_assert_uint_eq(process->store_count, 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("monitor_sentinel");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, finds_the_primary);
	tcase_add_loop_test(tests, believes_no_other_answer, 0, COUNT(lies));
	tcase_add_test(tests, nothing_is_there);
	tcase_add_test(tests, says_what_helps);
	tcase_add_test(tests, hears_of_a_store);
	tcase_add_loop_test(tests, kills_who_lies_about_a_store, 0, 7);
	return run_tests("monitor_sentinel", tests);
}
