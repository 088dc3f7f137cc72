/* SPDX-License-Identifier: ISC */
/* store_ask - the commands that are not answered yet
 *
 * The store answers in the order in which it was asked. So an ask for which
 * nobody waits any more, since time ran out or its client is gone, stays in its
 * place until its answer has come. Those for which somebody waits are in a list
 * of their own, in which the first one is the next to run out of time. */

#include "lib/store/store_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"

/* store_ask_new - not sent yet */
struct store_ask *store_ask_new(struct store *store, enum store_kind kind,
				struct store_command command, size_t count)
{
	struct store_ask *ask =
		xcalloc(1, sizeof(*ask) + count * sizeof(struct store_windows));

	ask->store = store;
	ask->kind = kind;
	ask->command = command;
	ask->count = count;
	ask->since_us = clock_us();
	store->asks++;
	return ask;
}

/* store_ask_free - it is in no list */
void store_ask_free(struct store_ask *ask)
{
	ask->store->asks--;
	free(ask->command.bytes);
	free(ask);
}

/* count_ask - of those that belong to the connection */
static void count_ask(struct store *store, const struct store_ask *ask)
{
	if (ask->kind == STORE_LOAD)
		store->loads++;
	else if (ask->kind == STORE_PROBE)
		store->probes++;
}

/* store_ask_send - in its turn */
void store_ask_send(struct store_ask *ask)
{
	struct store *store = ask->store;

	if (ask->kind == STORE_CHARGES && store->state == STORE_WAITS) {
		TAILQ_INSERT_TAIL(&store->unsent, ask, link);
		return;
	}
	ask->is_sent = true;
	TAILQ_INSERT_TAIL(&store->sent, ask, link);
	count_ask(store, ask);
	store_link_write(store, ask->command.bytes, ask->command.length);
}

/* store_ask_own - nobody waits for it */
void store_ask_own(struct store *store, enum store_kind kind,
		   struct store_command command)
{
	store_ask_send(store_ask_new(store, kind, command, 0));
}

/* store_ask_load - the script */
void store_ask_load(struct store *store)
{
	store_ask_own(store, STORE_LOAD, store_command_load(&store->settings));
}

/* store_ask_probe - can it be used? */
void store_ask_probe(struct store *store)
{
	store_ask_own(store, STORE_PROBE,
		      store_command_probe(&store->settings));
}

/* store_ask_end - somebody may wait for it */
void store_ask_end(struct store_ask *ask, const char *away, bool passed)
{
	store_done *done = ask->done;
	void *context = ask->context;

	if (done != NULL)
		TAILQ_REMOVE(&ask->store->live, ask, live);
	store_ask_free(ask);
	if (done != NULL)
		done(context, away, passed);
}

/* leave - without an answer. It keeps its place if one may come. */
static void leave(struct store_ask *ask, const char *away)
{
	store_done *done = ask->done;
	void *context = ask->context;

	TAILQ_REMOVE(&ask->store->live, ask, live);
	ask->done = NULL;
	if (!ask->is_sent) {
		TAILQ_REMOVE(&ask->store->unsent, ask, link);
		store_ask_free(ask);
	}
	done(context, away, false);
}

/* store_asks_away - done() may cancel others of them */
void store_asks_away(struct store *store)
{
	struct store_ask *ask;

	while ((ask = TAILQ_FIRST(&store->live)) != NULL)
		leave(ask, store->why);
}

/* drop_list - nobody waits for them */
static void drop_list(struct store_asks *asks)
{
	struct store_ask *ask;

	while ((ask = TAILQ_FIRST(asks)) != NULL) {
		TAILQ_REMOVE(asks, ask, link);
		store_ask_free(ask);
	}
}

/* store_asks_drop - all of them; live is empty */
void store_asks_drop(struct store *store)
{
	drop_list(&store->sent);
	drop_list(&store->unsent);
	store->loads = store->probes = 0;
}

/* store_cancel - see above */
void store_cancel(struct store_ask *ask)
{
	TAILQ_REMOVE(&ask->store->live, ask, live);
	ask->done = NULL;
	ask->charges = NULL;
	if (!ask->is_sent) {
		TAILQ_REMOVE(&ask->store->unsent, ask, link);
		store_ask_free(ask);
	}
}
