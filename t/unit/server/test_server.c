/* SPDX-License-Identifier: ISC */
/* test_server - framing, order, time limits, drain */

#include "lib/server/server.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "t/unit/server/instance.h"

/* Its struct timeval may be another one than ours: macros change the width of
 * time_t where a pointer has 32 bits. */
START_TEST(has_the_events_that_libevent_has)
{
	ck_assert_uint_eq(sizeof(struct event), event_get_struct_event_size());
}
END_TEST

START_TEST(frames_requests_in_any_pieces)
{
	static const char text[] = "a=b\nn=1\n\nn=2\n\nlong=xxxxxxxx\nn=3\n\n";
	struct instance *instance = listening(&generous);
	size_t i, length = strlen(text);
	int fd = client();

	for (i = 1; i < length; i++) {
		ck_assert_int_gt(send(fd, text, i, 0), 0);
		/* So that the server sees the parts apart. */
		eventually(unread(fd) == 0);
		ck_assert_int_gt(send(fd, text + i, length - i, 0), 0);
		expect(fd, "n=1\n\nn=2\n\nn=3\n\n");
	}
	for (i = 0; i < length; i++)
		ck_assert_int_eq(send(fd, text + i, 1, 0), 1);
	expect(fd, "n=1\n\nn=2\n\nn=3\n\n");
	ck_assert(silent(fd));
	close(fd);
	quit(instance);
}
END_TEST

START_TEST(keeps_the_order_of_replies)
{
	struct instance *instance = listening(&generous);
	int slow = client(), fast = client();

	/* The next ones on the same connection wait too, others do not. */
	say(slow, "n=1\n\nwait=\nn=2\n\nn=3\n\nwait=\nn=4\n\nn=5\n\nn=");
	expect(slow, "n=1\n\n");
	eventually(atomic_load(&instance->requests) == 2);
	say(fast, "n=a\n\n");
	expect(fast, "n=a\n\n");
	say(slow, "6\n\n");
	ck_assert(silent(slow));
	order(instance, 'a');
	expect(slow, "n=2\n\nn=3\n\n");
	eventually(atomic_load(&instance->requests) == 5);
	say(fast, "n=b\n\n");
	expect(fast, "n=b\n\n");
	ck_assert(silent(slow));
	order(instance, 'a');
	expect(slow, "n=4\n\nn=5\n\nn=6\n\n");
	/* Gone while its request waits. */
	say(slow, "wait=\nn=7\n\n");
	eventually(atomic_load(&instance->requests) == 9);
	close(slow);
	say(fast, "n=c\n\n");
	expect(fast, "n=c\n\n");
	close(fast);
	ck_assert_int_eq(atomic_load(&instance->gone), 0);
	order(instance, 'q');
	pthread_join(instance->thread, NULL);
	ck_assert_int_eq(atomic_load(&instance->gone), 1);
	release(instance);
}
END_TEST

START_TEST(closes_at_a_refusal)
{
	struct instance *instance = listening(&generous);
	int fd = client();

	say(fd, "n=1\n\nn=2\n\nrefuse=\n\nn=3\n\n");
	expect(fd, "n=1\n\nn=2\n\n");
	expect_end(fd);
	ck_assert_int_eq(atomic_load(&instance->requests), 3);
	ck_assert_int_eq(atomic_load(&instance->malformed), 0);
	eventually(atomic_load(&instance->flushed) == 3 &&
		   atomic_load(&instance->flushes) == 2);
	quit(instance);
}
END_TEST

/* A request that waited is flushed once when it came, and again when it
 * is answered. */
START_TEST(flushes_again_after_a_late_answer)
{
	struct instance *instance = listening(&generous);
	int fd = client();

	say(fd, "wait=\nn=1\n\n");
	eventually(atomic_load(&instance->waiting_count) == 1 &&
		   atomic_load(&instance->flushes) == 2);
	order(instance, 'a');
	expect(fd, "n=1\n\n");
	eventually(atomic_load(&instance->flushes) == 4);
	close(fd);
	quit(instance);
}
END_TEST

/* What a client says while it waits, and that it ends, is heard afterwards. */
START_TEST(hears_later_what_comes_meanwhile)
{
	struct instance *instance = listening(&generous);
	int fd = client();

	for (int i = 0; i < 3; i++) {
		say(fd, "wait=\nn=1\n\n");
		eventually(atomic_load(&instance->waiting_count) == 1);
		say(fd, "n=2\n\n");
		ck_assert(silent(fd));
		order(instance, 'a');
		expect(fd, "n=1\n\nn=2\n\n");
	}
	say(fd, "wait=\nn=1\n\n");
	eventually(atomic_load(&instance->waiting_count) == 1);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	ck_assert(silent(fd));
	order(instance, 'a');
	expect(fd, "n=1\n\n");
	expect_end(fd);
	quit(instance);
}
END_TEST

START_TEST(reports_what_is_no_request)
{
	struct instance *instance = listening(&generous);
	struct server_counters counters;
	int fd = client();

	ck_assert_int_eq(send(fd, "n=1\n\nn=\0\n\n", 10, 0), 10);
	expect(fd, "n=1\n\n");
	expect_end(fd);
	eventually(atomic_load(&instance->malformed) == 1);
	ck_assert_str_eq(instance->reason, "NUL byte");
	fd = client();
	say(fd, "n=1\n\nn=");
	shutdown(fd, SHUT_WR);
	expect(fd, "n=1\n\n");
	expect_end(fd);
	eventually(atomic_load(&instance->malformed) == 2);
	order(instance, 'q');
	eventually(atomic_load(&instance->ended));
	server_counters(instance->server, &counters);
	ck_assert_uint_eq(counters.accepted, 2);
	ck_assert_uint_eq(counters.malformed, 2);
	ck_assert_uint_eq(counters.open, 0);
	end(instance);
}
END_TEST

/* A connection until its time is over. */
static const struct {
	struct server_limits limits;
	const char *sent;
	bool answered;
	const char *reason; /* NULL: not reported */
} late[] = {
	{ { 1000, 20000, 20000, 10 },
	  "n=1\n\nn=",
	  true,
	  "request not complete in time" },
	{ { 20000, 60, 20000, 10 }, "n=1\n\n", true, NULL },
	{ { 20000, 1, 20000, 10 }, "n=1\n\n", true, NULL },
	/* The first request has its time from the start. */
	{ { 60, 20000, 20000, 10 }, "", false, NULL },
	{ { 60, 20000, 20000, 10 },
	  "n=",
	  false,
	  "request not complete in time" },
};

START_TEST(closes_late_clients)
{
	struct server_counters counters;
	struct instance *instance;
	int fd = client();

	/* Bytes that are there when the connection is accepted are not late. */
	say(fd, late[_i].sent);
	instance = listening(&late[_i].limits);
	if (late[_i].answered)
		expect(fd, "n=1\n\n");
	expect_end(fd);
	order(instance, 'q');
	eventually(atomic_load(&instance->ended));
	server_counters(instance->server, &counters);
	ck_assert_uint_eq(counters.timeouts, 1);
	ck_assert_str_eq(instance->reason,
			 late[_i].reason ? late[_i].reason : "");
	end(instance);
}
END_TEST

START_TEST(gives_up_on_unread_replies)
{
	struct server_limits limits = generous;
	struct instance *instance;
	size_t sent;
	int fd;

	limits.reply_ms = _i == 0 ? 60000 : 300;
	instance = listening(&limits);
	fd = client();
	/* A server that is only slow is not one that nobody reads from. */
	sent = flood(fd, _i == 0 ? 200 : TEST_WAIT_S * 1000);
	ck_assert_uint_lt(sent, 500000);
	if (_i == 0) {
		drink(fd, sent);
		ck_assert_int_eq(atomic_load(&instance->requests), (int)sent);
	} else {
		eventually(atomic_load(&instance->malformed) == 1);
		ck_assert_str_eq(instance->reason, "reply not taken in time");
	}
	close(fd);
	quit(instance);
}
END_TEST

/* The first request is late when it is not whole in time after the start,
 * whatever has come of it. */
START_TEST(wants_the_first_request_whole_in_time)
{
	static const struct server_limits limits = { 500, 20000, 20000, 10 };
	struct instance *instance = listening(&limits);
	struct pollfd ready = { .fd = client(), .events = POLLIN };
	int bytes = 0;

	while (bytes < 20000 && poll(&ready, 1, 10) == 0)
		bytes += (int)send(ready.fd, "n", 1, MSG_NOSIGNAL);
	ck_assert_int_lt(bytes, 200);
	expect_end(ready.fd);
	eventually(atomic_load(&instance->malformed) == 1);
	ck_assert_str_eq(instance->reason, "request not complete in time");
	quit(instance);
}
END_TEST

/* cpu_ms - processor time of this process */
static int64_t cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(waits_when_descriptors_run_out)
{
	struct rlimit limit, few;
	struct instance *instance = new_instance(&generous);
	int fds[4], spare[64], count = 0, i;
	struct error error;
	int64_t before;

	ck_assert_int_eq(
		server_listen(instance->server, dup(listener.fd), &error), 0);
	for (i = 0; i < 4; i++) {
		fds[i] = client();
		say(fds[i], "n=1\n\n");
	}
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){ 64, limit.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	while ((spare[count] = dup(0)) >= 0)
		count++;
	close(spare[--count]);
	start(instance);
	expect(fds[0], "n=1\n\n");
	before = cpu_ms();
	poll(NULL, 0, 400); /* how busy is it while it cannot accept? */
	ck_assert_int_lt(cpu_ms() - before, 100);
	ck_assert(silent(fds[1]));
	while (count > 0)
		close(spare[--count]);
	for (i = 1; i < 4; i++)
		expect(fds[i], "n=1\n\n");
	for (i = 0; i < 4; i++)
		close(fds[i]);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	quit(instance);
}
END_TEST

START_TEST(drains_what_waits_and_closes_the_rest)
{
	struct instance *instance = listening(&generous);
	int idle = client(), partial = client(), waiting = client();

	say(idle, "n=1\n\n");
	expect(idle, "n=1\n\n");
	say(partial, "n=1\n\nn=");
	expect(partial, "n=1\n\n");
	say(waiting, "wait=\nn=2\n\nn=3\n\n");
	eventually(atomic_load(&instance->requests) == 3);
	order(instance, 'd');
	expect_end(idle);
	expect_end(partial);
	ck_assert(silent(waiting));
	order(instance, 'a');
	expect(waiting, "n=2\n\nn=3\n\n");
	expect_end(waiting);
	end(instance);
}
END_TEST

START_TEST(ends_at_once_with_nothing_to_drain)
{
	struct instance *instance = listening(&generous);

	order(instance, 'd');
	end(instance);
}
END_TEST

static void on_accepted(void *context, int fd)
{
	atomic_store((atomic_int *)context, fd);
}

/* A connection that is accepted for another module is passed to it. */
START_TEST(passes_connections_to_another_module)
{
	struct instance *instance = new_instance(&generous);
	atomic_int accepted = -1;
	int one = client();
	struct error error;

	ck_assert_int_eq(server_listen_for(instance->server, dup(listener.fd),
					   on_accepted, &accepted, &error),
			 0);
	start(instance);
	eventually(atomic_load(&accepted) >= 0);
	ck_assert_int_eq((int)write(accepted, "x", 1), 1);
	expect(one, "x");
	quit(instance);
	close(accepted);
	expect_end(one);
}
END_TEST

/* never_flushed - there is always something left to do */
static bool never_flushed(void *context)
{
	struct instance *instance = context;

	atomic_fetch_add(&instance->flushes, 1);
	return true;
}

/* turn_on - let the loop of a server that has ended continue */
static void turn_on(struct server *server, int ms)
{
	const struct timeval soon = { .tv_usec = ms * 1000L };
	struct event_base *base = server_base(server);

	ck_assert_int_eq(event_base_loopexit(base, &soon), 0);
	ck_assert_int_ge(event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY), 0);
}

/* Once server_run() has returned nobody is called: not for a flush that is
 * due, nor for a watch or a request. */
START_TEST(calls_nobody_after_its_end)
{
	struct instance *instance = new_instance(&generous);
	int fd = client(), waiting = client(), flushes, left = 0;
	struct error error;

	instance->server->handler.flush = never_flushed;
	ck_assert_int_eq(
		server_listen(instance->server, dup(listener.fd), &error), 0);
	start(instance);
	say(waiting, "wait=\nn=1\n\n");
	say(fd, "n=2\n\n");
	expect(fd, "n=2\n\n");
	eventually(atomic_load(&instance->requests) == 2);
	order(instance, 'q');
	ck_assert_int_eq(pthread_join(instance->thread, NULL), 0);
	flushes = atomic_load(&instance->flushes);
	order(instance, 'a');
	(void)!send(fd, "n=3\n\n", 5, MSG_NOSIGNAL);
	turn_on(instance->server, 5 * SERVER_FLUSH_MS);
	ck_assert_int_eq(atomic_load(&instance->flushes), flushes);
	ck_assert_int_eq(atomic_load(&instance->requests), 2);
	ck_assert_int_eq(atomic_load(&instance->gone), 1);
	ck_assert_int_eq(ioctl(instance->orders[0], FIONREAD, &left), 0);
	ck_assert_int_eq(left, 1);
	expect_end(waiting);
	expect_end(fd);
	release(instance);
}
END_TEST

START_TEST(fits_a_connection_into_little_memory)
{
	/* Promise I8: an idle connection takes at most 1 KiB, what libevent
	 * and malloc(3) keep for it included. */
	ck_assert_uint_le(sizeof(struct connection), 512);
}
END_TEST

/* under_valgrind - it keeps descriptors of its own and does not enforce the
 * limit of those that accept(2) makes */
static bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

int main(void)
{
	TCase *tests = tcase_create("server");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, has_the_events_that_libevent_has);
	tcase_add_test(tests, frames_requests_in_any_pieces);
	tcase_add_test(tests, keeps_the_order_of_replies);
	tcase_add_test(tests, closes_at_a_refusal);
	tcase_add_test(tests, flushes_again_after_a_late_answer);
	tcase_add_test(tests, hears_later_what_comes_meanwhile);
	tcase_add_test(tests, reports_what_is_no_request);
	tcase_add_loop_test(tests, closes_late_clients, 0, COUNT(late));
	tcase_add_loop_test(tests, gives_up_on_unread_replies, 0, 2);
	tcase_add_test(tests, wants_the_first_request_whole_in_time);
	if (!under_valgrind())
		tcase_add_test(tests, waits_when_descriptors_run_out);
	tcase_add_test(tests, drains_what_waits_and_closes_the_rest);
	tcase_add_test(tests, ends_at_once_with_nothing_to_drain);
	tcase_add_test(tests, passes_connections_to_another_module);
	tcase_add_test(tests, calls_nobody_after_its_end);
	tcase_add_test(tests, fits_a_connection_into_little_memory);
	return run_tests("server", tests);
}
