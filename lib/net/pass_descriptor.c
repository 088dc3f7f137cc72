/* SPDX-License-Identifier: ISC */
/* pass_descriptor - packets with a descriptor
 *
 * One descriptor per packet. A peer that sends more is not one of our
 * processes; all of them are closed at once, so that it cannot exhaust our
 * descriptors. */

#include "lib/net/pass_descriptor.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Ancillary data with one descriptor. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* pass_descriptor_send - send the pieces, with or without a descriptor */
int pass_descriptor_send(int channel, struct iovec *pieces, unsigned char count,
			 int fd, int flags)
{
	union control control = { 0 };
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = count };
	struct cmsghdr *part;

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		part = CMSG_FIRSTHDR(&message);
		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(part), &fd, sizeof(int));
	}
	while (sendmsg(channel, &message, flags) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

/* take - the descriptor of a packet, or -1. Because of alignment, a buffer for
 * one may have room for two. */
static int take(struct msghdr *message)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(message);
	size_t count;
	int fd = -1;

	if (part == NULL || part->cmsg_level != SOL_SOCKET ||
	    part->cmsg_type != SCM_RIGHTS)
		return -1;
	count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < count; i++) {
		memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
		if (count > 1)
			close(fd);
	}
	return count == 1 ? fd : -1;
}

/* receive - the next packet. If the other end was closed with a packet that it
 * had not read, Linux reports that once, before what the other end has sent. */
static ssize_t receive(int channel, struct msghdr *message, int flags)
{
	bool reset = false;
	ssize_t length;

	for (;;) {
		length = recvmsg(channel, message, flags);
		if (length >= 0 ||
		    (errno != EINTR && (errno != ECONNRESET || reset)))
			return length;
		reset |= errno == ECONNRESET;
	}
}

/* pass_descriptor_receive - receive the next packet */
ssize_t pass_descriptor_receive(int channel, struct iovec *pieces,
				unsigned char count, int *fd, int flags)
{
	union control control = { 0 };
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = count };
	int cut = MSG_TRUNC;
	ssize_t length;

	if (fd != NULL) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		cut |= MSG_CTRUNC;
		*fd = -1;
	}
	length = receive(channel, &message, flags | MSG_CMSG_CLOEXEC);
	if (length < 0)
		return -1;
	if (fd != NULL)
		*fd = take(&message);
	if ((message.msg_flags & cut) == 0)
		return length;
	if (fd != NULL && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	errno = EPROTO;
	return -1;
}
