/* SPDX-License-Identifier: ISC */
#ifndef LIB_SERVER_SERVER_INTERNAL_H
#define LIB_SERVER_SERVER_INTERNAL_H

/* Shared by lib/server*.c only: server.c (event loop, accepting, time),
 * server_connection.c (one connection), server_room.c (who has a place),
 * server_places.c (who has how many), server_deal.c (connections to the
 * servers of other threads), server_give.c and server_take.c (all of them to
 * another server, and from one), server_handover.c (in which packets). */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "lib/net/peer.h"
#include "lib/request/request.h"
#include "lib/server/server.h"

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
	bool fresh : 1;	  /* a request was answered since it continued */
	bool end : 1;	  /* the peer sends no more */
	bool closing : 1; /* close when all replies are written */
	bool failed : 1;  /* close now */
	bool more : 1;	  /* there may be more to read than was reported */
	int input;
	int output;
	uint64_t since_ms;  /* when it came into its queue, nearly */
	uint64_t active_ms; /* when it should have, see connection_enqueue() */
	uint64_t user;	    /* whose place it has: peer_number() */
	/* Bytes received and not yet answered: from start to length. NULL
	 * while there are none. */
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
struct reader {
	TAILQ_ENTRY(reader) link;
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
	struct places *places; /* of all servers that we deal to, too */
	size_t turn;	       /* which of them, or we, makes room next */
	size_t asked;	       /* how many were asked to, since it was of use */
	struct connection_queue queues[QUEUE_COUNT];
	TAILQ_HEAD(, accepting) accepting;
	TAILQ_HEAD(, reader) readers;
	bool accepts; /* the accept events are active */
	bool stops;   /* it never accepts again */
	bool starved; /* no descriptor was free a moment ago */
	bool crowded; /* no place was */
	bool awaits;  /* another one was asked to make room */
	struct event pause_timer;
	struct event timer; /* for the connections' time limits */
	uint64_t timer_ms;  /* when it expires; UINT64_MAX: it is off */
	struct event flush; /* active: flush() is due */
	bool flushing;
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
/* server_look_again - perhaps there is a place now. */
void server_look_again(struct server *server);
void server_connection_gone(struct server *server);
void server_check_end(struct server *server);
/* server_flush_soon - schedule flush() after all events that are ready now. */
void server_flush_soon(struct server *server);
/* server_expect - check the time limits at due_ms or earlier. */
void server_expect(struct server *server, uint64_t due_ms);
uint64_t server_queue_limit(const struct server *server, enum queue queue);

/* server_connection.c */
struct connection *connection_new(struct server *server, int input, int output);
void connection_enqueue(struct connection *connection, enum queue queue,
			uint64_t since_ms);
void connection_continue(struct connection *connection);
void connection_process(struct connection *connection, char *block,
			size_t start, size_t end);
void connection_expire(struct connection *connection);
/* connection_evict - it asks nothing, and its place is needed. */
void connection_evict(struct connection *connection);
void connection_close(struct connection *connection);
/* connection_forget - another process has it now: close our descriptor. */
void connection_forget(struct connection *connection);
/* connection_asked - a complete request was received, here or elsewhere. */
void connection_asked(struct connection *connection);

/* server_room.c */
/* server_has_room - is there a place for one more? Now and then there is one
 * more than is seen; see load_of() in server_deal.c. */
bool server_has_room(struct server *server);
/* server_find_room - a place for one more: true, or nobody can make room just
 * now. If another thread was asked to, server_look_again() follows. */
bool server_find_room(struct server *server);
/* server_make_room - close one connection of this user that has asked but asks
 * nothing now; false: there is none here. */
bool server_make_room(struct server *server, uint64_t user);

/* server_places.c: from any thread */
struct places *places_new(void);
struct places *places_share(struct places *places);
void places_free(struct places *places);
void places_take(struct places *places, uint64_t user);
void places_leave(struct places *places, uint64_t user);
/* places_contend - more than one user was here, if not in this process. */
void places_contend(struct places *places);
/* places_most - the user who has most places; false: it is the only one that
 * was ever here. */
bool places_most(struct places *places, uint64_t *user);

/* server_deal.c */
unsigned server_load(const struct server *server);
struct handover_packet;
bool server_deal(struct server *server, struct handover_packet *packet, int fd);
/* server_deal_ask - have another server make room, see server_make_room(). */
bool server_deal_ask(struct server *server, size_t which, uint64_t user);
/* server_deal_first - likewise, a connection whose first request is in these
 * bytes; true: it is gone. */
bool server_deal_first(struct connection *connection, const char *bytes,
		       size_t length);

/* server_handover.c */
enum handover_kind {
	KIND_CONNECTION,
	KIND_CLOSING, /* only its replies have to be written */
	KIND_FAREWELL,
	KIND_SILENT, /* a connection; no whole request has come from it yet */
	KIND_ROOM,   /* between threads: make room; the user is the request */
};

struct handover_header {
	uint32_t magic;
	uint32_t kind;
	uint64_t since_ms; /* start of the unfinished request or reply; of a
			      silent connection, its own */
	uint32_t request_length;
	uint32_t reply_length;
	uint32_t peer_length;
	union {
		int32_t local_fd;   /* between threads: the descriptor itself */
		uint32_t contended; /* between processes: places_contend() */
	};
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
/* handover_ask_room - of another thread, for a place of this user: 0, or -1
 * and errno. */
int handover_ask_room(int channel, uint64_t user);
/* handover_room_for - the user, from the bytes of that packet. */
uint64_t handover_room_for(const char *bytes);
/* handover_farewell - the last packet: 0, or -1 and errno. */
int handover_farewell(int channel, bool contended, const void *bytes,
		      size_t length);
/* handover_receive - 1: a packet, its bytes (SERVER_INPUT_SIZE), and its
 * descriptor, -1 if it is no connection; 0: none yet; -1: the channel is at its
 * end, or what came is no packet. The end of a local channel is a farewell. */
int handover_receive(int channel, bool local, struct handover_header *header,
		     char *bytes, int *fd);

/* server_give.c */
/* giving_continue - a connection became ready to be passed, or is gone. */
void giving_continue(struct server *server);
void giving_free(struct giving *giving);

/* server_take.c */
void taking_free(struct taking *taking);

#endif
