/* SPDX-License-Identifier: ISC */
/* test_monitor_message - what a server that somebody has taken over can say to
 * the monitor, and that it comes to nothing but its end */

#include "t/unit/test.h"
#include "t/unit/monitor/hearing.h"

#define STATES ((int)SERVER_PROCESS_KILLED + 1)

/* Messages that are allowed, by state. All others are fatal. */
static bool is_allowed(enum server_process_state state, uint32_t kind)
{
	switch (kind) {
	case CHANNEL_LINE:
		return state <= SERVER_PROCESS_PREPARING;
	case CHANNEL_SETTINGS:
	case CHANNEL_FAILED:
		return state == SERVER_PROCESS_LOADING;
	case CHANNEL_WATCH:
	case CHANNEL_LISTENER:
		return state == SERVER_PROCESS_ASKING;
	case CHANNEL_READY:
		return state == SERVER_PROCESS_PREPARING;
	case CHANNEL_TAKEN:
		return state == SERVER_PROCESS_TAKING;
	default:
		return false; /* a pong only if there was a ping; the log only
			       * where it is the log daemon's */
	}
}

START_TEST(kills_who_says_anything_else)
{
	enum server_process_state state =
		(enum server_process_state)(_i / CHANNEL_KIND_COUNT);
	uint32_t kind = (uint32_t)(_i % CHANNEL_KIND_COUNT);
	struct channel_message message;

	if (is_allowed(state, kind) || state >= SERVER_PROCESS_ENDING)
		return;
	be(state);
	channel_message_init(&message, (enum channel_kind)kind, 1);
	if (kind == CHANNEL_WATCH)
		strcpy(message.body.watch.path, "/etc/passwd");
	if (kind == CHANNEL_LISTENER)
		snprintf(message.body.listener.address,
			 sizeof(message.body.listener.address), "unix:%s/new",
			 place_directory);
	if (kind == CHANNEL_SETTINGS)
		strcpy(message.body.settings.log, "/etc/passwd");
	say(&message);
	is_killed("kind", (int)kind);
	ck_assert_int_eq(process->state, state == SERVER_PROCESS_LEAVING
						 ? SERVER_PROCESS_LEAVING
						 : SERVER_PROCESS_KILLED);
}
END_TEST

/* Numbers that are none, in messages that may be said. */
static const struct {
	enum server_process_state state;
	enum channel_kind kind;
	int64_t number;
} numbers[] = {
	{ SERVER_PROCESS_TAKING, CHANNEL_TAKEN, INT64_MAX },
	{ SERVER_PROCESS_TAKING, CHANNEL_TAKEN, INT64_MIN },
	{ SERVER_PROCESS_TAKING, CHANNEL_TAKEN, (int64_t)INT32_MAX + 1 },
	{ SERVER_PROCESS_LOADING, CHANNEL_LINE, -1 },
	{ SERVER_PROCESS_LOADING, CHANNEL_LINE, 4 },
	{ SERVER_PROCESS_SERVING, CHANNEL_PONG, 8 },
	{ SERVER_PROCESS_SERVING, CHANNEL_PONG, 0 },
	{ SERVER_PROCESS_SERVING, CHANNEL_CONNECT, -1 },
	{ SERVER_PROCESS_SERVING, CHANNEL_CONNECT, CHANNEL_WORKERS_MAX },
	{ SERVER_PROCESS_PREPARING, CHANNEL_CONNECT, INT64_MAX },
	{ SERVER_PROCESS_LOADING, CHANNEL_SETTINGS, CHANNEL_LISTENER_MAX + 1 },
	{ SERVER_PROCESS_LOADING, CHANNEL_SETTINGS, INT64_MAX },
	{ SERVER_PROCESS_LOADING, CHANNEL_SETTINGS, -1 },
};

START_TEST(kills_who_counts_wrongly)
{
	struct channel_message message;

	be(numbers[_i].state);
	process->ping = 7;
	be_stored("unix:/nonexistent");
	channel_message_init(&message, numbers[_i].kind, numbers[_i].number);
	say(&message);
	is_killed("number", _i);
}
END_TEST

START_TEST(hears_the_rest)
{
	struct channel_message message;

	be(SERVER_PROCESS_TAKING);
	channel_message_init(&message, CHANNEL_TAKEN, 5);
	say(&message);
	ck_assert_int_eq(process->state, SERVER_PROCESS_SERVING);
	process->ping = 7;
	channel_message_init(&message, CHANNEL_PONG, 7);
	say(&message);
	ck_assert_int_eq(process->ping, 0);
	ck_assert_str_eq(process->reason.text, "");
	/* Each only once. */
	say(&message);
	is_killed("again", 0);
}
END_TEST

START_TEST(brings_the_log_not_too_often)
{
	struct channel_message message, answer;
	struct error error;
	int fd;

	be(SERVER_PROCESS_SERVING);
	strcpy(process->settings.log, "syslog");
	channel_message_init(&message, CHANNEL_LOG_LOST, 0);
	say(&message);
	ck_assert_str_eq(process->reason.text, "");
	ck_assert_int_eq(channel_receive(server_end, &answer, &fd, &error), 1);
	ck_assert_uint_eq(answer.kind, CHANNEL_LOG);
	if (fd >= 0)
		close(fd); /* this machine has a log daemon */
	say(&message);
	is_killed("log", 0);
}
END_TEST

START_TEST(keeps_the_log_where_it_was)
{
	char *other = place_path("other");
	struct channel_message message;
	struct stat status;
	char *text;
	size_t size;

	be(SERVER_PROCESS_SERVING);
	channel_message_init(&message, CHANNEL_SETTINGS, 0);
	strcpy(message.body.settings.log, other);
	strcpy(message.body.settings.pid_file, other);
	say(&message);
	is_killed("settings", 0);
	ck_assert_str_eq(process->settings.log, "");
	ck_assert_int_lt(stat(other, &status), 0);
	log_info("still here");
	text = read_whole(log_path, &size);
	ck_assert_ptr_nonnull(strstr(text, "still here"));
	free(text);
	free(other);
}
END_TEST

START_TEST(does_not_hear_the_dead)
{
	struct channel_message message;
	int i;

	be(SERVER_PROCESS_LEAVING);
	server_process_kill(process, "for a reason");
	for (i = 0; i < 20; i++) {
		channel_message_init(&message, CHANNEL_TAKEN, 1);
		say(&message);
	}
	ck_assert_str_eq(process->reason.text, "for a reason");
	ck_assert_int_eq(process->state, SERVER_PROCESS_LEAVING);
}
END_TEST

START_TEST(listeners_are_read_again)
{
	/* Only addresses that a listen section could have are opened, and
	 * never more than the server announced. */
	static const char *const addresses[] = { "unix:relative", "inet:127",
						 "/etc/passwd", "" };
	struct channel_message message;

	be(SERVER_PROCESS_ASKING);
	process->listeners_expected = 1;
	process->listeners = xcalloc(1, sizeof(*process->listeners));
	channel_message_init(&message, CHANNEL_LISTENER, 0);
	strcpy(message.body.listener.address, addresses[_i]);
	say(&message);
	is_killed("listener", _i);
}
END_TEST

START_TEST(files_are_counted)
{
	struct channel_message message;
	int i;

	be(SERVER_PROCESS_ASKING);
	process->settings.watch_count = 2;
	process->listeners_expected = 1;
	process->listeners = xcalloc(1, sizeof(*process->listeners));
	channel_message_init(&message, CHANNEL_WATCH, 0);
	for (i = 0; i < 2; i++) {
		snprintf(message.body.watch.path, WATCHED_PATH_MAX, "/f%d", i);
		say(&message);
		ck_assert_str_eq(process->reason.text, "");
	}
	snprintf(message.body.watch.path, WATCHED_PATH_MAX, "/f%d", i);
	say(&message);
	is_killed("watch", i);
}
END_TEST

START_TEST(random_bytes)
{
	static const enum server_process_state states[] = {
		SERVER_PROCESS_SERVING, SERVER_PROCESS_TAKING,
		SERVER_PROCESS_LEAVING
	};
	struct channel_message message;
	unsigned char *bytes = (unsigned char *)&message;
	unsigned seed = (unsigned)_i;
	size_t i, size;
	int round;

	for (round = 0; round < 200; round++) {
		be(states[_i % COUNT(states)]);
		memset(&process->reason, 0, sizeof(process->reason));
		for (i = 0; i < sizeof(message); i++)
			bytes[i] = (unsigned char)rand_r(&seed);
		message.version = CHANNEL_VERSION;
		message.kind = (uint32_t)rand_r(&seed) % CHANNEL_KIND_COUNT;
		size = round % 4 == 0
			       ? 1 + (size_t)rand_r(&seed) % sizeof(message)
			       : sizeof(message);
		/* Numbers that may be: hears_the_rest */
		message.number |= INT64_C(1) << 40;
		ck_assert_int_eq(send(server_end, bytes, size, MSG_NOSIGNAL),
				 (ssize_t)size);
		monitor_hear(&monitor_state, process);
		if (process->channel < 0) {
			/* Not even a message: no ear for it any more. */
			struct error error;

			ck_assert_str_ne(process->reason.text, "");
			close(server_end);
			ck_assert_int_eq(channel_pair(&process->channel,
						      &server_end, &error),
					 0);
			continue;
		}
		is_killed("random", round);
	}
}
END_TEST

START_TEST(a_descriptor_does_not_stay)
{
	int before, after;
	struct error error;

	be(SERVER_PROCESS_SERVING);
	process->ping = 1;
	before = dup(STDIN_FILENO);
	close(before);
	ck_assert_int_eq(channel_tell(server_end, CHANNEL_PONG, 1,
				      STDERR_FILENO, &error),
			 0);
	monitor_hear(&monitor_state, process);
	after = dup(STDIN_FILENO);
	close(after);
	ck_assert_int_eq(before, after);
}
END_TEST

/* opened - how many descriptors are open */
static int opened(void)
{
	int count = 0, fd;

	for (fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* text_of - a sealed text, as a server sends it */
static int text_of(const char *text)
{
	struct timespec now = { 1, 2 };
	struct error error;
	int fd = accepted_put(text, strlen(text), &now, &error);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* say_with - a message that is only its kind, and a descriptor, closed then */
static void say_with(enum channel_kind kind, int64_t number, int fd)
{
	struct error error;

	ck_assert_int_eq(channel_tell(server_end, kind, number, fd, &error), 0);
	close(fd);
	monitor_hear(&monitor_state, process);
}

START_TEST(the_text_is_looked_at)
{
	static const enum channel_kind others[] = { CHANNEL_LINE, CHANNEL_READY,
						    CHANNEL_TAKEN };
	int before = opened();

	be(SERVER_PROCESS_LOADING);
	if (_i < COUNT(others))
		say_with(others[_i], 0, text_of("x"));
	else if (_i == COUNT(others))
		say_with(CHANNEL_SETTINGS, 0, dup(STDIN_FILENO));
	else
		say_with(CHANNEL_SETTINGS, 0, memfd_create("x", MFD_CLOEXEC));
	is_killed("text", _i);
	ck_assert_int_eq(process->accepted, -1);
	ck_assert_int_eq(opened(), before);
}
END_TEST

/* kept - is that what a replacement would get? NULL: nothing */
static void kept(const char *text)
{
	struct timespec read;
	struct error error;
	size_t length;
	char *got;

	ck_assert_int_eq(monitor_state.accepted >= 0, text != NULL);
	if (text == NULL)
		return;
	got = accepted_get(monitor_state.accepted, &length, &read, &error);
	ck_assert_str_eq(got, text);
	free(got);
}

/* become_ready - a server that has loaded that text, or could not keep it */
static void become_ready(const char *text)
{
	int fd = text != NULL ? text_of(text) : -1;
	struct channel_message message;
	struct error error;

	be(SERVER_PROCESS_LOADING);
	process->ping = 0;
	channel_message_init(&message, CHANNEL_SETTINGS, 0);
	strcpy(message.body.settings.log, log_path);
	ck_assert_int_eq(channel_send(server_end, &message, fd, &error), 0);
	if (fd >= 0)
		close(fd);
	ck_assert_int_eq(channel_tell(server_end, CHANNEL_READY, 0, -1, &error),
			 0);
	monitor_hear(&monitor_state, process);
	ck_assert_str_eq(process->reason.text, "");
	ck_assert_int_eq(process->state, SERVER_PROCESS_SERVING);
}

START_TEST(the_text_of_the_last_one_is_kept)
{
	int before = opened();

	become_ready("one");
	kept("one");
	become_ready(_i == 0 ? "other" : NULL);
	kept(_i == 0 ? "other" : NULL);
	/* One that is not ready yet changes nothing; nor one that serves. */
	be(SERVER_PROCESS_LOADING);
	say_with(CHANNEL_SETTINGS, 0, text_of("third"));
	kept(_i == 0 ? "other" : NULL);
	close(process->accepted);
	process->accepted = -1;
	be(SERVER_PROCESS_SERVING);
	say_with(CHANNEL_SETTINGS, 0, text_of("fourth"));
	is_killed("serving", 0);
	kept(_i == 0 ? "other" : NULL);
	ck_assert_int_eq(opened(), before + (_i == 0));
}
END_TEST

/* hear_one - what the server gets next, and whether a descriptor came along */
static int64_t hear_one(enum channel_kind kind, bool with)
{
	struct channel_message message;
	struct error error;
	int fd;

	ck_assert_int_eq(channel_receive(server_end, &message, &fd, &error), 1);
	ck_assert_int_eq(message.kind, kind);
	ck_assert_int_eq(fd >= 0, with);
	if (fd >= 0)
		close(fd);
	return message.number;
}

/* Messages to a server wait while its channel is full, in order and with their
 * descriptors; but not for ever. */
START_TEST(what_must_arrive_waits)
{
	struct error error;
	int64_t count = 0, i;

	be(SERVER_PROCESS_SERVING);
	while (channel_tell(process->channel, CHANNEL_COUNTERS, 0, -1,
			    &error) == 0)
		count++;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_eq(process->unsent_ms, UINT64_MAX);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(child_tell(process, CHANNEL_HAND_OVER, i,
					    i % 2 ? -1 : STDERR_FILENO, &error),
				 0);
	ck_assert_uint_le(process->unsent_ms,
			  clock_ms() + SERVER_PROCESS_UNSENT_MS);
	child_flush(process);
	ck_assert_uint_eq(process->unsent_count, 100);
	for (i = 0; i < count; i++)
		hear_one(CHANNEL_COUNTERS, false);
	for (i = 0; i < 100; i++) {
		child_flush(process);
		ck_assert_int_eq(hear_one(CHANNEL_HAND_OVER, i % 2 == 0), i);
	}
	ck_assert_uint_eq(process->unsent_count, 0);
	ck_assert_uint_eq(process->unsent_ms, UINT64_MAX);
	while (child_tell(process, CHANNEL_NEWS, 0, -1, &error) == 0)
		count++;
	ck_assert_ptr_nonnull(strstr(error.text, "too many messages waiting"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("monitor_message");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, kills_who_says_anything_else, 0,
			    STATES * CHANNEL_KIND_COUNT);
	tcase_add_loop_test(tests, kills_who_counts_wrongly, 0, COUNT(numbers));
	tcase_add_test(tests, hears_the_rest);
	tcase_add_test(tests, brings_the_log_not_too_often);
	tcase_add_test(tests, keeps_the_log_where_it_was);
	tcase_add_test(tests, does_not_hear_the_dead);
	tcase_add_loop_test(tests, listeners_are_read_again, 0, 4);
	tcase_add_test(tests, files_are_counted);
	tcase_add_loop_test(tests, random_bytes, 0, 20);
	tcase_add_test(tests, a_descriptor_does_not_stay);
	tcase_add_loop_test(tests, the_text_is_looked_at, 0, 5);
	tcase_add_loop_test(tests, the_text_of_the_last_one_is_kept, 0, 2);
	tcase_add_test(tests, what_must_arrive_waits);
	return run_tests("monitor_message", tests);
}
