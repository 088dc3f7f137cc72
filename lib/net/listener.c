/* SPDX-License-Identifier: ISC */
/* listener - listening sockets: TCP, and the code common to all kinds */

#include "lib/net/listener.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "lib/net/listener_internal.h"

/* unix_path - the path of a unix address, NULL for inet */
static const char *unix_path(const struct listener_options *options)
{
	if (strncmp(options->address, "unix:", 5) != 0)
		return NULL;
	return options->address + 5;
}

/* listener_advice - what to do about an error */
const char *listener_advice(int number)
{
	switch (number) {
	case EACCES:
	case EPERM:
		return "; start policyd as root";
	case ENOENT:
		return "; make it, or listen elsewhere";
	case EADDRINUSE:
		return ": another program listens there, policyd -t names it; "
		       "stop it, or listen elsewhere";
	case EADDRNOTAVAIL:
		return "; this host does not have that address (ip address)";
	default:
		return "";
	}
}

/* bind_inet - set the options and bind the address */
static int bind_inet(struct listener *listener,
		     const union socket_address *address, struct error *error)
{
	const char *text = listener->options.address;
	socklen_t length = sizeof(address->in);
	int one = 1;

	/* Accepted connections inherit TCP_NODELAY; a server may not set it. */
	if (setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &one,
		       sizeof(one)) < 0 ||
	    setsockopt(listener->fd, IPPROTO_TCP, TCP_NODELAY, &one,
		       sizeof(one)) < 0)
		return error_set(error, "%s: %s", text, strerror(errno));
	if (address->any.sa_family == AF_INET6) {
		length = sizeof(address->in6);
		if (setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one,
			       sizeof(one)) < 0)
			return error_set(error, "%s: %s", text,
					 strerror(errno));
	}
	if (bind(listener->fd, &address->any, length) < 0)
		return error_set(error, "cannot listen on %s: %s%s", text,
				 strerror(errno), listener_advice(errno));
	return 0;
}

/* open_inet - open a TCP socket that does not listen yet */
static int open_inet(struct listener *listener,
		     const union socket_address *address, struct error *error)
{
	listener->fd = socket(address->any.sa_family,
			      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return error_set(error, "%s: %s", listener->options.address,
				 strerror(errno));
	return bind_inet(listener, address, error);
}

/* listen_inet - open a TCP socket that listens */
static int listen_inet(struct listener *listener, struct error *error)
{
	const char *text = listener->options.address;
	union socket_address address;

	if (listener_inet_address(&address, text, error) < 0 ||
	    open_inet(listener, &address, error) < 0)
		return -1;
	if (listen(listener->fd, LISTENER_BACKLOG) < 0)
		return error_set(error, "cannot listen on %s: %s%s", text,
				 strerror(errno), listener_advice(errno));
	return 0;
}

/* listener_open - open a listening socket */
int listener_open(struct listener *listener,
		  const struct listener_options *options, struct error *error)
{
	const char *path = unix_path(options);
	int result;

	memset(listener, 0, sizeof(*listener));
	listener->options = *options;
	listener->fd = -1;
	if (path != NULL)
		result = listener_unix_open(listener, path, error);
	else
		result = listen_inet(listener, error);
	if (result < 0)
		listener_close(listener);
	else
		listener_remember(listener);
	return result;
}

/* check_inet - could this TCP socket be opened? Only root can see who has the
 * port */
static int check_inet(struct listener *listener, struct error *error)
{
	const char *text = listener->options.address;
	struct listener_owner owner = { 0 };
	union socket_address address;

	if (listener_inet_address(&address, text, error) < 0)
		return -1;
	if (open_inet(listener, &address, error) == 0)
		return 0;
	listener_owner_of_port(&owner, &address);
	if (owner.pid == 0)
		return -1;
	if (listener_owner_is_ours(&owner))
		return 0;
	return listener_in_use(text, &owner, error);
}

/* listener_check - could it be opened? */
int listener_check(const struct listener_options *options, struct error *error)
{
	struct listener listener = { .options = *options, .fd = -1 };
	const char *path = unix_path(options);
	int result;

	if (path != NULL)
		return listener_unix_check(path, error);
	result = check_inet(&listener, error);
	listener_close(&listener);
	return result;
}

/* listener_adjust - set another mode and owner for the same socket */
int listener_adjust(struct listener *listener,
		    const struct listener_options *options, struct error *error)
{
	const char *path = unix_path(&listener->options);

	if (path == NULL)
		return 0;
	return listener_unix_adjust(listener, path, options, error);
}

/* listener_in_place - can clients still reach it? */
bool listener_in_place(const struct listener *listener)
{
	const char *path = unix_path(&listener->options);

	return path == NULL || listener_unix_in_place(listener, path);
}

/* listener_close - close only the descriptor */
void listener_close(struct listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
}

/* listener_remove - remove the name and close the descriptor */
void listener_remove(struct listener *listener)
{
	const char *path = unix_path(&listener->options);

	if (path != NULL && listener->fd >= 0)
		listener_unix_remove(listener, path);
	listener_close(listener);
}
