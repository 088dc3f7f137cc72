/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_CHANNEL_H
#define POLICYD_PROCESS_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/base/watched_files.h"
#include "lib/net/listener.h"
#include "lib/net/sentinel.h"

/* Messages between the monitor and a server, over a SOCK_SEQPACKET socket pair.
 * One message is one packet, which may bring a descriptor. The monitor checks
 * every message; it does not trust a server that has had clients. */

/* The option by which the monitor starts a server, followed by the descriptor
 * of the server's end of the channel. For internal use. */
#define CHANNEL_OPTION "--server"

/* Another such option: no server is running that could keep serving, so this
 * one must serve even if a table cannot be read. */
#define CHANNEL_LENIENT "--lenient"

/* Likewise, followed by a descriptor of the text to serve with
 * (policyd/process/accepted.h), which was in effect when the previous server
 * died. */
#define CHANNEL_ACCEPTED "--accepted"

/* A change of struct channel_message needs a new CHANNEL_VERSION: a running
 * monitor then refuses to reload into the new program, and must be restarted.
 * A change of what lib/server/server_handover.c sends, or of struct counters,
 * needs a new HANDOVER_VERSION: the reload then closes connections instead of
 * passing them on. */
#define CHANNEL_VERSION	 12
#define HANDOVER_VERSION 7

#define CHANNEL_TEXT_MAX     2048
#define CHANNEL_PATH_MAX     1024
#define CHANNEL_ADDRESS_MAX  256
#define CHANNEL_LISTENER_MAX 64
#define CHANNEL_STORES_MAX   16
#define CHANNEL_WORKERS_MAX  64	      /* that have a connection to each store */
#define CHANNEL_REFRESH_MAX  86400000 /* ms */

/* How long a server may take to hand over or to drain before it is killed. The
 * server that takes over waits a little longer for it, and the monitor longer
 * still for that one. */
#define CHANNEL_LEAVE_MS 15000

enum channel_kind {
	/* From a starting server. */
	CHANNEL_LINE,	  /* number: enum log_level; text */
	CHANNEL_FAILED,	  /* text: the tables that it cannot read, and why */
	CHANNEL_SETTINGS, /* number: of CHANNEL_LISTENERs, which follow
			   * after the CHANNEL_WATCHes; settings; and the
			   * descriptor of the text (policyd/process/accepted.h)
			   */
	CHANNEL_WATCH,	  /* watch: a file, and its state before the load */
	CHANNEL_LISTENER, /* listener */
	CHANNEL_STORE,	  /* store; each of them, after the listeners */
	CHANNEL_READY,
	/* From a server that takes over. */
	CHANNEL_TAKEN, /* number: of connections, n; or -1 - n if the old
			* server broke off after n of them */
	/* From a server, at any time after it was ready. */
	CHANNEL_PONG,	  /* number: that of the CHANNEL_PING */
	CHANNEL_LOG_LOST, /* the log daemon is gone: requests CHANNEL_LOG */
	CHANNEL_CONNECT,  /* connect to a store, for a worker: number is
			   * channel_link(); also while it prepares */
	/* From the monitor. */
	CHANNEL_SOCKET,	   /* with a descriptor, in the order requested; without
			    * one if that listener is optional, and could not be
			    * opened */
	CHANNEL_TAKE_OVER, /* from the server at this descriptor */
	CHANNEL_HAND_OVER, /* to the server at this descriptor */
	CHANNEL_DRAIN,
	CHANNEL_COUNTERS,  /* write the counters to the log */
	CHANNEL_NEWS,	   /* news; number: 1 the previous server hands over,
			    * 0 there is nothing to take over */
	CHANNEL_PING,	   /* number: to be returned */
	CHANNEL_LOG,	   /* with a new socket to the log daemon, or without
			    * one if there is no log daemon */
	CHANNEL_CONNECTED, /* number: that of the CHANNEL_CONNECT, with a
			    * descriptor; or without one, and text: why */
	CHANNEL_KIND_COUNT
};

struct channel_settings {
	uint32_t handover_version;
	uint32_t refresh_ms;	/* how often to check the files; 0: never */
	uint32_t watch_count;	/* of CHANNEL_WATCHes that follow */
	uint32_t failed_tables; /* not 0: reload at the next check */
	uint32_t user;		/* that servers run as; it may own the log */
	uint32_t optional;	/* the number of last CHANNEL_LISTENERs without
				   which the server serves, too */
	uint32_t differs;	/* the text of policyd.conf is another one */
	uint32_t store_count;	/* of CHANNEL_STOREs */
	char log[CHANNEL_PATH_MAX];
	char pid_file[CHANNEL_PATH_MAX];
};

/* All that the monitor may connect to for workers. */
struct channel_store {
	char address[CHANNEL_ADDRESS_MAX]; /* of the store; with sentinels, a
					    * name of it for the log */
	uint32_t sentinel_count;
	char sentinels[SENTINELS_MAX][CHANNEL_ADDRESS_MAX];
	struct sentinel_question question; /* that each of them is asked */
};

/* News that a server cannot know by itself, for the metrics listener. Times are
 * those of time(2); 0: never. */
struct channel_news {
	int64_t started;      /* the monitor */
	int64_t refused_when; /* the last refused reload */
	uint64_t reloads;     /* that succeeded */
	uint64_t refused;     /* reloads that failed */
	uint64_t died;	      /* servers */
	uint32_t is_refused;  /* the last reload failed */
	uint32_t unused;      /* padding */
	char reason[CHANNEL_PATH_MAX];
};

struct channel_watch {
	struct watched_state state;
	char path[WATCHED_PATH_MAX];
};

/* A reload may lead to a program for another machine that this kernel runs,
 * too; so that its messages have the same size, no padding depends on how it
 * aligns numbers of 64 bits. */
struct channel_message {
	uint32_t version;
	uint32_t kind;
	_Alignas(8) int64_t number;
	union {
		char text[CHANNEL_TEXT_MAX];
		struct channel_settings settings;
		struct channel_watch watch;
		struct listener_options listener;
		struct channel_store store;
		struct channel_news news;
	} body;
};

/* channel_link - the number of the connection of a worker to a store; the first
 * one of both is 0. */
static inline int64_t channel_link(size_t store, size_t worker)
{
	return (int64_t)(store * CHANNEL_WORKERS_MAX + worker);
}

/* channel_pair - two ends, close-on-exec. The monitor's does not block. */
int channel_pair(int *monitor, int *server, struct error *error);

/* channel_message_init - an empty message of this kind. */
void channel_message_init(struct channel_message *message,
			  enum channel_kind kind, int64_t number);

/* channel_send - fd is sent too if it is not -1; it stays open here. 0, or -1,
 * errno and error. */
int channel_send(int channel, const struct channel_message *message, int fd,
		 struct error *error);

/* channel_tell - send a message that has no body. */
int channel_tell(int channel, enum channel_kind kind, int64_t number, int fd,
		 struct error *error);

/* channel_ask - likewise, from any thread and without waiting: -1 also if there
 * is no room now. */
int channel_ask(int channel, enum channel_kind kind, int64_t number);

/* channel_receive - receive one message. Its version, kind and strings are
 * checked, and control characters in texts are replaced. fd receives the
 * descriptor that came with it, or -1; fd == NULL: none is accepted. 1 a
 * message, 0 none available (at the monitor's end only), -1 the channel is
 * closed or broken, or the message is invalid. */
int channel_receive(int channel, struct channel_message *message, int *fd,
		    struct error *error);

#endif
