/* SPDX-License-Identifier: ISC */
#ifndef LIB_LISTENER_H
#define LIB_LISTENER_H

#include <sys/types.h>

#include "lib/error.h"

/* Listening sockets: made by the monitor, used by servers. */

#define LISTENER_BACKLOG 4096

/* What to listen on; plain data so that a server can tell the monitor. */
struct listener_options {
	char address[256];	/* "unix:/path", "inet:127.0.0.1:10040" or
				 * "inet:[::1]:10040"; canonical: equal sockets
				 * have equal texts */
	mode_t mode;		/* unix: permissions, default 0660 */
	uid_t uid;		/* (uid_t)-1: as created */
	gid_t gid;		/* (gid_t)-1: as created */
};

/* listener_parse - fill options->address from the text of a listen section,
 * and set the other members to their defaults. Numeric addresses and
 * "localhost"; a unix path must be absolute and fit sun_path. */
int listener_parse(struct listener_options *options, const char *text,
		   struct error *error);

/* listener_open - a non-blocking, close-on-exec listening socket. For unix:
 * mode, owner and group are set before the name is visible; a stale socket is
 * replaced, a live one never (waits up to 2 s for it to go away), any other
 * file type never touched, symbolic links refused. Returns the descriptor or
 * -1. */
int listener_open(const struct listener_options *options, struct error *error);

/* listener_adjust - the same socket is kept with other options: set mode and
 * owner of its name. 0 or -1. */
int listener_adjust(const struct listener_options *options, int fd,
		    struct error *error);

/* listener_remove - unlink the name of a unix listener if it still belongs to
 * this socket. The descriptor is not closed. */
void listener_remove(const struct listener_options *options, int fd);

#endif
