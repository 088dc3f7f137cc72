/* SPDX-License-Identifier: ISC */
/* listener_connect - be a client of a listener */

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/net/listener_internal.h"

/* fill_unix - the address of a unix socket */
static int fill_unix(union socket_address *address, const char *path,
		     struct error *error)
{
	size_t length = strlen(path);

	if (length >= sizeof(address->un.sun_path))
		return error_set(error, "%s: too long", path);
	memset(address, 0, sizeof(*address));
	address->un.sun_family = AF_UNIX;
	memcpy(address->un.sun_path, path, length + 1);
	return 0;
}

/* limit - how long to wait for each step */
static void limit(int fd, unsigned seconds)
{
	const struct timeval wait = { .tv_sec = (time_t)seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

/* find - the address in a text, and its length; 0: error */
static socklen_t find(union socket_address *address, const char *text,
		      struct error *error)
{
	if (strncmp(text, "unix:", 5) == 0
		    ? fill_unix(address, text + 5, error) < 0
		    : listener_inet_address(address, text, error) < 0)
		return 0;
	if (address->any.sa_family == AF_INET6)
		return sizeof(address->in6);
	return address->any.sa_family == AF_UNIX ? sizeof(address->un)
						 : sizeof(address->in);
}

/* failed - close it; returns -1 */
static int failed(int fd, const char *text, int reason, struct error *error)
{
	if (fd >= 0)
		close(fd);
	return error_set(error, "%s: %s", text, strerror(reason));
}

/* listener_connect - a connected descriptor, or -1 */
int listener_connect(const char *text, unsigned seconds, struct error *error)
{
	union socket_address address;
	socklen_t length = find(&address, text, error);
	int fd;

	if (length == 0)
		return -1;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failed(fd, text, errno, error);
	limit(fd, seconds);
	if (connect(fd, &address.any, length) == 0)
		return fd;
	return failed(fd, text, errno, error);
}

/* listener_connect_start - begin to connect */
int listener_connect_start(const char *text, bool *pending, struct error *error)
{
	const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	union socket_address address;
	socklen_t length = find(&address, text, error);
	int fd, one = 1;

	if (length == 0)
		return -1;
	fd = socket(address.any.sa_family, type, 0);
	if (fd < 0)
		return failed(fd, text, errno, error);
	if (address.any.sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*pending = false;
	if (connect(fd, &address.any, length) == 0)
		return fd;
	/* EAGAIN: too many wait at a unix socket; it cannot be waited for. */
	if (errno != EINPROGRESS)
		return failed(fd, text, errno, error);
	*pending = true;
	return fd;
}

/* listener_connect_end - has it worked? */
int listener_connect_end(int fd, const char *text, struct error *error)
{
	socklen_t length = sizeof(int);
	int reason = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &length) < 0)
		reason = errno;
	return reason == 0 ? 0 : failed(-1, text, reason, error);
}
