/* SPDX-License-Identifier: ISC */
/* fuzz_store - a store that says anything
 *
 * The input is what the store sends after it has come up, while two requests
 * wait, one was cancelled, and one is given back. The first byte says in which
 * pieces it comes. Each request is answered at most once, and none passes that
 * has a result which does not let it. */

#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/store/store_internal.h"
#include "t/fuzz/fuzz.h"

#define REQUESTS 3

/* A request, and its answer. */
struct asked {
	struct rate_charge charges[2];
	size_t count;
	bool answered, cancelled;
};

struct world {
	struct event_base *base;
	struct store *store;
	int fd; /* of the other end */
	unsigned downs;
	struct asked asked[REQUESTS];
};

static const struct store_rate rate = {
	.name = "login",
	.shape = { .windows = 2, .length_s = { 60, 3600 } },
};
static const struct store_rate *const rates[2] = { &rate, &rate };

/* on_connect - only the first time */
static void on_connect(void *context)
{
	struct world *world = context;
	int pair[2];

	if (world->fd >= 0)
		return;
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	world->fd = pair[1];
	store_connected(world->store, pair[0]);
}

/* on_changed - it has a reason */
static void on_changed(void *context, bool up, const char *why)
{
	struct world *world = context;

	require(up == (why[0] == '\0'));
	world->downs += !up;
}

/* on_done - once, and not if it was cancelled */
static void on_done(void *context, const char *away, bool passed)
{
	struct asked *asked = context;

	require(!asked->answered && !asked->cancelled);
	require(away == NULL || (away[0] != '\0' && !passed));
	asked->answered = true;
	for (size_t i = 0; i < asked->count; i++) {
		const struct rate_result *result = &asked->charges[i].result;

		require((away != NULL) == (result->outcome == RATE_UNKNOWN));
		require(!passed || result->outcome == RATE_WITHIN ||
			(asked->charges[i].beyond &&
			 result->outcome < RATE_BLOCKED));
	}
}

/* say - what the store sends; what it was sent is of no interest */
static void say(struct world *world, const void *bytes, size_t length)
{
	static char sink[65536];

	event_base_loop(world->base, EVLOOP_NONBLOCK);
	while (recv(world->fd, sink, sizeof(sink), 0) > 0)
		;
	if (send(world->fd, bytes, length, MSG_NOSIGNAL) < 0)
		return;
	event_base_loop(world->base, EVLOOP_NONBLOCK);
}

/* come_up - as a good one does */
static void come_up(struct world *world)
{
	struct store_handler handler = { world, on_connect, on_changed };
	struct store_options options = { .prefix = "p", .timeout_ms = 600000 };
	char answer[64];

	world->fd = -1;
	world->base = event_base_new();
	require(world->base != NULL);
	world->store = store_new(world->base, &options, &handler);
	while (world->fd < 0)
		event_base_loop(world->base, EVLOOP_ONCE);
	snprintf(answer, sizeof(answer), "$40\r\n%s\r\n",
		 world->store->settings.sha);
	say(world, answer, strlen(answer));
	say(world, ":1\r\n", 4);
	require(store_up(world->store));
}

/* request - with one charge, or two */
static void request(struct asked *asked, size_t count)
{
	asked->count = count;
	for (size_t i = 0; i < count; i++)
		asked->charges[i] = (struct rate_charge){
			.key = i == 0 ? "alice" : "bob",
			.place = "",
			.instance = "1",
			.amount = 3,
			.beyond = i == 1,
			.limits = { .count = 2,
				    .limit = { { 2 + i, 60 }, { 20, 3600 } } },
			.result = { .outcome = RATE_UNKNOWN },
		};
}

/* LLVMFuzzerInitialize - nothing to do */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	return 0;
}

/* begin - the requests */
static void begin(struct world *world)
{
	struct asked *asked = world->asked;
	struct store_call *cancelled;

	request(&asked[0], 1);
	request(&asked[1], 2);
	request(&asked[2], 1);
	require(store_take(world->store, rates, asked[0].charges, 1, on_done,
			   &asked[0]) != NULL);
	cancelled = store_take(world->store, rates, asked[2].charges, 1,
			       on_done, &asked[2]);
	require(cancelled != NULL);
	store_cancel(cancelled);
	asked[2].cancelled = true;
	store_give_back(world->store, rates, asked[2].charges, 1);
	require(store_look(world->store, rates, asked[1].charges, 2, true,
			   on_done, &asked[1]) != NULL);
}

/* LLVMFuzzerTestOneInput - everything else comes from the store */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world;
	size_t piece;

	if (size < 2)
		return 0;
	memset(&world, 0, sizeof(world));
	come_up(&world);
	begin(&world);
	piece = data[0] == 0 ? size : data[0];
	for (size_t i = 1; i < size; i += piece)
		say(&world, data + i, size - i < piece ? size - i : piece);
	require(world.downs <= 1);
	require(store_up(world.store) == (world.downs == 0));
	close(world.fd);
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	require(world.asked[0].answered && world.asked[1].answered);
	store_free(world.store);
	event_base_free(world.base);
	return 0;
}
