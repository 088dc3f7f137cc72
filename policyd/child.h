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
	CHILD_LEAVING,	/* hands over or drains */
	CHILD_RELAYING, /* has handed over; connections in TLS go through it */
	CHILD_FAILED,	/* was killed while it started */
};

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
	int64_t ping;	     /* it was asked, and has not answered; or 0 */
	bool quietly;	     /* the same was refused before, and told */
	struct error reason; /* why it was killed, or "" */
};

/* child_start - fork, and run program as a server; mask is its signal mask.
 * NULL and the reason if that fails here; if the program cannot be run the
 * child says so over the channel. */
struct child *child_start(const char *program, const struct options *options,
			  const sigset_t *mask, struct error *error);

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
