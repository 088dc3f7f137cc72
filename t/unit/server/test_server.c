/* SPDX-License-Identifier: ISC */
/* test_server - framing, order, time limits, drain, hand-over
 *
 * The server runs in a thread of its own; a pipe sends it orders. The
 * handler answers with the value of n=, later if it says wait=, never if it
 * says refuse=. */

#include "lib/server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/net/listener.h"
#include "lib/server/server_internal.h"
#include "t/unit/test.h"

#define WAITING_MAX 64

/* One server and what the test knows about it. */
struct instance {
	struct server *server;
	pthread_t thread;
	int orders[2];
	int channel;	   /* for orders 'h' and 't' */
	unsigned limit_ms; /* to take over */
	struct connection *waiting[WAITING_MAX];
	atomic_size_t waiting_count;
	atomic_int requests, gone, malformed, evicted;
	atomic_int settled; /* requests that were there by then */
	atomic_int settlings;
	atomic_long taken; /* -1: not done yet */
	atomic_bool ended;
	char reason[128];
	char peer[PEER_MAX]; /* of the last malformed request */
	char farewell[32];
	bool broken;
};

static char directory[] = "/tmp/policyd-test-XXXXXX";
static struct listener listener;

static const struct server_limits generous = { 20000, 20000, 20000, 1000 };

/* answer - "n=..." back */
static void answer(struct connection *connection)
{
	char *number = *connection_context(connection);

	*connection_context(connection) = NULL;
	connection_reply(connection, number, strlen(number));
	free(number);
}

static void on_request(void *context, struct connection *connection,
		       char *bytes, size_t length)
{
	struct instance *instance = context;
	const char *start = memmem(bytes, length, "n=", 2), *end;

	atomic_fetch_add(&instance->requests, 1);
	if (memmem(bytes, length, "refuse=", 7) != NULL) {
		connection_refuse(connection);
		return;
	}
	ck_assert_ptr_nonnull(start);
	end = memchr(start, '\n', (size_t)(bytes + length - start));
	*connection_context(connection) =
		xasprintf("%.*s\n\n", (int)(end - start), start);
	if (memmem(bytes, length, "wait=", 5) == NULL)
		answer(connection);
	else if (instance->waiting_count < WAITING_MAX)
		instance->waiting[instance->waiting_count++] = connection;
}

static void on_gone(void *context, struct connection *connection)
{
	struct instance *instance = context;

	free(*connection_context(connection));
	atomic_fetch_add(&instance->gone, 1);
}

static void on_malformed(void *context, const char *peer, const char *reason)
{
	struct instance *instance = context;

	ck_assert_str_ne(peer, "");
	snprintf(instance->peer, sizeof(instance->peer), "%s", peer);
	snprintf(instance->reason, sizeof(instance->reason), "%s", reason);
	atomic_fetch_add(&instance->malformed, 1);
}

static void on_evicted(void *context, const char *peer, const char *reason)
{
	struct instance *instance = context;

	ck_assert_str_ne(peer, "");
	/* The test reads that of the first one, while others follow. */
	if (atomic_load(&instance->evicted) == 0)
		snprintf(instance->reason, sizeof(instance->reason), "%s",
			 reason);
	atomic_fetch_add(&instance->evicted, 1);
}

static bool on_settled(void *context)
{
	struct instance *instance = context;

	atomic_store(&instance->settled, atomic_load(&instance->requests));
	return atomic_fetch_add(&instance->settlings, 1) % 2 == 0;
}

static size_t on_farewell(void *context, void *buffer, size_t size)
{
	(void)context;
	ck_assert_uint_ge(size, 9);
	memcpy(buffer, "good bye", 9);
	return 9;
}

static void on_taken(void *context, unsigned long count, const void *farewell,
		     size_t length)
{
	struct instance *instance = context;

	instance->broken = farewell == NULL;
	if (farewell != NULL)
		memcpy(instance->farewell, farewell, length);
	atomic_store(&instance->taken, (long)count);
}

/* on_order - one letter: answer, drain, quit, hand over, take over */
static void on_order(void *context, int fd)
{
	struct instance *instance = context;
	size_t count = instance->waiting_count, i;
	char order;

	if (read(fd, &order, 1) != 1)
		order = 'q';
	switch (order) {
	case 'a':
		instance->waiting_count = 0;
		for (i = 0; i < count; i++)
			answer(instance->waiting[i]);
		break;
	case 'd':
		server_drain(instance->server);
		break;
	case 'h':
		server_hand_over(instance->server, instance->channel,
				 on_farewell, instance);
		break;
	case 't':
		server_take_over(instance->server, instance->channel,
				 instance->limit_ms, on_taken, instance, NULL);
		break;
	default:
		server_quit(instance->server);
		break;
	}
}

static void *run(void *argument)
{
	struct instance *instance = argument;

	server_run(instance->server, NULL);
	atomic_store(&instance->ended, true);
	return NULL;
}

/* new_instance - with limits; it does not run yet */
static struct instance *new_instance(const struct server_limits *limits)
{
	struct instance *instance = xcalloc(1, sizeof(*instance));
	struct server_handler handler = {
		instance,     on_request, on_gone,
		on_malformed, on_evicted, on_settled
	};
	struct error error;

	atomic_store(&instance->taken, -1);
	instance->server = server_new(limits, &handler, &error);
	ck_assert_ptr_nonnull(instance->server);
	ck_assert_int_eq(pipe(instance->orders), 0);
	ck_assert_int_eq(server_watch(instance->server, instance->orders[0],
				      on_order, instance, &error),
			 0);
	return instance;
}

static void start(struct instance *instance)
{
	ck_assert_int_eq(pthread_create(&instance->thread, NULL, run, instance),
			 0);
}

/* listening - a running server on the test's socket */
static struct instance *listening(const struct server_limits *limits)
{
	struct instance *instance = new_instance(limits);
	struct error error;

	ck_assert_int_eq(
		server_listen(instance->server, dup(listener.fd), &error), 0);
	start(instance);
	return instance;
}

static void order(struct instance *instance, char letter)
{
	ck_assert_int_eq(write(instance->orders[1], &letter, 1), 1);
}

/* release - one that has ended */
static void release(struct instance *instance)
{
	server_free(instance->server);
	close(instance->orders[0]);
	close(instance->orders[1]);
	free(instance);
}

/* end - wait until it has ended, and free it */
static void end(struct instance *instance)
{
	ck_assert_int_eq(pthread_join(instance->thread, NULL), 0);
	release(instance);
}

static void quit(struct instance *instance)
{
	order(instance, 'q');
	end(instance);
}

/* eventually - poll for a condition */
#define eventually(condition)                                  \
	do {                                                   \
		time_t end_ = time(NULL) + TEST_WAIT_S;        \
		while (!(condition)) {                         \
			ck_assert_msg(time(NULL) < end_,       \
				      "in vain: " #condition); \
			poll(NULL, 0, 1);                      \
		}                                              \
	} while (0)

static void setup(void)
{
	struct listener_options options;
	struct error error;
	char text[64];

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(text, sizeof(text), "unix:%s/s", directory);
	ck_assert_int_eq(listener_parse(&options, text, &error), 0);
	ck_assert_msg(listener_open(&listener, &options, &error) == 0, "%s",
		      error.text);
}

static void teardown(void)
{
	listener_remove(&listener);
	ck_assert_int_eq(rmdir(directory), 0);
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
}

/* client - a connection to the test's socket */
static int client(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = TEST_WAIT_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", directory);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	ck_assert_int_eq(
		connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	size_t length = strlen(text);

	ck_assert_int_eq(send(fd, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* expect - exactly these bytes come */
static void expect(int fd, const char *text)
{
	size_t length = strlen(text), done = 0;
	char *buffer = xmalloc(length + 1);

	while (done < length) {
		ssize_t count = read(fd, buffer + done, length - done);

		ck_assert_msg(count > 0, "%zd: %s after %zu bytes of \"%s\"",
			      count, strerror(errno), done, text);
		done += (size_t)count;
	}
	buffer[length] = '\0';
	ck_assert_str_eq(buffer, text);
	free(buffer);
}

/* expect_end - nothing more comes, the connection is closed */
static void expect_end(int fd)
{
	char byte;
	ssize_t count = read(fd, &byte, 1);

	ck_assert_msg(count == 0 || (count < 0 && errno == ECONNRESET),
		      "%zd, %s", count, strerror(errno));
	close(fd);
}

/* silent - no byte is there */
static bool silent(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) == 0;
}

/* unread - bytes that the peer has not read yet */
static int unread(int fd)
{
	int count = -1;

	ck_assert_int_eq(ioctl(fd, SIOCOUTQ, &count), 0);
	return count;
}

/* open_of - its connections now */
static unsigned open_of(const struct instance *instance)
{
	struct server_counters counters;

	server_counters(instance->server, &counters);
	return counters.open;
}

/* accepted_by - those that it has accepted */
static uint64_t accepted_by(const struct instance *instance)
{
	struct server_counters counters;

	server_counters(instance->server, &counters);
	return counters.accepted;
}

START_TEST(test_splits)
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

START_TEST(test_waiting)
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

START_TEST(test_refuse)
{
	struct instance *instance = listening(&generous);
	int fd = client();

	say(fd, "n=1\n\nn=2\n\nrefuse=\n\nn=3\n\n");
	expect(fd, "n=1\n\nn=2\n\n");
	expect_end(fd);
	ck_assert_int_eq(atomic_load(&instance->requests), 3);
	ck_assert_int_eq(atomic_load(&instance->malformed), 0);
	eventually(atomic_load(&instance->settled) == 3 &&
		   atomic_load(&instance->settlings) == 2);
	quit(instance);
}
END_TEST

/* A request that waited has settled once when it came, and does so again when
 * it is answered. */
START_TEST(test_settled_later)
{
	struct instance *instance = listening(&generous);
	int fd = client();

	say(fd, "wait=\nn=1\n\n");
	eventually(atomic_load(&instance->waiting_count) == 1 &&
		   atomic_load(&instance->settlings) == 2);
	order(instance, 'a');
	expect(fd, "n=1\n\n");
	eventually(atomic_load(&instance->settlings) == 4);
	close(fd);
	quit(instance);
}
END_TEST

START_TEST(test_malformed)
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

START_TEST(test_late)
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

/* flood - write requests until nobody has taken them for patience_ms, or the
 * peer has closed; how many */
static size_t flood(int fd, int patience_ms)
{
	static const char request[] = "n=12345\n\n";
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	size_t count = 0, part = 0;
	ssize_t sent;

	while (poll(&ready, 1, patience_ms) == 1) {
		sent = send(fd, request + part, 9 - part,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0) {
			ck_assert(errno == EAGAIN || errno == EPIPE ||
				  errno == ECONNRESET);
			break;
		}
		part += (size_t)sent;
		count += part / 9;
		part %= 9;
	}
	ck_assert_uint_eq(part, 0);
	return count;
}

/* drink - read the replies to a number of them */
static void drink(int fd, size_t requests)
{
	static const char reply[] = "n=12345\n\n";
	size_t left = requests * 9, done = 0;
	char buffer[9001];
	ssize_t count, i;

	while (left > 0) {
		count = read(fd, buffer,
			     left < sizeof(buffer) ? left : sizeof(buffer));
		ck_assert_int_gt(count, 0);
		left -= (size_t)count;
		for (i = 0; i < count; i++, done++)
			ck_assert_int_eq(buffer[i], reply[done % 9]);
	}
}

START_TEST(test_unread)
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

START_TEST(test_max_connections)
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
START_TEST(test_one_user)
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

/* The first request is late when it is not whole in time after the start,
 * whatever has come of it. */
START_TEST(test_late_first)
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

/* When all places are taken, those who have not asked make room for others,
 * the oldest first; those who have asked do not. */
START_TEST(test_room)
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

static void deal_to(struct instance *from, struct instance *to);

/* What a client does that holds places, after its first request. */
static const char *const holds[] = { "", "n=", "refuse" };

/* One client has all places, in two threads, and more wait in line: another one
 * that was here before gets its share, and keeps it. */
START_TEST(test_share)
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

/* cpu_ms - processor time of this process */
static long cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(test_no_descriptors)
{
	struct rlimit limit, few;
	struct instance *instance = new_instance(&generous);
	int fds[4], spare[64], count = 0, i;
	struct error error;
	long before;

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

START_TEST(test_drain)
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

START_TEST(test_drain_empty)
{
	struct instance *instance = listening(&generous);

	order(instance, 'd');
	end(instance);
}
END_TEST

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
START_TEST(test_added)
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
START_TEST(test_hand_over_added)
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
START_TEST(test_dealt)
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
START_TEST(test_dealt_full)
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

/* While draining, it ends when the proxy says so. */
START_TEST(test_drain_added)
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

static void on_accepted(void *context, int fd)
{
	atomic_store((atomic_int *)context, fd);
}

/* A connection that is accepted for another module is passed to it. */
START_TEST(test_listen_for)
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

START_TEST(test_hand_over)
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
START_TEST(test_hand_over_silent)
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
START_TEST(test_hand_over_since)
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

START_TEST(test_hand_over_many)
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

START_TEST(test_hand_over_nobody)
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

START_TEST(test_hand_over_to_nobody)
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

START_TEST(test_take_over_nonsense)
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
START_TEST(test_take_over_strange)
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

START_TEST(test_pair)
{
	struct instance *instance = new_instance(&generous);
	int input[2], output[2];
	struct error error;

	ck_assert_int_eq(pipe(input) + pipe(output), 0);
	ck_assert_int_eq(write(input[1], "n=1\n\nn=2\n\n", 10), 10);
	close(input[1]);
	server_free(instance->server);
	instance->server =
		server_new(&generous,
			   &(struct server_handler){ instance, on_request,
						     on_gone, on_malformed,
						     on_evicted, on_settled },
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

/* never_settled - there is always something left to do */
static bool never_settled(void *context)
{
	struct instance *instance = context;

	atomic_fetch_add(&instance->settlings, 1);
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

/* Once server_run() has returned nobody is called: not for a settling that is
 * due, nor for a watch or a request. */
START_TEST(calls_nobody_after_its_end)
{
	struct instance *instance = new_instance(&generous);
	int fd = client(), waiting = client(), settlings, left = 0;
	struct error error;

	instance->server->handler.settled = never_settled;
	ck_assert_int_eq(
		server_listen(instance->server, dup(listener.fd), &error), 0);
	start(instance);
	say(waiting, "wait=\nn=1\n\n");
	say(fd, "n=2\n\n");
	expect(fd, "n=2\n\n");
	eventually(atomic_load(&instance->requests) == 2);
	order(instance, 'q');
	ck_assert_int_eq(pthread_join(instance->thread, NULL), 0);
	settlings = atomic_load(&instance->settlings);
	order(instance, 'a');
	(void)!send(fd, "n=3\n\n", 5, MSG_NOSIGNAL);
	turn_on(instance->server, 5 * SERVER_SETTLE_MS);
	ck_assert_int_eq(atomic_load(&instance->settlings), settlings);
	ck_assert_int_eq(atomic_load(&instance->requests), 2);
	ck_assert_int_eq(atomic_load(&instance->gone), 1);
	ck_assert_int_eq(ioctl(instance->orders[0], FIONREAD, &left), 0);
	ck_assert_int_eq(left, 1);
	expect_end(waiting);
	expect_end(fd);
	release(instance);
}
END_TEST

START_TEST(test_size)
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
	tcase_add_test(tests, test_splits);
	tcase_add_test(tests, test_waiting);
	tcase_add_test(tests, test_refuse);
	tcase_add_test(tests, test_settled_later);
	tcase_add_test(tests, test_malformed);
	tcase_add_loop_test(tests, test_late, 0, COUNT(late));
	tcase_add_loop_test(tests, test_unread, 0, 2);
	tcase_add_test(tests, test_late_first);
	tcase_add_test(tests, test_max_connections);
	tcase_add_test(tests, test_one_user);
	tcase_add_test(tests, test_room);
	tcase_add_loop_test(tests, test_share, 0, COUNT(holds));
	if (!under_valgrind())
		tcase_add_test(tests, test_no_descriptors);
	tcase_add_test(tests, test_drain);
	tcase_add_test(tests, test_drain_empty);
	tcase_add_test(tests, test_added);
	tcase_add_test(tests, test_hand_over_added);
	tcase_add_test(tests, test_dealt);
	tcase_add_test(tests, test_dealt_full);
	tcase_add_test(tests, test_drain_added);
	tcase_add_test(tests, test_listen_for);
	tcase_add_test(tests, test_hand_over);
	tcase_add_test(tests, test_hand_over_silent);
	tcase_add_test(tests, test_hand_over_since);
	tcase_add_test(tests, test_hand_over_many);
	tcase_add_test(tests, test_hand_over_nobody);
	tcase_add_test(tests, test_hand_over_to_nobody);
	tcase_add_loop_test(tests, test_take_over_nonsense, 0, 3);
	tcase_add_loop_test(tests, test_take_over_strange, 0, STRANGE_COUNT);
	tcase_add_test(tests, test_pair);
	tcase_add_test(tests, calls_nobody_after_its_end);
	tcase_add_test(tests, test_size);
	return run_tests("server", tests);
}
