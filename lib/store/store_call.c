/* SPDX-License-Identifier: ISC */
/* store_call - the commands that are not answered yet
 *
 * The store answers in the order in which it was asked. So a call for which
 * nobody waits any more, since time ran out or its client is gone, stays in its
 * place until its answer has come. Those for which somebody waits are in a list
 * of their own, in which the first one is the next to run out of time. */

#include "lib/store/store_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"

/* store_call_new - not sent yet */
struct store_call *store_call_new(struct store *store, enum store_kind kind,
				  struct store_command command, size_t count)
{
	struct store_call *call = xcalloc(
		1, sizeof(*call) + count * sizeof(struct store_windows));

	call->store = store;
	call->kind = kind;
	call->command = command;
	call->count = count;
	call->since_us = clock_us();
	store->calls++;
	return call;
}

/* store_call_free - it is in no list */
void store_call_free(struct store_call *call)
{
	call->store->calls--;
	free(call->command.bytes);
	free(call);
}

/* count_call - of those that belong to the connection */
static void count_call(struct store *store, const struct store_call *call)
{
	if (call->kind == STORE_LOAD)
		store->loads++;
	else if (call->kind == STORE_PROBE)
		store->probes++;
}

/* store_call_send - in its turn */
void store_call_send(struct store_call *call)
{
	struct store *store = call->store;

	if (call->kind == STORE_CHARGES && store->state == STORE_WAITS) {
		TAILQ_INSERT_TAIL(&store->unsent, call, link);
		return;
	}
	call->is_sent = true;
	TAILQ_INSERT_TAIL(&store->sent, call, link);
	count_call(store, call);
	store_link_write(store, call->command.bytes, call->command.length);
}

/* store_call_own - nobody waits for it */
void store_call_own(struct store *store, enum store_kind kind,
		    struct store_command command)
{
	store_call_send(store_call_new(store, kind, command, 0));
}

/* store_call_load - the script */
void store_call_load(struct store *store)
{
	store_call_own(store, STORE_LOAD, store_command_load(&store->settings));
}

/* store_call_probe - can it be used? */
void store_call_probe(struct store *store)
{
	store_call_own(store, STORE_PROBE,
		       store_command_probe(&store->settings));
}

/* store_call_end - somebody may wait for it */
void store_call_end(struct store_call *call, const char *away, bool passed)
{
	store_done *done = call->done;
	void *context = call->context;

	if (done != NULL)
		TAILQ_REMOVE(&call->store->live, call, live);
	store_call_free(call);
	if (done != NULL)
		done(context, away, passed);
}

/* leave - without an answer. It keeps its place if one may come. */
static void leave(struct store_call *call, const char *away)
{
	store_done *done = call->done;
	void *context = call->context;

	TAILQ_REMOVE(&call->store->live, call, live);
	call->done = NULL;
	if (!call->is_sent) {
		TAILQ_REMOVE(&call->store->unsent, call, link);
		store_call_free(call);
	}
	done(context, away, false);
}

/* store_calls_away - done() may cancel others of them */
void store_calls_away(struct store *store)
{
	struct store_call *call;

	while ((call = TAILQ_FIRST(&store->live)) != NULL)
		leave(call, store->why);
}

/* drop_list - nobody waits for them */
static void drop_list(struct store_calls *calls)
{
	struct store_call *call;

	while ((call = TAILQ_FIRST(calls)) != NULL) {
		TAILQ_REMOVE(calls, call, link);
		store_call_free(call);
	}
}

/* store_calls_drop - all of them; live is empty */
void store_calls_drop(struct store *store)
{
	drop_list(&store->sent);
	drop_list(&store->unsent);
	store->loads = store->probes = 0;
}

/* store_cancel - see above */
void store_cancel(struct store_call *call)
{
	TAILQ_REMOVE(&call->store->live, call, live);
	call->done = NULL;
	call->charges = NULL;
	if (!call->is_sent) {
		TAILQ_REMOVE(&call->store->unsent, call, link);
		store_call_free(call);
	}
}
