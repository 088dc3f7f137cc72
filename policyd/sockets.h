/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SOCKETS_H
#define POLICYD_SOCKETS_H

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
