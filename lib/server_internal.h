/* SPDX-License-Identifier: ISC */
#ifndef LIB_SERVER_INTERNAL_H
#define LIB_SERVER_INTERNAL_H

/* Shared by lib/server*.c only: server.c (event loop, accepting, time limits),
 * server_connection.c (one connection), server_room.c (which connections keep
 * their places), server_deal.c (connections to the servers of other threads),
 * server_give.c and server_take.c (all of them to and from another server),
 * server_handover.c (the packets for that). */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "lib/peer.h"
#include "lib/request.h"
#include "lib/server.h"

/* Replies to one batch are collected and written together. */
#define SERVER_OUTPUT_SIZE 16384
/* The read buffer of the loop; also holds one packet of a hand-over. */
#define SERVER_INPUT_SIZE (REQUEST_BYTES_MAX + 4 * SERVER_OUTPUT_SIZE)

/* Every connection is in one queue, the oldest first, so that the first one is
 * the next to expire. */
enum queue {
	QUEUE_SILENT,  /* no complete request received yet */
	QUEUE_IDLE,    /* between two requests */
	QUEUE_PARTIAL, /* part of a request received */
	QUEUE_UNSENT,  /* the peer does not take its reply */
	QUEUE_WAITING, /* its request is being answered */
	QUEUE_COUNT
};

TAILQ_HEAD(connection_queue, connection);

struct connection {
	TAILQ_ENTRY(connection) link;
	struct server *server;
	void *context; /* for the handler */
	char *peer;    /* for messages; NULL: from the socket */
	struct event event;
	short interest; /* the watched events, or 0 */
	unsigned char queue;
	bool asked : 1;	  /* a complete request was received */
	bool waiting : 1; /* a request was given to the handler */
	bool fresh : 1;	  /* a request was answered since the last settling */
	bool end : 1;	  /* the peer sends no more */
	bool closing : 1; /* close when all replies are written */
	bool failed : 1;  /* close now */
	bool more : 1;	  /* there may be more to read than was reported */
	int input;
	int output;
	uint64_t since_ms; /* when it entered its queue */
	/* Bytes received and not yet answered: from start to length. NULL if
	 * there are none. */
	char *bytes;
	uint32_t start, length, size;
	uint32_t unsent_length;
	char *unsent; /* replies that the peer has not taken yet */
	struct request_scan scan;
};

/* A listening socket. */
struct accepting {
	TAILQ_ENTRY(accepting) link;
	struct server *server;
	struct event event;
	int fd;
	server_accepted *accepted; /* NULL: serve it */
	void *context;
};

/* A descriptor that somebody else reads. */
struct watch {
	TAILQ_ENTRY(watch) link;
	struct event event;
	void (*readable)(void *context, int fd);
	void *context;
};

struct giving;
struct taking;
struct deal;

/* The counters of a server have one writer, its thread, and any number of
 * readers. */
#define SERVER_READ(counter) __atomic_load_n(&(counter), __ATOMIC_RELAXED)
#define SERVER_COUNT(counter, by) \
	__atomic_store_n(&(counter), (counter) + (by), __ATOMIC_RELAXED)

struct server {
	struct event_base *base;
	short idle_interest; /* events to watch on an idle connection */
	struct server_limits limits;
	struct server_handler handler;
	struct server_counters counters;
	unsigned taken; /* connections taken over, or dealt to us */
	unsigned
		silent; /* length of QUEUE_SILENT; these make room for others */
	struct deal *deals;
	size_t deal_count;
	struct connection_queue queues[QUEUE_COUNT];
	TAILQ_HEAD(, accepting) accepting;
	TAILQ_HEAD(, watch) watches;
	bool accepts; /* the accept events are active */
	bool stops;   /* it never accepts again */
	bool starved; /* there was no free descriptor a moment ago */
	struct event starved_timer;
	struct event timer;  /* for the connections' time limits */
	uint64_t timer_ms;   /* when it expires; UINT64_MAX: it is off */
	struct event settle; /* active: settled() is due */
	bool settling;
	bool pair;	 /* -s */
	int write_error; /* errno of a lost reply; 0: none */
	bool quit;
	bool draining;
	uint64_t drain_ms; /* from then on no connection may continue */
	struct event drain_timer;
	struct giving *giving;
	struct taking *taking;
	struct connection
		*current; /* the connection whose replies are in output */
	char *input;	  /* SERVER_INPUT_SIZE */
	size_t output_length;
	char output[SERVER_OUTPUT_SIZE];
	struct error error; /* for the current request */
	char peer[PEER_MAX];
};

/* server.c */
uint64_t server_now_ms(void);
void server_accept_update(struct server *server);
void server_connection_gone(struct server *server);
void server_check_end(struct server *server);
/* server_settle - schedule settled() after all events that are ready now. */
void server_settle(struct server *server);
/* server_expect - check the time limits at due_ms or earlier. */
void server_expect(struct server *server, uint64_t due_ms);
uint64_t server_queue_limit(const struct server *server, enum queue queue);

/* server_connection.c */
struct connection *connection_new(struct server *server, int input, int output);
void connection_enqueue(struct connection *connection, enum queue queue,
			uint64_t since_ms);
void connection_settle(struct connection *connection);
void connection_process(struct connection *connection, char *block,
			size_t start, size_t end);
void connection_expire(struct connection *connection);
/* connection_evict - it has sent no request, and its place is needed. */
void connection_evict(struct connection *connection);
void connection_close(struct connection *connection);
/* connection_forget - another process has it now: close our descriptor. */
void connection_forget(struct connection *connection);
/* connection_asked - a complete request was received, here or elsewhere. */
void connection_asked(struct connection *connection);

/* server_room.c */
/* server_has_place - is there room for one more, even if a silent one has to
 * go? */
bool server_has_place(const struct server *server);
/* server_is_full - no place is free, and no connection makes room now. */
bool server_is_full(const struct server *server);
/* server_make_room - close silent connections until there is a place, or none
 * are left. */
void server_make_room(struct server *server);

/* server_deal.c */
unsigned server_load(const struct server *server);
struct handover_packet;
bool server_deal(struct server *server, struct handover_packet *packet, int fd);
/* server_deal_first - the same with a connection whose first request is in
 * these bytes; true: it is gone. */
bool server_deal_first(struct connection *connection, const char *bytes,
		       size_t length);

/* server_handover.c */
enum handover_kind {
	KIND_CONNECTION,
	KIND_CLOSING, /* only its replies have to be written */
	KIND_FAREWELL,
	KIND_SILENT, /* a connection without a complete request so far */
};

struct handover_header {
	uint32_t magic;
	uint32_t kind;
	uint64_t since_ms; /* start of the unfinished request or reply; of a
			      silent connection, its own */
	uint32_t request_length;
	uint32_t reply_length;
	uint32_t peer_length;
	int32_t local_fd; /* between threads: the descriptor itself */
};

/* One packet; the header has the lengths of the other parts. */
struct handover_packet {
	struct handover_header header;
	const char *request, *reply, *peer;
};
/* handover_packet - the packet of a connection, with those bytes not yet
 * answered. */
struct handover_packet handover_packet(const struct connection *connection,
				       const char *bytes, size_t length);
/* handover_send - send to another process, which gets a copy of fd; -1: no
 * descriptor. 0, or -1 and errno. */
int handover_send(int channel, const struct handover_packet *packet, int fd);
/* handover_send_local - send one packet to another thread, which then owns fd:
 * 0, or -1 and errno. */
int handover_send_local(int channel, struct handover_packet *packet, int fd);
/* handover_pass - send a connection to another thread. Our loop forgets the
 * descriptor first, because the other thread may be quicker. */
int handover_pass(int channel, struct handover_packet *packet,
		  struct connection *connection);
/* handover_farewell - send the last packet: 0, or -1 and errno. */
int handover_farewell(int channel, const void *bytes, size_t length);
/* handover_receive - 1: a packet, its bytes (SERVER_INPUT_SIZE), and its
 * descriptor, -1 with a farewell; 0: none yet; -1: the channel has ended, or
 * the data is not a packet. The end of a local channel is a farewell. */
int handover_receive(int channel, bool local, struct handover_header *header,
		     char *bytes, int *fd);

/* server_give.c */
/* giving_continue - a connection became ready to be passed, or is gone. */
void giving_continue(struct server *server);
void giving_free(struct giving *giving);

/* server_take.c */
void taking_free(struct taking *taking);

#endif
