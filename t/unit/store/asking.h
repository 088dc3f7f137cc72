/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_STORE_ASKING_H
#define T_UNIT_STORE_ASKING_H

#include <event2/event.h>
#include <string.h>

#include "lib/store/store.h"
#include "t/unit/store/real_store.h"

/* A store in a loop of its own, and requests that are waited for. */

#define RATES 3

struct asking {
	struct event_base *base;
	struct event *turn; /* ends one */
	struct store *store;
	struct real_store *real; /* to connect to; NULL: the test does that */
	unsigned connects;	 /* asked for */
	unsigned ups, downs;
	char why[256]; /* it is away */
	struct store_ask *ask;
	bool answered, passed;
	char away[256]; /* of the request; "": it was answered */
};

static inline void asking_connect(void *context)
{
	struct asking *asking = context;
	int fd = asking->real != NULL ? connect_client(asking->real) : -1;

	asking->connects++;
	if (fd >= 0)
		store_connected(asking->store, fd);
	else if (asking->real != NULL)
		store_unreachable(asking->store, "cannot connect");
}

static inline void asking_changed(void *context, bool up, const char *why)
{
	struct asking *asking = context;

	asking->ups += up;
	asking->downs += !up;
	ck_assert(up == (why[0] == '\0'));
	snprintf(asking->why, sizeof(asking->why), "%s", why);
}

static inline void asking_end(evutil_socket_t fd, short events, void *context)
{
	(void)fd;
	(void)events;
	event_base_loopbreak(context);
}

/* asking_start - it is not up yet */
static inline void asking_start(struct asking *asking, struct real_store *real,
				const struct store_options *options)
{
	struct store_handler handler = { .context = asking,
					 .connect = asking_connect,
					 .changed = asking_changed };

	memset(asking, 0, sizeof(*asking));
	asking->real = real;
	asking->base = event_base_new();
	ck_assert_ptr_nonnull(asking->base);
	asking->turn = event_new(asking->base, -1, 0, asking_end, asking->base);
	ck_assert_ptr_nonnull(asking->turn);
	asking->store = store_new(asking->base, options, &handler);
}

static inline void asking_stop(struct asking *asking)
{
	store_free(asking->store);
	event_free(asking->turn);
	event_base_free(asking->base);
}

/* asking_turn - let the loop run once, for at most 2 ms. A timer for each turn
 * would stay when it ends earlier; many of them let the loop never wait. */
static inline void asking_turn(struct asking *asking)
{
	struct timeval wait = { 0, 2000 };

	event_add(asking->turn, &wait);
	event_base_loop(asking->base, EVLOOP_ONCE);
	event_del(asking->turn);
}

/* asking_until - the loop runs until the condition holds */
#define asking_until(asking, condition)                                       \
	for (uint64_t end_ms = clock_ms() + TEST_WAIT_S * 1000; !(condition); \
	     asking_turn(asking))                                             \
	ck_assert_msg(clock_ms() < end_ms, "%s never came", #condition)

static inline void asking_done(void *context, const char *away, bool passed)
{
	struct asking *asking = context;

	ck_assert(!asking->answered);
	asking->answered = true;
	asking->passed = passed;
	asking->ask = NULL;
	snprintf(asking->away, sizeof(asking->away), "%s",
		 away != NULL ? away : "");
}

/* asking_begin - "take", "look" or "note"; false: it is away */
static inline bool asking_begin(struct asking *asking, const char *how,
				const struct store_rate *const rates[],
				struct rate_charge charges[], size_t count)
{
	asking->answered = asking->passed = false;
	asking->away[0] = '\0';
	if (how[0] == 't')
		asking->ask = store_take(asking->store, rates, charges, count,
					 asking_done, asking);
	else
		asking->ask = store_look(asking->store, rates, charges, count,
					 how[0] == 'n', asking_done, asking);
	return asking->ask != NULL;
}

/* asking_wait - for an answer, which must come */
static inline bool asking_wait(struct asking *asking, const char *how,
			       const struct store_rate *const rates[],
			       struct rate_charge charges[], size_t count)
{
	ck_assert_msg(asking_begin(asking, how, rates, charges, count),
		      "away: %s", store_why(asking->store));
	asking_until(asking, asking->answered);
	ck_assert_msg(asking->away[0] == '\0', "away: %s", asking->away);
	return asking->passed;
}

#endif
