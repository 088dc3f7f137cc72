/* SPDX-License-Identifier: ISC */
#ifndef LIB_SERVER_SERVER_H
#define LIB_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* Connections, framing and time limits; knows bytes, not policy. Only this,
 * lib/tls_listener/tls_bridge and lib/store use libevent. One struct server is
 * one event loop. */
struct server;
struct connection;

struct server_limits {
	unsigned request_ms;	  /* first byte to blank line, absolute; of the
				   * first one, from when the client came */
	unsigned idle_ms;	  /* nothing received */
	unsigned reply_ms;	  /* reply not taken by the peer */
	unsigned max_connections; /* reached: who has not asked makes room,
				   * then, of several users, the one that has
				   * most; if nobody can, accepting pauses */
};

#define SERVER_FLUSH_MS 10

/* The callbacks of the server. */
struct server_handler {
	void *context;
	/* request - one complete request of length bytes, with its blank line.
	 * It may be changed, and is valid until it is answered. Exactly one of
	 * connection_reply() and connection_refuse() must follow, at once or
	 * later from the event loop. */
	void (*request)(void *context, struct connection *connection,
			char *bytes, size_t length);
	/* gone - the connection ended before its request was answered; it must
	 * not be used any more. */
	void (*gone)(void *context, struct connection *connection);
	/* malformed - the bytes exceed a limit, or time ran out; the connection
	 * is closed without a reply. */
	void (*malformed)(void *context, const char *peer, const char *reason);
	/* evicted - the connection did nothing wrong, but somebody else needs
	 * its place. */
	void (*evicted)(void *context, const char *peer, const char *reason);
	/* flush - all requests that were there at one look at the
	 * connections have been given to request(), or answers have been given
	 * from the event loop: once, for what is cheaper done for many
	 * together. True: call again in SERVER_FLUSH_MS. NULL
	 * is allowed. */
	bool (*flush)(void *context);
};

struct server_counters {
	_Alignas(8) uint64_t accepted; /* lib/stats/counters.h says why */
	uint64_t malformed; /* found here; without those that were refused */
	uint64_t timeouts;  /* connections closed by a time limit */
	unsigned open;	    /* current number of connections */
};

/* server_new - create an event loop without listeners. handler and limits are
 * copied. NULL: that failed. */
struct server *server_new(const struct server_limits *limits,
			  const struct server_handler *handler,
			  struct error *error);

/* server_free - free a server that never ran, or has ended. NULL is allowed. */
void server_free(struct server *server);

/* server_listen - accept connections from fd (listening, non-blocking). The
 * server closes fd when it stops. */
int server_listen(struct server *server, int fd, struct error *error);

/* Called with an accepted, non-blocking TCP connection, which it then owns. */
typedef void server_accepted(void *context, int fd);

/* server_listen_for - the same, but connections are given to accepted(), which
 * may give them back: server_add(). */
int server_listen_for(struct server *server, int fd, server_accepted *accepted,
		      void *context, struct error *error);

/* server_add - serve the peer at the other end of fd, a non-blocking stream
 * socket, which the server then owns. peer is its name for messages; NULL: from
 * the socket. A caller that gives a name is a proxy for the peer; it must shut
 * down its write side before the server hands over or drains, since data may
 * arrive until then. Not to be called while the server hands over or drains. */
void server_add(struct server *server, int fd, const char *peer);

/* server_deal_to - give a share of all connections that come from now on
 * (accepted, added, taken over) to other, a server whose loop runs in another
 * thread of this process and which takes over from the far end of channel
 * (server_take_over_local()).
 * Each goes, with its first request, to the one with the fewest;
 * max_connections counts them all, and the other one makes room when it is
 * needed. It must not have any connection yet. The channel is the server's
 * then. 0, or -1. */
int server_deal_to(struct server *server, int channel, struct server *other,
		   struct error *error);

/* server_stop_dealing - keep all new connections. The others get an empty
 * farewell after the connections that were dealt to them, and are not used any
 * more. */
void server_stop_dealing(struct server *server);

/* server_stop_accepting - stop accepting for good; the listening sockets are
 * closed in this process. */
void server_stop_accepting(struct server *server);

/* server_base - the event loop, for other users with descriptors to wait for;
 * the server owns it. */
struct event_base;
struct event_base *server_base(struct server *server);

/* server_serve_pair - serve one connection that reads from one descriptor and
 * writes to another (-s); any kind of file. Only on a new server, and nothing
 * else with it. server_run() returns when it has ended. Both are closed. */
int server_serve_pair(struct server *server, int input, int output,
		      struct error *error);

/* server_write_error - after that: errno of a reply that could not be written,
 * or 0. */
int server_write_error(const struct server *server);

/* server_on_readable - call back when fd (a control channel) is readable. */
int server_on_readable(struct server *server, int fd,
		       void (*readable)(void *context, int fd), void *context,
		       struct error *error);

/* server_run - run until server_quit(), or until no connection is left after
 * server_drain(). 0, or -1: the event loop failed. At the end, everything that
 * is left is closed; from then on the server calls nobody and has no events in
 * the loop, and the data of the handler may be freed. */
int server_run(struct server *server, struct error *error);

/* server_drain - accept no more; answer complete requests; close each
 * connection when it has nothing unanswered; then server_run() returns, at the
 * latest after SERVER_DRAIN_MS. */
#define SERVER_DRAIN_MS 4000
void server_drain(struct server *server);

/* server_quit - make server_run() return now. */
void server_quit(struct server *server);

/* The farewell of a server at the end of a hand-over: fill buffer with at most
 * size bytes, return how many. Called when the last connection has been
 * passed. */
typedef size_t server_farewell(void *context, void *buffer, size_t size);
#define SERVER_FAREWELL_MAX 65536 /* REQUEST_BYTES_MAX */

/* server_hand_over - accept no more, and pass every connection to the server at
 * the other end of channel (SOCK_SEQPACKET), between two requests, with the
 * bytes of an unfinished request; at the end the farewell; then server_run()
 * returns. A connection whose request is being answered is passed after its
 * answer was written. Connections that were added with the name of their peer
 * are not passed: they are closed at their end, when everything received is
 * answered, and cut after a second. If the channel breaks, the server drains.
 * The channel is closed. */
void server_hand_over(struct server *server, int channel,
		      server_farewell *farewell, void *context);

/* Called at the end of taking over: the number of connections received, and the
 * farewell, which is NULL if the channel ended without one. */
typedef void server_taken(void *context, unsigned long count,
			  const void *farewell, size_t length);

/* server_take_over - take connections from channel as they come. At its end, or
 * after limit_ms (0: no limit), the channel is closed and done() is called. A
 * descriptor that is not an accepted connection is closed. */
int server_take_over(struct server *server, int channel, unsigned limit_ms,
		     server_taken *done, void *context, struct error *error);

/* server_hand_over_local, server_take_over_local - the same between threads of
 * one process, with an empty farewell, which is the end of the channel.
 * Descriptors are passed as numbers, so that none is needed for the
 * transfer. */
void server_hand_over_local(struct server *server, int channel);
int server_take_over_local(struct server *server, int channel,
			   server_taken *done, void *context,
			   struct error *error);

/* server_counters - copy the counters, from any thread. */
void server_counters(const struct server *server,
		     struct server_counters *counters);

/* connection_reply - answer the request. The bytes are copied. After an answer
 * from the event loop, the connection may be gone. */
void connection_reply(struct connection *connection, const char *bytes,
		      size_t length);

/* connection_refuse - close without an answer. */
void connection_refuse(struct connection *connection);

/* connection_context - a pointer for the handler; NULL at first. */
void **connection_context(struct connection *connection);

/* connection_peer - the name of the peer for messages: "inet:127.0.0.1:54321",
 * "unix:pid=8,uid=104" or "stdio"; valid until the next call. */
const char *connection_peer(const struct connection *connection);

#endif
