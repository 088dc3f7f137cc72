/* SPDX-License-Identifier: ISC */
/* notify - report the state to a supervisor
 *
 * A supervisor that does not read for a while must not block the monitor, and
 * must not miss a message: those that cannot be sent at once are queued.
 *
 * Each message is one datagram to the socket that NOTIFY_SOCKET names: a path,
 * or "@" and a name in the abstract namespace. Nothing else is needed, so
 * libsystemd and its dependencies are not worth it. */

#include "policyd/process/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/number.h"
#include "lib/base/xalloc.h"

#define MESSAGE_MAX 512
#define CLOSE_MS    1000 /* for queued messages */
#define USEC_MAX    (UINT64_C(1000) * 1000 * 86400 * 365)

/* connect_to - the supervisor's socket */
static int connect_to(const char *name, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(name);
	int fd;

	if ((name[0] != '/' && name[0] != '@') || name[1] == '\0' ||
	    length >= sizeof(address.sun_path))
		return error_set(error, "neither /PATH nor @NAME");
	memcpy(address.sun_path, name, length + 1);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(error, "socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				length)) == 0)
		return fd;
	error_set(error, "%s", strerror(errno));
	close(fd);
	return -1;
}

/* number_of - the number in an environment variable; 0: none */
static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);
	uint64_t number;

	if (text == NULL || number_parse(text, USEC_MAX, &number) != 0)
		return 0;
	return number;
}

/* notify_open - connect as the environment says */
int notify_open(struct notify *notify, struct error *error)
{
	const char *name = getenv("NOTIFY_SOCKET");
	uint64_t pid = number_of("WATCHDOG_PID");

	notify->fd = -1;
	notify->watchdog_ms = 0;
	notify->unsent_count = 0;
	if (pid == 0 || pid == (uint64_t)getpid())
		notify->watchdog_ms = number_of("WATCHDOG_USEC") / 1000;
	if (name != NULL)
		notify->fd = connect_to(name, error);
	if (name != NULL && notify->fd < 0)
		error_prefix(error, "NOTIFY_SOCKET: ");
	if (notify->fd < 0)
		notify->watchdog_ms = 0;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return name != NULL && notify->fd < 0 ? -1 : 0;
}

/* send_one - false: it must wait. A supervisor that is gone gets nothing. */
static bool send_one(const struct notify *notify, const char *message)
{
	ssize_t sent;

	do {
		sent = send(notify->fd, message, strlen(message), MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent >= 0 || errno != EAGAIN;
}

/* drop_first - discard the oldest queued message */
static void drop_first(struct notify *notify)
{
	free(notify->unsent[0]);
	notify->unsent_count--;
	memmove(notify->unsent, notify->unsent + 1,
		notify->unsent_count * sizeof(notify->unsent[0]));
}

/* keep - queue a message; if there are too many the oldest is discarded, and a
 * repetition of the last one is not queued */
static void keep(struct notify *notify, const char *message)
{
	size_t count = notify->unsent_count;

	if (count > 0 && strcmp(notify->unsent[count - 1], message) == 0)
		return;
	if (count == NOTIFY_UNSENT_MAX)
		drop_first(notify);
	notify->unsent[notify->unsent_count++] = xstrdup(message);
}

/* notify_send - one message */
void notify_send(struct notify *notify, const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list arguments;
	int length;

	if (notify->fd < 0)
		return;
	va_start(arguments, format);
	length = vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (length <= 0 || (size_t)length >= sizeof(message))
		return;
	notify_flush(notify);
	if (notify->unsent_count > 0 || !send_one(notify, message))
		keep(notify, message);
}

/* notify_flush - send as many queued messages as possible */
void notify_flush(struct notify *notify)
{
	while (notify->unsent_count > 0 && send_one(notify, notify->unsent[0]))
		drop_first(notify);
}

/* notify_close - if it is open; queued messages get a moment */
void notify_close(struct notify *notify)
{
	struct pollfd ready = { .fd = notify->fd, .events = POLLOUT };
	uint64_t end_ms = clock_ms() + CLOSE_MS;
	int left;

	while (notify->unsent_count > 0 && (left = clock_left_ms(end_ms)) > 0 &&
	       poll(&ready, 1, left) == 1)
		notify_flush(notify);
	while (notify->unsent_count > 0)
		drop_first(notify);
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}
