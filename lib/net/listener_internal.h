/* SPDX-License-Identifier: ISC */
#ifndef LIB_NET_LISTENER_INTERNAL_H
#define LIB_NET_LISTENER_INTERNAL_H

/* Shared by lib/net/listener*.c only: listener.c (all listeners, TCP),
 * listener_parse.c (text to address), listener_unix.c (unix sockets and their
 * names), listener_owner.c (which process has an address already). */

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/net/listener.h"

/* Any address that we bind. */
union socket_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

/* listener_inet_address - fill address from "inet:HOST:PORT". */
int listener_inet_address(union socket_address *address, const char *text,
			  struct error *error);

/* listener_advice - what to do about an error number of open(2), bind(2) ...;
 * "" or a text to append. */
const char *listener_advice(int number);

/* The process that listens at an address. */
struct listener_owner {
	pid_t pid; /* 0: none, or unknown */
	char program[32];
};

/* listener_owner_of_peer - the process that listens at the other end of a unix
 * socket. */
void listener_owner_of_peer(struct listener_owner *owner, int fd);

/* listener_owner_of_port - the process that listens on a TCP port; only root
 * can find it. */
void listener_owner_of_port(struct listener_owner *owner,
			    const union socket_address *address);

/* listener_owner_is_ours - is it policyd, or process 1, which opens sockets for
 * others? */
bool listener_owner_is_ours(const struct listener_owner *owner);

/* listener_in_use - set an error that names the owner. Returns -1. */
int listener_in_use(const char *what, const struct listener_owner *owner,
		    struct error *error);

/* For unix listeners; path is the path in their options. */
int listener_unix_open(struct listener *listener, const char *path,
		       struct error *error);
int listener_unix_check(const char *path, struct error *error);
int listener_unix_adjust(struct listener *listener, const char *path,
			 const struct listener_options *options,
			 struct error *error);
bool listener_unix_in_place(const struct listener *listener, const char *path);
void listener_unix_remove(const struct listener *listener, const char *path);

#endif
