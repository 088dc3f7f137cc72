/* SPDX-License-Identifier: ISC */
#ifndef LIB_NET_PEER_H
#define LIB_NET_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The peer of a socket: its address, process or user. */

#define PEER_MAX 80 /* bytes of its name, NUL included */

/* peer_name - its name for messages: "inet:127.0.0.1:54321",
 * "inet:[::1]:54321", "unix:pid=8,uid=104", or "stdio" when fd is not a socket.
 * Returns buffer, which has PEER_MAX bytes. */
const char *peer_name(char *buffer, int fd);

/* peer_address - the numeric address of a TCP peer, or "unknown". Returns
 * buffer, which has PEER_MAX bytes. */
const char *peer_address(char *buffer, int fd);

/* peer_is_inet - can other hosts reach this socket: is it anything but a unix
 * socket? It may be a listening one. */
bool peer_is_inet(int fd);

/* peer_number - a number for the user at the other end: the uid on a unix
 * socket, the address of a TCP client, the first half of it with IPv6. */
uint64_t peer_number(int fd);

/* peer_user - the user who connected to a unix socket, according to the kernel.
 * 0 or -1. */
int peer_user(uid_t *uid, int fd);

#endif
