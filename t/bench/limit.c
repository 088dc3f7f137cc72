/* SPDX-License-Identifier: ISC */
/* limit - as little as a policy server can do
 *
 * usage: limit ADDRESS
 *
 * Reads to the blank line and answers a constant: one epoll_wait for all that
 * are ready, one read and one write for each request. What it costs is what
 * the kernel asks for the conversation; nothing that answers on a socket can
 * cost less. Prints "ready" when it listens; ends with SIGTERM. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/net/listener.h"

#define EVENTS	   256
#define INPUT_SIZE 65536

static const char answer[] = "action=DUNNO\n\n";

struct limit {
	int epoll;
	int listener;
	bool *newlines; /* by descriptor: the last byte was one */
	size_t size;	/* of that array */
	char input[INPUT_SIZE];
};

/* watch - wait for something to read */
static int watch(struct limit *limit, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(limit->epoll, EPOLL_CTL_ADD, fd, &event);
}

/* accept_one - a new connection */
static void accept_one(struct limit *limit)
{
	int fd = accept4(limit->listener, NULL, NULL,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if ((size_t)fd >= limit->size || watch(limit, fd) < 0)
		close(fd);
	else
		limit->newlines[fd] = false;
}

/* is_end - does a blank line end the bytes that came? */
static bool is_end(bool newline, const char *bytes, size_t length)
{
	if (bytes[length - 1] != '\n')
		return false;
	return length > 1 ? bytes[length - 2] == '\n' : newline;
}

/* answer_one - read, and write if that was a request */
static void answer_one(struct limit *limit, int fd)
{
	ssize_t received = read(fd, limit->input, sizeof(limit->input));

	if (received < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (received <= 0) {
		close(fd);
		return;
	}
	if (is_end(limit->newlines[fd], limit->input, (size_t)received) &&
	    send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0)
		close(fd);
	else
		limit->newlines[fd] = limit->input[received - 1] == '\n';
}

/* serve - for ever; returns when that is not possible */
static void serve(struct limit *limit)
{
	struct epoll_event events[EVENTS];
	int i, count;

	for (;;) {
		count = epoll_wait(limit->epoll, events, EVENTS, -1);
		if (count < 0 && errno != EINTR)
			return;
		for (i = 0; i < count; i++)
			if (events[i].data.fd == limit->listener)
				accept_one(limit);
			else
				answer_one(limit, events[i].data.fd);
	}
}

/* descriptors - as many as we may have */
static size_t descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1024;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur < 65536 ? (size_t)limit.rlim_cur : 65536;
}

/* main - listen, serve */
int main(int argc, char **argv)
{
	static struct limit limit;
	struct listener_options options;
	struct listener listener;
	struct error error;

	if (argc != 2) {
		fprintf(stderr, "usage: limit ADDRESS\n");
		return EX_USAGE;
	}
	if (listener_parse(&options, argv[1], &error) < 0 ||
	    listener_open(&listener, &options, &error) < 0) {
		fprintf(stderr, "limit: %s\n", error.text);
		return EX_USAGE;
	}
	limit.size = descriptors();
	limit.newlines = xcalloc(limit.size, sizeof(*limit.newlines));
	limit.listener = listener.fd;
	limit.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (limit.epoll < 0 || watch(&limit, limit.listener) < 0) {
		fprintf(stderr, "limit: epoll: %s\n", strerror(errno));
		return EX_OSERR;
	}
	puts("ready");
	fflush(stdout);
	serve(&limit);
	return EX_OSERR;
}
