/* SPDX-License-Identifier: ISC */
/* test_channel - what the monitor and servers say to each other, and what the
 * monitor must not believe */

#include "policyd/process/channel.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/unit/test.h"

static int monitor_end, server_end;

static void setup(void)
{
	struct error error;

	ck_assert_int_eq(channel_pair(&monitor_end, &server_end, &error), 0);
}

static void teardown(void)
{
	close(monitor_end);
	close(server_end);
}

START_TEST(says_when_the_other_end_is_closed)
{
	struct channel_message message;
	struct error error;

	ck_assert_int_ne(fcntl(monitor_end, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_ne(fcntl(server_end, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(channel_receive(monitor_end, &message, NULL, &error),
			 0);
	close(server_end);
	ck_assert_int_eq(channel_receive(monitor_end, &message, NULL, &error),
			 -1);
	ck_assert_msg(strstr(error.text, "closed") != NULL, "%s", error.text);
	ck_assert_int_eq(
		channel_tell(monitor_end, CHANNEL_DRAIN, 0, -1, &error), -1);
	server_end = dup(monitor_end);
}
END_TEST

START_TEST(says_so_with_a_message_unread)
{
	struct channel_message message;
	struct error error;

	ck_assert_int_eq(
		channel_tell(monitor_end, CHANNEL_COUNTERS, 0, -1, &error), 0);
	close(server_end);
	ck_assert_int_eq(channel_receive(monitor_end, &message, NULL, &error),
			 -1);
	ck_assert_msg(strstr(error.text, "closed") != NULL, "%s", error.text);
	server_end = dup(monitor_end);
}
END_TEST

START_TEST(brings_a_message_unchanged)
{
	struct channel_message sent, message;
	struct error error;

	channel_message_init(&sent, CHANNEL_LINE, 2);
	strcpy(sent.body.text, "a\nb\033c\177d");
	ck_assert_int_eq(channel_send(server_end, &sent, -1, &error), 0);
	ck_assert_int_eq(
		channel_tell(server_end, CHANNEL_TAKEN, -7, -1, &error), 0);
	ck_assert_int_eq(channel_receive(monitor_end, &message, NULL, &error),
			 1);
	ck_assert_uint_eq(message.kind, CHANNEL_LINE);
	ck_assert_int_eq(message.number, 2);
	ck_assert_str_eq(message.body.text, "a?b?c?d");
	ck_assert_int_eq(channel_receive(monitor_end, &message, NULL, &error),
			 1);
	ck_assert_uint_eq(message.kind, CHANNEL_TAKEN);
	ck_assert_int_eq(message.number, -7);
	ck_assert_int_eq(channel_receive(monitor_end, &message, NULL, &error),
			 0);
}
END_TEST

/* One that this kernel runs, too, may come next. */
START_TEST(has_the_same_size_for_each_machine)
{
	ck_assert_uint_eq(offsetof(struct channel_message, body), 16);
	ck_assert_uint_eq(sizeof(struct channel_message) % 8, 0);
	ck_assert_uint_eq(sizeof(struct channel_watch), 7 * 8 + 1024);
	ck_assert_uint_eq(sizeof(struct channel_news), 6 * 8 + 1024);
	ck_assert_uint_eq(sizeof(struct listener_options), 256 + 3 * 4);
	ck_assert_uint_eq(sizeof(struct channel_settings), 8 * 4 + 2 * 1024);
}
END_TEST

START_TEST(brings_a_descriptor)
{
	struct channel_message message;
	struct error error;
	int ends[2], fd;
	char byte = 'x';

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(
		channel_tell(monitor_end, CHANNEL_SOCKET, 0, ends[1], &error),
		0);
	ck_assert_int_eq(
		channel_tell(monitor_end, CHANNEL_DRAIN, 0, -1, &error), 0);
	close(ends[1]);
	ck_assert_int_eq(channel_receive(server_end, &message, &fd, &error), 1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(write(fd, &byte, 1), 1);
	close(fd);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	ck_assert_int_eq(channel_receive(server_end, &message, &fd, &error), 1);
	ck_assert_int_eq(fd, -1);
	/* A descriptor that nobody asked for does not stay open. */
	ck_assert_int_eq(
		channel_tell(server_end, CHANNEL_READY, 0, ends[0], &error), 0);
	ck_assert_int_eq(channel_receive(monitor_end, &message, NULL, &error),
			 1);
	close(ends[0]);
	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* Ways to spoil a message. */
enum spoil {
	VERSION,
	KIND,
	SHORT,
	LONG,
	EMPTY_KIND,
	TEXT,
	LOG,
	PID_FILE,
	ADDRESS,
	FEW,
	MANY,
	WATCH,
	RELATIVE,
	WATCHES,
	OFTEN,
	NEWS,
	SPOIL_COUNT
};

static size_t spoil(struct channel_message *message, enum spoil how)
{
	size_t size = sizeof(*message);

	switch (how) {
	case VERSION:
		message->version++;
		return size;
	case KIND:
		message->kind = CHANNEL_KIND_COUNT;
		return size;
	case SHORT:
		return size - 1;
	case LONG:
		return size + 1;
	case EMPTY_KIND:
		return 3;
	case TEXT:
		message->kind = CHANNEL_LINE;
		memset(message->body.text, 'x', sizeof(message->body.text));
		return size;
	case LOG:
		message->kind = CHANNEL_SETTINGS;
		memset(message->body.settings.log, 'x', CHANNEL_PATH_MAX);
		return size;
	case PID_FILE:
		message->kind = CHANNEL_SETTINGS;
		memset(message->body.settings.pid_file, 'x', CHANNEL_PATH_MAX);
		return size;
	case ADDRESS:
		message->kind = CHANNEL_LISTENER;
		memset(message->body.listener.address, 'x',
		       sizeof(message->body.listener.address));
		return size;
	case FEW:
		message->kind = CHANNEL_SETTINGS;
		message->number = -1;
		return size;
	case MANY:
		message->kind = CHANNEL_SETTINGS;
		message->number = CHANNEL_LISTENER_MAX + 1;
		return size;
	case WATCH:
		message->kind = CHANNEL_WATCH;
		memset(message->body.watch.path, '/', WATCHED_PATH_MAX);
		return size;
	case RELATIVE:
		message->kind = CHANNEL_WATCH;
		strcpy(message->body.watch.path, "etc/passwd");
		return size;
	case WATCHES:
		message->kind = CHANNEL_SETTINGS;
		message->body.settings.watch_count = WATCHED_FILES_MAX + 1;
		return size;
	case NEWS:
		message->kind = CHANNEL_NEWS;
		memset(message->body.news.reason, 'x',
		       sizeof(message->body.news.reason));
		return size;
	case OFTEN:
		message->kind = CHANNEL_SETTINGS;
		message->body.settings.refresh_ms = CHANNEL_REFRESH_MAX + 1;
		return size;
	case SPOIL_COUNT:
		break;
	}
	return 0;
}

START_TEST(refuses_nonsense)
{
	struct {
		struct channel_message message;
		char more;
	} sent;
	struct channel_message message;
	struct error error;
	size_t size;

	memset(&sent, 0, sizeof(sent));
	channel_message_init(&sent.message, CHANNEL_READY, 0);
	size = spoil(&sent.message, (enum spoil)_i);
	ck_assert_int_eq(send(server_end, &sent, size, 0), (ssize_t)size);
	ck_assert_int_eq(channel_receive(monitor_end, &message, NULL, &error),
			 -1);
	ck_assert_str_ne(error.text, "");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("channel");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, says_when_the_other_end_is_closed);
	tcase_add_test(tests, says_so_with_a_message_unread);
	tcase_add_test(tests, brings_a_message_unchanged);
	tcase_add_test(tests, has_the_same_size_for_each_machine);
	tcase_add_test(tests, brings_a_descriptor);
	tcase_add_loop_test(tests, refuses_nonsense, 0, SPOIL_COUNT);
	return run_tests("channel", tests);
}
