/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_TLS_BOTH_ENDS_H
#define T_UNIT_TLS_BOTH_ENDS_H

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/tls/tls_client.h"
#include "t/unit/tls_end.h"

/* Both ends of a connection of a client in TLS, in one thread. */

#define TURNS 1000	/* of both sides; each does what it can at once */
#define MUCH  (1 << 20) /* bytes */

#define NAMES "DNS:store.test,IP:192.0.2.1,IP:2001:db8::1"

/* setup - every file that a case names */
static inline void setup(void)
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
static inline struct tls_client *client_of(const char *ca,
					   const char *certificate,
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
static inline void open_both(struct both *both, const char *certificate,
			     const char *ca, const char *own,
			     const char *expected, int version,
			     const char *asks)
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
static inline void open_good(struct both *both, int version)
{
	open_both(both, "plain", "plain", NULL, "test", version, NULL);
}

/* hang_up - without a word */
static inline void hang_up(struct both *both)
{
	SSL_free(both->end);
	both->end = NULL;
	if (both->fds[1] >= 0)
		close(both->fds[1]);
	both->fds[1] = -1;
}

static inline void close_both(struct both *both)
{
	tls_session_free(both->session);
	hang_up(both);
	close(both->fds[0]);
	SSL_CTX_free(both->context);
	tls_client_free(both->client);
}

/* listen_to - what the session says */
static inline ssize_t listen_to(struct both *both)
{
	char bytes[TLS_RECORD_MAX];
	ssize_t count = tls_end_receive(both->end, bytes, sizeof(bytes));

	both->heard += (size_t)count;
	return count;
}

/* read_one - of the session */
static inline ssize_t read_one(struct both *both)
{
	both->result = tls_session_read(both->session, both->last,
					TLS_RECORD_MAX, &both->error);
	return both->result;
}

/* exchange - a question, and its answer; false: error says why not */
static inline bool exchange(struct both *both)
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

#endif
