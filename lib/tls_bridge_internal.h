/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_BRIDGE_INTERNAL_H
#define LIB_TLS_BRIDGE_INTERNAL_H

/* Shared by tls_bridge.c (bridges: their handshakes, what they wait for, their
 * end) and tls_bridge_flow.c (the bytes of one) only. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>

#include "lib/tls_bridge.h"

#define BLOCK_SIZE 16384 /* the largest record of TLS */
#define NOISE_MAX  32	 /* key updates and the like, per connection */

/* One direction. */
struct flow {
	unsigned char *bytes; /* not taken yet */
	size_t start, length;
	bool end;  /* no more comes in */
	bool told; /* the receiver knows */
};

struct bridge {
	TAILQ_ENTRY(bridge) link;
	struct tls_bridges *bridges;
	const struct tls_listener *listener;
	SSL *ssl;
	char *peer;
	int client;
	int server;	  /* our end of the pair; -1: none yet */
	struct flow in;	  /* from the client */
	struct flow out;  /* to the client */
	bool known;	  /* the client was let in */
	bool wants_write; /* OpenSSL does, before it can go on */
	bool wants_read;  /* likewise, in order to write */
	bool lingers;	  /* all is said; until the client closes */
	bool timed;	  /* the timer is on */
	unsigned noise;	  /* messages that only make work */
	struct event client_event, server_event, timer;
	short client_interest, server_interest;
};

TAILQ_HEAD(bridge_queue, bridge);

struct tls_bridges {
	struct event_base *base;
	struct tls_bridges_handler handler;
	struct bridge_queue shaking; /* in a handshake, the oldest first */
	struct bridge_queue known;
	size_t shaking_count, known_count;
	bool runs; /* tls_bridges_run() */
	unsigned char block[BLOCK_SIZE];
};

/* What became of a step. */
enum step {
	STEP_DONE,
	STEP_WAIT,  /* until a descriptor is ready */
	STEP_BROKEN /* the bridge has to go */
};

/* tls_bridge.c */
/* bridge_time - the timer comes in so many ms; 0: not at all. */
void bridge_time(struct bridge *bridge, unsigned ms);

/* tls_bridge_flow.c */
/* bridge_ssl_wait - what an unsuccessful call of OpenSSL means. */
enum step bridge_ssl_wait(struct bridge *bridge, int result, bool writing);
/* bridge_go_in, bridge_go_out - from the client to the server, and back, as
 * long as it goes. */
enum step bridge_go_in(struct bridge *bridge);
enum step bridge_go_out(struct bridge *bridge);
/* bridge_linger - read what nobody wants any more, until the client closes. */
enum step bridge_linger(struct bridge *bridge);

#endif
