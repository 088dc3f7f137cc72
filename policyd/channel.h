/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHANNEL_H
#define POLICYD_CHANNEL_H

#include <stdint.h>

#include "lib/error.h"
#include "lib/listener.h"
#include "lib/watch.h"

/* What the monitor and a server say to each other, over a SOCK_SEQPACKET
 * socket pair: one message is one packet, a descriptor may travel along. The
 * monitor checks every message; it trusts no server that has seen a client. */

/* The option by which the monitor starts a server; followed by the
 * descriptor of its end of the channel. Not for people. */
#define CHANNEL_OPTION "--server"

/* Another such option: there is no server that could go on, so this one is to
 * serve even if a table cannot be read. */
#define CHANNEL_LENIENT "--lenient"

/* Likewise, followed by a descriptor: what is to be served with is this text
 * (policyd/accepted.h), which was in force when the server before died. */
#define CHANNEL_ACCEPTED "--accepted"

/* A change of struct channel_message needs a new CHANNEL_VERSION: a running
 * monitor then refuses to reload into the new program, and must be restarted.
 * A change of what lib/server_handover.c sends, or of struct metrics, needs a
 * new HANDOVER_VERSION: the reload then closes connections instead of passing
 * them on. */
#define CHANNEL_VERSION	 7
#define HANDOVER_VERSION 5

#define CHANNEL_TEXT_MAX     2048
#define CHANNEL_PATH_MAX     1024
#define CHANNEL_LISTENER_MAX 64
#define CHANNEL_REFRESH_MAX  86400000 /* ms */

/* How long a server may take to hand over, or to drain; then it is killed. One
 * that takes over from it waits a little longer, and the monitor for that one
 * longer still. */
#define CHANNEL_LEAVE_MS 15000

enum channel_kind {
	/* From a server while it starts. */
	CHANNEL_LINE,	  /* number: enum log_level; text */
	CHANNEL_SETTINGS, /* number: how many CHANNEL_LISTENERs follow,
			   * after the CHANNEL_WATCHes; settings; and the
			   * descriptor of the text (policyd/accepted.h) */
	CHANNEL_WATCH,	  /* watch: a file, as it was before the load */
	CHANNEL_LISTENER, /* listener */
	CHANNEL_READY,
	/* From a server that takes over. */
	CHANNEL_TAKEN, /* number: connections; -1 - number: so many,
			* then the old server broke off */
	/* From a server, at any time after it is ready. */
	CHANNEL_PONG,	  /* number: of the CHANNEL_PING */
	CHANNEL_LOG_LOST, /* the log daemon is gone: CHANNEL_LOG, please */
	/* From the monitor. */
	CHANNEL_SOCKET,	   /* and its descriptor, in the order asked for */
	CHANNEL_TAKE_OVER, /* from the server at this descriptor */
	CHANNEL_HAND_OVER, /* to the server at this descriptor */
	CHANNEL_DRAIN,
	CHANNEL_COUNTERS, /* write the counters to the log */
	CHANNEL_NEWS,	  /* news; number: 1 the server before hands over,
			   * 0 there is nothing to take over */
	CHANNEL_PING,	  /* number: to be sent back */
	CHANNEL_LOG,	  /* a new socket to the log daemon; or none, if it
			   * is not there */
	CHANNEL_KIND_COUNT
};

struct channel_settings {
	uint32_t handover_version;
	uint32_t refresh_ms;	/* how often to look at the files; 0: never */
	uint32_t watch_count;	/* how many CHANNEL_WATCHes follow */
	uint32_t failed_tables; /* not 0: try again when files are looked at */
	uint32_t user;		/* as whom servers run; the log may be theirs */
	uint32_t unused;	/* no gap */
	char log[CHANNEL_PATH_MAX];
	char pid_file[CHANNEL_PATH_MAX];
};

/* What a server cannot know by itself, for those who look (metrics). Times are
 * those of time(2); 0: never. */
struct channel_news {
	int64_t started;      /* the monitor */
	int64_t refused_when; /* the last one */
	uint64_t reloads;     /* done */
	uint64_t refused;     /* reloads */
	uint64_t died;	      /* servers */
	uint32_t is_refused;  /* the last reload */
	uint32_t unused;      /* no gap */
	char reason[CHANNEL_PATH_MAX];
};

struct channel_watch {
	struct watch_state state;
	char path[WATCH_PATH_MAX];
};

struct channel_message {
	uint32_t version;
	uint32_t kind;
	int64_t number;
	union {
		char text[CHANNEL_TEXT_MAX];
		struct channel_settings settings;
		struct channel_watch watch;
		struct listener_options listener;
		struct channel_news news;
	} body;
};

/* channel_pair - two ends, close-on-exec. The monitor's does not block. */
int channel_pair(int *monitor, int *server, struct error *error);

/* channel_message_init - an empty message of that kind. */
void channel_message_init(struct channel_message *message,
			  enum channel_kind kind, int64_t number);

/* channel_send - fd travels along if it is not -1; it stays open here. 0, or
 * -1, errno and error. */
int channel_send(int channel, const struct channel_message *message, int fd,
		 struct error *error);

/* channel_tell - send a message that is only its kind. */
int channel_tell(int channel, enum channel_kind kind, int64_t number, int fd,
		 struct error *error);

/* channel_ask - likewise, by any thread, and without waiting: -1 also if there
 * is no room now. */
int channel_ask(int channel, enum channel_kind kind);

/* channel_receive - one message; its version, kind, strings are checked, and
 * control characters in texts are replaced. fd is the descriptor that came
 * along or -1; fd == NULL: none is taken. 1 a message, 0 none there now (the
 * monitor's end only), -1 the channel is closed, broken or speaks nonsense. */
int channel_receive(int channel, struct channel_message *message, int *fd,
		    struct error *error);

#endif
