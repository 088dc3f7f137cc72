/* SPDX-License-Identifier: ISC */
#ifndef T_FUZZ_TLS_PEER_H
#define T_FUZZ_TLS_PEER_H

/* The other end of a connection in TLS: OpenSSL's own, which the input makes
 * speak, and whose bytes it spoils. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "t/fuzz/fuzz.h"

#define SAID_MAX 16384

/* What one side has said, and the other one has heard. */
struct talk {
	unsigned char said[SAID_MAX];
	size_t length, heard;
};

struct tls_peer {
	SSL *ssl;
	int socket;		     /* -1: closed */
	bool trusted;		     /* it may be spoken to */
	unsigned char place, change; /* of the next bytes that go out */
	struct talk in;		     /* said by the peer */
	struct talk out;	     /* said to it */
};

/* What a step can be for each peer; others begin at TLS_PEER_STEPS. */
enum {
	TLS_PEER_RAW,	/* raw bytes */
	TLS_PEER_SAY,	/* in TLS, or the next of the handshake */
	TLS_PEER_SPOIL, /* what comes next */
	TLS_PEER_WORK,	/* what only makes work */
	TLS_PEER_END,	/* the end, in TLS */
	TLS_PEER_STEPS
};

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

/* hang_up - at one side */
static void hang_up(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* tls_peer_begin - with one end of a pair of sockets; returns the other one */
static int tls_peer_begin(struct tls_peer *peer, SSL_CTX *context)
{
	int pair[2];

	memset(peer, 0, sizeof(*peer));
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			   0, pair) == 0);
	peer->socket = pair[0];
	peer->ssl = SSL_new(context);
	SSL_set_bio(peer->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	return pair[1];
}

/* tls_peer_send - what the peer has for the network, perhaps spoilt */
static void tls_peer_send(struct tls_peer *peer)
{
	unsigned char block[4096];
	int length;

	while ((length = BIO_read(SSL_get_wbio(peer->ssl), block,
				  sizeof(block))) > 0) {
		if (peer->change != 0)
			block[peer->place * (size_t)length / 256] ^=
				peer->change;
		peer->change = 0;
		if (peer->socket >= 0)
			(void)!send(peer->socket, block, (size_t)length,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

/* tls_peer_hear - what came from the network */
static void tls_peer_hear(struct tls_peer *peer)
{
	unsigned char block[4096];
	ssize_t length;
	size_t got;

	while (peer->socket >= 0 &&
	       (length = recv(peer->socket, block, sizeof(block),
			      MSG_DONTWAIT)) > 0)
		BIO_write(SSL_get_rbio(peer->ssl), block, (int)length);
	ERR_clear_error();
	while (SSL_read_ex(peer->ssl, block, sizeof(block), &got) == 1) {
		require(peer->trusted);
		heard(&peer->out, block, got);
	}
}

/* tls_peer_step - one of the input; bytes are for those that take some. False:
 * nothing has happened yet. */
static bool tls_peer_step(struct tls_peer *peer, unsigned what,
			  const unsigned char *bytes, size_t length)
{
	size_t sent;

	switch (what) {
	case TLS_PEER_RAW:
		if (peer->socket >= 0)
			(void)!send(peer->socket, bytes, length,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case TLS_PEER_SAY:
		if (peer->in.length + length <= SAID_MAX &&
		    SSL_write_ex(peer->ssl, bytes, length, &sent) == 1)
			say(&peer->in, bytes, sent);
		break;
	case TLS_PEER_SPOIL:
		peer->place = length > 0 ? bytes[0] : 0;
		peer->change = length > 1 ? bytes[1] : 1;
		return false;
	case TLS_PEER_WORK:
		if (SSL_version(peer->ssl) == TLS1_3_VERSION)
			SSL_key_update(peer->ssl, SSL_KEY_UPDATE_REQUESTED);
		else
			SSL_renegotiate(peer->ssl);
		SSL_do_handshake(peer->ssl);
		break;
	default:
		SSL_shutdown(peer->ssl);
		break;
	}
	return true;
}

/* tls_peer_end - free what it holds */
static void tls_peer_end(struct tls_peer *peer)
{
	hang_up(&peer->socket);
	SSL_free(peer->ssl);
	ERR_clear_error();
}

/* each_step - the steps of an input: what, length, and so many bytes */
static void each_step(void (*step)(void *context, unsigned what,
				   const unsigned char *bytes, size_t length),
		      void *context, const uint8_t *data, size_t size)
{
	const uint8_t *place, *end = data + size;
	size_t length;

	for (place = data; end - place >= 2; place += length) {
		length = place[1];
		place += 2;
		if (length > (size_t)(end - place))
			length = (size_t)(end - place);
		step(context, place[-2], place, length);
	}
}

#endif
