/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_STORE_REAL_STORE_H
#define T_UNIT_STORE_REAL_STORE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "t/unit/test.h"

/* A Valkey or Redis of our own, on a UNIX socket in a temporary directory. */

struct real_store {
	char directory[40];
	char socket[64];
	in_port_t port; /* of TCP, for clients; 0: none */
	pid_t pid;
};

/* connect_store - a connected UNIX socket, or -1 */
static inline int connect_store(const struct real_store *real)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	strcpy(address.sun_path, real->socket);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return fd;
	close(fd);
	return -1;
}

/* connect_client - where clients connect; -1: they cannot */
static inline int connect_client(const struct real_store *real)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(real->port) };
	int fd;

	if (real->port == 0)
		return connect_store(real);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return fd;
	close(fd);
	return -1;
}

/* pause_ms - between two looks */
static inline void pause_ms(long ms)
{
	struct timespec time = { 0, ms * 1000000 };

	nanosleep(&time, NULL);
}

/* run_store - become the server; it ends with the test */
static inline void run_store(const struct real_store *real, const char *option,
			     const char *value)
{
	static const char *const programs[] = { "valkey-server",
						"redis-server" };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < 2; i++)
		execlp(programs[i], programs[i], "--port", "0", "--save", "",
		       "--dir", real->directory, "--unixsocket", real->socket,
		       "--logfile", "log", option, value, (char *)NULL);
	_exit(127);
}

/* real_store_run - start it, with one more option; it answers */
static inline void real_store_run(struct real_store *real, const char *option,
				  const char *value)
{
	uint64_t end_ms = clock_ms() + TEST_WAIT_S * 1000;
	int fd, status;

	real->pid = fork();
	ck_assert_int_ge(real->pid, 0);
	if (real->pid == 0)
		run_store(real, option, value);
	while ((fd = connect_store(real)) < 0) {
		ck_assert_msg(waitpid(real->pid, &status, WNOHANG) == 0,
			      "neither valkey-server nor redis-server runs");
		ck_assert_uint_lt(clock_ms(), end_ms);
		pause_ms(5);
	}
	close(fd);
}

/* real_store_start - a new one; option may be NULL */
static inline void real_store_start(struct real_store *real, const char *option,
				    const char *value)
{
	memset(real, 0, sizeof(*real));
	strcpy(real->directory, "/tmp/storeXXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(real->directory));
	strcpy(real->socket, real->directory);
	strcat(real->socket, "/socket");
	real_store_run(real, option, value);
}

/* command - one to the server, without arguments that need quotes; the answer
 * begins with start */
static inline void command(const struct real_store *real, const char *text,
			   const char *start)
{
	char answer[200] = "";
	int fd = connect_store(real);
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dprintf(fd, "%s\r\n", text), (int)strlen(text) + 2);
	ck_assert_int_eq(poll(&ready, 1, TEST_WAIT_S * 1000), 1);
	ck_assert_int_gt(read(fd, answer, sizeof(answer) - 1), 0);
	ck_assert_msg(strncmp(answer, start, strlen(start)) == 0, "%s: %s",
		      text, answer);
	close(fd);
}

/* real_store_kill - it is gone at once */
static inline void real_store_kill(struct real_store *real)
{
	kill(real->pid, SIGKILL);
	ck_assert_int_eq(waitpid(real->pid, NULL, 0), real->pid);
	unlink(real->socket);
}

/* real_store_stop - and what it left */
static inline void real_store_stop(struct real_store *real)
{
	real_store_kill(real);
	run_shell("rm -rf %s", real->directory);
}

/* used_memory - of the server */
static inline long used_memory(const struct real_store *real)
{
	char answer[4096] = "";
	int fd = connect_store(real);
	const char *found;
	size_t length = 0;

	ck_assert_int_eq(dprintf(fd, "INFO memory\r\n"), 13);
	while ((found = strstr(answer, "used_memory:")) == NULL ||
	       strchr(found, '\n') == NULL) {
		ssize_t count =
			read(fd, answer + length, sizeof(answer) - 1 - length);

		ck_assert_int_gt(count, 0);
		length += (size_t)count;
	}
	close(fd);
	return atol(found + strlen("used_memory:"));
}

#endif
