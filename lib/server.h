/* SPDX-License-Identifier: ISC */
#ifndef LIB_SERVER_H
#define LIB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"

/* Connections, framing and time limits; knows bytes, not policy. The only
 * file that knows libevent. One struct server is one event loop. */
struct server;
struct connection;

struct server_limits {
	unsigned request_ms;	/* first byte to blank line, absolute */
	unsigned idle_ms;	/* nothing received */
	unsigned reply_ms;	/* reply not taken by the peer */
	unsigned max_connections; /* reached: accepting pauses */
};

/* What the server calls. */
struct server_handler {
	void *context;
	/* request - one whole request of length bytes, blank line included,
	 * to be changed at will; valid until it is answered. Exactly one of
	 * connection_reply() and connection_refuse() follows for it, at once
	 * or later from the event loop. */
	void (*request)(void *context, struct connection *connection,
			char *bytes, size_t length);
	/* gone - the connection ended while its request was not answered; the
	 * connection must not be used any more. */
	void (*gone)(void *context, struct connection *connection);
	/* malformed - the bytes break a limit or time ran out; the connection
	 * is closed without a reply. */
	void (*malformed)(void *context, const char *peer, const char *reason);
};

struct server_counters {
	uint64_t accepted;
	uint64_t taken_over;
	uint64_t malformed;
	uint64_t timeouts;
	unsigned open;		/* connections now */
};

/* server_new - an event loop without listeners. handler and limits are
 * copied. NULL: no event loop could be made. */
struct server *server_new(const struct server_limits *limits,
			  const struct server_handler *handler,
			  struct error *error);

/* server_free - close everything that is left. NULL is allowed. */
void server_free(struct server *server);

/* server_listen - accept from fd (listening, non-blocking). The server closes
 * its fd when it stops. */
int server_listen(struct server *server, int fd, struct error *error);

/* server_serve_pair - one connection that reads from one descriptor and
 * writes to another (-s); any kind of file. server_run() returns when it
 * ended. */
int server_serve_pair(struct server *server, int input, int output,
		      struct error *error);

/* server_watch - call back when fd (a control channel) is readable. */
int server_watch(struct server *server, int fd,
		 void (*readable)(void *context, int fd), void *context,
		 struct error *error);

/* server_run - until server_quit(), or server_drain() and no connection is
 * left. 0, or -1: the event loop failed. */
int server_run(struct server *server, struct error *error);

/* server_drain - accept no more; answer what was received whole; close each
 * connection when it has nothing unanswered; then server_run() returns. */
void server_drain(struct server *server);

/* server_quit - server_run() returns now. */
void server_quit(struct server *server);

/* server_hand_over - accept no more and pass every connection to the server
 * at the other end of channel, between two requests, with the bytes of an
 * unfinished request; then server_run() returns. A connection whose request
 * still waits for its answer is passed when that was written. */
void server_hand_over(struct server *server, int channel);

/* server_take_over - take connections from channel as they come; at its end
 * the channel is closed and done() is called with the number taken, or -1
 * when the channel broke. */
int server_take_over(struct server *server, int channel,
		     void (*done)(void *context, long count), void *context,
		     struct error *error);

void server_counters(const struct server *server,
		     struct server_counters *counters);

/* connection_reply - the answer to the request. The bytes are copied. */
void connection_reply(struct connection *connection, const char *bytes,
		      size_t length);

/* connection_refuse - no answer: close. */
void connection_refuse(struct connection *connection);

/* connection_context - one pointer for the handler; NULL at first. */
void **connection_context(struct connection *connection);

/* connection_peer - for messages: "unix:/path" or "inet:127.0.0.1:54321". */
const char *connection_peer(const struct connection *connection);

#endif
