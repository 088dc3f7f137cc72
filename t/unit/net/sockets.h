/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_NET_SOCKETS_H
#define T_UNIT_NET_SOCKETS_H

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/net/listener.h"
#include "t/unit/test.h"

/* Sockets in a directory. */

static char directory[] = "/tmp/policyd-test-XXXXXX";
static char path[64];

static inline void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
}

static inline void teardown(void)
{
	unlink(path);
	/* Fails if anything was left behind. */
	ck_assert_int_eq(rmdir(directory), 0);
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
}

static inline struct listener_options options_for(const char *name)
{
	struct listener_options options;
	char text[160];

	snprintf(text, sizeof(text), "unix:%s", name);
	ck_assert_int_eq(listener_parse(&options, text, NULL), 0);
	return options;
}

/* unix_socket - connected to path, bound to it, or -1 */
static inline int unix_socket(const char *name,
			      int (*call)(int, const struct sockaddr *,
					  socklen_t))
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, name, strlen(name) + 1);
	ck_assert_int_ge(fd, 0);
	if (call(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

#endif
