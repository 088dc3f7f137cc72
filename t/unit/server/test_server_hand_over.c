/* SPDX-License-Identifier: ISC */
/* test_server_hand_over - connections that another process hands over, or a
 * proxy makes */

#include "lib/server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "t/unit/server/instance.h"

/* connect_instances - let one server hand over to the other */
static void connect_instances(struct instance *old, struct instance *new)
{
	int ends[2];

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	new->channel = ends[0];
	old->channel = ends[1];
	order(new, 't');
	order(old, 'h');
}

/* add - a connection that was made elsewhere; with a name, there is a proxy
 * before it. Returns the other end */
static int add(const struct instance *instance, const char *name)
{
	const struct sockaddr named = { .sa_family = AF_UNIX };
	int pair[2];

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	/* As if it was accepted: another server takes no nameless one. */
	ck_assert_int_eq(bind(pair[0], &named, sizeof(sa_family_t)), 0);
	server_add(instance->server, pair[0], name);
	return pair[1];
}

/* A connection that somebody else has made has the name that it was given. */
START_TEST(keeps_the_name_of_an_added_connection)
{
	static const char name[] = "inet:[2001:db8::1]:65535";
	struct instance *instance = new_instance(&generous);
	int one = add(instance, name), two = add(instance, NULL);

	start(instance);
	say(one, "n=1\n\nn=");
	expect(one, "n=1\n\n");
	ck_assert_int_eq(shutdown(one, SHUT_WR), 0);
	expect_end(one);
	eventually(atomic_load(&instance->malformed) == 1);
	ck_assert_str_eq(instance->peer, name);
	say(two, "n=");
	ck_assert_int_eq(shutdown(two, SHUT_WR), 0);
	expect_end(two);
	eventually(atomic_load(&instance->malformed) == 2);
	ck_assert_int_eq(strncmp(instance->peer, "unix:pid=", 9), 0);
	quit(instance);
}
END_TEST

/* Connections behind a proxy in this process are not passed to another one:
 * they are closed when their requests are answered, or when that takes too
 * long. */
START_TEST(closes_added_ones_at_a_hand_over)
{
	static const char name[] = "inet:192.0.2.1:1";
	struct instance *old = new_instance(&generous), *new;
	int plain = add(old, NULL), idle = add(old, name);
	int partial = add(old, name), asks = add(old, name);
	int waiting = add(old, name), stays = add(old, name);

	start(old);
	say(plain, "n=1\n\nn=");
	expect(plain, "n=1\n\n");
	say(partial, "n=2\n\nn=");
	expect(partial, "n=2\n\n");
	say(waiting, "wait=\nn=3\n\nn=4\n\nn=");
	eventually(old->waiting_count == 1);
	say(asks, "n=5\n\nn=6\n\n");
	ck_assert_int_eq(shutdown(asks, SHUT_WR), 0);
	expect(asks, "n=5\n\nn=6\n\n");
	expect_end(asks);
	new = listening(&generous);
	connect_instances(old, new);
	order(old, 'a');
	expect(waiting, "n=3\n\nn=4\n\n");
	eventually(open_of(new) == 1);
	ck_assert_int_eq(shutdown(idle, SHUT_WR), 0);
	expect_end(idle);
	ck_assert_int_eq(shutdown(partial, SHUT_WR), 0);
	expect_end(partial);
	expect_end(waiting);
	expect_end(stays);
	eventually(atomic_load(&new->taken) == 1);
	ck_assert(!new->broken);
	ck_assert_int_eq(atomic_load(&old->malformed), 0);
	end(old);
	say(plain, "7\n\n");
	expect(plain, "n=7\n\n");
	close(plain);
	quit(new);
}
END_TEST

/* While draining, it ends when the proxy says so. */
START_TEST(ends_a_drain_when_the_proxy_says_so)
{
	struct instance *instance = new_instance(&generous);
	int pair[2], idle = client();
	struct error error;

	ck_assert_int_eq(
		server_listen(instance->server, dup(listener.fd), &error), 0);
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	server_add(instance->server, pair[0], "inet:192.0.2.1:1");
	start(instance);
	say(idle, "n=1\n\n");
	expect(idle, "n=1\n\n");
	order(instance, 'd');
	expect_end(idle);
	say(pair[1], "n=2\n\nn=3\n\n");
	ck_assert_int_eq(shutdown(pair[1], SHUT_WR), 0);
	expect(pair[1], "n=2\n\nn=3\n\n");
	expect_end(pair[1]);
	end(instance);
}
END_TEST

START_TEST(hands_over_open_connections)
{
	struct instance *old = listening(&generous), *new;
	int idle = client(), partial = client(), waiting = client(), new_one;
	int full = client();
	size_t sent;

	say(idle, "n=1\n\n");
	expect(idle, "n=1\n\n");
	say(partial, "n=1\n\nn=");
	expect(partial, "n=1\n\n");
	sent = flood(full, 200);
	say(waiting, "wait=\nn=2\n\nn=3\n\nwait=\nn=4\n\nn=");
	eventually(old->waiting_count == 1);
	new = listening(&generous);
	connect_instances(old, new);
	say(idle, "n=5\n\n");
	expect(idle, "n=5\n\n");
	say(partial, "6\n\n");
	expect(partial, "n=6\n\n");
	drink(full, sent);
	/* A waiting request is answered by the server that it was sent to. */
	ck_assert_int_eq(atomic_load(&new->taken), -1);
	order(old, 'a');
	expect(waiting, "n=2\n\nn=3\n\n");
	eventually(old->waiting_count == 1);
	new_one = client();
	say(new_one, "n=7\n\n");
	expect(new_one, "n=7\n\n");
	order(old, 'a');
	expect(waiting, "n=4\n\n");
	eventually(atomic_load(&new->taken) == 4);
	ck_assert(!new->broken);
	ck_assert_str_eq(new->farewell, "good bye");
	end(old);
	say(waiting, "8\n\n");
	expect(waiting, "n=8\n\n");
	close(idle);
	close(partial);
	close(waiting);
	close(new_one);
	close(full);
	quit(new);
}
END_TEST

/* A client that has asked may be idle after a hand-over too; one that has not
 * must ask. */
START_TEST(may_be_idle_after_a_hand_over)
{
	static const struct server_limits limits = { 200, 20000, 20000, 10 };
	struct instance *old = listening(&generous), *new;
	int idle = client(), silent_one, part;

	say(idle, "n=1\n\n");
	expect(idle, "n=1\n\n");
	silent_one = client();
	part = client();
	say(part, "n=");
	eventually(accepted_by(old) == 3 && unread(part) == 0);
	new = listening(&limits);
	connect_instances(old, new);
	eventually(atomic_load(&new->taken) == 3);
	end(old);
	expect_end(silent_one);
	expect_end(part);
	say(idle, "n=2\n\n");
	expect(idle, "n=2\n\n");
	close(idle);
	quit(new);
}
END_TEST

/* The time to ask began when they came, not when they were taken over. */
START_TEST(keeps_the_time_since_they_came)
{
	static const struct server_limits minute = { 60000, 20000, 20000, 10 };
	struct instance *new = listening(&minute);
	struct connection connection = {
		.since_ms = clock_ms() - 60000,
	};
	struct handover_packet packet = handover_packet(&connection, NULL, 0);
	int ends[2], pair[2];

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	new->channel = ends[0];
	order(new, 't');
	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, pair),
			 0);
	ck_assert_int_eq(handover_send(ends[1], &packet, pair[0]), 0);
	close(pair[0]);
	eventually(!silent(pair[1]));
	expect_end(pair[1]);
	close(ends[1]);
	quit(new);
}
END_TEST

START_TEST(hands_over_hundreds_in_the_middle_of_requests)
{
	struct server_limits limits = generous;
	struct instance *old, *new;
	int fds[400], i, round;
	char text[32];

	old = listening(&limits);
	for (i = 0; i < COUNT(fds); i++)
		fds[i] = client();
	for (round = 0; round < 5; round++) {
		for (i = 0; i < COUNT(fds); i++) {
			snprintf(text, sizeof(text), "n=%d", i);
			say(fds[i], text);
		}
		new = listening(&limits);
		connect_instances(old, new);
		for (i = 0; i < COUNT(fds); i++) {
			say(fds[i], "\n\n");
			snprintf(text, sizeof(text), "n=%d\n\n", i);
			expect(fds[i], text);
		}
		eventually(atomic_load(&new->taken) >= 0);
		ck_assert(!new->broken);
		end(old);
		old = new;
	}
	for (i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	quit(old);
}
END_TEST

START_TEST(hands_over_no_connection)
{
	struct instance *old = listening(&generous), *new;

	new = listening(&generous);
	connect_instances(old, new);
	eventually(atomic_load(&new->taken) == 0);
	ck_assert(!new->broken);
	end(old);
	quit(new);
}
END_TEST

START_TEST(closes_when_nobody_takes_over)
{
	struct instance *old = listening(&generous);
	int ends[2], fd = client();

	say(fd, "n=1\n\n");
	expect(fd, "n=1\n\n");
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	old->channel = ends[1];
	close(ends[0]);
	order(old, 'h');
	expect_end(fd);
	end(old);
}
END_TEST

START_TEST(takes_over_no_nonsense)
{
	static const char *const texts[] = {
		"",
		"x",
		"something that is no header, and long enough for it",
	};
	struct instance *new = listening(&generous);
	int ends[2], fd = client();

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	new->channel = ends[0];
	order(new, 't');
	if (*texts[_i] != '\0')
		say(ends[1], texts[_i]);
	else
		close(ends[1]);
	eventually(atomic_load(&new->taken) == 0);
	ck_assert(new->broken);
	if (*texts[_i] != '\0')
		close(ends[1]);
	say(fd, "n=1\n\n");
	expect(fd, "n=1\n\n");
	close(fd);
	quit(new);
}
END_TEST

/* Descriptors that are no connections. */
enum { LISTENING, UNCONNECTED, PAIR, PACKETS, ITSELF, FILE_END, STRANGE_COUNT };

static int strange(int which, int channel)
{
	int ends[2] = { -1, -1 };

	switch (which) {
	case LISTENING:
		return dup(listener.fd);
	case UNCONNECTED:
		return socket(AF_UNIX, SOCK_STREAM, 0);
	case ITSELF:
		return dup(channel);
	case FILE_END:
		return open("/dev/null", O_RDWR);
	default:
		ck_assert_int_eq(
			socketpair(AF_UNIX,
				   which == PAIR ? SOCK_STREAM : SOCK_SEQPACKET,
				   0, ends),
			0);
		close(ends[1]);
		return ends[0];
	}
}

/* accepted_blocking - a connection, the server's end of which blocks */
static int accepted_blocking(int *client_end)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(sa_family_t); /* the kernel names it */
	int one = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	ck_assert_int_eq(bind(one, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(one, 1), 0);
	length = sizeof(address);
	ck_assert_int_eq(getsockname(one, (struct sockaddr *)&address, &length),
			 0);
	*client_end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		connect(*client_end, (struct sockaddr *)&address, length), 0);
	fd = accept4(one, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	close(one);
	return fd;
}

/* give - a descriptor to a server that takes over */
static void give(int channel, int fd)
{
	const struct connection like = { .asked = true,
					 .since_ms = clock_ms() };
	struct handover_packet packet = handover_packet(&like, NULL, 0);

	ck_assert_int_eq(handover_send(channel, &packet, fd), 0);
}

/* A server that was taken over gives what is no connection, with its own end of
 * the channel, and then nothing more: the next one serves, does not wait for
 * a descriptor that blocks, and takes over no longer than it should. */
START_TEST(takes_over_no_other_descriptors)
{
	struct instance *new = listening(&generous);
	int ends[2], fd, one = client(), given;

	new->limit_ms = 200;
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	new->channel = ends[0];
	order(new, 't');
	given = strange(_i, ends[1]);
	give(ends[1], given);
	close(given);
	given = accepted_blocking(&fd);
	give(ends[1], given);
	say(fd, "n=9\n\nn=");
	expect(fd, "n=9\n\n");
	eventually(atomic_load(&new->taken) >= 0);
	ck_assert_int_eq(atomic_load(&new->taken), 1);
	ck_assert(new->broken);
	say(one, "n=1\n\n");
	expect(one, "n=1\n\n");
	close(ends[1]);
	close(given);
	close(fd);
	close(one);
	quit(new);
}
END_TEST

START_TEST(serves_a_pair_of_pipes)
{
	struct instance *instance = new_instance(&generous);
	int input[2], output[2];
	struct error error;

	ck_assert_int_eq(pipe(input) + pipe(output), 0);
	ck_assert_int_eq(write(input[1], "n=1\n\nn=2\n\n", 10), 10);
	close(input[1]);
	server_free(instance->server);
	instance->server = server_new(
		&generous,
		&(struct server_handler){ instance, on_request, on_gone,
					  on_malformed, on_evicted, on_flush },
		&error);
	ck_assert_int_eq(server_serve_pair(instance->server, input[0],
					   output[1], &error),
			 0);
	start(instance);
	end(instance);
	expect(output[0], "n=1\n\nn=2\n\n");
	close(output[0]);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("server_hand_over");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, keeps_the_name_of_an_added_connection);
	tcase_add_test(tests, closes_added_ones_at_a_hand_over);
	tcase_add_test(tests, ends_a_drain_when_the_proxy_says_so);
	tcase_add_test(tests, hands_over_open_connections);
	tcase_add_test(tests, may_be_idle_after_a_hand_over);
	tcase_add_test(tests, keeps_the_time_since_they_came);
	tcase_add_test(tests, hands_over_hundreds_in_the_middle_of_requests);
	tcase_add_test(tests, hands_over_no_connection);
	tcase_add_test(tests, closes_when_nobody_takes_over);
	tcase_add_loop_test(tests, takes_over_no_nonsense, 0, 3);
	tcase_add_loop_test(tests, takes_over_no_other_descriptors, 0,
			    STRANGE_COUNT);
	tcase_add_test(tests, serves_a_pair_of_pipes);

	return run_tests("server_hand_over", tests);
}
