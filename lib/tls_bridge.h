/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_BRIDGE_H
#define LIB_TLS_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/tls_listener.h"

/* Connections in TLS: a bridge does the handshake, and when the client is
 * known it makes an ordinary connection of it, a UNIX socket pair, with
 * itself between the two. Whoever serves that knows nothing of TLS. The process
 * must ignore SIGPIPE. */
struct tls_bridges;
struct event_base;

struct tls_bridges_handler {
	void *context;
	/* ready - the client is known: fd speaks for it, does not block, and
	 * is the handler's. peer is its name. */
	void (*ready)(void *context, int fd, const char *peer);
	/* failed - the client did not get in. reason is a fixed text. */
	void (*failed)(void *context, const char *peer, const char *reason);
};

/* tls_bridges_new - none yet; base is the event loop to use, and outlives
 * them. If it has priorities, clients that are known have the first one. */
struct tls_bridges *tls_bridges_new(struct event_base *base,
				    const struct tls_bridges_handler *handler);

/* tls_bridges_free - cut all of them. NULL is allowed. */
void tls_bridges_free(struct tls_bridges *bridges);

/* At most so many handshakes are under way; then the oldest has to go. */
#define TLS_BRIDGES_HANDSHAKES_MAX 256

/* tls_bridges_accept - a client at the other end of fd, a TCP socket that does
 * not block; fd is the bridge's then. The listener must stay. */
void tls_bridges_accept(struct tls_bridges *bridges,
			struct tls_listener *listener, int fd,
			const char *peer);

/* tls_bridges_drain - the end is near: handshakes are cut, and clients may say
 * nothing more, but get the rest of their answers. */
void tls_bridges_drain(struct tls_bridges *bridges);

size_t tls_bridges_count(const struct tls_bridges *bridges);

/* tls_bridges_run - the event loop, until no bridge is left or limit_ms is
 * over. 0 or -1. */
int tls_bridges_run(struct tls_bridges *bridges, unsigned limit_ms,
		    struct error *error);

#endif
