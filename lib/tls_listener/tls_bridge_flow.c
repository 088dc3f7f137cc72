/* SPDX-License-Identifier: ISC */
/* tls_bridge_flow - the bytes that cross a bridge, in both directions
 *
 * Each direction holds at most one block that its receiver has not taken yet,
 * and until it does, nothing more is read: a peer that does not read slows down
 * the one that writes. */

#include "lib/tls_listener/tls_bridge_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "lib/base/xalloc.h"

#define TURN	  16   /* blocks; then others get their turn */
#define LINGER_MS 1000 /* for the client to close too */

/* flow_keep - keep what the receiver did not take */
static void flow_keep(struct flow *flow, const unsigned char *bytes,
		      size_t length)
{
	flow->bytes = xmalloc(length);
	memcpy(flow->bytes, bytes, length);
	flow->start = 0;
	flow->length = length;
}

/* flow_took - the receiver took some of what was kept */
static void flow_took(struct flow *flow, size_t count)
{
	flow->start += count;
	flow->length -= count;
	if (flow->length > 0)
		return;
	free(flow->bytes);
	flow->bytes = NULL;
}

/* flow_drop - the receiver is gone */
static void flow_drop(struct flow *flow)
{
	flow->end = flow->told = true;
	flow_took(flow, flow->length);
}

/* bridge_ssl_wait - interpret an unsuccessful call of OpenSSL */
enum step bridge_ssl_wait(struct bridge *bridge, int result, bool writing)
{
	switch (SSL_get_error(bridge->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		bridge->wants_read = writing;
		return STEP_WAIT;
	case SSL_ERROR_WANT_WRITE:
		bridge->wants_write = !writing;
		return STEP_WAIT;
	default:
		return STEP_BROKEN;
	}
}

/* to_server - write bytes into the pair; how many it took */
static size_t to_server(struct bridge *bridge, const unsigned char *bytes,
			size_t length)
{
	ssize_t sent;

	do {
		sent = send(bridge->server, bytes, length,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN)
		flow_drop(&bridge->in);
	return sent < 0 ? 0 : (size_t)sent;
}

/* read_client - move one block from the client to the server */
static enum step read_client(struct bridge *bridge)
{
	unsigned char *block = bridge->bridges->block;
	size_t got, sent;
	int result;

	bridge->wants_write = false;
	ERR_clear_error();
	errno = 0;
	result = SSL_read_ex(bridge->ssl, block, BLOCK_SIZE, &got);
	if (bridge->noise > NOISE_MAX)
		return STEP_BROKEN;
	if (result != 1 &&
	    SSL_get_error(bridge->ssl, result) == SSL_ERROR_ZERO_RETURN) {
		bridge->in.end = true;
		return STEP_DONE;
	}
	if (result != 1)
		return bridge_ssl_wait(bridge, result, false);
	sent = to_server(bridge, block, got);
	if (sent < got && !bridge->in.end)
		flow_keep(&bridge->in, block + sent, got - sent);
	return STEP_DONE;
}

/* bridge_go_in - move data from the client to the server until it blocks */
enum step bridge_go_in(struct bridge *bridge)
{
	struct flow *in = &bridge->in;
	enum step step = STEP_DONE;
	int left;

	for (left = TURN; left > 0 && step == STEP_DONE; left--) {
		if (in->length > 0)
			flow_took(in, to_server(bridge, in->bytes + in->start,
						in->length));
		if (in->length > 0 || in->end)
			break;
		step = read_client(bridge);
	}
	if (in->end && in->length == 0 && !in->told) {
		in->told = true;
		shutdown(bridge->server, SHUT_WR);
	}
	return step;
}

/* to_client - write bytes into TLS; *took is how many */
static enum step to_client(struct bridge *bridge, const unsigned char *bytes,
			   size_t length, size_t *took)
{
	int result;

	*took = 0;
	bridge->wants_read = false;
	ERR_clear_error();
	errno = 0;
	result = SSL_write_ex(bridge->ssl, bytes, length, took);
	return result == 1 ? STEP_DONE : bridge_ssl_wait(bridge, result, true);
}

/* write_client - move one block from the server to the client */
static enum step write_client(struct bridge *bridge)
{
	unsigned char *block = bridge->bridges->block;
	enum step step;
	ssize_t got;
	size_t took;

	got = recv(bridge->server, block, BLOCK_SIZE, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return STEP_WAIT;
	if (got <= 0) {
		bridge->out.end = true;
		return STEP_DONE;
	}
	step = to_client(bridge, block, (size_t)got, &took);
	if (step != STEP_BROKEN && took < (size_t)got)
		flow_keep(&bridge->out, block + took, (size_t)got - took);
	return step;
}

/* say_end - the server has closed: close TLS and TCP, too, and wait a moment
 * for the client. If we closed at once while data from the client is unread,
 * the client would lose our last answer. */
static enum step say_end(struct bridge *bridge)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_shutdown(bridge->ssl);
	if (result < 0 && bridge_ssl_wait(bridge, result, true) == STEP_WAIT &&
	    !bridge->wants_read)
		return STEP_WAIT;
	shutdown(bridge->client, SHUT_WR);
	bridge->out.told = true;
	bridge->lingers = true;
	flow_drop(&bridge->in);
	bridge_time(bridge, LINGER_MS);
	return STEP_DONE;
}

/* bridge_go_out - move data from the server to the client until it blocks */
enum step bridge_go_out(struct bridge *bridge)
{
	struct flow *out = &bridge->out;
	enum step step = STEP_DONE;
	size_t took;
	int left;

	for (left = TURN; left > 0 && step == STEP_DONE; left--) {
		if (out->length > 0) {
			step = to_client(bridge, out->bytes + out->start,
					 out->length, &took);
			flow_took(out, took);
			if (took > 0)
				bridge_time(bridge, 0); /* restarts */
			continue;
		}
		if (out->end)
			return say_end(bridge);
		step = write_client(bridge);
	}
	return step;
}

/* bridge_linger - read and discard until the client closes */
enum step bridge_linger(struct bridge *bridge)
{
	unsigned char *block = bridge->bridges->block;
	ssize_t got;
	int left;

	for (left = TURN; left > 0; left--) {
		got = recv(bridge->client, block, BLOCK_SIZE, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return STEP_WAIT;
		if (got <= 0)
			return STEP_BROKEN;
	}
	return STEP_WAIT;
}
