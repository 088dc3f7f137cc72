/* SPDX-License-Identifier: ISC */
/* sink - a log daemon that throws everything away
 *
 * usage: sink PATH
 *
 * Reads the datagrams that come to a socket of that name. Prints "ready" when
 * it does, and with SIGTERM, at its end, how many lines have come. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#define BATCH	  64
#define LINE_SIZE 2048

static volatile sig_atomic_t ended;

/* on_term - the end, at the next tick at the latest */
static void on_term(int number)
{
	(void)number;
	ended = 1;
}

/* open_socket - as /dev/log: anybody may write to it */
static int open_socket(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	const struct timeval tick = { .tv_usec = 100000 };
	int fd;

	if (strlen(path) >= sizeof(name.sun_path))
		return -1;
	memcpy(name.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick)) < 0 ||
	    chmod(path, 0666) < 0)
		return -1;
	return fd;
}

/* drain - until SIGTERM; returns the number of lines */
static uint64_t drain(int fd)
{
	static char lines[BATCH][LINE_SIZE];
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	uint64_t total = 0;
	size_t i;

	memset(messages, 0, sizeof(messages));
	for (i = 0; i < BATCH; i++) {
		vectors[i].iov_base = lines[i];
		vectors[i].iov_len = LINE_SIZE;
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (!ended) {
		int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);

		if (count < 0 && errno != EINTR && errno != EAGAIN)
			break;
		if (count > 0)
			total += (uint64_t)count;
	}
	return total;
}

/* main - one socket */
int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_term };
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: sink PATH\n");
		return EX_USAGE;
	}
	fd = open_socket(argv[1]);
	if (fd < 0) {
		fprintf(stderr, "sink: %s: %s\n", argv[1], strerror(errno));
		return EX_OSERR;
	}
	sigaction(SIGTERM, &action, NULL);
	puts("ready");
	fflush(stdout);
	printf("%" PRIu64 "\n", drain(fd));
	return EX_OK;
}
