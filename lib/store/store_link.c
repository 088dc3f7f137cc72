/* SPDX-License-Identifier: ISC */
/* store_link - the connection to the store
 *
 * The socket comes connected. All requests of one turn of the event loop are
 * written together; answers are taken as they come. */

#include "lib/store/store_internal.h"

#include <poll.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define INPUT_SIZE 16384 /* a record of TLS */

/* take_answers - all that are whole. A callback may have ended the connection.
 */
static void take_answers(struct store *store)
{
	const struct store_values *values;
	int found = 1;

	while (store_link_is_open(store) && found > 0) {
		found = store_reader_next(store->reader, &values);
		if (found > 0)
			store_answered(store, values);
	}
	if (found < 0 && store_link_is_open(store))
		store_fail(store, "what the store sends is no answer");
}

/* write_later - when the socket can be written */
static void write_later(struct store *store)
{
	if (event_add(&store->writable, NULL) != 0)
		xalloc_failed();
}

/* take_input - what has come */
static void take_input(struct store *store)
{
	struct store_transport *transport = &store->transport;
	char input[INPUT_SIZE];
	struct error why;
	ssize_t count;

	count = store_transport_read(transport, input, sizeof(input), &why);
	if (count < 0)
		store_fail(store, why.text);
	else if (count == 0 && store_transport_read_waits(transport) == POLLOUT)
		write_later(store);
	else if (count > 0 &&
		 store_reader_feed(store->reader, input, (size_t)count) < 0)
		store_fail(store, "what the store sends has no end");
	else if (count > 0)
		take_answers(store);
}

/* on_readable - for libevent; TLS may have to read before it can write */
static void on_readable(evutil_socket_t fd, short events, void *context)
{
	struct store *store = context;

	(void)fd;
	(void)events;
	take_input(store);
	if (store_link_is_open(store) &&
	    store_transport_write_waits(&store->transport) == POLLIN)
		store_link_flush(store);
}

/* on_writable - for libevent; or write before it can read */
static void on_writable(evutil_socket_t fd, short events, void *context)
{
	struct store *store = context;

	(void)fd;
	(void)events;
	if (store_transport_read_waits(&store->transport) == POLLOUT)
		take_input(store);
	store_link_flush(store);
}

/* store_link_is_open - is there a connection? */
bool store_link_is_open(const struct store *store)
{
	return store->transport.fd >= 0;
}

/* store_link_open - watch it */
int store_link_open(struct store *store, int fd, struct error *error)
{
	if (store_transport_open(&store->transport, fd, &store->settings,
				 error) < 0)
		return -1;
	store->reader = store_reader_new(STORE_VALUES, STORE_TEXT);
	event_assign(&store->readable, store->base, fd, EV_READ | EV_PERSIST,
		     on_readable, store);
	event_assign(&store->writable, store->base, fd, EV_WRITE, on_writable,
		     store);
	if (event_add(&store->readable, NULL) != 0)
		xalloc_failed();
	return 0;
}

/* store_link_close - what was not written is lost */
void store_link_close(struct store *store)
{
	if (!store_link_is_open(store))
		return;
	event_del(&store->readable);
	event_del(&store->writable);
	store_transport_close(&store->transport);
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
	if (!store_link_is_open(store))
		return;
	if (store->out_length == store->out_start)
		event_active(&store->kick, EV_WRITE, 0);
	make_room(store, length);
	memcpy(store->out + store->out_length, bytes, length);
	store->out_length += length;
}

/* store_link_flush - until it is written, or cannot be now */
void store_link_flush(struct store *store)
{
	struct store_transport *transport = &store->transport;

	while (store_link_is_open(store) &&
	       store->out_start < store->out_length) {
		struct error why;
		ssize_t count = store_transport_write(
			transport, store->out + store->out_start,
			store->out_length - store->out_start, &why);

		if (count < 0)
			store_fail(store, why.text);
		if (count == 0 &&
		    store_transport_write_waits(transport) == POLLOUT)
			write_later(store);
		if (count <= 0)
			return;
		store->out_start += (size_t)count;
	}
}
