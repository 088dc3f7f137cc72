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

#include <event2/event.h>

#include "lib/tls_listener/tls_bridge.h"
#include "t/fuzz/certificate.h"
#include "t/fuzz/tls_peer.h"

#define ROUNDS 4 /* of the event loop: what one step leads to */

/* One connection. */
struct session {
	struct tls_peer client; /* trusted: it may get in */
	int server; /* what the bridge made; -1: not yet, or closed */
	unsigned ready, failed;
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

	require(session->client.trusted && session->ready++ == 0);
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

/* hear - what came to both sides, after everybody had a turn */
static void hear(struct session *session)
{
	unsigned char block[4096];
	ssize_t length;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		tls_peer_send(&session->client);
		event_base_loop(base, EVLOOP_NONBLOCK);
		tls_peer_hear(&session->client);
		while (session->server >= 0 &&
		       (length = recv(session->server, block, sizeof(block),
				      MSG_DONTWAIT)) > 0)
			heard(&session->client.in, block, (size_t)length);
	}
}

/* speak - the server does */
static void speak(struct session *session, const unsigned char *bytes,
		  size_t length)
{
	ssize_t count;

	if (session->server < 0 ||
	    session->client.out.length + length > SAID_MAX)
		return;
	count = send(session->server, bytes, length,
		     MSG_NOSIGNAL | MSG_DONTWAIT);
	if (count > 0)
		say(&session->client.out, bytes, (size_t)count);
}

/* step - one of the input; bytes are for those that take some */
static void step(void *context, unsigned what, const unsigned char *bytes,
		 size_t length)
{
	struct session *session = context;

	switch (what % (TLS_PEER_STEPS + 3)) {
	case TLS_PEER_STEPS: /* the end, in TCP */
		if (length > 0 && session->client.socket >= 0)
			shutdown(session->client.socket, SHUT_WR);
		else
			hang_up(&session->client.socket);
		break;
	case TLS_PEER_STEPS + 1:
		speak(session, bytes, length);
		break;
	case TLS_PEER_STEPS + 2: /* the server closes */
		hang_up(&session->server);
		break;
	default:
		if (!tls_peer_step(&session->client,
				   what % (TLS_PEER_STEPS + 3), bytes, length))
			return;
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
	int fd;

	if (size < 1)
		return 0;
	memset(&session, 0, sizeof(session));
	fd = tls_peer_begin(&session.client, contexts[data[0] % 4]);
	SSL_set_connect_state(session.client.ssl);
	session.client.trusted = data[0] & 1;
	session.server = -1;
	bridges = tls_bridges_new(base, &handler);
	tls_bridges_accept(bridges, listener, fd, "client");
	each_step(step, &session, data + 1, size - 1);
	hang_up(&session.client.socket);
	hang_up(&session.server);
	hear(&session);
	require(tls_bridges_count(bridges) == 0);
	tls_bridges_free(bridges);
	tls_peer_end(&session.client);
	return 0;
}
