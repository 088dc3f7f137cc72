/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_SERVER_INSTANCE_H
#define T_UNIT_SERVER_INSTANCE_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/net/listener.h"
#include "lib/server/server_internal.h"
#include "t/unit/test.h"

/* A server in a thread of its own; a pipe sends it orders. The handler answers
 * with the value of n=, later if it says wait=, never if it says refuse=. */

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
	atomic_int flushed; /* requests that were there by then */
	atomic_int flushes;
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
static inline void answer(struct connection *connection)
{
	char *number = *connection_context(connection);

	*connection_context(connection) = NULL;
	connection_reply(connection, number, strlen(number));
	free(number);
}

static inline void on_request(void *context, struct connection *connection,
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

static inline void on_gone(void *context, struct connection *connection)
{
	struct instance *instance = context;

	free(*connection_context(connection));
	atomic_fetch_add(&instance->gone, 1);
}

static inline void on_malformed(void *context, const char *peer,
				const char *reason)
{
	struct instance *instance = context;

	ck_assert_str_ne(peer, "");
	snprintf(instance->peer, sizeof(instance->peer), "%s", peer);
	snprintf(instance->reason, sizeof(instance->reason), "%s", reason);
	atomic_fetch_add(&instance->malformed, 1);
}

static inline void on_evicted(void *context, const char *peer,
			      const char *reason)
{
	struct instance *instance = context;

	ck_assert_str_ne(peer, "");
	/* The test reads that of the first one, while others follow. */
	if (atomic_load(&instance->evicted) == 0)
		snprintf(instance->reason, sizeof(instance->reason), "%s",
			 reason);
	atomic_fetch_add(&instance->evicted, 1);
}

static inline bool on_flush(void *context)
{
	struct instance *instance = context;

	atomic_store(&instance->flushed, atomic_load(&instance->requests));
	return atomic_fetch_add(&instance->flushes, 1) % 2 == 0;
}

static inline size_t on_farewell(void *context, void *buffer, size_t size)
{
	(void)context;
	ck_assert_uint_ge(size, 9);
	memcpy(buffer, "good bye", 9);
	return 9;
}

static inline void on_taken(void *context, unsigned long count,
			    const void *farewell, size_t length)
{
	struct instance *instance = context;

	instance->broken = farewell == NULL;
	if (farewell != NULL)
		memcpy(instance->farewell, farewell, length);
	atomic_store(&instance->taken, (long)count);
}

/* on_order - one letter: answer, drain, hand over, knock (an event of the
 * listener, though nobody waits there), quit, take over */
static inline void on_order(void *context, int fd)
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
	case 'k':
		event_active(&TAILQ_FIRST(&instance->server->accepting)->event,
			     EV_READ, 0);
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

static inline void *run(void *argument)
{
	struct instance *instance = argument;

	server_run(instance->server, NULL);
	atomic_store(&instance->ended, true);
	return NULL;
}

/* new_instance - with limits; it does not run yet */
static inline struct instance *new_instance(const struct server_limits *limits)
{
	struct instance *instance = xcalloc(1, sizeof(*instance));
	struct server_handler handler = { instance,	on_request, on_gone,
					  on_malformed, on_evicted, on_flush };
	struct error error;

	atomic_store(&instance->taken, -1);
	instance->server = server_new(limits, &handler, &error);
	ck_assert_ptr_nonnull(instance->server);
	ck_assert_int_eq(pipe(instance->orders), 0);
	ck_assert_int_eq(server_on_readable(instance->server,
					    instance->orders[0], on_order,
					    instance, &error),
			 0);
	return instance;
}

static inline void start(struct instance *instance)
{
	ck_assert_int_eq(pthread_create(&instance->thread, NULL, run, instance),
			 0);
}

/* listening - a running server on the test's socket */
static inline struct instance *listening(const struct server_limits *limits)
{
	struct instance *instance = new_instance(limits);
	struct error error;

	ck_assert_int_eq(
		server_listen(instance->server, dup(listener.fd), &error), 0);
	start(instance);
	return instance;
}

static inline void order(struct instance *instance, char letter)
{
	ck_assert_int_eq(write(instance->orders[1], &letter, 1), 1);
}

/* release - one that has ended */
static inline void release(struct instance *instance)
{
	server_free(instance->server);
	close(instance->orders[0]);
	close(instance->orders[1]);
	free(instance);
}

/* end - wait until it has ended, and free it */
static inline void end(struct instance *instance)
{
	ck_assert_int_eq(pthread_join(instance->thread, NULL), 0);
	release(instance);
}

static inline void quit(struct instance *instance)
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

static inline void setup(void)
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

static inline void teardown(void)
{
	listener_remove(&listener);
	ck_assert_int_eq(rmdir(directory), 0);
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
}

/* client - a connection to the test's socket */
static inline int client(void)
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

static inline void say(int fd, const char *text)
{
	size_t length = strlen(text);

	ck_assert_int_eq(send(fd, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* expect - exactly these bytes come */
static inline void expect(int fd, const char *text)
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
static inline void expect_end(int fd)
{
	char byte;
	ssize_t count = read(fd, &byte, 1);

	ck_assert_msg(count == 0 || (count < 0 && errno == ECONNRESET),
		      "%zd, %s", count, strerror(errno));
	close(fd);
}

/* silent - no byte is there */
static inline bool silent(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) == 0;
}

/* unread - bytes that the peer has not read yet */
static inline int unread(int fd)
{
	int count = -1;

	ck_assert_int_eq(ioctl(fd, SIOCOUTQ, &count), 0);
	return count;
}

/* open_of - its connections now */
static inline unsigned open_of(const struct instance *instance)
{
	struct server_counters counters;

	server_counters(instance->server, &counters);
	return counters.open;
}

/* accepted_by - those that it has accepted */
static inline uint64_t accepted_by(const struct instance *instance)
{
	struct server_counters counters;

	server_counters(instance->server, &counters);
	return counters.accepted;
}

/* flood - write requests until nobody has taken them for patience_ms, or the
 * peer has closed; how many */
static inline size_t flood(int fd, int patience_ms)
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
static inline void drink(int fd, size_t requests)
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

#endif
