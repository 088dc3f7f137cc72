/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_MONITOR_LISTENING_SOCKETS_H
#define POLICYD_MONITOR_LISTENING_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/net/listener.h"

/* The listening sockets that the monitor keeps. A starting server says which
 * ones it needs. When it is ready, the others are closed; if it fails, those
 * that were opened for it are closed: all or nothing. */
struct listening_sockets {
	struct listening_sockets_entry *entries;
	size_t count;
};

/* listening_sockets_inherit - the sockets that a supervisor opened for us
 * (LISTEN_FDS and LISTEN_PID, see sd_listen_fds(3); the variables are removed
 * from the environment). They are used instead of opening new ones, their mode
 * and owner stay, and their paths are never removed. Unusable ones are closed
 * with a warning in the log. */
void listening_sockets_inherit(struct listening_sockets *sockets);

/* sockets_changed - has one of them been changed? Every server has them, and a
 * compromised one can change them for all. */
bool sockets_changed(const struct listening_sockets *sockets);

/* sockets_renew - before a server starts: reopen those that were changed, and
 * log it. True: there was one. */
bool sockets_renew(struct listening_sockets *sockets);

/* listening_sockets_want - open the socket, or find it if it is open. Returns
 * its descriptor, which is not the caller's, or -1. */
int listening_sockets_want(struct listening_sockets *sockets,
			   const struct listener_options *options,
			   struct error *error);

/* listening_sockets_commit - the server is ready: sockets that it did not
 * request are closed and removed, and modes and owners are set. Failures are
 * logged. */
void listening_sockets_commit(struct listening_sockets *sockets);

/* listening_sockets_abort - the server failed: everything is as before. */
void listening_sockets_abort(struct listening_sockets *sockets);

/* listening_sockets_remove_all - close and remove every one. */
void listening_sockets_remove_all(struct listening_sockets *sockets);

#endif
