/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_LISTENER_TLS_BRIDGE_INTERNAL_H
#define LIB_TLS_LISTENER_TLS_BRIDGE_INTERNAL_H

/* Shared by tls_bridge.c (bridges: handshakes, events, end) and
 * tls_bridge_flow.c (the bytes of one bridge) only. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>

#include "lib/tls_listener/tls_bridge.h"

#define BLOCK_SIZE 16384 /* the largest TLS record */
#define NOISE_MAX  32	 /* key updates and the like, per connection */

/* One direction. */
struct flow {
	unsigned char *bytes; /* not taken yet */
	size_t start, length;
	bool end;  /* no more comes in */
	bool told; /* the receiver has been notified */
};

struct bridge {
	TAILQ_ENTRY(bridge) link;
	struct tls_bridges *bridges;
	const struct tls_listener *listener;
	SSL *ssl;
	char *peer;
	int client;
	int server;	  /* our end of the pair; -1: none yet */
	struct flow in;	  /* from client to server */
	struct flow out;  /* from server to client */
	bool known;	  /* the client was admitted */
	bool wants_write; /* OpenSSL must write before it can continue */
	bool wants_read;  /* OpenSSL must read before it can write */
	bool lingers;	/* everything is sent; waits for the client to close */
	bool timed;	/* the timer is on */
	unsigned noise; /* messages that only cause work */
	struct event client_event, server_event, timer;
	short client_interest, server_interest;
};

TAILQ_HEAD(bridge_queue, bridge);

struct tls_bridges {
	struct event_base *base;
	struct tls_bridges_handler handler;
	struct bridge_queue shaking; /* doing handshakes, the oldest first */
	struct bridge_queue known;
	size_t shaking_count, known_count;
	bool runs; /* tls_bridges_run() is running */
	unsigned char block[BLOCK_SIZE];
};

/* The result of a step. */
enum step {
	STEP_DONE,
	STEP_WAIT,  /* until a descriptor is ready */
	STEP_BROKEN /* the bridge has to go */
};

/* tls_bridge.c */
/* bridge_time - set the timer in milliseconds; 0: off. */
void bridge_time(struct bridge *bridge, unsigned ms);

/* tls_bridge_flow.c */
/* bridge_ssl_wait - interpret an unsuccessful call of OpenSSL. */
enum step bridge_ssl_wait(struct bridge *bridge, int result, bool writing);
/* bridge_go_in, bridge_go_out - move data from client to server, and back,
 * until it blocks. */
enum step bridge_go_in(struct bridge *bridge);
enum step bridge_go_out(struct bridge *bridge);
/* bridge_linger - read and discard until the client closes. */
enum step bridge_linger(struct bridge *bridge);

#endif
