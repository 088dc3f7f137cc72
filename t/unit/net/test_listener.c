/* SPDX-License-Identifier: ISC */
/* test_listener - what may be listened on */

#include "lib/net/listener.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/net/sockets.h"

static const struct {
	const char *text;
	const char *address; /* NULL: refused */
	const char *reason;
} addresses[] = {
	{ "unix:/run/x", "unix:/run/x", NULL },
	{ "unix://run//x", "unix:/run/x", NULL },
	{ "unix:/run/./x", "unix:/run/x", NULL },
	{ "unix:/./x", "unix:/x", NULL },
	{ "unix:/run/.x", "unix:/run/.x", NULL },
	{ "unix:/run/../x", "unix:/run/../x", NULL },
	{ "inet:127.0.0.1:10040", "inet:127.0.0.1:10040", NULL },
	{ "inet:localhost:25", "inet:127.0.0.1:25", NULL },
	{ "inet:127.9.8.7:65535", "inet:127.9.8.7:65535", NULL },
	{ "inet:[::1]:1", "inet:[::1]:1", NULL },
	{ "inet:[0:0::1]:1", "inet:[::1]:1", NULL },
	{ "inet:[127.0.0.1]:1", "inet:127.0.0.1:1", NULL },
	{ "inet:0.0.0.0:10040", "inet:0.0.0.0:10040", NULL },
	{ "inet:192.0.2.1:10040", "inet:192.0.2.1:10040", NULL },
	{ "inet:[::]:10040", "inet:[::]:10040", NULL },
	{ "inet:[2001:DB8::1]:1", "inet:[2001:db8::1]:1", NULL },
	{ "", NULL, "neither" },
	{ "/run/x", NULL, "neither" },
	{ "tcp:127.0.0.1:1", NULL, "neither" },
	{ "unix:", NULL, "/var/spool/postfix/private/policyd" },
	{ "unix:private/policyd", NULL, "/var/spool/postfix/private/policyd" },
	{ "unix:x", NULL, "not an absolute path" },
	{ "unix:/run/", NULL, "directory" },
	{ "unix:/run/a\nb", NULL, "control character" },
	{ "unix:/23456789012345678901234567890123456789012345678901234567890"
	  "123456789012345678901234567890123456789012345678",
	  NULL, "108 bytes: the system allows at most 107" },
	{ "inet:127.0.0.1", NULL, "port" },
	{ "inet:127.0.0.1:", NULL, "port" },
	{ "inet:127.0.0.1:0", NULL, "port" },
	{ "inet:127.0.0.1:65536", NULL, "port" },
	{ "inet:127.0.0.1:-1", NULL, "port" },
	{ "inet:127.0.0.1:+1", NULL, "port" },
	{ "inet:127.0.0.1:1x", NULL, "port" },
	{ "inet:127.0.0.1:000001", NULL, "port" },
	{ "inet::10040", NULL, "no address" },
	{ "inet:[]:10040", NULL, "no address" },
	{ "inet:::1:10040", NULL, "brackets" },
	{ "inet:mail.example:10040", NULL, "not a numeric address" },
	{ "inet:[::ffff:127.0.0.1]:10040", NULL, "write it as IPv4" },
};

START_TEST(parses_addresses)
{
	struct listener_options options;
	struct error error = { "" };
	int result = listener_parse(&options, addresses[_i].text, &error);

	if (addresses[_i].address == NULL) {
		ck_assert_int_eq(result, -1);
		ck_assert_msg(strstr(error.text, addresses[_i].reason) != NULL,
			      "%s: %s", addresses[_i].text, error.text);
		return;
	}
	ck_assert_msg(result == 0, "%s", error.text);
	ck_assert_str_eq(options.address, addresses[_i].address);
	ck_assert_uint_eq(options.mode, 0660);
	ck_assert_uint_eq(options.uid, (uid_t)-1);
	/* It reads back the text that it prints. */
	ck_assert_int_eq(
		listener_parse(&options, addresses[_i].address, &error), 0);
	ck_assert_str_eq(options.address, addresses[_i].address);
}
END_TEST

static const struct {
	const char *text;
	bool remote; /* other hosts can reach it */
} reaches[] = {
	{ "unix:/run/x", false },
	{ "inet:127.0.0.1:1", false },
	{ "inet:127.255.255.254:1", false },
	{ "inet:[::1]:1", false },
	{ "inet:0.0.0.0:1", true },
	{ "inet:126.255.255.255:1", true },
	{ "inet:128.0.0.1:1", true },
	{ "inet:[::]:1", true },
	{ "inet:[::2]:1", true },
};

START_TEST(knows_loopback_from_the_world)
{
	struct listener_options options;

	ck_assert_int_eq(listener_parse(&options, reaches[_i].text, NULL), 0);
	ck_assert_int_eq(listener_is_remote(&options), reaches[_i].remote);
}
END_TEST

static const struct {
	const char *address, *ending;
} endings[] = {
	{ "unix:/run/x", "x" },	       { "unix:private/policyd", "policyd" },
	{ "inet:127.0.0.1:25", "25" }, { "inet:[::1]:25", "25" },
	{ "inet:smtp", "smtp" },       { "unix:/run/", "" },
	{ "policyd", "policyd" },      { "", "" },
};

START_TEST(knows_the_name_of_a_socket_or_its_port)
{
	ck_assert_str_eq(listener_ending(endings[_i].address),
			 endings[_i].ending);
}
END_TEST

START_TEST(opens_with_mode_and_owner)
{
	struct listener_options options = options_for(path);
	struct listener listener;
	struct error error;
	struct stat status;
	int client;

	options.mode = 0640;
	ck_assert_msg(listener_open(&listener, &options, &error) == 0, "%s",
		      error.text);
	ck_assert_int_eq(lstat(path, &status), 0);
	ck_assert(S_ISSOCK(status.st_mode));
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	ck_assert_int_ne(fcntl(listener.fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(listener.fd, F_GETFD) & FD_CLOEXEC, 0);
	client = unix_socket(path, connect);
	ck_assert_int_ge(client, 0);
	close(client);
	ck_assert(listener_in_place(&listener));
	options.mode = 0600;
	ck_assert_int_eq(listener_adjust(&listener, &options, &error), 0);
	ck_assert_int_eq(lstat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	listener_remove(&listener);
	ck_assert_int_eq(listener.fd, -1);
	ck_assert_int_lt(lstat(path, &status), 0);
}
END_TEST

START_TEST(opens_an_internet_address)
{
	static const char *const texts[] = { "inet:127.0.0.1:0",
					     "inet:[::1]:0" };
	struct listener_options options;
	struct listener listener, second;
	struct error error = { "" };
	char text[64];
	int port, result = -1;

	/* Port 0 is refused, so look for a free one. */
	for (port = 20000 + getpid() % 10000; result < 0 && port < 40000;
	     port++) {
		snprintf(text, sizeof(text), "%.*s%d",
			 (int)strlen(texts[_i]) - 1, texts[_i], port);
		ck_assert_int_eq(listener_parse(&options, text, &error), 0);
		result = listener_open(&listener, &options, &error);
	}
	ck_assert_msg(result == 0, "%s", error.text);
	ck_assert(listener_in_place(&listener));
	ck_assert_int_eq(listener_adjust(&listener, &options, &error), 0);
	ck_assert_int_eq(listener_open(&second, &options, &error), -1);
	ck_assert_msg(strstr(error.text, "another program") != NULL, "%s",
		      error.text);
	listener_remove(&listener);
	ck_assert_int_eq(listener_open(&second, &options, &error), 0);
	listener_remove(&second);
}
END_TEST

/* open_somewhere - a listener of either kind; a port is looked for */
static struct listener open_somewhere(bool inet)
{
	struct listener_options options = options_for(path);
	struct listener listener;
	struct error error = { "" };
	char text[64];
	int port = 20000 + getpid() % 10000, result = -1;

	for (; result < 0 && port < 40000; port++) {
		snprintf(text, sizeof(text), "inet:127.0.0.1:%d", port);
		if (inet)
			ck_assert_int_eq(listener_parse(&options, text, &error),
					 0);
		result = listener_open(&listener, &options, &error);
	}
	ck_assert_msg(result == 0, "%s", error.text);
	return listener;
}

/* connect_to - it, by the address that it has; or -1 */
static int connect_to(const struct listener *listener, bool inet)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int fd;

	if (!inet)
		return unix_socket(path, connect);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		getsockname(listener->fd, (struct sockaddr *)&address, &length),
		0);
	if (connect(fd, (struct sockaddr *)&address, length) == 0)
		return fd;
	close(fd);
	return -1;
}

static int shut(int fd)
{
	return shutdown(fd, SHUT_RDWR);
}

static int cut_reading(int fd)
{
	return shutdown(fd, SHUT_RD);
}

static int block(int fd)
{
	return fcntl(fd, F_SETFL, 0);
}

static int tell_us(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
}

static int own(int fd)
{
	return fcntl(fd, F_SETOWN, getpid());
}

static int drop(int fd)
{
	struct sock_filter none = { .code = BPF_RET | BPF_K };
	struct sock_fprog filter = { .len = 1, .filter = &none };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			  sizeof(filter));
}

static int hurry(int fd)
{
	const struct timeval moment = { .tv_usec = 10000 };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
}

static int linger(int fd)
{
	const struct linger none = { 1, 0 };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static int defer(int fd)
{
	const int long_s = 3600;

	return setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &long_s,
			  sizeof(long_s));
}

static int route(int fd)
{
	static const unsigned char bytes[] = { 1, 1, 1, 1 }; /* nothing */

	return setsockopt(fd, IPPROTO_IP, IP_OPTIONS, bytes, sizeof(bytes));
}

static const struct {
	int (*change)(int fd);
	bool only_inet;
} changes[] = {
	{ shut, false },    { cut_reading, false }, { block, false },
	{ tell_us, false }, { own, false },	    { drop, false },
	{ hurry, false },   { linger, false },	    { defer, true },
	{ route, true },
};

/* Any change by a process that shares the socket is found, and the socket is
 * reopened while that process has the old one, which cannot listen any more. */
START_TEST(reopens_a_socket_that_was_changed)
{
	bool inet = _i % 2 > 0;
	struct listener listener;
	struct error error = { "" };
	int shared, client;

	if (changes[_i / 2].only_inet && !inet)
		return;
	listener = open_somewhere(inet);
	shared = dup(listener.fd);
	ck_assert_ptr_null(listener_changed(&listener));
	ck_assert_int_eq(changes[_i / 2].change(shared), 0);
	ck_assert_ptr_nonnull(listener_changed(&listener));
	ck_assert_msg(listener_renew(&listener, &error) == 0, "%s", error.text);
	ck_assert_ptr_null(listener_changed(&listener));
	ck_assert(listener_in_place(&listener));
	client = connect_to(&listener, inet);
	ck_assert_int_ge(client, 0);
	ck_assert(!inet || listen(shared, 1) < 0);
	ck_assert_int_lt(accept(shared, NULL, NULL), 0);
	close(client);
	client = accept4(listener.fd, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(client, 0);
	close(client);
	close(shared);
	listener_remove(&listener);
}
END_TEST

/* Normal use of a listener is no change. */
START_TEST(takes_normal_use_for_no_change)
{
	bool inet = _i > 0;
	struct listener listener = open_somewhere(inet);
	int client = connect_to(&listener, inet);
	socklen_t length = sizeof(int);
	int accepted, on = 0;

	ck_assert_ptr_null(listener_changed(&listener));
	accepted = accept4(listener.fd, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(accepted, 0);
	ck_assert_ptr_null(listener_changed(&listener));
	if (inet) /* servers may not set it */
		ck_assert_int_eq(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY,
					    &on, &length),
				 0);
	ck_assert(on != 0 || !inet);
	close(client);
	close(accepted);
	ck_assert_ptr_null(listener_changed(&listener));
	ck_assert_int_eq(shutdown(listener.fd, SHUT_WR), 0);
	ck_assert_ptr_null(listener_changed(&listener));
	client = connect_to(&listener, inet); /* the half does nothing */
	ck_assert_int_ge(client, 0);
	close(client);
	listener_remove(&listener);
}
END_TEST

START_TEST(says_that_there_is_no_directory)
{
	struct listener_options options;
	struct listener listener;
	struct error error;
	char text[128];

	snprintf(text, sizeof(text), "unix:%s/none/socket", directory);
	ck_assert_int_eq(listener_parse(&options, text, &error), 0);
	ck_assert_int_eq(listener_open(&listener, &options, &error), -1);
	ck_assert_msg(strstr(error.text, "none") != NULL, "%s", error.text);
}
END_TEST

/* open_at - a listener of a host and port; 0 or -1 */
static int open_at(struct listener *listener, const char *host, int port)
{
	struct listener_options options;
	struct error error;
	char text[64];

	snprintf(text, sizeof(text), "inet:%s:%d", host, port);
	ck_assert_int_eq(listener_parse(&options, text, &error), 0);
	return listener_open(listener, &options, &error);
}

/* bind(2) agrees with listener_is_same(). */
START_TEST(agrees_with_bind_on_what_is_the_same)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost",
					     "0.0.0.0",	  "127.0.0.2",
					     "[::1]",	  "[::]" };
	struct listener one, other;
	int i, k, result, port;

	for (i = 0; i < COUNT(hosts); i++)
		for (k = 0; k < COUNT(hosts); k++) {
			port = 20000 + getpid() % 10000;
			while (open_at(&one, hosts[i], port) < 0)
				ck_assert_int_lt(++port, 40000);
			result = open_at(&other, hosts[k], port);
			ck_assert_msg(listener_is_same(&one.options,
						       &other.options) ==
					      (result < 0),
				      "%s %s", hosts[i], hosts[k]);
			listener_remove(&other);
			listener_remove(&one);
		}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("listener");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, parses_addresses, 0, COUNT(addresses));
	tcase_add_loop_test(tests, knows_loopback_from_the_world, 0,
			    COUNT(reaches));
	tcase_add_loop_test(tests, knows_the_name_of_a_socket_or_its_port, 0,
			    COUNT(endings));
	tcase_add_test(tests, opens_with_mode_and_owner);
	tcase_add_loop_test(tests, opens_an_internet_address, 0, 2);
	tcase_add_test(tests, agrees_with_bind_on_what_is_the_same);
	tcase_add_loop_test(tests, reopens_a_socket_that_was_changed, 0,
			    2 * COUNT(changes));
	tcase_add_loop_test(tests, takes_normal_use_for_no_change, 0, 2);
	tcase_add_test(tests, says_that_there_is_no_directory);
	return run_tests("listener", tests);
}
