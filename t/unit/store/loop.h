/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_STORE_LOOP_H
#define T_UNIT_STORE_LOOP_H

#include <event2/event.h>

#include "lib/base/clock.h"
#include "t/unit/test.h"

/* An event loop that a test runs in turns, until what it waits for has come. */

struct loop {
	struct event_base *base;
	struct event *turn; /* ends one */
};

static inline void loop_end(evutil_socket_t fd, short events, void *context)
{
	(void)fd;
	(void)events;
	event_base_loopbreak(context);
}

static inline void loop_start(struct loop *loop)
{
	loop->base = event_base_new();
	ck_assert_ptr_nonnull(loop->base);
	loop->turn = event_new(loop->base, -1, 0, loop_end, loop->base);
	ck_assert_ptr_nonnull(loop->turn);
}

/* loop_stop - all who used it have left nothing behind in it */
static inline void loop_stop(struct loop *loop)
{
	event_free(loop->turn);
	ck_assert_int_eq(
		event_base_get_num_events(loop->base, EVENT_BASE_COUNT_ADDED),
		0);
	event_base_free(loop->base);
}

/* loop_turn - let it run once, for at most 2 ms. A timer for each turn would
 * stay when it ends earlier; many of them let the loop never wait. */
static inline void loop_turn(struct loop *loop)
{
	struct timeval wait = { 0, 2000 };

	event_add(loop->turn, &wait);
	event_base_loop(loop->base, EVLOOP_ONCE);
	event_del(loop->turn);
}

/* loop_until - it runs until the condition holds */
#define loop_until(loop, condition)                                           \
	for (uint64_t end_ms = clock_ms() + TEST_WAIT_S * 1000; !(condition); \
	     loop_turn(loop))                                                 \
	ck_assert_msg(clock_ms() < end_ms, "%s never came", #condition)

#endif
