/* SPDX-License-Identifier: ISC */
/* fuzz_handover - any packets from the server before
 *
 * That one has met clients, so it may say anything. The input is a list of
 * packets: what their header says, right or wrong, and their bytes. At the
 * end all descriptors that came along are closed, and each client has heard
 * what the packet said was unsent, or nothing, and then whole replies. */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <event2/event.h>

#include "lib/net/pass_descriptor.h"
#include "lib/server/server_internal.h"
#include "t/fuzz/fuzz.h"

#define PACKETS_MAX 8
#define ROUNDS	    8
#define MAGIC	    0x706c6331u /* as in lib/server/server_handover.c */
#define FAREWELL    2
#define REPLY	    "action=DUNNO\n\n"
#define MORE	    "=b\n\na=b\n\n" /* from each client, at last */

/* One byte of the input says what is wrong with a packet. */
enum { WRONG_MAGIC = 1, WRONG_LENGTH = 2, WRONG_DESCRIPTOR = 4, SHORT = 8 };

/* What one packet brought. */
struct client {
	int fd;
	unsigned char unsent[255];
	size_t unsent_length;
};

/* LLVMFuzzerInitialize - a peer that is gone is no reason to end */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

/* on_request - answer at once */
static void on_request(void *context, struct connection *connection,
		       char *bytes, size_t length)
{
	(void)context;
	require(bytes[length - 1] == '\n' &&
		(length == 1 || bytes[length - 2] == '\n'));
	connection_reply(connection, REPLY, sizeof(REPLY) - 1);
}

/* on_gone - nothing is to be freed */
static void on_gone(void *context, struct connection *connection)
{
	(void)context;
	(void)connection;
}

/* on_malformed - it is for the log: printable */
static void on_malformed(void *context, const char *peer, const char *reason)
{
	(void)context;
	require(*peer != '\0' && *reason != '\0');
	for (; *peer != '\0'; peer++)
		require(*peer > ' ' && *peer <= '~');
}

/* on_flush - once is enough */
static bool on_flush(void *context)
{
	(void)context;
	return false;
}

/* on_taken - how many, and what was said at the end */
static void on_taken(void *context, unsigned long count, const void *farewell,
		     size_t length)
{
	static char copy[SERVER_FAREWELL_MAX];
	unsigned *ends = context;

	++*ends;
	require(count <= PACKETS_MAX);
	if (farewell != NULL)
		memcpy(copy, farewell, length);
}

/* send_packet - one of the input, which is as long as it says; fd: along */
static void send_packet(int channel, unsigned wrong, unsigned kind,
			const unsigned char *lengths,
			const unsigned char *bytes, size_t length, int fd)
{
	struct handover_header header = {
		.magic = MAGIC ^ (wrong & WRONG_MAGIC),
		.kind = kind,
		.request_length = lengths[0],
		.reply_length = lengths[1],
		.peer_length = lengths[2] + ((wrong & WRONG_LENGTH) != 0),
	};
	struct iovec pieces[2] = {
		{ &header,
		  wrong & SHORT ? length % sizeof(header) : sizeof(header) },
		{ (void *)(uintptr_t)bytes, wrong & SHORT ? 0 : length },
	};

	(void)!pass_descriptor_send(channel, pieces, 2, fd,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* packet - read one of the input, and send it; what is left */
static const unsigned char *packet(int channel, struct client *client,
				   const unsigned char *place,
				   const unsigned char *end)
{
	unsigned wrong = place[0] & 15, kind = place[0] >> 4 & 3;
	const unsigned char *lengths = place + 1, *bytes = place + 4;
	size_t length = (size_t)lengths[0] + lengths[1] + lengths[2];
	const struct sockaddr named = { .sa_family = AF_UNIX };
	int ends[2];

	if (length > (size_t)(end - bytes))
		return end;
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			   0, ends) == 0);
	/* As if it was accepted: the kernel gives it a name. */
	require(bind(ends[1], &named, sizeof(sa_family_t)) == 0);
	client->fd = ends[0];
	client->unsent_length = lengths[1];
	memcpy(client->unsent, bytes + lengths[0], lengths[1]);
	send_packet(channel, wrong, kind, lengths, bytes, length,
		    (kind == FAREWELL) == ((wrong & WRONG_DESCRIPTOR) == 0)
			    ? -1
			    : ends[1]);
	close(ends[1]);
	return bytes + length;
}

/* hear - the client speaks, and hears all until its connection is closed */
static void hear(const struct client *client)
{
	char text[4096], *place = text;
	ssize_t got;
	size_t length = 0;

	while ((got = recv(client->fd, text + length, sizeof(text) - length,
			   MSG_DONTWAIT)) > 0)
		length += (size_t)got;
	/* Nobody has it any more; perhaps not all was read. */
	require(got == 0 || errno == ECONNRESET);
	close(client->fd);
	if (length == 0)
		return;
	require(length >= client->unsent_length &&
		memcmp(text, client->unsent, client->unsent_length) == 0);
	for (place += client->unsent_length; place < text + length;
	     place += sizeof(REPLY) - 1)
		require((size_t)(text + length - place) >= sizeof(REPLY) - 1 &&
			memcmp(place, REPLY, sizeof(REPLY) - 1) == 0);
}

/* LLVMFuzzerTestOneInput - one server takes over what there is */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct server_limits limits = { 20000, 20000, 20000, 100 };
	unsigned ends = 0;
	const struct server_handler handler = {
		.context = &ends,
		.request = on_request,
		.gone = on_gone,
		.malformed = on_malformed,
		.flush = on_flush,
	};
	const unsigned char *place = data, *end = data + size;
	struct client clients[PACKETS_MAX];
	struct server *server;
	struct error error;
	int channel[2], i, count = 0;

	server = server_new(&limits, &handler, &error);
	require(server != NULL);
	require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			   channel) == 0);
	require(server_take_over(server, channel[0], 0, on_taken, &ends,
				 &error) == 0);
	while (count < PACKETS_MAX && end - place >= 4) {
		const unsigned char *next;

		clients[count].fd = -1;
		next = packet(channel[1], &clients[count], place, end);
		count += clients[count].fd >= 0;
		place = next;
	}
	close(channel[1]);
	for (i = 0; i < count; i++)
		(void)!send(clients[i].fd, MORE, sizeof(MORE) - 1,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
	for (i = 0; i < ROUNDS; i++)
		event_base_loop(server_base(server), EVLOOP_NONBLOCK);
	require(ends == 1);
	server_free(server);
	for (i = 0; i < count; i++)
		hear(&clients[i]);
	return 0;
}
