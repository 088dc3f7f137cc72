/* SPDX-License-Identifier: ISC */
/* fuzz_tls_bridge - any bytes from the network for the server side of TLS
 *
 * The input is a list of steps: raw bytes, or what a real client sends, whole
 * or spoilt, before, in and after a handshake; key updates, ends, and what
 * the server says meanwhile. The first byte says which client it is. Only one
 * with a certificate may get in, what comes out at either side must be what
 * went in at the other, and when both are gone nothing stays. */

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "lib/tls_listener/tls_bridge.h"
#include "t/fuzz/certificate.h"

#define SAID_MAX 16384
#define ROUNDS	 4 /* of the event loop: what one step leads to */

/* What one side has said, and the other one has heard. */
struct talk {
	unsigned char said[SAID_MAX];
	size_t length, heard;
};

/* One connection. */
struct session {
	SSL *ssl;
	int client; /* -1: closed */
	int server; /* what the bridge made; -1: not yet, or closed */
	bool known; /* the client may get in */
	unsigned ready, failed;
	unsigned char place, change; /* of the next bytes that go out */
	struct talk in, out;
};

static struct event_base *base;
static struct tls_listener *listener;
static SSL_CTX *contexts[4]; /* 1: has a certificate; 2: TLS 1.2 */

/* LLVMFuzzerInitialize - the certificates, and who uses them */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	char directory[] = "/tmp/fuzz_tls_bridge.XXXXXX";
	char paths[3][64];
	struct tls_listener_files files = { paths[0], paths[1], paths[2],
					    NULL };
	struct error error;
	int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t i;

	(void)count;
	(void)arguments;
	signal(SIGPIPE, SIG_IGN);
	require(mkdtemp(directory) != NULL && chdir(directory) == 0);
	make_certificate("serverAuth", "serverAuth", "serverAuth.key");
	make_certificate("clientAuth", "clientAuth", "clientAuth.key");
	snprintf(paths[0], sizeof(paths[0]), "%s/serverAuth", directory);
	snprintf(paths[1], sizeof(paths[1]), "%s/serverAuth.key", directory);
	snprintf(paths[2], sizeof(paths[2]), "%s/clientAuth", directory);
	listener = tls_listener_new(&files, true, &error);
	require(listener != NULL);
	for (i = 0; i < 4; i++) {
		contexts[i] = SSL_CTX_new(TLS_client_method());
		if (i & 1)
			require(SSL_CTX_use_certificate_file(
					contexts[i], "clientAuth",
					SSL_FILETYPE_PEM) == 1 &&
				SSL_CTX_use_PrivateKey_file(
					contexts[i], "clientAuth.key",
					SSL_FILETYPE_PEM) == 1);
		if (i & 2)
			SSL_CTX_set_max_proto_version(contexts[i],
						      TLS1_2_VERSION);
	}
	for (i = 0; i < 2; i++) {
		unlink(i == 0 ? paths[0] : paths[2]);
		unlink(i == 0 ? paths[1] : "clientAuth.key");
	}
	require(fchdir(before) == 0 && rmdir(directory) == 0);
	close(before);
	base = event_base_new();
	return 0;
}

/* on_ready - the bridge lets the client in */
static void on_ready(void *context, int fd, const char *peer)
{
	struct session *session = context;

	require(session->known && session->ready++ == 0);
	require(strcmp(peer, "client") == 0);
	session->server = fd;
}

/* on_failed - or not */
static void on_failed(void *context, const char *peer, const char *reason)
{
	struct session *session = context;

	require(session->failed++ == 0 && *reason != '\0');
	require(strcmp(peer, "client") == 0);
}

/* heard - it must be what was said */
static void heard(struct talk *talk, const unsigned char *bytes, size_t length)
{
	require(length <= talk->length - talk->heard);
	require(memcmp(talk->said + talk->heard, bytes, length) == 0);
	talk->heard += length;
}

/* say - so many bytes more may be heard */
static void say(struct talk *talk, const unsigned char *bytes, size_t length)
{
	memcpy(talk->said + talk->length, bytes, length);
	talk->length += length;
}

/* send_out - what the client has for the network, perhaps spoilt */
static void send_out(struct session *session)
{
	unsigned char block[4096];
	int length;

	while ((length = BIO_read(SSL_get_wbio(session->ssl), block,
				  sizeof(block))) > 0) {
		if (session->change != 0)
			block[session->place * (size_t)length / 256] ^=
				session->change;
		session->change = 0;
		if (session->client >= 0)
			(void)!send(session->client, block, (size_t)length,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

/* hear - what came to both sides, after everybody had a turn */
static void hear(struct session *session)
{
	unsigned char block[4096];
	ssize_t length;
	size_t got;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		send_out(session);
		event_base_loop(base, EVLOOP_NONBLOCK);
		if (session->client >= 0)
			while ((length = recv(session->client, block,
					      sizeof(block), MSG_DONTWAIT)) > 0)
				BIO_write(SSL_get_rbio(session->ssl), block,
					  (int)length);
		ERR_clear_error();
		while (SSL_read_ex(session->ssl, block, sizeof(block), &got) ==
		       1)
			heard(&session->out, block, got);
		if (session->server >= 0)
			while ((length = recv(session->server, block,
					      sizeof(block), MSG_DONTWAIT)) > 0)
				heard(&session->in, block, (size_t)length);
	}
}

/* hang_up - at one side */
static void hang_up(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* step - one of the input; bytes are for those that take some */
static void step(struct session *session, unsigned what,
		 const unsigned char *bytes, size_t length)
{
	size_t sent;
	ssize_t count;

	switch (what % 8) {
	case 0: /* raw bytes */
		if (session->client >= 0)
			(void)!send(session->client, bytes, length,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case 1: /* in TLS, or the next of the handshake */
		if (session->in.length + length <= SAID_MAX &&
		    SSL_write_ex(session->ssl, bytes, length, &sent) == 1)
			say(&session->in, bytes, sent);
		break;
	case 2: /* spoil what comes next */
		session->place = length > 0 ? bytes[0] : 0;
		session->change = length > 1 ? bytes[1] : 1;
		return;
	case 3: /* what only makes work */
		if (SSL_version(session->ssl) == TLS1_3_VERSION)
			SSL_key_update(session->ssl, SSL_KEY_UPDATE_REQUESTED);
		else
			SSL_renegotiate(session->ssl);
		SSL_do_handshake(session->ssl);
		break;
	case 4: /* the end, in TLS */
		SSL_shutdown(session->ssl);
		break;
	case 5: /* and in TCP */
		if (length > 0 && session->client >= 0)
			shutdown(session->client, SHUT_WR);
		else
			hang_up(&session->client);
		break;
	case 6: /* the server speaks */
		if (session->server < 0 ||
		    session->out.length + length > SAID_MAX)
			break;
		count = send(session->server, bytes, length,
			     MSG_NOSIGNAL | MSG_DONTWAIT);
		if (count > 0)
			say(&session->out, bytes, (size_t)count);
		break;
	default: /* the server closes */
		hang_up(&session->server);
		break;
	}
	hear(session);
}

/* LLVMFuzzerTestOneInput - one connection, from its start to its end */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct session session;
	const struct tls_bridges_handler handler = { &session, on_ready,
						     on_failed };
	struct tls_bridges *bridges;
	const uint8_t *place, *end = data + size;
	size_t length;
	int pair[2];

	if (size < 1)
		return 0;
	memset(&session, 0, sizeof(session));
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			   0, pair) == 0);
	session.client = pair[0];
	session.server = -1;
	session.known = data[0] & 1;
	session.ssl = SSL_new(contexts[data[0] % 4]);
	SSL_set_bio(session.ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(session.ssl);
	bridges = tls_bridges_new(base, &handler);
	tls_bridges_accept(bridges, listener, pair[1], "client");
	for (place = data + 1; end - place >= 2; place += length) {
		length = place[1];
		place += 2;
		if (length > (size_t)(end - place))
			length = (size_t)(end - place);
		step(&session, place[-2], place, length);
	}
	hang_up(&session.client);
	hang_up(&session.server);
	hear(&session);
	require(tls_bridges_count(bridges) == 0);
	tls_bridges_free(bridges);
	SSL_free(session.ssl);
	ERR_clear_error();
	return 0;
}
