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
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "lib/tls/tls_client.h"
#include "t/fuzz/certificate.h"

#define SAID_MAX 16384
#define ROUNDS	 4 /* what one step leads to */

/* What one side has said, and the other one has heard. */
struct talk {
	unsigned char said[SAID_MAX];
	size_t length, heard;
};

/* One connection. */
struct world {
	struct tls_session *session; /* NULL: it was given up */
	int client;
	SSL *ssl;
	int server;		     /* -1: closed */
	bool known;		     /* it may be spoken to */
	unsigned char place, change; /* of the next bytes that go out */
	struct talk in, out;	     /* of the client */
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

/* heard - it must be what was said */
static void heard(struct talk *talk, const void *bytes, size_t length)
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

/* give_up - as the store does */
static void give_up(struct world *world, const struct error *why)
{
	require(why->text[0] != '\0');
	tls_session_free(world->session);
	world->session = NULL;
}

/* send_out - what the server has for the network, perhaps spoilt */
static void send_out(struct world *world)
{
	unsigned char block[4096];
	int length;

	while ((length = BIO_read(SSL_get_wbio(world->ssl), block,
				  sizeof(block))) > 0) {
		if (world->change != 0)
			block[world->place * (size_t)length / 256] ^=
				world->change;
		world->change = 0;
		if (world->server >= 0)
			(void)!send(world->server, block, (size_t)length,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
	}
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
		require(!tls_session_ready(world->session) || world->known);
		if (count > 0)
			heard(&world->in, bytes, (size_t)count);
		else if (count < 0)
			give_up(world, &why);
	}
}

/* hear_server - and the server */
static void hear_server(struct world *world)
{
	unsigned char block[4096];
	ssize_t length;
	size_t got;

	while (world->server >= 0 &&
	       (length = recv(world->server, block, sizeof(block),
			      MSG_DONTWAIT)) > 0)
		BIO_write(SSL_get_rbio(world->ssl), block, (int)length);
	ERR_clear_error();
	while (SSL_read_ex(world->ssl, block, sizeof(block), &got) == 1) {
		require(world->known);
		heard(&world->out, block, got);
	}
}

/* hear - both sides */
static void hear(struct world *world)
{
	for (int i = 0; i < ROUNDS; i++) {
		hear_client(world);
		hear_server(world);
		send_out(world);
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
	    world->out.length + length > SAID_MAX)
		return;
	count = tls_session_write(world->session, (const char *)bytes, length,
				  &why);
	if (count > 0)
		require(world->known && tls_session_ready(world->session));
	if (count > 0)
		say(&world->out, bytes, (size_t)count);
	else if (count < 0)
		give_up(world, &why);
}

/* step - one of the input; bytes are for those that take some */
static void step(struct world *world, unsigned what, const unsigned char *bytes,
		 size_t length)
{
	size_t sent;

	switch (what % 7) {
	case 0: /* raw bytes */
		if (world->server >= 0)
			(void)!send(world->server, bytes, length,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case 1: /* in TLS, or the next of the handshake */
		if (world->in.length + length <= SAID_MAX &&
		    SSL_write_ex(world->ssl, bytes, length, &sent) == 1)
			say(&world->in, bytes, sent);
		break;
	case 2: /* spoil what comes next */
		world->place = length > 0 ? bytes[0] : 0;
		world->change = length > 1 ? bytes[1] : 1;
		return;
	case 3: /* what only makes work */
		if (SSL_version(world->ssl) == TLS1_3_VERSION)
			SSL_key_update(world->ssl, SSL_KEY_UPDATE_REQUESTED);
		else
			SSL_renegotiate(world->ssl);
		SSL_do_handshake(world->ssl);
		break;
	case 4: /* the end, in TLS */
		SSL_shutdown(world->ssl);
		break;
	case 5: /* and in TCP */
		if (world->server >= 0)
			close(world->server);
		world->server = -1;
		break;
	default: /* the client speaks */
		speak(world, bytes, length);
		break;
	}
	hear(world);
}

/* begin - both ends, as the first byte says */
static void begin(struct world *world, uint8_t how)
{
	struct error error;
	int pair[2];

	memset(world, 0, sizeof(*world));
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			   0, pair) == 0);
	world->client = pair[0];
	world->server = pair[1];
	world->known = (how & 5) == 1;
	world->session = tls_session_new(client, pair[0],
					 how & 4 ? "another" : "x", &error);
	require(world->session != NULL);
	world->ssl = SSL_new(contexts[how % 4]);
	SSL_set_bio(world->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(world->ssl);
}

/* LLVMFuzzerTestOneInput - one connection, from its start to its end */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	const uint8_t *place, *end = data + size;
	size_t length;

	if (size < 1)
		return 0;
	begin(&world, data[0]);
	for (place = data + 1; end - place >= 2; place += length) {
		length = place[1];
		place += 2;
		if (length > (size_t)(end - place))
			length = (size_t)(end - place);
		step(&world, place[-2], place, length);
	}
	tls_session_free(world.session);
	close(world.client);
	if (world.server >= 0)
		close(world.server);
	SSL_free(world.ssl);
	ERR_clear_error();
	return 0;
}
