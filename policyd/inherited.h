/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_INHERITED_H
#define POLICYD_INHERITED_H

#include "lib/error.h"
#include "lib/listener.h"

/* Listening sockets that a supervisor has opened, as sd_listen_fds(3) has
 * them: descriptors from INHERITED_FIRST on. */
#define INHERITED_FIRST 3
#define INHERITED_MAX	64

/* inherited_count - how many, as the environment says; it forgets it then. */
int inherited_count(void);

/* inherited_listener - what that descriptor listens on; it does not block, and
 * is closed by exec(2), then. -1: it is no such socket, which stays open. */
int inherited_listener(struct listener *listener, int fd, struct error *error);

#endif
