/* SPDX-License-Identifier: ISC */
/* inherited - listening sockets that a supervisor opened before we started
 *
 * A supervisor that keeps them open across a complete restart loses no client:
 * clients that connect meanwhile wait in the backlog. */

#include "policyd/process/inherited.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/number.h"

/* Any address of such a socket; one byte larger than the kernel fills. */
union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	char bytes[sizeof(struct sockaddr_un) + 1];
};

/* inherited_count - the number of sockets, from the environment */
int inherited_count(void)
{
	const char *owner = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	uint64_t pid, fds;

	if (owner == NULL || count == NULL ||
	    number_parse(owner, UINT32_MAX, &pid) != 0 ||
	    pid != (uint64_t)getpid() ||
	    number_parse(count, INHERITED_MAX, &fds) != 0)
		fds = 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return (int)fds;
}

/* option - of the socket; -1: it is not a socket */
static int option(int fd, int name)
{
	socklen_t length = sizeof(int);
	int value;

	if (getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0)
		return -1;
	return value;
}

/* write_address - as in a listen section; -1: of another family */
static int write_address(char *text, size_t size, int fd)
{
	union address address = { 0 };
	socklen_t length = sizeof(address.un);
	char host[INET6_ADDRSTRLEN];

	if (getsockname(fd, &address.any, &length) < 0)
		return -1;
	switch (address.any.sa_family) {
	case AF_UNIX:
		/* "" for one without a name, or in the abstract space. */
		snprintf(text, size, "unix:%s", address.un.sun_path);
		return address.un.sun_path[0] == '/' ? 0 : -1;
	case AF_INET:
		inet_ntop(AF_INET, &address.in.sin_addr, host, sizeof(host));
		snprintf(text, size, "inet:%s:%u", host,
			 ntohs(address.in.sin_port));
		return 0;
	case AF_INET6:
		inet_ntop(AF_INET6, &address.in6.sin6_addr, host, sizeof(host));
		snprintf(text, size, "inet:[%s]:%u", host,
			 ntohs(address.in6.sin6_port));
		return 0;
	default:
		return -1;
	}
}

/* inherited_listener - the address that the descriptor listens on */
int inherited_listener(struct listener *listener, int fd, struct error *error)
{
	char text[sizeof(listener->options.address)];
	int flags = fcntl(fd, F_GETFL), one = 1;

	memset(listener, 0, sizeof(*listener));
	if (option(fd, SO_TYPE) != SOCK_STREAM ||
	    option(fd, SO_ACCEPTCONN) != 1)
		return error_set(error, "it is not a listening stream socket");
	if (write_address(text, sizeof(text), fd) < 0)
		return error_set(error, "its address is neither a path nor a "
					"TCP address");
	if (listener_parse(&listener->options, text, error) < 0)
		return -1;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_set(error, "fcntl: %s", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* TCP */
	listener->fd = fd;
	listener_remember(listener);
	return 0;
}
