/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_STORE_ASKING_H
#define T_UNIT_STORE_ASKING_H

#include <string.h>

#include "lib/store/store.h"
#include "t/unit/store/loop.h"
#include "t/unit/store/real_store.h"

/* A store in a loop of its own, and requests that are waited for. */

#define RATES 3

struct asking {
	struct loop loop;
	struct store *store;
	struct real_store *real; /* to connect to; NULL: the test does that */
	unsigned connects;	 /* asked for */
	unsigned ups, downs;
	char why[256]; /* it is away */
	struct store_call *call;
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

/* asking_start - it is not up yet */
static inline void asking_start(struct asking *asking, struct real_store *real,
				const struct store_options *options)
{
	struct store_handler handler = { .context = asking,
					 .connect = asking_connect,
					 .changed = asking_changed };

	memset(asking, 0, sizeof(*asking));
	asking->real = real;
	loop_start(&asking->loop);
	asking->store = store_new(asking->loop.base, options, &handler);
}

static inline void asking_stop(struct asking *asking)
{
	store_free(asking->store);
	loop_stop(&asking->loop);
}

/* asking_until - the loop runs until the condition holds */
#define asking_until(asking, condition) loop_until(&(asking)->loop, condition)

static inline void asking_done(void *context, const char *away, bool passed)
{
	struct asking *asking = context;

	ck_assert(!asking->answered);
	asking->answered = true;
	asking->passed = passed;
	asking->call = NULL;
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
		asking->call = store_take(asking->store, rates, charges, count,
					  asking_done, asking);
	else
		asking->call = store_look(asking->store, rates, charges, count,
					  how[0] == 'n', asking_done, asking);
	return asking->call != NULL;
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
