/* SPDX-License-Identifier: ISC */
/* server_handover - the packets by which connections go to another server
 *
 * One packet of a channel is one connection: a header, the bytes of its
 * unfinished request, the bytes of its reply that the peer did not take yet,
 * the name of the peer if the socket does not tell it, and the descriptor. The
 * last packet is the farewell. */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/server_internal.h"

#define HANDOVER_MAGIC 0x706c6331u

/* Room for one descriptor beside a packet. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* handover_send - header, three pieces, perhaps a descriptor */
int handover_send(int channel, const struct handover_packet *packet, int fd)
{
	const struct handover_header *header = &packet->header;
	/* sendmsg(2) does not write to what iov_base points to. */
	struct iovec pieces[4] = {
		{ (void *)(uintptr_t)header, sizeof(*header) },
		{ (void *)(uintptr_t)packet->request, header->request_length },
		{ (void *)(uintptr_t)packet->reply, header->reply_length },
		{ (void *)(uintptr_t)packet->peer, header->peer_length },
	};
	union control control = { 0 };
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 4 };
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
	while (sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

/* handover_send_local - in one process a descriptor is its number: to send it
 * as to another process would take one more for a while, and there may be no
 * more */
int handover_send_local(int channel, struct handover_packet *packet, int fd)
{
	packet->header.local_fd = fd;
	return handover_send(channel, packet, -1);
}

/* handover_new_packet - of a connection from which nothing came yet */
struct handover_packet handover_new_packet(const char *peer)
{
	return (struct handover_packet){
		.header = {
			.magic = HANDOVER_MAGIC,
			.kind = KIND_CONNECTION,
			.since_ms = server_now_ms(),
			.peer_length =
				peer != NULL ? (uint32_t)strlen(peer) : 0,
		},
		.peer = peer,
	};
}

/* handover_farewell - the last packet */
int handover_farewell(int channel, const void *bytes, size_t length)
{
	const struct handover_packet packet = {
		.header = {
			.magic = HANDOVER_MAGIC,
			.kind = KIND_FAREWELL,
			.request_length = (uint32_t)length,
		},
		.request = bytes,
	};

	return handover_send(channel, &packet, -1);
}

/* take_descriptor - the descriptor of a packet, or -1 */
static int take_descriptor(struct msghdr *message)
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

/* is_whole - does the header tell the truth about the packet? */
static bool is_whole(const struct handover_header *header, size_t length,
		     int fd)
{
	return length >= sizeof(*header) && header->magic == HANDOVER_MAGIC &&
	       header->request_length <= REQUEST_BYTES_MAX &&
	       header->reply_length <= SERVER_INPUT_SIZE &&
	       header->peer_length < PEER_MAX &&
	       (size_t)header->request_length + header->reply_length +
			       header->peer_length ==
		       length - sizeof(*header) &&
	       header->kind <= KIND_FAREWELL &&
	       (header->kind == KIND_FAREWELL) == (fd < 0);
}

/* receive_packet - header and bytes: their length, or -1; fd may be -1 */
static ssize_t receive_packet(int channel, struct handover_header *header,
			      char *bytes, int *fd)
{
	struct iovec pieces[2] = { { header, sizeof(*header) },
				   { bytes, SERVER_INPUT_SIZE } };
	union control control = { 0 };
	struct msghdr message = { .msg_iov = pieces,
				  .msg_iovlen = 2,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	ssize_t length;

	do {
		length = recvmsg(channel, &message,
				 MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (length < 0 && errno == EINTR);
	*fd = length >= 0 ? take_descriptor(&message) : -1;
	if (length > 0 && (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		errno = EPROTO;
		return -1;
	}
	return length;
}

/* handover_receive - the next packet, if it is whole */
int handover_receive(int channel, bool local, struct handover_header *header,
		     char *bytes, int *fd)
{
	ssize_t length = receive_packet(channel, header, bytes, fd);

	if (length < 0 && errno == EAGAIN)
		return 0;
	if (length >= (ssize_t)sizeof(*header) && local &&
	    header->kind != KIND_FAREWELL)
		*fd = header->local_fd;
	if (length > 0 && is_whole(header, (size_t)length, *fd))
		return 1;
	if (*fd >= 0)
		close(*fd);
	return -1;
}
