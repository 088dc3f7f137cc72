/* SPDX-License-Identifier: ISC */
/* store_link - the connection to the store
 *
 * The socket comes connected. All requests of one turn of the event loop are
 * written together; answers are taken as they come. Only send(2) and recv(2)
 * are used, which a confined server may call. */

#include "lib/store/store_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/xalloc.h"

#define INPUT_SIZE 16384

/* fail_errno - with the reason of the system */
static void fail_errno(struct store *store, const char *what)
{
	char why[STORE_WHY_SIZE];

	snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
	store_fail(store, why);
}

/* take_answers - all that are whole. A callback may have ended the connection.
 */
static void take_answers(struct store *store)
{
	const struct store_values *values;
	int found = 1;

	while (store->fd >= 0 && found > 0) {
		found = store_reader_next(store->reader, &values);
		if (found > 0)
			store_answered(store, values);
	}
	if (found < 0 && store->fd >= 0)
		store_fail(store, "what the store sends is no answer");
}

/* on_readable - for libevent */
static void on_readable(evutil_socket_t fd, short events, void *context)
{
	struct store *store = context;
	char input[INPUT_SIZE];
	ssize_t count;

	(void)events;
	count = recv(fd, input, sizeof(input), MSG_DONTWAIT);
	if (count < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (count < 0)
		fail_errno(store, "reading from the store");
	else if (count == 0)
		store_fail(store, "the store has closed the connection");
	else if (store_reader_feed(store->reader, input, (size_t)count) < 0)
		store_fail(store, "what the store sends has no end");
	else
		take_answers(store);
}

/* on_writable - for libevent */
static void on_writable(evutil_socket_t fd, short events, void *context)
{
	(void)fd;
	(void)events;
	store_link_flush(context);
}

/* store_link_open - watch it */
void store_link_open(struct store *store, int fd)
{
	store->fd = fd;
	store->reader = store_reader_new(STORE_VALUES, STORE_TEXT);
	event_assign(&store->readable, store->base, fd, EV_READ | EV_PERSIST,
		     on_readable, store);
	event_assign(&store->writable, store->base, fd, EV_WRITE, on_writable,
		     store);
	if (event_add(&store->readable, NULL) != 0)
		xalloc_failed();
}

/* store_link_close - what was not written is lost */
void store_link_close(struct store *store)
{
	if (store->fd < 0)
		return;
	event_del(&store->readable);
	event_del(&store->writable);
	close(store->fd);
	store->fd = -1;
	store->ready = false;
	store->out_start = store->out_length = 0;
	store_reader_free(store->reader);
	store->reader = NULL;
}

/* make_room - for length more bytes */
static void make_room(struct store *store, size_t length)
{
	size_t left = store->out_length - store->out_start;

	if (store->out_start > 0 &&
	    store->out_length + length > store->out_size) {
		memmove(store->out, store->out + store->out_start, left);
		store->out_start = 0;
		store->out_length = left;
	}
	if (left + length <= store->out_size)
		return;
	store->out_size = 2 * (left + length);
	store->out = xreallocarray(store->out, store->out_size, 1);
}

/* store_link_write - with everything else of this turn */
void store_link_write(struct store *store, const char *bytes, size_t length)
{
	if (store->fd < 0)
		return;
	if (store->out_length == store->out_start)
		event_active(&store->kick, EV_WRITE, 0);
	make_room(store, length);
	memcpy(store->out + store->out_length, bytes, length);
	store->out_length += length;
}

/* store_link_flush - the rest follows when it can be written */
void store_link_flush(struct store *store)
{
	while (store->fd >= 0 && store->out_start < store->out_length) {
		ssize_t count = send(store->fd, store->out + store->out_start,
				     store->out_length - store->out_start,
				     MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count >= 0) {
			store->out_start += (size_t)count;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (event_add(&store->writable, NULL) != 0)
				xalloc_failed();
			return;
		} else if (errno != EINTR) {
			fail_errno(store, "writing to the store");
		}
	}
}
