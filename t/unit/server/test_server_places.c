/* SPDX-License-Identifier: ISC */
/* test_server_places - who gets a place when all are taken, and which thread
 * gets a connection */

#include "lib/server/server.h"

#include <errno.h>
#include <unistd.h>

#include "t/unit/server/instance.h"

START_TEST(has_no_more_connections_than_the_limit)
{
	struct server_limits limits = generous;
	struct instance *instance;
	int fds[10], i;

	limits.max_connections = 3;
	instance = listening(&limits);
	for (i = 0; i < 10; i++) {
		fds[i] = client();
		say(fds[i], "n=1\n\n");
	}
	for (i = 0; i < 10; i++) {
		expect(fds[i], "n=1\n\n");
		if (i < 7)
			ck_assert(silent(fds[i + 3]));
		close(fds[i]);
	}
	quit(instance);
}
END_TEST

/* One user alone keeps all connections, however long they ask nothing: the next
 * one waits for a place. */
START_TEST(lets_one_user_keep_all_places)
{
	static const struct server_limits three = { 20000, 20000, 20000, 3 };
	struct instance *instance = listening(&three);
	int fds[4], i;

	for (i = 0; i < 3; i++) {
		fds[i] = client();
		say(fds[i], "n=1\n\n");
		expect(fds[i], "n=1\n\n");
	}
	fds[3] = client();
	say(fds[3], "n=2\n\n");
	/* Longer than ROOM_AFTER_MS in lib/server/server_room.c. */
	ck_assert_int_eq(
		poll(&(struct pollfd){ .fd = fds[3], .events = POLLIN }, 1,
		     300),
		0);
	ck_assert_uint_eq(accepted_by(instance), 3);
	ck_assert_int_eq(atomic_load(&instance->evicted), 0);
	close(fds[0]);
	expect(fds[3], "n=2\n\n");
	for (i = 1; i < 4; i++)
		close(fds[i]);
	quit(instance);
}
END_TEST

/* When all places are taken, those who have not asked make room for others,
 * the oldest first; those who have asked do not. */
START_TEST(makes_room_for_those_who_wait)
{
	static const struct server_limits four = { 20000, 20000, 20000, 4 };
	struct instance *instance = listening(&four);
	int asks[4], silent_ones[4], i;

	asks[0] = client();
	say(asks[0], "n=0\n\n");
	expect(asks[0], "n=0\n\n");
	for (i = 0; i < 3; i++) {
		silent_ones[i] = client();
		eventually(accepted_by(instance) == (uint64_t)i + 2);
	}
	say(silent_ones[0], "n="); /* is not enough */
	eventually(unread(silent_ones[0]) == 0);
	silent_ones[3] = client();
	expect_end(silent_ones[0]);
	eventually(atomic_load(&instance->evicted) == 1);
	ck_assert_str_eq(instance->reason, "no request yet, and all "
					   "connections are in use");
	for (i = 1; i < 4; i++) {
		asks[i] = client();
		say(asks[i], "n=1\n\n");
		expect(asks[i], "n=1\n\n");
		expect_end(silent_ones[i]);
	}
	/* Now one has to wait until somebody closes. */
	silent_ones[0] = client();
	say(asks[0], "n=2\n\n");
	expect(asks[0], "n=2\n\n");
	ck_assert_uint_eq(accepted_by(instance), 8);
	close(asks[0]);
	eventually(accepted_by(instance) == 9);
	for (i = 1; i < 4; i++) {
		say(asks[i], "n=3\n\n");
		expect(asks[i], "n=3\n\n");
		close(asks[i]);
	}
	close(silent_ones[0]);
	ck_assert_int_eq(atomic_load(&instance->malformed), 0);
	quit(instance);
}
END_TEST

/* from - a connection to a server on loopback, from another host of 127/8 */
static int from(unsigned char host, const struct sockaddr_in *server)
{
	struct timeval patience = { .tv_sec = TEST_WAIT_S };
	struct sockaddr_in here = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
	ck_assert_int_eq(
		connect(fd, (const struct sockaddr *)server, sizeof(*server)),
		0);
	say(fd, "n=1\n\n");
	return fd;
}

/* listen_inet - on a port of loopback */
static int listen_inet(struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)address, length), 0);
	ck_assert_int_eq(listen(fd, 128), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, &length),
			 0);
	return fd;
}

/* All places are taken, by two users, and nobody waits for one: an event of the
 * listener that is no connection, or not any more, costs nobody's place. */
START_TEST(makes_no_room_for_nobody)
{
	static const struct server_limits four = { 20000, 20000, 20000, 4 };
	struct instance *instance = new_instance(&four);
	struct sockaddr_in address;
	struct error error;
	int fds[4], i;

	ck_assert_int_eq(
		server_listen(instance->server, listen_inet(&address), &error),
		0);
	start(instance);
	for (i = 0; i < 4; i++) {
		fds[i] = from(i == 0 ? 1 : 2, &address);
		expect(fds[i], "n=1\n\n");
	}
	/* Longer than ROOM_AFTER_MS in lib/server/server_room.c. */
	ck_assert_int_eq(
		poll(&(struct pollfd){ .fd = fds[0], .events = POLLIN }, 1,
		     300),
		0);
	order(instance, 'k');
	for (i = 0; i < 4; i++) {
		say(fds[i], "n=2\n\n");
		expect(fds[i], "n=2\n\n");
		close(fds[i]);
	}
	ck_assert_int_eq(atomic_load(&instance->evicted), 0);
	quit(instance);
}
END_TEST

static void deal_to(struct instance *from, struct instance *to);

/* What a client does that holds places, after its first request. */
static const char *const holds[] = { "", "n=", "refuse" };

/* One client has all places, in two threads, and more wait in line: another one
 * that was here before gets its share, and keeps it. */
START_TEST(shares_places_between_users)
{
	static const struct server_limits eight = { 20000, 20000, 20000, 8 };
	struct instance *first = new_instance(&eight);
	struct instance *other = new_instance(&eight);
	struct sockaddr_in address;
	int greedy[40], fair[4], i;
	struct error error;

	ck_assert_int_eq(
		server_listen(first->server, listen_inet(&address), &error), 0);
	deal_to(first, other);
	start(other);
	start(first);
	fair[0] = from(2, &address);
	expect(fair[0], "n=1\n\n");
	close(fair[0]);
	for (i = 0; i < 8; i++) {
		greedy[i] = from(1, &address);
		expect(greedy[i], "n=1\n\n");
		say(greedy[i], holds[_i]);
	}
	for (i = 8; i < 40; i++)
		greedy[i] = from(1, &address);
	for (i = 0; i < 4; i++)
		fair[i] = from(2, &address);
	for (i = 0; i < 4; i++)
		expect(fair[i], "n=1\n\n");
	for (i = 8; i < 40; i++)
		expect(greedy[i], "n=1\n\n");
	for (i = 0; i < 4; i++) {
		say(fair[i], "n=2\n\n");
		expect(fair[i], "n=2\n\n");
		close(fair[i]);
	}
	ck_assert_int_ge(first->evicted + other->evicted, 36);
	ck_assert_int_eq(first->malformed + other->malformed, 0);
	ck_assert_str_eq(first->reason, "it is idle, all connections are in "
					"use, and its user has the most");
	for (i = 0; i < 40; i++)
		close(greedy[i]);
	quit(first);
	eventually(atomic_load(&other->taken) >= 0);
	quit(other);
}
END_TEST

/* deal_to - new connections of one instance, which does not run yet, go to
 * another one, too */
static void deal_to(struct instance *from, struct instance *to)
{
	struct error error;
	int ends[2];

	ck_assert_int_eq(
		socketpair(AF_UNIX,
			   SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			   ends),
		0);
	ck_assert_int_eq(
		server_deal_to(from->server, ends[0], to->server, &error), 0);
	ck_assert_int_eq(server_take_over_local(to->server, ends[1], on_taken,
						to, &error),
			 0);
}

/* Connections are dealt to whoever has the fewest; the limit is for all; a
 * server that is not dealt to any more is informed, and continues. */
START_TEST(deals_to_the_thread_with_the_fewest)
{
	static const struct server_limits nine = { 20000, 20000, 20000, 9 };
	struct instance *first = new_instance(&nine);
	struct instance *others[2];
	struct error error;
	int clients[10], silent_ones[4], i;

	ck_assert_int_eq(server_listen(first->server, dup(listener.fd), &error),
			 0);
	for (i = 0; i < 2; i++) {
		others[i] = new_instance(&generous);
		deal_to(first, others[i]);
		start(others[i]);
	}
	start(first);
	for (i = 0; i < 10; i++) {
		clients[i] = client();
		say(clients[i], "n=1\n\n");
		if (i < 9)
			expect(clients[i], "n=1\n\n");
	}
	eventually(open_of(first) == 3); /* one was passed on a moment ago */
	ck_assert_uint_eq(open_of(others[0]), 3);
	ck_assert_uint_eq(open_of(others[1]), 3);
	/* They close long after the first one found that all is taken. */
	ck_assert_int_eq(
		poll(&(struct pollfd){ .fd = clients[9], .events = POLLIN }, 1,
		     50),
		0);
	for (i = 1; i < 9; i += 3) /* all of one instance */
		close(clients[i]);
	expect(clients[9], "n=1\n\n");
	eventually(open_of(first) + open_of(others[0]) + open_of(others[1]) ==
		   7);
	/* A client that asks nothing is kept by the accepting server, and does
	 * not weigh when a connection is dealt. */
	for (i = 0; i < 4; i++)
		silent_ones[i] = client();
	eventually(accepted_by(first) == 14);
	ck_assert_uint_eq(open_of(others[0]) + open_of(others[1]), 4);
	clients[1] = client();
	say(clients[1], "n=2\n\n");
	expect(clients[1], "n=2\n\n");
	close(clients[1]);
	for (i = 0; i < 4; i++)
		close(silent_ones[i]);
	quit(first);
	for (i = 0; i < 2; i++) {
		eventually(atomic_load(&others[i]->taken) >= 0);
		ck_assert(!others[i]->broken);
	}
	for (i = 0; i < 9; i++)
		if (i % 3 != 1)
			close(clients[i]);
	close(clients[9]);
	quit(others[0]);
	quit(others[1]);
}
END_TEST

/* The farewell arrives, behind what was dealt, however full the channel is. */
START_TEST(sends_the_farewell_through_a_full_channel)
{
	struct instance *first = new_instance(&generous);
	struct instance *other = new_instance(&generous);
	int clients[900], i;
	struct error error;

	ck_assert_int_eq(server_listen(first->server, dup(listener.fd), &error),
			 0);
	deal_to(first, other);
	start(first);
	for (i = 0; i < COUNT(clients); i++) {
		clients[i] = client();
		say(clients[i], "n=1\n\n");
	}
	/* Connections that the channel does not take are kept, and served. */
	eventually(accepted_by(first) == COUNT(clients) &&
		   atomic_load(&first->requests) == (int)open_of(first));
	ck_assert_uint_gt(open_of(first), COUNT(clients) / 2 + 1);
	quit(first);
	start(other);
	eventually(atomic_load(&other->taken) > 0);
	ck_assert(!other->broken);
	for (i = 0; i < COUNT(clients); i++) {
		expect(clients[i], "n=1\n\n");
		close(clients[i]);
	}
	quit(other);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("server_places");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, has_no_more_connections_than_the_limit);
	tcase_add_test(tests, lets_one_user_keep_all_places);
	tcase_add_test(tests, makes_room_for_those_who_wait);
	tcase_add_test(tests, makes_no_room_for_nobody);
	tcase_add_loop_test(tests, shares_places_between_users, 0,
			    COUNT(holds));
	tcase_add_test(tests, deals_to_the_thread_with_the_fewest);
	tcase_add_test(tests, sends_the_farewell_through_a_full_channel);

	return run_tests("server_places", tests);
}
