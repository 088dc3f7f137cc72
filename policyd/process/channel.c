/* SPDX-License-Identifier: ISC */
/* channel - messages between the monitor and a server
 *
 * Every message is one struct of fixed size, sent whole: a packet of any other
 * size is refused. The struct is cleared before it is filled, so that padding
 * leaks nothing of the sender's memory. */

#include "policyd/process/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/base/printable.h"
#include "lib/net/pass_descriptor.h"

/* channel_pair - create both ends */
int channel_pair(int *monitor, int *server, struct error *error)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(error, "socketpair: %s", strerror(errno));
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
		close(ends[0]);
		close(ends[1]);
		return error_set(error, "fcntl: %s", strerror(errno));
	}
	*monitor = ends[0];
	*server = ends[1];
	return 0;
}

/* channel_message_init - an empty message */
void channel_message_init(struct channel_message *message,
			  enum channel_kind kind, int64_t number)
{
	memset(message, 0, sizeof(*message));
	message->version = CHANNEL_VERSION;
	message->kind = kind;
	message->number = number;
}

/* channel_send - one message */
int channel_send(int channel, const struct channel_message *message, int fd,
		 struct error *error)
{
	struct channel_message copy = *message; /* msg_iov takes no const */
	struct iovec piece = { &copy, sizeof(copy) };
	int reason;

	if (pass_descriptor_send(channel, &piece, 1, fd, MSG_NOSIGNAL) == 0)
		return 0;
	reason = errno;
	error_set(error, "channel: %s", strerror(reason));
	errno = reason;
	return -1;
}

/* channel_tell - send a message that has no body */
int channel_tell(int channel, enum channel_kind kind, int64_t number, int fd,
		 struct error *error)
{
	struct channel_message message;

	channel_message_init(&message, kind, number);
	return channel_send(channel, &message, fd, error);
}

/* channel_ask - send a message that has no body, if there is room */
int channel_ask(int channel, enum channel_kind kind, int64_t number)
{
	struct channel_message message;
	struct iovec piece = { &message, sizeof(message) };

	channel_message_init(&message, kind, number);
	return pass_descriptor_send(channel, &piece, 1, -1,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* is_text - is it terminated inside its array? Replaces control characters. */
static int is_text(char *text, size_t size)
{
	char *end = memchr(text, '\0', size);

	if (end == NULL)
		return 0;
	for (; text < end; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	return 1;
}

/* check_store - the texts, and the lengths */
static int check_store(struct channel_store *store)
{
	if (store->sentinel_count > SENTINELS_MAX ||
	    store->question.length > sizeof(store->question.bytes) ||
	    !is_text(store->address, sizeof(store->address)))
		return 0;
	for (uint32_t i = 0; i < store->sentinel_count; i++)
		if (!is_text(store->sentinels[i], sizeof(store->sentinels[i])))
			return 0;
	return 1;
}

/* check_body - check the members that this kind of message uses */
static int check_body(struct channel_message *message)
{
	struct channel_settings *settings = &message->body.settings;

	switch (message->kind) {
	case CHANNEL_LINE:
	case CHANNEL_CONNECTED:
	case CHANNEL_FAILED:
		if (!is_text(message->body.text, sizeof(message->body.text)))
			return 0;
		printable_replace(message->body.text);
		return 1;
	case CHANNEL_SETTINGS:
		return message->number >= 0 &&
		       message->number <= CHANNEL_LISTENER_MAX &&
		       settings->refresh_ms <= CHANNEL_REFRESH_MAX &&
		       settings->watch_count <= WATCHED_FILES_MAX &&
		       settings->optional <= message->number &&
		       is_text(settings->log, sizeof(settings->log)) &&
		       settings->store_count <= CHANNEL_STORES_MAX &&
		       is_text(settings->pid_file, sizeof(settings->pid_file));
	case CHANNEL_WATCH:
		return is_text(message->body.watch.path,
			       sizeof(message->body.watch.path)) &&
		       message->body.watch.path[0] == '/';
	case CHANNEL_NEWS:
		return is_text(message->body.news.reason,
			       sizeof(message->body.news.reason));
	case CHANNEL_LISTENER:
		return is_text(message->body.listener.address,
			       sizeof(message->body.listener.address));
	case CHANNEL_STORE:
		return check_store(&message->body.store);
	default:
		return message->kind < CHANNEL_KIND_COUNT;
	}
}

/* check - a received message */
static int check(struct channel_message *message, ssize_t length,
		 struct error *error)
{
	if (length == 0)
		return error_set(error, "the channel is closed");
	if ((size_t)length < sizeof(message->version) ||
	    message->version != CHANNEL_VERSION)
		return error_set(error, "the installed program has another "
					"version: restart policyd");
	if ((size_t)length != sizeof(*message) || !check_body(message))
		return error_set(error, "unexpected message");
	return 1;
}

/* channel_receive - receive one message */
int channel_receive(int channel, struct channel_message *message, int *fd,
		    struct error *error)
{
	struct iovec piece = { message, sizeof(*message) };
	ssize_t length;
	int result;

	memset(message, 0, sizeof(*message));
	length = pass_descriptor_receive(channel, &piece, 1, fd, 0);
	if (length < 0 && errno == EAGAIN)
		return 0;
	if (length < 0 && errno == EPROTO)
		return error_set(error, "unexpected message");
	if (length < 0)
		return error_set(error, "channel: %s", strerror(errno));
	result = check(message, length, error);
	if (result < 0 && fd != NULL && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return result;
}
