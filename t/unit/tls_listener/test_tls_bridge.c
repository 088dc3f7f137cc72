/* SPDX-License-Identifier: ISC */
/* test_tls_bridge - from TLS to an ordinary connection and back
 *
 * The bridges run in the thread of the test, each client in one of its own.
 * What a real network and a real server make of it is tried by
 * t/integration/test_tls_listener.py. */

#include "lib/tls_listener/tls_bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/ssl.h>

#include "t/unit/certificates.h"

#define BIG 3000000 /* more than all buffers hold */

static struct event_base *base;
static struct tls_bridges *bridges;
static struct tls_listener *listener;
static int served;	/* what a bridge has made, or -1 */
static unsigned failed; /* clients that did not get in */
static char reason[128];
static char served_peer[64];

/* A client. */
struct client {
	pthread_t thread;
	int fd;
	bool certificate;
	size_t length;	     /* bytes to send, and to get back */
	bool rude;	     /* no close_notify */
	size_t got;	     /* back */
	bool same;	     /* they are the ones that were sent */
	bool in, told;	     /* handshake done; close_notify came */
	atomic_bool greeted; /* has sent all */
};

static void on_ready(void *context, int fd, const char *peer)
{
	(void)context;
	ck_assert_int_eq(served, -1);
	served = fd;
	snprintf(served_peer, sizeof(served_peer), "%s", peer);
}

static void on_failed(void *context, const char *peer, const char *why)
{
	(void)context;
	ck_assert_str_eq(peer, "inet:192.0.2.1:1");
	failed++;
	snprintf(reason, sizeof(reason), "%s", why);
}

static void setup(void)
{
	const struct tls_bridges_handler handler = { NULL, on_ready,
						     on_failed };
	EVP_PKEY *ours = EVP_EC_gen("P-256"), *theirs = EVP_EC_gen("P-256");
	struct tls_listener_files files;
	struct error error = { "" };

	directory_make();
	write_key("key", ours, NULL);
	write_certificate("certificate", ours, -1, 2, "serverAuth");
	write_key("client.key", theirs, NULL);
	write_certificate("client", theirs, -1, 2, "clientAuth");
	EVP_PKEY_free(ours);
	EVP_PKEY_free(theirs);
	files = (struct tls_listener_files){ name("certificate"), name("key"),
					     name("client"), NULL };
	listener = tls_listener_new(&files, true, &error);
	ck_assert_msg(listener != NULL, "%s", error.text);
	base = event_base_new();
	bridges = tls_bridges_new(base, &handler);
	served = -1;
	failed = 0;
}

static void teardown(void)
{
	if (served >= 0)
		close(served);
	tls_bridges_free(bridges);
	tls_listener_free(listener);
	event_base_free(base);
	directory_remove();
}

/* pattern - the byte at a place */
static unsigned char pattern(size_t place)
{
	return (unsigned char)(place * 31 + place / 251);
}

/* client_say - all that it has to */
static void client_say(struct client *client, SSL *ssl)
{
	unsigned char *bytes = xmalloc(client->length + 1);
	size_t i, sent;

	for (i = 0; i < client->length; i++)
		bytes[i] = pattern(i);
	if (client->length > 0)
		SSL_write_ex(ssl, bytes, client->length, &sent);
	if (!client->rude)
		SSL_shutdown(ssl);
	atomic_store(&client->greeted, true);
	free(bytes);
}

/* client_hear - until the end */
static void client_hear(struct client *client, SSL *ssl)
{
	unsigned char block[4096];
	size_t got, i;

	client->same = true;
	while (SSL_read_ex(ssl, block, sizeof(block), &got) == 1)
		for (i = 0; i < got; i++)
			client->same &= block[i] == pattern(client->got++);
	client->told = SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN;
}

static void *client_run(void *argument)
{
	struct client *client = argument;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	if (client->certificate) {
		SSL_CTX_use_certificate_file(context, name("client"),
					     SSL_FILETYPE_PEM);
		SSL_CTX_use_PrivateKey_file(context, name("client.key"),
					    SSL_FILETYPE_PEM);
	}
	ssl = SSL_new(context);
	SSL_set_fd(ssl, client->fd);
	client->in = SSL_connect(ssl) == 1;
	if (client->in) {
		client_say(client, ssl);
		if (!client->rude)
			client_hear(client, ssl);
	}
	close(client->fd);
	SSL_free(ssl);
	SSL_CTX_free(context);
	return NULL;
}

/* knock - a connection to a bridge; returns the client's end */
static int knock(void)
{
	int ends[2];

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	tls_bridges_accept(bridges, listener, ends[0], "inet:192.0.2.1:1");
	return ends[1];
}

static void client_start(struct client *client)
{
	ck_assert_int_eq(
		pthread_create(&client->thread, NULL, client_run, client), 0);
}

/* turn - let the bridges do what they can; false: it takes too long */
static bool turn(time_t deadline)
{
	struct timespec pause = { .tv_nsec = 100000 };
	int result = event_base_loop(base, EVLOOP_NONBLOCK);

	ck_assert_int_ge(result, 0);
	nanosleep(&pause, NULL);
	return time(NULL) < deadline;
}

#define until(condition)                                                       \
	do {                                                                   \
		time_t deadline = time(NULL) + TEST_WAIT_S;                    \
		while (!(condition))                                           \
			ck_assert_msg(turn(deadline), "in vain: " #condition); \
	} while (0)

/* read_served - more of what the client has said: false at its end */
static bool read_served(unsigned char *bytes, size_t *length)
{
	ssize_t got = read(served, bytes + *length, BIG + 1 - *length);

	ck_assert(got >= 0 || errno == EAGAIN);
	if (got > 0)
		*length += (size_t)got;
	return got != 0;
}

/* write_served - more of the answer: false when it is all written */
static bool write_served(const unsigned char *bytes, size_t length,
			 size_t *sent)
{
	ssize_t count = send(served, bytes + *sent, length - *sent,
			     MSG_NOSIGNAL | MSG_DONTWAIT);

	ck_assert(count >= 0 || errno == EAGAIN);
	if (count > 0)
		*sent += (size_t)count;
	return *sent < length;
}

static void close_served(void)
{
	close(served);
	served = -1;
}

/* Bytes there and back, few and many, with both ends closed in order. */
static const size_t lengths[] = { 0, 1, 16384, 16385, BIG };

START_TEST(brings_bytes_there_and_back)
{
	struct client client = { .certificate = true, .length = lengths[_i] };
	unsigned char *bytes = xmalloc(BIG + 1);
	size_t length = 0, sent = 0;

	client.fd = knock();
	client_start(&client);
	until(served >= 0);
	ck_assert_str_eq(served_peer, "inet:192.0.2.1:1");
	if (client.length == BIG) {
		/* Nobody reads yet: the client has to wait. */
		time_t later = time(NULL) + 2;

		while (turn(later))
			;
		ck_assert(!atomic_load(&client.greeted));
	}
	until(!read_served(bytes, &length));
	ck_assert_uint_eq(length, client.length);
	until(length == 0 || !write_served(bytes, length, &sent));
	close_served();
	until(tls_bridges_count(bridges) == 0);
	pthread_join(client.thread, NULL);
	ck_assert_uint_eq(client.got, client.length);
	ck_assert(client.same && client.told);
	ck_assert_uint_eq(failed, 0);
	free(bytes);
}
END_TEST

/* Without a certificate nothing is made of a client. */
START_TEST(makes_nothing_of_a_stranger)
{
	struct client client = { .length = 5 };

	client.fd = knock();
	client_start(&client);
	until(failed == 1);
	ck_assert_ptr_nonnull(strstr(reason, "did not return a certificate"));
	ck_assert_uint_eq(tls_bridges_count(bridges), 0);
	pthread_join(client.thread, NULL);
	ck_assert_int_eq(served, -1);
	ck_assert_uint_eq(client.got, 0);
}
END_TEST

/* Of too many handshakes the oldest goes; at the end all go. */
START_TEST(ends_the_oldest_of_too_many_handshakes)
{
	static int fds[TLS_BRIDGES_HANDSHAKES_MAX + 3];
	char byte;
	int i;

	for (i = 0; i < COUNT(fds); i++)
		fds[i] = knock();
	ck_assert_uint_eq(failed, 3);
	ck_assert_ptr_nonnull(strstr(reason, "too many handshakes"));
	ck_assert_uint_eq(tls_bridges_count(bridges),
			  TLS_BRIDGES_HANDSHAKES_MAX);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq((int)recv(fds[i], &byte, 1, MSG_DONTWAIT), 0);
	ck_assert_int_eq((int)recv(fds[3], &byte, 1, MSG_DONTWAIT), -1);
	tls_bridges_drain(bridges); /* which is no fault of theirs */
	ck_assert_uint_eq(failed, 3);
	ck_assert_uint_eq(tls_bridges_count(bridges), 0);
	for (i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}
END_TEST

/* The end from our side: the server learns it, the client gets the rest. */
START_TEST(ends_from_our_side)
{
	struct client client = { .certificate = true, .length = 5 };
	unsigned char *bytes = xmalloc(BIG + 1);
	struct error error;
	size_t length = 0;

	client.fd = knock();
	client_start(&client);
	until(served >= 0 && atomic_load(&client.greeted));
	tls_bridges_drain(bridges);
	until(!read_served(bytes, &length));
	ck_assert_uint_eq(length, 5);
	close_served();
	ck_assert_int_eq(tls_bridges_run(bridges, 5000, &error), 0);
	ck_assert_uint_eq(tls_bridges_count(bridges), 0);
	pthread_join(client.thread, NULL);
	ck_assert(client.told && client.got == 0);
	free(bytes);
}
END_TEST

/* A client that is cut off: the server sees the end. */
START_TEST(passes_on_that_a_client_was_cut_off)
{
	struct client client = { .certificate = true,
				 .length = 5,
				 .rude = true };
	unsigned char *bytes = xmalloc(BIG + 1);
	size_t length = 0;

	client.fd = knock();
	client_start(&client);
	until(served >= 0);
	until(!read_served(bytes, &length));
	ck_assert_uint_eq(length, 5);
	ck_assert_uint_eq(tls_bridges_count(bridges), 0);
	pthread_join(client.thread, NULL);
	free(bytes);
}
END_TEST

/* tls_bridges_run() keeps to its limit. */
START_TEST(keeps_to_its_limit)
{
	struct error error;
	int fd = knock();

	ck_assert_int_eq(tls_bridges_run(bridges, 50, &error), 0);
	ck_assert_uint_eq(tls_bridges_count(bridges), 1);
	close(fd);
	ck_assert_int_eq(tls_bridges_run(bridges, 5000, &error), 0);
	ck_assert_uint_eq(tls_bridges_count(bridges), 0);
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_eq(tls_bridges_run(bridges, 5000, &error), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("tls_bridge");

	signal(SIGPIPE, SIG_IGN);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, brings_bytes_there_and_back, 0,
			    COUNT(lengths));
	tcase_add_test(tests, makes_nothing_of_a_stranger);
	tcase_add_test(tests, ends_the_oldest_of_too_many_handshakes);
	tcase_add_test(tests, ends_from_our_side);
	tcase_add_test(tests, passes_on_that_a_client_was_cut_off);
	tcase_add_test(tests, keeps_to_its_limit);
	return run_tests("tls_bridge", tests);
}
