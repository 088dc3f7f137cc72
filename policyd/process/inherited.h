/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_INHERITED_H
#define POLICYD_PROCESS_INHERITED_H

#include "lib/base/error.h"
#include "lib/net/listener.h"

/* Listening sockets that a supervisor opened, see sd_listen_fds(3):
 * descriptors from INHERITED_FIRST on. */
#define INHERITED_FIRST 3
#define INHERITED_MAX	64

/* inherited_count - the number of sockets, from the environment, from which the
 * variables are removed. */
int inherited_count(void);

/* inherited_listener - the address that the descriptor listens on; the socket
 * becomes non-blocking and close-on-exec. -1: it is not such a socket; it stays
 * open. */
int inherited_listener(struct listener *listener, int fd, struct error *error);

#endif
