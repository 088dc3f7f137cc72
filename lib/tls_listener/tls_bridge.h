/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_LISTENER_TLS_BRIDGE_H
#define LIB_TLS_LISTENER_TLS_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/tls_listener/tls_listener.h"

/* TLS connections: a bridge does the handshake. When the client is known, the
 * bridge turns it into an ordinary connection, a UNIX socket pair, with itself
 * between the two ends. The server behind it needs no TLS. The process must
 * ignore SIGPIPE. */
struct tls_bridges;
struct event_base;

struct tls_bridges_handler {
	void *context;
	/* ready - the client is known: fd is its non-blocking connection, which
	 * the handler then owns. peer is its name. */
	void (*ready)(void *context, int fd, const char *peer);
	/* failed - the client was not admitted. reason is a fixed text. */
	void (*failed)(void *context, const char *peer, const char *reason);
};

/* tls_bridges_new - create a set without bridges; base is the event loop to
 * use, and must outlive them. If it has priorities, known clients get the first
 * one. */
struct tls_bridges *tls_bridges_new(struct event_base *base,
				    const struct tls_bridges_handler *handler);

/* tls_bridges_free - cut all of them. NULL is allowed. */
void tls_bridges_free(struct tls_bridges *bridges);

/* The maximum number of handshakes in progress; beyond it, the oldest is
 * cut. */
#define TLS_BRIDGES_HANDSHAKES_MAX 256

/* tls_bridges_accept - handle the client at the other end of fd, a non-blocking
 * TCP socket, which the bridge then owns. The listener must outlive it. */
void tls_bridges_accept(struct tls_bridges *bridges,
			struct tls_listener *listener, int fd,
			const char *peer);

/* tls_bridges_drain - the end is near: handshakes are cut; clients may send
 * nothing more, but get the rest of their answers. */
void tls_bridges_drain(struct tls_bridges *bridges);

size_t tls_bridges_count(const struct tls_bridges *bridges);

/* tls_bridges_run - run the event loop until no bridge is left or limit_ms is
 * over. 0 or -1. */
int tls_bridges_run(struct tls_bridges *bridges, unsigned limit_ms,
		    struct error *error);

#endif
