/* SPDX-License-Identifier: ISC */
#ifndef LIB_PEER_H
#define LIB_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Who is at the other end of a socket. */

#define PEER_MAX 80 /* bytes of a name, NUL included */

/* peer_name - for messages: "inet:127.0.0.1:54321", "inet:[::1]:54321",
 * "unix:pid=8,uid=104", or "stdio" when fd is no socket. Returns buffer, which
 * has PEER_MAX bytes. */
const char *peer_name(char *buffer, int fd);

/* peer_address - the numeric address of a TCP peer, or "unknown". Returns
 * buffer, which has PEER_MAX bytes. */
const char *peer_address(char *buffer, int fd);

/* peer_is_inet - can others reach this socket than those on our host: is it
 * anything but a unix socket? It may listen. */
bool peer_is_inet(int fd);

/* peer_number - tells clients apart that share a host: the user at the other
 * end of a unix socket, the address of a TCP client, of IPv6 the first half. */
uint64_t peer_number(int fd);

/* peer_user - who connected to a unix socket, as the kernel says. 0 or -1. */
int peer_user(uid_t *uid, int fd);

#endif
