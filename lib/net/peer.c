/* SPDX-License-Identifier: ISC */
/* peer - the process at the other end of a socket */

#include "lib/net/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Any address that a peer may have. */
union peer {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

/* peer_read - the address of the peer; AF_UNSPEC: none */
static void peer_read(union peer *peer, int fd)
{
	socklen_t length = sizeof(*peer);

	memset(peer, 0, sizeof(*peer));
	if (getpeername(fd, &peer->any, &length) < 0)
		peer->any.sa_family = AF_UNSPEC;
}

/* name_unix - process and user, as of the connect(2) */
static void name_unix(char *buffer, int fd)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
		snprintf(buffer, PEER_MAX, "unix");
	else
		snprintf(buffer, PEER_MAX, "unix:pid=%ld,uid=%lu",
			 (long)credentials.pid, (unsigned long)credentials.uid);
}

/* peer_address - without the port */
const char *peer_address(char *buffer, int fd)
{
	const void *address = NULL;
	union peer peer;

	peer_read(&peer, fd);
	if (peer.any.sa_family == AF_INET)
		address = &peer.in.sin_addr;
	else if (peer.any.sa_family == AF_INET6)
		address = &peer.in6.sin6_addr;
	if (address == NULL ||
	    inet_ntop(peer.any.sa_family, address, buffer, PEER_MAX) == NULL)
		snprintf(buffer, PEER_MAX, "unknown");
	return buffer;
}

/* peer_name - its name for messages */
const char *peer_name(char *buffer, int fd)
{
	char address[PEER_MAX];
	union peer peer;

	peer_read(&peer, fd);
	switch (peer.any.sa_family) {
	case AF_INET:
		snprintf(buffer, PEER_MAX, "inet:%.45s:%u",
			 peer_address(address, fd), ntohs(peer.in.sin_port));
		break;
	case AF_INET6:
		snprintf(buffer, PEER_MAX, "inet:[%.45s]:%u",
			 peer_address(address, fd), ntohs(peer.in6.sin6_port));
		break;
	case AF_UNIX:
		name_unix(buffer, fd);
		break;
	default:
		snprintf(buffer, PEER_MAX, "stdio");
		break;
	}
	return buffer;
}

/* peer_user - the user who connected to a unix socket */
int peer_user(uid_t *uid, int fd)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
		return -1;
	*uid = credentials.uid;
	return 0;
}

/* peer_number - users are below 1 << 32, addresses above */
uint64_t peer_number(int fd)
{
	union peer peer;
	uint64_t number = 0;
	uid_t uid = 0;
	size_t i;

	peer_read(&peer, fd);
	if (peer.any.sa_family == AF_INET)
		return (uint64_t)1 << 32 | ntohl(peer.in.sin_addr.s_addr);
	if (peer.any.sa_family == AF_INET6) {
		for (i = 0; i < sizeof(number); i++)
			number = number << 8 | peer.in6.sin6_addr.s6_addr[i];
		return number ^ (uint64_t)2 << 32;
	}
	if (peer.any.sa_family == AF_UNIX)
		peer_user(&uid, fd);
	return uid;
}

/* peer_is_inet - is it anything but a unix socket? */
bool peer_is_inet(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
	       address.ss_family != AF_UNIX;
}
