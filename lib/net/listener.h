/* SPDX-License-Identifier: ISC */
#ifndef LIB_NET_LISTENER_H
#define LIB_NET_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* Listening sockets: opened by the monitor, used by servers. */

#define LISTENER_BACKLOG 4096

/* An address to listen on; plain data, so that a server can send it to the
 * monitor. */
struct listener_options {
	char address[256]; /* "unix:/path", "inet:127.0.0.1:10040" or
			      "inet:[::1]:10040"; canonical: equal sockets have
			      equal texts */
	mode_t mode;	   /* unix: permissions, default 0660 */
	uid_t uid;	   /* (uid_t)-1: as created */
	gid_t gid;	   /* (gid_t)-1: as created */
};

/* The values of the socket options when it was opened, from the kernel. */
#define LISTENER_OPTIONS_MAX 48
struct listener_option {
	unsigned char length;
	unsigned char bytes[16];
};
struct listener_state {
	int flags;
	struct listener_option options[LISTENER_OPTIONS_MAX];
};

/* A socket that listens. */
struct listener {
	struct listener_options options;
	struct listener_state state;
	int fd;
	dev_t device; /* unix: the file that was created, so that only */
	ino_t inode;  /* this one is ever removed */
};

/* listener_parse - fill options->address from the text of a listen section, and
 * set the other members to their defaults. Numeric addresses and "localhost"; a
 * unix path must be absolute and fit into sun_path. */
int listener_parse(struct listener_options *options, const char *text,
		   struct error *error);

/* listener_ending - of an address as text: the name of a socket, or a port. */
const char *listener_ending(const char *address);

/* listener_is_remote - can other hosts reach it: is the address neither unix
 * nor loopback? */
bool listener_is_remote(const struct listener_options *options);

/* listener_is_same - can only one of the two be open, because they are the same
 * socket, under whatever name, or one is at every address of the host? */
bool listener_is_same(const struct listener_options *one,
		      const struct listener_options *other);

/* listener_open - open a non-blocking, close-on-exec listening socket. For
 * unix: mode, owner and group are set before the name is visible. A stale
 * socket is replaced, a live one never (waits up to 2 s for it to disappear);
 * any other file is left alone, and symbolic links are refused. 0, or -1 and
 * nothing is left behind. Only for processes with one thread: the umask changes
 * temporarily. */
int listener_open(struct listener *listener,
		  const struct listener_options *options, struct error *error);

/* listener_check - would listener_open() succeed now? Changes nothing. A socket
 * at which policyd listens, or process 1 on its behalf, is fine. Only root can
 * see who has a TCP port. 0 or -1. */
int listener_check(const struct listener_options *options, struct error *error);

/* listener_adjust - keep the same socket with other options: set mode and owner
 * of its name. 0 or -1. */
int listener_adjust(struct listener *listener,
		    const struct listener_options *options,
		    struct error *error);

/* listener_in_place - can clients still reach it: does a unix listener still
 * have its name, and is the name its own? Always true for inet. */
bool listener_in_place(const struct listener *listener);

/* listener_remember - record the current state as the right one;
 * listener_open() does that. */
void listener_remember(struct listener *listener);

/* listener_changed - has another process that shares the socket changed it? A
 * text about the change that follows the address in a message, or NULL. */
const char *listener_changed(const struct listener *listener);

/* listener_renew - open it again at the same address; the old socket no longer
 * listens in any process. 0, or -1 and only the old one exists. */
int listener_renew(struct listener *listener, struct error *error);

/* listener_connect - connect to a listener of that address, as a client that
 * waits at most that number of seconds, here and in each read or write. A
 * descriptor, or -1. */
int listener_connect(const char *address, unsigned seconds,
		     struct error *error);

/* listener_connect_start - begin to connect, without waiting. A non-blocking,
 * close-on-exec descriptor, or -1. *pending: it is connected, or has failed,
 * when it can be written; listener_connect_end() knows. */
int listener_connect_start(const char *address, bool *pending,
			   struct error *error);

/* listener_connect_end - 0: it is connected; -1: why not, with the address. */
int listener_connect_end(int fd, const char *address, struct error *error);

/* listener_close - close the descriptor; the name remains. */
void listener_close(struct listener *listener);

/* listener_remove - remove the name of a unix listener if it still belongs to
 * this socket, and close the descriptor. */
void listener_remove(struct listener *listener);

#endif
