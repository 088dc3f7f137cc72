/* SPDX-License-Identifier: ISC */
/* test_server_connection - what came before the loop looks: whose turn it is,
 * and that nothing of it is overlooked
 *
 * The loop runs in the test's own thread, one look at a time. The handler
 * answers with the first line of the request. */

#include "lib/server/server.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "lib/base/xalloc.h"
#include "lib/request/request.h"
#include "t/unit/test.h"

static struct server *server;
static char seen[128]; /* the first lines of all requests */
static size_t malformed;

static void on_request(void *context, struct connection *connection,
		       char *bytes, size_t length)
{
	size_t line = strcspn(bytes, "\n") + 1;

	(void)context;
	ck_assert_uint_le(line, length);
	ck_assert_uint_lt(strlen(seen) + line, sizeof(seen));
	strncat(seen, bytes, line);
	connection_reply(connection, bytes, line);
}

static void on_gone(void *context, struct connection *connection)
{
	(void)context;
	(void)connection;
	ck_abort_msg("no request waits");
}

static void on_malformed(void *context, const char *peer, const char *reason)
{
	(void)context;
	(void)peer;
	(void)reason;
	malformed++;
}

static void setup(void)
{
	static const struct server_limits limits = { 20000, 20000, 20000, 100 };
	static const struct server_handler handler = {
		.request = on_request,
		.gone = on_gone,
		.malformed = on_malformed,
	};
	struct error error;

	seen[0] = '\0';
	malformed = 0;
	server = server_new(&limits, &handler, &error);
	ck_assert_ptr_nonnull(server);
}

static void teardown(void)
{
	server_free(server);
}

/* look - what is ready now gets its turn once */
static void look(void)
{
	ck_assert_int_eq(event_base_loop(server_base(server),
					 EVLOOP_ONCE | EVLOOP_NONBLOCK),
			 0);
}

/* open_now - how many connections there are */
static unsigned open_now(void)
{
	struct server_counters counters;

	server_counters(server, &counters);
	return counters.open;
}

/* client - a connection that the server has taken already */
static int client(void)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, pair),
			 0);
	server_add(server, pair[0], NULL);
	return pair[1];
}

static void say(int fd, const char *text)
{
	size_t length = strlen(text);

	ck_assert_int_eq(send(fd, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* expect - exactly these bytes are there */
static void expect(int fd, const char *text)
{
	char buffer[128] = "";

	ck_assert_int_eq(read(fd, buffer, sizeof(buffer) - 1),
			 (ssize_t)strlen(text));
	ck_assert_str_eq(buffer, text);
}

/* expect_end - the connection is closed, at the latest at the next look */
static void expect_end(void)
{
	if (open_now() > 0)
		look();
	ck_assert_uint_eq(open_now(), 0);
}

/* Clients are served in the order in which they ask, also after others were
 * served in the last round: otherwise p99 is twice the median. */
START_TEST(serves_in_order)
{
	int one = client(), two = client();

	say(one, "a=1\n\n");
	look();
	expect(one, "a=1\n");
	say(two, "a=2\n\n");
	say(one, "a=3\n\n");
	look();
	ck_assert_str_eq(seen, "a=1\na=2\na=3\n");
	close(one);
	close(two);
}
END_TEST

static const struct {
	const char *sent, *replies;
	size_t malformed;
} ends[] = {
	{ "", "", 0 },
	{ "a=1\n\n", "a=1\n", 0 },
	{ "a=1\n\na=2\n\n", "a=1\na=2\n", 0 },
	{ "a=1\n\na=2\n", "a=1\n", 1 },
	{ "a=1", "", 1 },
};

/* The end that came together with requests, or with a part of one, or alone:
 * nothing more will tell of it. */
START_TEST(answers_what_came_with_the_end)
{
	int fd = client();

	say(fd, ends[_i].sent);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	look();
	if (ends[_i].replies[0] != '\0')
		expect(fd, ends[_i].replies);
	expect_end();
	ck_assert_uint_eq(malformed, ends[_i].malformed);
	close(fd);
}
END_TEST

static const struct {
	const char *before, *last;
} departures[] = {
	{ "", "a=1\n\n" },
	{ "", "a=1" },
	{ "a=1\n\n", "a=2\n\n" },
	{ "a=1\n\n", "a=2" },
};

/* The same when the peer does not wait for its replies, or leaves one unread,
 * which is an error instead of an end. */
START_TEST(forgets_a_peer_that_is_gone)
{
	int fd = client();

	say(fd, departures[_i].before);
	if (departures[_i].before[0] != '\0')
		look();
	say(fd, departures[_i].last);
	close(fd);
	look();
	expect_end();
}
END_TEST

/* fill - text with this many bytes in all: whole requests, each with one line
 * that is as long as it may be */
static char *fill(size_t bytes)
{
	static const char line[] = "a=1\nlong=";
	char *text = xmalloc(bytes + 1);
	size_t size = 8192, at;

	ck_assert_uint_eq(bytes % size, 0);
	memset(text, 'x', bytes);
	for (at = 0; at < bytes; at += size) {
		memcpy(text + at, line, strlen(line));
		memcpy(text + at + size - 2, "\n\n", 2);
	}
	text[bytes] = '\0';
	return text;
}

/* Requests that fill what is read at once to its last byte, and one more. */
START_TEST(reads_requests_that_fill_the_buffer)
{
	int fd = client();
	char *text = fill(REQUEST_BYTES_MAX);

	say(fd, text);
	say(fd, "a=2\n\n");
	look();
	look();
	expect(fd, "a=1\na=1\na=1\na=1\na=1\na=1\na=1\na=1\na=2\n");
	close(fd);
	free(text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("server_connection");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, serves_in_order);
	tcase_add_loop_test(tests, answers_what_came_with_the_end, 0,
			    COUNT(ends));
	tcase_add_loop_test(tests, forgets_a_peer_that_is_gone, 0,
			    COUNT(departures));
	tcase_add_test(tests, reads_requests_that_fill_the_buffer);
	return run_tests("server_connection", tests);
}
