/* SPDX-License-Identifier: ISC */
/* fuzz_tls_client - any bytes from the network for our client of a store in TLS
 *
 * The input is a list of steps: raw bytes, or what a real server sends, whole
 * or spoilt, before, in and after a handshake; key updates, ends, and what the
 * client says meanwhile. The first byte says which server it is, and what name
 * the client expects. Only a server that is known may be spoken to, and what
 * comes out at either side must be what went in at the other. */

#include <fcntl.h>
#include <signal.h>

#include "lib/tls/tls_client.h"
#include "t/fuzz/certificate.h"
#include "t/fuzz/tls_peer.h"

#define ROUNDS 4 /* what one step leads to */

/* One connection. */
struct world {
	struct tls_session *session; /* NULL: it was given up */
	int client;
	struct tls_peer server;
};

static struct tls_client *client;
static SSL_CTX *contexts[4]; /* 1: it is in ca; 2: TLS 1.2 */

/* make_context - of a server */
static SSL_CTX *make_context(const char *certificate, const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	require(SSL_CTX_use_certificate_file(context, certificate,
					     SSL_FILETYPE_PEM) == 1);
	require(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) ==
		1);
	return context;
}

/* LLVMFuzzerInitialize - the certificates, and who uses them */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	static const char *const names[] = { "known", "known.key", "other",
					     "other.key" };
	char directory[] = "/tmp/fuzz_tls_client.XXXXXX";
	char ca[64];
	struct tls_client_files files = { .ca = ca };
	struct error error;
	int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)count;
	(void)arguments;
	signal(SIGPIPE, SIG_IGN);
	require(mkdtemp(directory) != NULL && chdir(directory) == 0);
	make_certificate("serverAuth", names[0], names[1]);
	make_certificate("serverAuth", names[2], names[3]);
	snprintf(ca, sizeof(ca), "%s/known", directory);
	client = tls_client_new(&files, &error);
	require(client != NULL);
	for (size_t i = 0; i < 4; i++) {
		contexts[i] = i & 1 ? make_context(names[0], names[1])
				    : make_context(names[2], names[3]);
		if (i & 2)
			SSL_CTX_set_max_proto_version(contexts[i],
						      TLS1_2_VERSION);
	}
	for (size_t i = 0; i < 4; i++)
		unlink(names[i]);
	require(fchdir(before) == 0 && rmdir(directory) == 0);
	close(before);
	return 0;
}

/* give_up - as the store does */
static void give_up(struct world *world, const struct error *why)
{
	require(why->text[0] != '\0');
	tls_session_free(world->session);
	world->session = NULL;
}

/* hear_client - what the client makes of it */
static void hear_client(struct world *world)
{
	char bytes[TLS_RECORD_MAX];
	struct error why;
	ssize_t count = 1;

	while (world->session != NULL && count > 0) {
		count = tls_session_read(world->session, bytes, sizeof(bytes),
					 &why);
		require(!tls_session_ready(world->session) ||
			world->server.trusted);
		if (count > 0)
			heard(&world->server.in, bytes, (size_t)count);
		else if (count < 0)
			give_up(world, &why);
	}
}

/* hear - both sides */
static void hear(struct world *world)
{
	for (int i = 0; i < ROUNDS; i++) {
		hear_client(world);
		tls_peer_hear(&world->server);
		tls_peer_send(&world->server);
	}
	hear_client(world);
}

/* speak - the client does */
static void speak(struct world *world, const unsigned char *bytes,
		  size_t length)
{
	struct error why;
	ssize_t count;

	if (world->session == NULL || length == 0 ||
	    world->server.out.length + length > SAID_MAX)
		return;
	count = tls_session_write(world->session, (const char *)bytes, length,
				  &why);
	if (count > 0)
		require(world->server.trusted &&
			tls_session_ready(world->session));
	if (count > 0)
		say(&world->server.out, bytes, (size_t)count);
	else if (count < 0)
		give_up(world, &why);
}

/* step - one of the input; bytes are for those that take some */
static void step(void *context, unsigned what, const unsigned char *bytes,
		 size_t length)
{
	struct world *world = context;

	switch (what % (TLS_PEER_STEPS + 2)) {
	case TLS_PEER_STEPS: /* the end, in TCP */
		hang_up(&world->server.socket);
		break;
	case TLS_PEER_STEPS + 1:
		speak(world, bytes, length);
		break;
	default:
		if (!tls_peer_step(&world->server, what % (TLS_PEER_STEPS + 2),
				   bytes, length))
			return;
		break;
	}
	hear(world);
}

/* LLVMFuzzerTestOneInput - one connection, from its start to its end; the first
 * byte says what both ends are */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct error error;

	if (size < 1)
		return 0;
	world.client = tls_peer_begin(&world.server, contexts[data[0] % 4]);
	SSL_set_accept_state(world.server.ssl);
	world.server.trusted = (data[0] & 5) == 1;
	world.session = tls_session_new(client, world.client,
					data[0] & 4 ? "another" : "x", &error);
	require(world.session != NULL);
	each_step(step, &world, data + 1, size - 1);
	tls_session_free(world.session);
	close(world.client);
	tls_peer_end(&world.server);
	return 0;
}
