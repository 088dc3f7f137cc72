/* SPDX-License-Identifier: ISC */
/* listener_state - has a listening socket changed since it was opened?
 *
 * The process that opened it shares it with others, one of which may have been
 * compromised. Their changes to the socket outlast them: it no longer listens,
 * drops packets, blocks, or gives its connections unwanted options. Everything
 * that the kernel reports is compared.
 *
 * Values that depend on sysctl(8) are not compared: they may change for good
 * reasons. */

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/net/listener.h"

/* Some systems' headers lack these. */
#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73
#endif
#ifndef SO_TXTIME
#define SO_TXTIME 61
#endif

/* A UNIX socket has none of the TCP options, neither before nor after. */
static const struct {
	int level, name;
} options[] = {
	{ SOL_SOCKET, SO_BINDTODEVICE },
	{ SOL_SOCKET, SO_BUSY_POLL },
	{ SOL_SOCKET, SO_DONTROUTE },
	{ SOL_SOCKET, SO_KEEPALIVE },
	{ SOL_SOCKET, SO_LINGER },
	{ SOL_SOCKET, SO_LOCK_FILTER },
	{ SOL_SOCKET, SO_MARK },
	{ SOL_SOCKET, SO_MAX_PACING_RATE },
	{ SOL_SOCKET, SO_OOBINLINE },
	{ SOL_SOCKET, SO_PASSCRED },
	{ SOL_SOCKET, SO_PEEK_OFF },
	{ SOL_SOCKET, SO_PRIORITY },
	{ SOL_SOCKET, SO_RCVBUF },
	{ SOL_SOCKET, SO_RCVLOWAT },
	{ SOL_SOCKET, SO_RCVTIMEO },
	{ SOL_SOCKET, SO_REUSEADDR },
	{ SOL_SOCKET, SO_REUSEPORT },
	{ SOL_SOCKET, SO_SNDBUF },
	{ SOL_SOCKET, SO_SNDTIMEO },
	{ SOL_SOCKET, SO_TIMESTAMP },
	{ SOL_SOCKET, SO_TXTIME },
	{ SOL_SOCKET, SO_ZEROCOPY },
	{ IPPROTO_TCP, TCP_CONGESTION },
	{ IPPROTO_TCP, TCP_CORK },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT },
	{ IPPROTO_TCP, TCP_FASTOPEN },
	{ IPPROTO_TCP, TCP_MAXSEG },
	{ IPPROTO_TCP, TCP_NODELAY },
	{ IPPROTO_TCP, TCP_ULP },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT },
	{ IPPROTO_TCP, TCP_WINDOW_CLAMP },
	{ IPPROTO_IP, IP_FREEBIND },
	{ IPPROTO_IP, IP_MINTTL },
	{ IPPROTO_IP, IP_MTU_DISCOVER },
	{ IPPROTO_IP, IP_OPTIONS },
	{ IPPROTO_IP, IP_TOS },
	{ IPPROTO_IP, IP_TRANSPARENT },
	{ IPPROTO_IPV6, IPV6_MINHOPCOUNT },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER },
	{ IPPROTO_IPV6, IPV6_TCLASS },
};
#define COUNT (sizeof(options) / sizeof(options[0]))

_Static_assert(COUNT <= LISTENER_OPTIONS_MAX, "no room");

/* read_option - the first bytes of an option, and its length; 0 for unknown
 * options */
static struct listener_option read_option(int fd, size_t which)
{
	struct listener_option option = { 0 };
	unsigned char bytes[64] = { 0 };
	socklen_t length = sizeof(bytes);

	if (getsockopt(fd, options[which].level, options[which].name, bytes,
		       &length) < 0)
		return option;
	option.length = (unsigned char)length;
	memcpy(option.bytes, bytes, sizeof(option.bytes));
	return option;
}

/* listener_remember - record the current state */
void listener_remember(struct listener *listener)
{
	struct listener_state *state = &listener->state;
	size_t i;

	memset(state, 0, sizeof(*state));
	state->flags = fcntl(listener->fd, F_GETFL);
	for (i = 0; i < COUNT; i++)
		state->options[i] = read_option(listener->fd, i);
}

/* listens - does it listen? */
static bool listens(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN | POLLRDHUP };
	socklen_t length = sizeof(int);
	int on = 0;

	return poll(&ready, 1, 0) >= 0 &&
	       (ready.revents & (POLLERR | POLLHUP | POLLNVAL | POLLRDHUP)) ==
		       0 &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &length) == 0 &&
	       on == 1;
}

/* has_filter - does a filter drop packets? The kernel reports its length */
static bool has_filter(int fd)
{
	socklen_t length = 0;
	char none; /* length 0: nothing is written to it */

	return getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, &none, &length) < 0 ||
	       length > 0;
}

/* listener_changed - a text about a change, or NULL */
const char *listener_changed(const struct listener *listener)
{
	const struct listener_state *state = &listener->state;
	size_t i;

	if (!listens(listener->fd))
		return "does not listen any more";
	if (fcntl(listener->fd, F_GETFL) != state->flags ||
	    fcntl(listener->fd, F_GETOWN) != 0 ||
	    fcntl(listener->fd, F_GETSIG) != 0)
		return "has other flags";
	if (has_filter(listener->fd))
		return "has a filter";
	for (i = 0; i < COUNT; i++) {
		struct listener_option now = read_option(listener->fd, i);

		if (memcmp(&now, &state->options[i], sizeof(now)) != 0)
			return "has other options";
	}
	return NULL;
}

/* listener_renew - open it again. The processes that share the old socket
 * cannot keep us from its address, nor listen there: it is shut down for all of
 * them. */
int listener_renew(struct listener *listener, struct error *error)
{
	struct listener fresh;
	int one = 1;

	setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	shutdown(listener->fd, SHUT_RDWR);
	if (listener_open(&fresh, &listener->options, error) < 0)
		return -1;
	listener_close(listener);
	*listener = fresh;
	return 0;
}
