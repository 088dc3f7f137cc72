/* SPDX-License-Identifier: ISC */
/* listener_connect - be a client of a listener */

#include <errno.h>
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

/* listener_connect - a connected descriptor, or -1 */
int listener_connect(const char *text, unsigned seconds, struct error *error)
{
	union socket_address address;
	socklen_t length = sizeof(address.in);
	int fd;

	if (strncmp(text, "unix:", 5) == 0
		    ? fill_unix(&address, text + 5, error) < 0
		    : listener_inet_address(&address, text, error) < 0)
		return -1;
	if (address.any.sa_family == AF_INET6)
		length = sizeof(address.in6);
	else if (address.any.sa_family == AF_UNIX)
		length = sizeof(address.un);
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(error, "%s: %s", text, strerror(errno));
	limit(fd, seconds);
	if (connect(fd, &address.any, length) == 0)
		return fd;
	error_set(error, "%s: %s", text, strerror(errno));
	close(fd);
	return -1;
}
