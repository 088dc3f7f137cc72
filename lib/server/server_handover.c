/* SPDX-License-Identifier: ISC */
/* server_handover - the packets that pass connections to another server
 *
 * One packet of a channel is one connection: a header, the bytes of its
 * unfinished request, the bytes of its reply that the peer has not taken yet,
 * between threads the name of the peer if the socket does not have it, and the
 * descriptor. The last packet is the farewell; between threads, where nobody
 * else can close a channel, its end is. Between threads another kind of packet
 * asks for room, and is answered with one byte. */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/net/pass_descriptor.h"
#include "lib/server/server_internal.h"

#define HANDOVER_MAGIC 0x706c6331u

/* handover_send - send a header, three pieces, and optionally a descriptor */
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

	return pass_descriptor_send(channel, pieces, 4, fd,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* handover_send_local - within a process, a descriptor is sent as its number:
 * sending it as to another process would temporarily need another one, and
 * there may be none */
int handover_send_local(int channel, struct handover_packet *packet, int fd)
{
	packet->header.local_fd = fd;
	return handover_send(channel, packet, -1);
}

/* handover_pass - pass one connection to another thread */
int handover_pass(int channel, struct handover_packet *packet,
		  struct connection *connection)
{
	int reason;

	if (connection->interest != 0)
		event_del(&connection->event);
	if (handover_send_local(channel, packet, connection->input) < 0) {
		reason = errno;
		if (connection->interest != 0 &&
		    event_add(&connection->event, NULL) < 0)
			connection->failed = true;
		errno = reason;
		return -1;
	}
	connection->interest = 0;
	connection->input = connection->output = -1;
	return 0;
}

/* kind_of - what the next server must know about a connection */
static enum handover_kind kind_of(const struct connection *connection)
{
	if (connection->closing)
		return KIND_CLOSING;
	return connection->asked ? KIND_CONNECTION : KIND_SILENT;
}

/* handover_packet - the packet of a connection in its present state */
struct handover_packet handover_packet(const struct connection *connection,
				       const char *bytes, size_t length)
{
	const char *peer = connection->peer;

	return (struct handover_packet){
		.header = {
			.magic = HANDOVER_MAGIC,
			.kind = kind_of(connection),
			.since_ms = connection->since_ms,
			.request_length = (uint32_t)length,
			.reply_length = connection->unsent_length,
			.peer_length =
				peer != NULL ? (uint32_t)strlen(peer) : 0,
		},
		.request = bytes,
		.reply = connection->unsent,
		.peer = peer,
	};
}

/* handover_farewell - the last packet */
int handover_farewell(int channel, bool contended, const void *bytes,
		      size_t length)
{
	const struct handover_packet packet = {
		.header = {
			.magic = HANDOVER_MAGIC,
			.kind = KIND_FAREWELL,
			.request_length = (uint32_t)length,
			.contended = contended,
		},
		.request = bytes,
	};

	return handover_send(channel, &packet, -1);
}

/* handover_ask_room - have another thread make room */
int handover_ask_room(int channel, uint64_t user)
{
	struct handover_packet packet = {
		.header = {
			.magic = HANDOVER_MAGIC,
			.kind = KIND_ROOM,
			.request_length = sizeof(user),
		},
		.request = (const char *)&user,
	};

	return handover_send_local(channel, &packet, -1);
}

/* handover_room_for - which user */
uint64_t handover_room_for(const char *bytes)
{
	uint64_t user;

	memcpy(&user, bytes, sizeof(user));
	return user;
}

/* has_descriptor - packets of this kind are connections */
static bool has_descriptor(uint32_t kind)
{
	return kind != KIND_FAREWELL && kind != KIND_ROOM;
}

/* is_whole - does the header tell the truth about the packet? */
static bool is_whole(const struct handover_header *header, size_t length,
		     int fd, bool local)
{
	return length >= sizeof(*header) && header->magic == HANDOVER_MAGIC &&
	       header->request_length <= REQUEST_BYTES_MAX &&
	       header->reply_length <= SERVER_INPUT_SIZE &&
	       header->peer_length < (local ? PEER_MAX : 1) &&
	       (size_t)header->request_length + header->reply_length +
			       header->peer_length ==
		       length - sizeof(*header) &&
	       header->kind <= (local ? KIND_ROOM : KIND_SILENT) &&
	       has_descriptor(header->kind) == (fd >= 0);
}

/* handover_receive - receive the next packet, and check that it is complete */
int handover_receive(int channel, bool local, struct handover_header *header,
		     char *bytes, int *fd)
{
	struct iovec pieces[2] = { { header, sizeof(*header) },
				   { bytes, SERVER_INPUT_SIZE } };
	ssize_t length =
		pass_descriptor_receive(channel, pieces, 2, fd, MSG_DONTWAIT);

	if (length < 0 && errno == EAGAIN)
		return 0;
	if (length == 0 && local) {
		*header = (struct handover_header){ .kind = KIND_FAREWELL };
		return 1;
	}
	if (length >= (ssize_t)sizeof(*header) && local &&
	    header->kind != KIND_FAREWELL)
		*fd = header->local_fd;
	if (length > 0 && is_whole(header, (size_t)length, *fd, local))
		return 1;
	if (*fd >= 0)
		close(*fd);
	return -1;
}
