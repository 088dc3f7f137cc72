/* SPDX-License-Identifier: ISC */
/* log_syslog - the socket to the log daemon
 *
 * There is one for the whole process, and it keeps its number: dup3(2) puts a
 * new socket in the place of the old one, so that other threads may use it
 * meanwhile. A process that may not connect(2) asks another process for a
 * socket. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log_internal.h"

#define LOG_SOCKET "/dev/log"
#define RETRY_MS   1000

/* log_connect - a socket to the log daemon, or -1 */
int log_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
				       .sun_path = LOG_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* log_daemon_use - replace the socket; -1: none */
bool log_daemon_use(struct log_daemon *daemon, int fd)
{
	int old = atomic_load(&daemon->fd);

	if (fd >= 0 && old < 0) {
		atomic_store(&daemon->fd, fd);
	} else if (fd >= 0) {
		dup3(fd, old, O_CLOEXEC);
		close(fd);
	}
	atomic_store(&daemon->retry_ms, clock_ms() + RETRY_MS);
	return fd >= 0;
}

/* log_daemon_find - connect again, or ask for a socket: one thread at a time,
 * at most once a second */
bool log_daemon_find(struct log_daemon *daemon)
{
	uint64_t now = clock_ms();
	uint64_t retry = atomic_load(&daemon->retry_ms);

	if (now < retry || !atomic_compare_exchange_strong(&daemon->retry_ms,
							   &retry, UINT64_MAX))
		return false;
	if (daemon->ask == NULL)
		return log_daemon_use(daemon, log_connect());
	if (!daemon->ask(daemon->context))
		atomic_store(&daemon->retry_ms, now + RETRY_MS);
	return false;
}

/* log_daemon_send - send one datagram */
enum log_sent log_daemon_send(struct log_daemon *daemon, const char *line,
			      size_t length)
{
	do {
		if (send(atomic_load(&daemon->fd), line, length,
			 MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return LOG_SENT;
		if (errno == EAGAIN || errno == ENOBUFS)
			return LOG_SLOW;
	} while (log_daemon_find(daemon));
	return LOG_GONE;
}

/* log_daemon_keep - keep one line until there is a socket again */
bool log_daemon_keep(struct log_daemon *daemon, const char *line, size_t length)
{
	if (daemon->ask == NULL || daemon->kept_length > 0)
		return false;
	memcpy(daemon->kept, line, length);
	daemon->kept_length = length;
	return true;
}
