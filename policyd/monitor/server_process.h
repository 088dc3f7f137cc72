/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_MONITOR_SERVER_PROCESS_H
#define POLICYD_MONITOR_SERVER_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <time.h>

#include "lib/base/error.h"
#include "lib/base/file_events.h"
#include "lib/base/watched_files.h"
#include "lib/net/listener.h"
#include "policyd/process/channel.h"
#include "policyd/process/options.h"

/* A server process from the monitor's point of view. */

/* In this order. */
enum server_process_state {
	SERVER_PROCESS_LOADING, /* has not sent its settings yet */
	SERVER_PROCESS_ASKING,	/* is sending the lists of its files and of its
				 * listeners */
	SERVER_PROCESS_PREPARING, /* has its sockets, is not ready yet */
	SERVER_PROCESS_TAKING, /* serves, and takes over from the previous one
				*/
	SERVER_PROCESS_SERVING,
	SERVER_PROCESS_LEAVING, /* hands over or drains */
	SERVER_PROCESS_ENDING,	/* served, and has closed its channel */
	SERVER_PROCESS_KILLED,	/* while it started, or while it served */
};

/* A message that is queued because the channel is full. */
struct child_message;

/* A store, as the server has named it. */
struct store_target {
	struct channel_store told;
	unsigned next_sentinel;		   /* that is asked first */
	char primary[CHANNEL_ADDRESS_MAX]; /* the last one; "": none yet */
	bool primary_logged;
	/* When each worker may ask to be connected again, but for a few more
	 * times: the monitor may hear several at once. */
	uint64_t connect_ms[CHANNEL_WORKERS_MAX];
};

/* A connection to a store that is being made for a worker. */
struct connecting {
	TAILQ_ENTRY(connecting) link;
	struct server_process *process;
	struct store_target *store;
	int fd;	   /* -1: none now */
	int epoll; /* that waits for it; not owned */
	unsigned worker;
	uint64_t deadline_ms;
	/* To what; if it is a sentinel, then to what that says. */
	char address[CHANNEL_ADDRESS_MAX];
	bool is_sentinel;
	bool asked;	/* it has been sent the question */
	unsigned tried; /* sentinels */
	char answer[SENTINEL_ANSWER_MAX];
	size_t answer_length;
	struct error why; /* the last one did not help; rather what one of them
			   * has said than that it cannot be reached */
	bool has_said;
};

struct server_process {
	TAILQ_ENTRY(server_process) link;
	pid_t pid;
	int channel; /* -1: closed */
	enum server_process_state state;
	time_t started;
	struct watched_state config_state; /* of policyd.conf, at that time */
	uint64_t ready_ms;		   /* when it became ready */
	uint64_t deadline_ms; /* it is killed then; UINT64_MAX: never */
	struct channel_settings settings;
	struct listener_options *listeners;
	size_t listener_count;
	size_t listeners_expected;
	struct watched_files watched;
	struct file_events *events; /* of them, or NULL */
	int accepted;		    /* the text that it has loaded, or -1 */
	bool replaces;		    /* it was started with the text in effect */
	TAILQ_HEAD(, child_message) unsent; /* in order */
	size_t unsent_count;
	uint64_t unsent_ms; /* the next one must be sent by then */
	uint64_t log_ms;    /* when it last got a socket to the log daemon */
	TAILQ_HEAD(, connecting) connecting; /* to stores */
	struct store_target *stores;	     /* as many as were announced */
	size_t store_count;		     /* that were named so far */
	int64_t ping;			     /* the unanswered ping, or 0 */
	unsigned spared;      /* how often, as the monitor itself was late */
	bool quietly;	      /* the same refusal has already been logged */
	struct error without; /* why an optional listener could not be opened,
				 or "" */
	struct error reason;  /* why it was killed, or "" */
	char failed[CHANNEL_TEXT_MAX]; /* the tables that it cannot read */
};

/* server_process_start - fork, and run program as a server; mask is its signal
 * mask. NULL and the reason if that fails in this process; if the program
 * cannot be executed, the child reports it over the channel. */
struct server_process *server_process_start(const char *program,
					    const struct options *options,
					    const sigset_t *mask,
					    struct error *error);

/* child_init - a child that has sent nothing yet. */
void child_init(struct server_process *process, pid_t pid, int channel);

/* child_hears - does it still have its end of the channel? A process that is
 * ending closes that first. */
bool child_hears(const struct server_process *process);

/* child_send - a message that must arrive, and a descriptor or -1, which stays
 * open here; child_tell - one without a body. While the channel is full they
 * are queued for child_flush(). 0, also if nobody hears it, which is noticed
 * when the channel is read: the exit status says more. -1: it cannot be sent,
 * or too many messages are queued. */
int child_send(struct server_process *process,
	       const struct channel_message *message, int fd,
	       struct error *error);
int child_tell(struct server_process *process, enum channel_kind kind,
	       int64_t number, int fd, struct error *error);

/* child_flush - the channel has room: send what is queued. A server that leaves
 * a message unread for SERVER_PROCESS_UNSENT_MS is killed by the monitor. */
#define SERVER_PROCESS_UNSENT_MS 10000
void child_flush(struct server_process *process);

/* child_connecting_end - forget it; its descriptor is closed here.
 * child_connecting_leave - only close it. */
void child_connecting_end(struct connecting *connecting);
void child_connecting_leave(struct connecting *connecting);

/* server_process_kill - at once, for this reason; its messages are ignored from
 * now on. For the monitor: monitor_kill() in monitor_internal.h. */
void server_process_kill(struct server_process *process, const char *reason);

/* server_process_free - the process has ended and has been waited for. */
void server_process_free(struct server_process *process);

/* server_process_ending - how it ended: the reason why it was killed, or the
 * meaning of its wait(2) status. buffer receives the text. */
const char *server_process_ending(const struct server_process *process,
				  int status, char *buffer, size_t size);

#endif
