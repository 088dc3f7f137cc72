/* SPDX-License-Identifier: ISC */
/* endpoint - connect to the server under load */

#include "t/bench/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/number.h"

#define CONNECT_SECONDS 5

/* parse_unix - a path */
static int parse_unix(struct endpoint *endpoint, const char *path,
		      struct error *error)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	if (path[0] != '/' || strlen(path) >= sizeof(name.sun_path))
		return error_set(error, "not an absolute path, or too long");
	memcpy(name.sun_path, path, strlen(path) + 1);
	memcpy(&endpoint->address, &name, sizeof(name));
	endpoint->length = sizeof(name);
	return 0;
}

/* parse_host - an address of this host, without brackets */
static bool parse_host(struct endpoint *endpoint, const char *host,
		       in_port_t port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = port };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = port };

	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1 &&
	    ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET) {
		memcpy(&endpoint->address, &v4, sizeof(v4));
		endpoint->length = sizeof(v4);
		return true;
	}
	if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)) {
		memcpy(&endpoint->address, &v6, sizeof(v6));
		endpoint->length = sizeof(v6);
		return true;
	}
	return false;
}

/* parse_inet - a numeric address and a port */
static int parse_inet(struct endpoint *endpoint, const char *text,
		      struct error *error)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	uint64_t port;
	size_t length;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host) ||
	    number_parse(colon + 1, 65535, &port) != 0)
		return error_set(error, "not ADDRESS:PORT");
	length = (size_t)(colon - text);
	if (length > 1 && text[0] == '[' && text[length - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)length - 2, text + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)length, text);
	if (!parse_host(endpoint, host, htons((uint16_t)port)))
		return error_set(error, "not a numeric loopback address");
	return 0;
}

/* endpoint_parse - either kind */
int endpoint_parse(struct endpoint *endpoint, const char *text,
		   struct error *error)
{
	memset(endpoint, 0, sizeof(*endpoint));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(endpoint, text + 5, error);
	if (strncmp(text, "inet:", 5) == 0)
		return parse_inet(endpoint, text + 5, error);
	return error_set(error, "neither unix:PATH nor inet:ADDRESS:PORT");
}

/* endpoint_connect - connect(2) may wait, nothing after it */
int endpoint_connect(const struct endpoint *endpoint, struct error *error)
{
	const struct timeval limit = { .tv_sec = CONNECT_SECONDS };
	int family = endpoint->address.ss_family;
	int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_set(error, "socket: %s", strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) <
		    0 ||
	    (family != AF_UNIX &&
	     setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0) ||
	    connect(fd, (const struct sockaddr *)&endpoint->address,
		    endpoint->length) < 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		error_set(error, "connect: %s", strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}
