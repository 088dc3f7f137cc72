/* SPDX-License-Identifier: ISC */
/* store - the counts of several hosts
 *
 * Not there yet: the store is always away. */

#include "lib/store/store.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/base/xalloc.h"

struct store {
	int fd;
};

/* store_new - away for good */
struct store *store_new(struct event_base *base,
			const struct store_options *options,
			const struct store_handler *handler)
{
	struct store *store = xcalloc(1, sizeof(*store));

	(void)base;
	(void)options;
	(void)handler;
	store->fd = -1;
	return store;
}

/* store_free - NULL is allowed */
void store_free(struct store *store)
{
	if (store != NULL && store->fd >= 0)
		close(store->fd);
	free(store);
}

/* store_connected - keep it */
void store_connected(struct store *store, int fd)
{
	if (store->fd >= 0)
		close(store->fd);
	store->fd = fd;
}

/* store_unreachable - nothing to do */
void store_unreachable(struct store *store, const char *why)
{
	(void)store;
	(void)why;
}

/* store_up - never */
bool store_up(const struct store *store)
{
	(void)store;
	return false;
}

/* store_why - always the same */
const char *store_why(const struct store *store)
{
	(void)store;
	return "it cannot be used yet";
}

/* store_take - away */
struct store_ask *store_take(struct store *store,
			     const struct store_rate *const rates[],
			     struct rate_charge charges[], size_t count,
			     store_done *done, void *context)
{
	(void)store;
	(void)rates;
	(void)charges;
	(void)count;
	(void)done;
	(void)context;
	return NULL;
}

/* store_look - away */
struct store_ask *store_look(struct store *store,
			     const struct store_rate *const rates[],
			     struct rate_charge charges[], size_t count,
			     bool notice, store_done *done, void *context)
{
	(void)notice;
	return store_take(store, rates, charges, count, done, context);
}

/* store_give_back - nothing was counted */
void store_give_back(struct store *store,
		     const struct store_rate *const rates[],
		     const struct rate_charge charges[], size_t count)
{
	(void)store;
	(void)rates;
	(void)charges;
	(void)count;
}

/* store_cancel - there is none */
void store_cancel(struct store_ask *ask)
{
	(void)ask;
}
