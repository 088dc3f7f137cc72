/* SPDX-License-Identifier: ISC */
/* store_transport - the bytes between us and the store, in TLS or not
 *
 * Only send(2) and recv(2) are used, which a confined server may call. */

#include "lib/store/store_internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/tls/tls_client.h"

/* store_transport_open - nothing is sent yet */
int store_transport_open(struct store_transport *transport, int fd,
			 const struct store_settings *settings,
			 struct error *error)
{
	transport->fd = fd;
	transport->tls = NULL;
	if (settings->tls == NULL)
		return 0;
	transport->tls = tls_session_new(settings->tls, fd,
					 settings->server_name, error);
	if (transport->tls != NULL)
		return 0;
	store_transport_close(transport);
	return -1;
}

/* store_transport_close - what was not written is lost */
void store_transport_close(struct store_transport *transport)
{
	if (transport->fd < 0)
		return;
	tls_session_free(transport->tls);
	close(transport->fd);
	transport->tls = NULL;
	transport->fd = -1;
}

/* by_errno - 0 or -1 after a call that failed */
static ssize_t by_errno(const char *what, struct error *error)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return 0;
	return error_set(error, "%s the store: %s%s", what, strerror(errno),
			 errno == ECONNRESET ? " (one that expects TLS does so)"
					     : "");
}

/* in_tls - the result of a call; an error is about the store */
static ssize_t in_tls(ssize_t result, struct error *error)
{
	if (result < 0)
		error_prefix(error, "the store, in TLS: ");
	return result;
}

/* store_transport_read - what has come */
ssize_t store_transport_read(const struct store_transport *transport,
			     char *bytes, size_t size, struct error *error)
{
	ssize_t count;

	if (transport->tls != NULL)
		return in_tls(
			tls_session_read(transport->tls, bytes, size, error),
			error);
	count = recv(transport->fd, bytes, size, MSG_DONTWAIT);
	if (count == 0)
		return error_set(error, "the store has closed the connection");
	return count > 0 ? count : by_errno("reading from", error);
}

/* store_transport_write - what it takes */
ssize_t store_transport_write(const struct store_transport *transport,
			      const char *bytes, size_t length,
			      struct error *error)
{
	ssize_t count;

	if (transport->tls != NULL)
		return in_tls(
			tls_session_write(transport->tls, bytes, length, error),
			error);
	count = send(transport->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	return count > 0 ? count : by_errno("writing to", error);
}

/* store_transport_read_waits - usually for something to read */
short store_transport_read_waits(const struct store_transport *transport)
{
	return transport->tls != NULL &&
			       tls_session_read_needs_write(transport->tls)
		       ? POLLOUT
		       : POLLIN;
}

/* store_transport_write_waits - usually for room */
short store_transport_write_waits(const struct store_transport *transport)
{
	return transport->tls != NULL &&
			       tls_session_write_needs_read(transport->tls)
		       ? POLLIN
		       : POLLOUT;
}

/* store_transport_silence - at least for TLS there should be an answer */
const char *store_transport_silence(const struct store_transport *transport)
{
	return transport->tls != NULL && !tls_session_ready(transport->tls)
		       ? "no TLS handshake with the store"
		       : "no answer from the store";
}
