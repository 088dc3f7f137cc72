/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHILD_H
#define POLICYD_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <time.h>

#include "lib/error.h"
#include "lib/listener.h"
#include "lib/watch.h"
#include "policyd/channel.h"
#include "policyd/options.h"

/* A server process, as the monitor sees it. */

enum child_state {
	CHILD_LOADING,	 /* its settings are awaited */
	CHILD_ASKING,	 /* the lists of its files, then of its
			  * listeners are awaited */
	CHILD_PREPARING, /* has its sockets; ready is awaited */
	CHILD_TAKING,	 /* serves, and takes over from the one before */
	CHILD_SERVING,
	CHILD_LEAVING, /* hands over or drains */
	CHILD_FAILED,  /* was killed while it started */
};

/* A message that its channel has no room for yet. */
struct child_message;

struct child {
	TAILQ_ENTRY(child) link;
	pid_t pid;
	int channel; /* -1: closed */
	enum child_state state;
	struct timespec started; /* by the clock that files have */
	uint64_t ready_ms;	 /* when it became ready */
	uint64_t deadline_ms;	 /* is killed then; UINT64_MAX: never */
	struct channel_settings settings;
	struct listener_options *listeners;
	size_t listener_count;
	size_t listeners_expected;
	struct watch_list watched;
	int accepted;  /* the text that it has loaded, or -1 */
	bool replaces; /* it was started with what was in force */
	TAILQ_HEAD(, child_message) unsent; /* in this order */
	size_t unsent_count;
	uint64_t unsent_ms;  /* the next one must go by then */
	uint64_t log_ms;     /* when it got a socket to the log daemon last */
	int64_t ping;	     /* it was asked, and has not answered; or 0 */
	bool quietly;	     /* the same was refused before, and told */
	struct error reason; /* why it was killed, or "" */
};

/* child_start - fork, and run program as a server; mask is its signal mask.
 * NULL and the reason if that fails here; if the program cannot be run the
 * child says so over the channel. */
struct child *child_start(const char *program, const struct options *options,
			  const sigset_t *mask, struct error *error);

/* child_init - nothing is known of it yet. */
void child_init(struct child *child, pid_t pid, int channel);

/* child_send - a message that must arrive, and a descriptor or -1, which stays
 * open here; child_tell - one that is only its kind. When the channel is full
 * they wait for child_flush(). 0, or -1: the channel is broken, or too many
 * messages wait. */
int child_send(struct child *child, const struct channel_message *message,
	       int fd, struct error *error);
int child_tell(struct child *child, enum channel_kind kind, int64_t number,
	       int fd, struct error *error);

/* child_flush - the channel has room: send what waits. Nothing may wait for
 * longer than CHILD_UNSENT_MS: the monitor kills it then. */
#define CHILD_UNSENT_MS 10000
void child_flush(struct child *child);

/* child_kill - at once, for that reason. One that starts has failed then, and
 * is not listened to any more. */
void child_kill(struct child *child, const char *reason);

/* child_free - the process has ended, and was waited for. */
void child_free(struct child *child);

/* child_ending - how it ended: what it was killed for, or what status of
 * wait(2) says. buffer receives the text. */
const char *child_ending(const struct child *child, int status, char *buffer,
			 size_t size);

#endif
