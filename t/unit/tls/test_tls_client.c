/* SPDX-License-Identifier: ISC */
/* test_tls_client - a server that is known, one that is not, and one that means
 * ill */

#include "lib/tls/tls_client.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/unit/tls_end.h"

#define TURNS 1000	/* of both sides; each does what it can at once */
#define MUCH  (1 << 20) /* bytes */

#define NAMES "DNS:store.test,IP:192.0.2.1,IP:2001:db8::1"

/* setup - every file that a case names */
static void setup(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY *other = EVP_EC_gen("P-256");

	signal(SIGPIPE, SIG_IGN); /* of OpenSSL's own functions, at our end */
	directory_make();
	write_key("key", key, NULL);
	write_key("other.key", other, NULL);
	write_key("open.key", key, NULL);
	ck_assert_int_eq(chmod(name("open.key"), 0644), 0);
	write_certificate("plain", key, -1, 2, "serverAuth");
	write_certificate("client", key, -1, 2, "clientAuth");
	write_certificate("expired", key, -3, -1, "serverAuth");
	write_certificate("early", key, 1, 2, "serverAuth");
	write_certificate("stranger", other, -1, 2, "clientAuth");
	write_certificate_for("named", key, -1, 2, "serverAuth", NAMES);
	write_certificate_for("wild", key, -1, 2, "serverAuth",
			      "DNS:*.wild.test,DNS:s*.part.test");
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* Both ends of a connection. */
struct both {
	struct tls_client *client;
	struct tls_session *session;
	SSL_CTX *context;
	SSL *end;
	int fds[2];
	struct error error;
	size_t heard;	  /* bytes that the end has received */
	char last[20000]; /* what the session has received last */
	ssize_t result;	  /* of its last call */
};

/* client_of - with the files of a case; NULL: none */
static struct tls_client *client_of(const char *ca, const char *certificate,
				    const char *key, struct error *error)
{
	struct tls_client_files files = { .ca = name(ca) };

	if (certificate != NULL)
		files.certificate = name(certificate);
	if (key != NULL)
		files.key = name(key);
	return tls_client_new(&files, error);
}

/* open_both - with a server's certificate, a client's authority and its own
 * certificate, the name that is expected, and a version of the protocol; asks:
 * the authority of clients' certificates that the server asks for */
static void open_both(struct both *both, const char *certificate,
		      const char *ca, const char *own, const char *expected,
		      int version, const char *asks)
{
	const char *key = own != NULL && strcmp(own, "stranger") == 0
				  ? "other.key"
				  : "key";

	memset(both, 0, sizeof(*both));
	both->client =
		client_of(ca, own, own != NULL ? key : NULL, &both->error);
	ck_assert_msg(both->client != NULL, "%s", both->error.text);
	both->context = tls_end_context(certificate, "key", asks);
	ck_assert(SSL_CTX_set_max_proto_version(both->context, version));
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both->fds),
		0);
	both->session = tls_session_new(both->client, both->fds[0], expected,
					&both->error);
	ck_assert_msg(both->session != NULL, "%s", both->error.text);
	both->end = tls_end_new(both->context, both->fds[1]);
}

/* open_good - where everything is well */
static void open_good(struct both *both, int version)
{
	open_both(both, "plain", "plain", NULL, "test", version, NULL);
}

/* hang_up - without a word */
static void hang_up(struct both *both)
{
	SSL_free(both->end);
	both->end = NULL;
	if (both->fds[1] >= 0)
		close(both->fds[1]);
	both->fds[1] = -1;
}

static void close_both(struct both *both)
{
	tls_session_free(both->session);
	hang_up(both);
	close(both->fds[0]);
	SSL_CTX_free(both->context);
	tls_client_free(both->client);
}

/* listen_to - what the session says */
static ssize_t listen_to(struct both *both)
{
	char bytes[TLS_RECORD_MAX];
	ssize_t count = tls_end_receive(both->end, bytes, sizeof(bytes));

	both->heard += (size_t)count;
	return count;
}

/* read_one - of the session */
static ssize_t read_one(struct both *both)
{
	both->result = tls_session_read(both->session, both->last,
					TLS_RECORD_MAX, &both->error);
	return both->result;
}

/* exchange - a question, and its answer; false: error says why not */
static bool exchange(struct both *both)
{
	ssize_t asked = 0;

	both->heard = 0;
	for (int i = 0; i < TURNS; i++) {
		if (asked == 0)
			asked = tls_session_write(both->session, "ask?", 4,
						  &both->error);
		if (asked < 0)
			return false;
		if (listen_to(both) > 0)
			ck_assert_int_eq(tls_end_send(both->end, "so!", 3), 3);
		if (read_one(both) != 0)
			break;
	}
	ck_assert_int_ne(both->result, 0);
	return both->result == 3 && memcmp(both->last, "so!", 3) == 0;
}

#define NOT_FOR "its certificate is not for "
#define UNKNOWN "its certificate is not signed by an authority in ca"
#define REFUSED "its certificate is not accepted: "

static const struct {
	const char *certificate, *ca, *expected;
	const char *why; /* NULL: accepted */
} servers[] = {
	{ "named", "named", "store.test", NULL },
	{ "named", "named", "STORE.test", NULL },
	{ "named", "named", "192.0.2.1", NULL },
	{ "named", "named", "2001:db8::1", NULL },
	{ "named", "named", "other.test", NOT_FOR "other.test" },
	{ "named", "named", "192.0.2.2", NOT_FOR "192.0.2.2" },
	{ "named", "named", "::1", NOT_FOR "::1" },
	{ "named", "named", "test", NOT_FOR "test" },
	{ "wild", "wild", "a.wild.test", NULL },
	{ "wild", "wild", "a.b.wild.test", NOT_FOR "a.b.wild.test" },
	{ "wild", "wild", "wild.test", NOT_FOR "wild.test" },
	{ "wild", "wild", "s1.part.test", NOT_FOR "s1.part.test" },
	{ "plain", "plain", "test", NULL },
	{ "plain", "plain", "192.0.2.1", NOT_FOR "192.0.2.1" },
	{ "plain", "stranger", "test", UNKNOWN },
	{ "expired", "expired", "test", REFUSED "certificate has expired" },
	{ "early", "early", "test", REFUSED "certificate is not yet valid" },
	{ "client", "client", "test", REFUSED },
};

/* Nothing is said to a server that is not known. */
START_TEST(known)
{
	int version = _i % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION;
	const char *expected = servers[_i / 2].expected;
	const char *why = servers[_i / 2].why;
	struct both both;

	open_both(&both, servers[_i / 2].certificate, servers[_i / 2].ca, NULL,
		  expected, version, NULL);
	ck_assert_msg(exchange(&both) == (why == NULL), "%s", both.error.text);
	if (why != NULL) {
		ck_assert_msg(strncmp(both.error.text, why, strlen(why)) == 0,
			      "%s", both.error.text);
		ck_assert_uint_eq(both.heard, 0);
		ck_assert(!tls_session_ready(both.session));
	} else {
		const char *said =
			SSL_get_servername(both.end, TLSEXT_NAMETYPE_host_name);

		ck_assert_int_eq(SSL_version(both.end), version);
		ck_assert_int_eq(said != NULL, strpbrk(expected, "gt") != NULL);
		ck_assert(said == NULL || strcmp(said, expected) == 0);
	}
	close_both(&both);
}
END_TEST

/* A server that asks for a certificate. The last two have none, and learn that
 * after they have said something, in TLS 1.3. */
static const struct {
	const char *own, *asks;
	int version;
	const char *why;
} asking[] = {
	{ "client", "client", TLS1_3_VERSION, NULL },
	{ "client", "client", TLS1_2_VERSION, NULL },
	{ "stranger", "client", TLS1_3_VERSION, "unknown ca" },
	{ "stranger", "client", TLS1_2_VERSION, "unknown ca" },
	{ NULL, "client", TLS1_3_VERSION,
	  "require a certificate of the client" },
	{ NULL, "client", TLS1_2_VERSION,
	  "require a certificate of the client" },
};

START_TEST(own_certificate)
{
	struct both both;
	const char *why = asking[_i].why;

	open_both(&both, "plain", "plain", asking[_i].own, "test",
		  asking[_i].version, asking[_i].asks);
	ck_assert_msg(exchange(&both) == (why == NULL), "%s", both.error.text);
	ck_assert_msg(why == NULL || strstr(both.error.text, why) != NULL, "%s",
		      both.error.text);
	close_both(&both);
}
END_TEST

/* It has gone, and said why: that is read, although nothing can be written. */
START_TEST(last_words)
{
	struct both both;

	open_both(&both, "plain", "plain", NULL, "test", TLS1_3_VERSION,
		  "client");
	while (!tls_session_ready(both.session)) {
		ck_assert_int_eq(tls_session_write(both.session, "a", 1,
						   &both.error) < 0,
				 0);
		if (!tls_session_ready(both.session))
			listen_to(&both);
	}
	listen_to(&both);
	hang_up(&both);
	ck_assert_int_eq(tls_session_write(both.session, "b", 1, &both.error),
			 0);
	ck_assert(tls_session_write_needs_read(both.session));
	ck_assert_int_eq(read_one(&both), -1);
	ck_assert_msg(strstr(both.error.text, "certificate required") != NULL,
		      "%s", both.error.text);
	close_both(&both);
}
END_TEST

/* What comes from something else. */
static const struct {
	const char *bytes;
	size_t length;
	const char *why;
} others[] = {
#define TEXT(text) text, sizeof(text) - 1
	{ TEXT("-ERR unknown command\r\n"), "does not speak TLS" },
	{ TEXT("-DENIED Redis is running in protected mode\r\n"),
	  "does not speak TLS" },
	{ TEXT("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak TLS" },
	{ TEXT("\0\0\0\0\0\0\0\0\0\0\0"), "" },
	{ TEXT("\x16\x03\x03\xff\xff........"), "" },
	{ TEXT("\x16\x03\x03\0\x04\x02\xff\xff\xff......"), "" },
	{ TEXT("\x16\x03\x03\0\x04\x0b\0\0\0"), "" },
	{ TEXT("\x15\x03\x03\0\x02\x02\x28"), "handshake failure" },
	{ TEXT("\x15\x03\x01\0\x02\x02\x46"), "protocol version" },
	{ TEXT("\x17\x03\x03\0\x01x"), "" },
	{ TEXT(""), "it has closed the connection in the handshake" },
	{ TEXT("-ERR"), "it has closed the connection in the handshake" },
	{ TEXT("\x16\x03\x03"), "it has closed the connection in the handsh" },
};

START_TEST(no_server)
{
	struct both both;

	open_good(&both, 0);
	ck_assert_int_eq(read_one(&both), 0);
	ck_assert(!tls_session_read_needs_write(both.session));
	ck_assert_int_eq(send(both.fds[1], others[_i].bytes, others[_i].length,
			      MSG_NOSIGNAL),
			 (ssize_t)others[_i].length);
	if (read_one(&both) == 0) {
		shutdown(both.fds[1], SHUT_WR);
		ck_assert_int_eq(read_one(&both), -1);
	}
	ck_assert_msg(both.error.text[0] != '\0' &&
			      strstr(both.error.text, others[_i].why) != NULL,
		      "%s", both.error.text);
	ck_assert(!tls_session_ready(both.session));
	close_both(&both);
}
END_TEST

/* pass_on - what a server with memory of its own has to say, until left bytes
 * are used up */
static void pass_on(struct both *both, SSL *server, size_t *left)
{
	char bytes[TLS_RECORD_MAX];
	ssize_t count = recv(both->fds[1], bytes, sizeof(bytes), MSG_DONTWAIT);
	int ready;

	if (count > 0)
		BIO_write(SSL_get_rbio(server), bytes, (int)count);
	if (SSL_do_handshake(server) == 1 && SSL_read(server, bytes, 4) == 4)
		SSL_write(server, "so!", 3);
	ready = BIO_read(SSL_get_wbio(server), bytes,
			 *left < sizeof(bytes) ? (int)*left
					       : (int)sizeof(bytes));
	if (ready <= 0)
		return;
	ck_assert_int_eq(send(both->fds[1], bytes, (size_t)ready, MSG_NOSIGNAL),
			 ready);
	*left -= (size_t)ready;
}

/* cut_after - that many bytes of the server; false: the answer came */
static bool cut_after(int version, size_t left)
{
	struct both both;
	SSL *server;
	ssize_t asked = 0;

	open_good(&both, version);
	server = SSL_new(both.context);
	SSL_set_bio(server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(server);
	for (int i = 0; i < TURNS && both.result == 0; i++) {
		if (left == 0)
			shutdown(both.fds[1], SHUT_WR);
		if (asked == 0)
			asked = tls_session_write(both.session, "ask?", 4,
						  &both.error);
		if (asked < 0)
			both.result = -1;
		else
			read_one(&both);
		if (left > 0)
			pass_on(&both, server, &left);
	}
	SSL_free(server);
	ck_assert_int_ne(both.result, 0);
	if (both.result < 0)
		ck_assert_msg(strncmp(both.error.text,
				      "it has closed the connection", 28) == 0,
			      "%s", both.error.text);
	else
		ck_assert_int_eq(both.result, 3);
	close_both(&both);
	return both.result < 0;
}

/* It closes after any byte: never half an answer. */
START_TEST(cut)
{
	int version = _i == 0 ? TLS1_3_VERSION : TLS1_2_VERSION;
	size_t left = 0;

	while (cut_after(version, left))
		left += left % 32 == 0 ? 1 : 31;
	ck_assert_uint_gt(left, 400);
	while (!cut_after(version, left))
		left--;
}
END_TEST

/* fill - the buffer of a socket, with copies of that; how many bytes */
static size_t fill(int fd, const char *bytes, size_t length)
{
	char block[8192];
	size_t used = 0, sent = 0;
	ssize_t count;

	while (used + length <= sizeof(block)) {
		memcpy(block + used, bytes, length);
		used += length;
	}
	while ((count = send(fd, block, used, MSG_DONTWAIT | MSG_NOSIGNAL)) ==
	       (ssize_t)used)
		sent += used;
	return sent + (count > 0 ? (size_t)count : 0);
}

/* A flood of messages that are skipped: one call takes its share only. */
START_TEST(share)
{
	static const char skipped[] = "\x16\x03\x03\0\x04\0\0\0\0";
	struct both both;
	size_t sent;
	int left;

	open_good(&both, TLS1_2_VERSION);
	ck_assert_int_eq(read_one(&both), 0);
	sent = fill(both.fds[1], skipped, sizeof(skipped) - 1);
	ck_assert_int_eq(read_one(&both), 0);
	ck_assert_int_eq(ioctl(both.fds[0], FIONREAD, &left), 0);
	ck_assert_uint_gt(sent, 100000);
	ck_assert_int_gt(left, (int)sent - 70000);
	ck_assert_int_lt(left, (int)sent);
	close_both(&both);
}
END_TEST

/* update_keys - so often that the client notices */
static int update_keys(struct both *both, int times)
{
	for (int i = 0; i < times; i++) {
		SSL_key_update(both->end, SSL_KEY_UPDATE_REQUESTED);
		SSL_do_handshake(both->end);
		if (read_one(both) < 0)
			return -1;
		listen_to(both);
	}
	return 0;
}

/* Key updates between answers are fine, and nothing but key updates is not. */
START_TEST(key_updates)
{
	struct both both;

	open_good(&both, TLS1_3_VERSION);
	for (int i = 0; i < 5; i++) {
		ck_assert_msg(exchange(&both), "%s", both.error.text);
		ck_assert_int_eq(update_keys(&both, 20), 0);
	}
	ck_assert(exchange(&both));
	ck_assert_int_eq(update_keys(&both, 100), -1);
	ck_assert_str_eq(both.error.text,
			 "too many key updates or renegotiations");
	close_both(&both);
}
END_TEST

/* TLS 1.2: not renegotiated. */
START_TEST(renegotiation)
{
	struct both both;

	open_good(&both, TLS1_2_VERSION);
	ck_assert(exchange(&both));
	ck_assert_int_eq(SSL_renegotiate(both.end), 1);
	ck_assert_int_eq(SSL_do_handshake(both.end), 1);
	for (int i = 0; i < TURNS && ERR_peek_last_error() == 0; i++) {
		read_one(&both);
		listen_to(&both);
	}
	ck_assert_int_eq(ERR_GET_REASON(ERR_peek_last_error()),
			 SSL_R_NO_RENEGOTIATION);
	ERR_clear_error();
	close_both(&both);
}
END_TEST

/* Much in both directions at once, in records of that size, and the keys change
 * meanwhile. */
static const size_t sizes[] = { 1, 100, TLS_RECORD_MAX };

START_TEST(much)
{
	static char out[MUCH], in[MUCH], back[MUCH];
	size_t total = sizes[_i] == 1 ? 5000 : MUCH;
	size_t asked_for = 0, heard = 0, said = 0, got = 0;
	struct both both;
	ssize_t count;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7 + i / 251);
	open_good(&both, TLS1_3_VERSION);
	while (got < total || heard < total) {
		size_t step =
			total - said < sizes[_i] ? total - said : sizes[_i];

		count = tls_session_write(both.session, out + asked_for,
					  total - asked_for, &both.error);
		ck_assert_msg(asked_for == total || count >= 0, "%s",
			      both.error.text);
		asked_for += asked_for < total ? (size_t)count : 0;
		heard += (size_t)tls_end_receive(both.end, in + heard,
						 total - heard);
		if (step > 0)
			count = tls_end_send(both.end, out + said, step);
		said += step > 0 ? (size_t)count : 0;
		if (said == total / 2)
			SSL_key_update(both.end, SSL_KEY_UPDATE_REQUESTED);
		ck_assert_msg(read_one(&both) >= 0, "%s", both.error.text);
		memcpy(back + got, both.last, (size_t)both.result);
		got += (size_t)both.result;
	}
	ck_assert_mem_eq(in, out, total);
	ck_assert_mem_eq(back, out, total);
	close_both(&both);
}
END_TEST

/* Nobody takes what we write, not even the answer to a key update. */
START_TEST(no_room)
{
	static char bytes[MUCH];
	struct both both;
	size_t asked_for = 0;
	ssize_t count;

	open_good(&both, TLS1_3_VERSION);
	ck_assert(exchange(&both));
	while ((count = tls_session_write(both.session, bytes, sizeof(bytes),
					  &both.error)) > 0)
		asked_for += (size_t)count;
	ck_assert_int_eq(count, 0);
	ck_assert(!tls_session_write_needs_read(both.session));
	SSL_key_update(both.end, SSL_KEY_UPDATE_REQUESTED);
	SSL_do_handshake(both.end);
	ck_assert_int_eq(tls_end_send(both.end, "so!", 3), 3);
	for (both.heard = 0; both.heard <= asked_for;) {
		listen_to(&both);
		if (both.result <= 0)
			ck_assert_msg(read_one(&both) >= 0, "%s",
				      both.error.text);
		count = tls_session_write(both.session, bytes, sizeof(bytes),
					  &both.error);
		ck_assert_msg(count >= 0, "%s", both.error.text);
	}
	ck_assert_int_eq(both.result, 3);
	close_both(&both);
}
END_TEST

/* A goodbye is no cut, and we say one, too. */
START_TEST(goodbye)
{
	struct both both;

	open_good(&both, TLS1_3_VERSION);
	ck_assert(exchange(&both));
	SSL_shutdown(both.end);
	ck_assert_int_eq(read_one(&both), -1);
	ck_assert_str_eq(both.error.text, "it has closed the connection");
	close_both(&both);
	open_good(&both, TLS1_3_VERSION);
	ck_assert(exchange(&both));
	tls_session_free(both.session);
	both.session = NULL;
	ck_assert_int_eq(listen_to(&both), 0);
	ck_assert_int_eq(SSL_get_shutdown(both.end), SSL_RECEIVED_SHUTDOWN);
	close_both(&both);
}
END_TEST

/* What is loaded, what is refused, and the option at fault. */
static const struct {
	const char *ca, *certificate, *key;
	const char *blames, *why; /* NULL: it loads */
} loads[] = {
	{ "plain", NULL, NULL, NULL, NULL },
	{ "plain", "client", "key", NULL, NULL },
	{ "nowhere", NULL, NULL, "ca", "No such file" },
	{ "key", NULL, NULL, "ca", "no certificate" },
	{ "plain", "nowhere", "key", "certificate", "No such file" },
	{ "plain", "plain", "key", "certificate", "not for a TLS client" },
	{ "plain", "client", "nowhere", "key", "No such file" },
	{ "plain", "client", "open.key", "key", "its mode is 0644" },
	{ "plain", "client", "other.key", "key", "not the key of" },
};

START_TEST(files)
{
	struct error error = { "" };
	struct tls_client *client = client_of(
		loads[_i].ca, loads[_i].certificate, loads[_i].key, &error);

	if (loads[_i].why == NULL) {
		ck_assert_msg(client != NULL, "%s", error.text);
	} else {
		char *start = xasprintf("%s: %s/", loads[_i].blames, directory);

		ck_assert_ptr_null(client);
		ck_assert_msg(strncmp(error.text, start, strlen(start)) == 0 &&
				      strstr(error.text, loads[_i].why) != NULL,
			      "%s", error.text);
		free(start);
	}
	tls_client_free(client);
}
END_TEST

/* No certificate can be for these. */
START_TEST(no_name)
{
	struct error error = { "" };
	struct tls_client *client = client_of("plain", NULL, NULL, &error);
	char longest[300];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_ptr_nonnull(client);
	ck_assert_ptr_null(tls_session_new(client, 0, longest, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "no certificate can be for"));
	ck_assert_ptr_null(tls_session_new(client, 0, "", &error));
	tls_session_free(NULL);
	tls_client_free(client);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("tls_client");

	tcase_add_unchecked_fixture(tests, setup, directory_remove);
	tcase_add_loop_test(tests, known, 0, 2 * COUNT(servers));
	tcase_add_loop_test(tests, own_certificate, 0, COUNT(asking));
	tcase_add_test(tests, last_words);
	tcase_add_loop_test(tests, no_server, 0, COUNT(others));
	tcase_add_loop_test(tests, cut, 0, 2);
	tcase_add_test(tests, share);
	tcase_add_test(tests, key_updates);
	tcase_add_test(tests, renegotiation);
	tcase_add_loop_test(tests, much, 0, COUNT(sizes));
	tcase_add_test(tests, no_room);
	tcase_add_test(tests, goodbye);
	tcase_add_loop_test(tests, files, 0, COUNT(loads));
	tcase_add_test(tests, no_name);
	return run_tests("tls_client", tests);
}
