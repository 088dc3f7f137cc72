/* SPDX-License-Identifier: ISC */
#ifndef LIB_LISTENER_INTERNAL_H
#define LIB_LISTENER_INTERNAL_H

/* Shared by lib/listener*.c only: listener.c (any listener, TCP),
 * listener_parse.c (text to address), listener_unix.c (unix sockets and their
 * names). */

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/listener.h"

/* Any address that we bind to. */
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

/* For unix listeners; path is the one in their options. */
int listener_unix_open(struct listener *listener, const char *path,
		       struct error *error);
int listener_unix_check(const char *path, struct error *error);
int listener_unix_adjust(struct listener *listener, const char *path,
			 const struct listener_options *options,
			 struct error *error);
bool listener_unix_in_place(const struct listener *listener, const char *path);
void listener_unix_remove(const struct listener *listener, const char *path);

#endif
