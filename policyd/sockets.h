/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SOCKETS_H
#define POLICYD_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "lib/listener.h"

/* The listening sockets that the monitor keeps. A starting server says which
 * it wants; only when it is ready those that nobody wants any more go, and if
 * it fails those that were opened for it go: all or nothing. */
struct sockets {
	struct sockets_entry *entries;
	size_t count;
};

/* sockets_inherit - those that a supervisor has opened for us (LISTEN_FDS and
 * LISTEN_PID, as sd_listen_fds(3) has them; the environment forgets them). They
 * are used instead of opened, stay as they are, and are never removed. What
 * cannot be used is closed, with a warning in the log. */
void sockets_inherit(struct sockets *sockets);

/* sockets_changed - is one of them not as it was? Each server has them, and one
 * that was taken over may have changed them for all. */
bool sockets_changed(const struct sockets *sockets);

/* sockets_renew - before a server starts: open those anew that were changed,
 * and log that. True: there was one. */
bool sockets_renew(struct sockets *sockets);

/* sockets_want - open the socket, or find the one that is open. Returns its
 * descriptor, which stays here, or -1. */
int sockets_want(struct sockets *sockets,
		 const struct listener_options *options, struct error *error);

/* sockets_commit - the server is ready: what it did not want is closed and
 * removed, and modes and owners are set. Trouble with that is logged. */
void sockets_commit(struct sockets *sockets);

/* sockets_abort - the server failed: all is as before. */
void sockets_abort(struct sockets *sockets);

/* sockets_remove_all - close and remove every one. */
void sockets_remove_all(struct sockets *sockets);

#endif
