/* SPDX-License-Identifier: ISC */
/* store - the counts of several hosts, in one Valkey or Redis
 *
 * The way of a connection: AUTH and SCRIPT LOAD, then a probe, which writes a
 * key as a real request does; after its answer the store is up. An answer that
 * does not come in time makes it away, and everything that is no answer closes
 * the connection, too. While it is away, a tick each second asks for a
 * connection, or sends a probe, or gives up the connection on which the last
 * one was not answered. Nothing is asked twice, except of a store that has lost
 * the script: then it has done nothing.
 *
 * Other parts: store_call.c, those that wait; store_answered.c, what follows an
 * answer; store_link.c, the socket. */

#include "lib/store/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/printable.h"
#include "lib/base/xalloc.h"

/* set_timer - for that many microseconds */
static void set_timer(struct event *timer, uint64_t us)
{
	struct timeval after = { .tv_sec = (time_t)(us / 1000000),
				 .tv_usec = (suseconds_t)(us % 1000000) };

	if (event_add(timer, &after) != 0)
		xalloc_failed();
}

/* store_tick_in - again, or sooner than before */
void store_tick_in(struct store *store, uint64_t ms)
{
	set_timer(&store->tick, ms * STORE_MS);
}

/* tick_soon - connect() is called at most once in STORE_PROBE_MS */
static void tick_soon(struct store *store)
{
	uint64_t since_ms = (clock_us() - store->connect_us) / STORE_MS;

	store_tick_in(store,
		      store->connect_us == 0 || since_ms >= STORE_PROBE_MS
			      ? 0
			      : STORE_PROBE_MS - since_ms);
}

/* store_copy_why - one line */
void store_copy_why(char to[STORE_WHY_SIZE], const char *why)
{
	snprintf(to, STORE_WHY_SIZE, "%s", why);
	printable_replace(to);
}

/* store_go_away - see above */
void store_go_away(struct store *store, const char *why)
{
	bool changed = store->state != STORE_AWAY;

	store_copy_why(store->why, why);
	store->state = STORE_AWAY;
	if (changed && !event_pending(&store->tick, EV_TIMEOUT, NULL))
		store_tick_in(store, STORE_PROBE_MS);
	if (changed)
		store->handler.changed(store->handler.context, false,
				       store->why);
	store_calls_away(store);
}

/* store_fail - another connection is needed */
void store_fail(struct store *store, const char *why)
{
	store_go_away(store, why);
	store_link_close(store);
	store_calls_drop(store);
	tick_soon(store);
}

/* store_come_up - it has answered in time */
void store_come_up(struct store *store)
{
	struct store_call *call;

	if (store->state == STORE_UP)
		return;
	event_del(&store->tick);
	store->state = STORE_UP;
	store->why[0] = '\0';
	store->handler.changed(store->handler.context, true, "");
	while ((call = TAILQ_FIRST(&store->unsent)) != NULL) {
		TAILQ_REMOVE(&store->unsent, call, link);
		store_call_send(call);
	}
}

/* ask_connection - of the handler */
static void ask_connection(struct store *store)
{
	store->connect_us = clock_us();
	store->handler.connect(store->handler.context);
}

/* on_tick - while it is not up */
static void on_tick(evutil_socket_t fd, short events, void *context)
{
	struct store *store = context;
	bool first = store->connect_us == 0;

	(void)fd;
	(void)events;
	if (store->state == STORE_UP)
		return;
	store_tick_in(store, STORE_PROBE_MS);
	if (store_link_is_open(store) && store->ready && store->probes == 0) {
		store_call_probe(store);
		return;
	}
	if (store_link_is_open(store))
		store_fail(store, store_transport_silence(&store->transport));
	else if (!first && store->state == STORE_WAITS)
		store_go_away(store, "there is no connection to the store");
	if (!store_link_is_open(store)) {
		store_tick_in(store, STORE_PROBE_MS);
		ask_connection(store);
	}
}

/* on_deadline - of the one that has waited longest */
static void on_deadline(evutil_socket_t fd, short events, void *context)
{
	struct store *store = context;
	const struct store_call *first = TAILQ_FIRST(&store->live);
	uint64_t limit_us = (uint64_t)store->settings.timeout_ms * STORE_MS;
	uint64_t waited_us;
	char why[STORE_WHY_SIZE];

	(void)fd;
	(void)events;
	if (first == NULL)
		return;
	waited_us = clock_us() - first->since_us;
	if (waited_us < limit_us) {
		set_timer(&store->deadline, limit_us - waited_us);
		return;
	}
	snprintf(why, sizeof(why), "%s in %u ms",
		 store_transport_silence(&store->transport),
		 store->settings.timeout_ms);
	store_go_away(store, why);
}

/* on_kick - what was left to the loop */
static void on_kick(evutil_socket_t fd, short events, void *context)
{
	struct store *store = context;

	(void)fd;
	(void)events;
	if (store->failure[0] != '\0') {
		char why[STORE_WHY_SIZE];

		memcpy(why, store->failure, sizeof(why));
		store->failure[0] = '\0';
		if (!store_link_is_open(store))
			store_go_away(store, why);
	}
	store_link_flush(store);
}

/* store_new - everything happens in the loop */
struct store *store_new(struct event_base *base,
			const struct store_options *options,
			const struct store_handler *handler)
{
	struct store *store = xcalloc(1, sizeof(*store));

	store_settings_init(&store->settings, options);
	store->handler = *handler;
	store->base = base;
	store->transport.fd = -1;
	TAILQ_INIT(&store->sent);
	TAILQ_INIT(&store->unsent);
	TAILQ_INIT(&store->live);
	event_assign(&store->kick, base, -1, 0, on_kick, store);
	evtimer_assign(&store->tick, base, on_tick, store);
	evtimer_assign(&store->deadline, base, on_deadline, store);
	store_tick_in(store, 0);
	return store;
}

/* store_free - nobody is called */
void store_free(struct store *store)
{
	if (store == NULL)
		return;
	store_link_close(store);
	store_calls_drop(store);
	event_del(&store->kick);
	event_del(&store->tick);
	event_del(&store->deadline);
	store_settings_clear(&store->settings);
	free(store->out);
	free(store);
}

/* store_connected - AUTH and SCRIPT LOAD; the answers may come together */
void store_connected(struct store *store, int fd)
{
	struct error error;

	if (store_link_is_open(store)) {
		close(fd);
		return;
	}
	store->failure[0] = '\0';
	store_tick_in(store, STORE_PROBE_MS);
	if (store_link_open(store, fd, &error) < 0) {
		store_unreachable(store, error.text);
		return;
	}
	if (store->settings.password[0] != '\0')
		store_call_own(store, STORE_AUTH,
			       store_command_auth(&store->settings));
	store_call_load(store);
}

/* store_unreachable - the callbacks come from the loop */
void store_unreachable(struct store *store, const char *why)
{
	store_copy_why(store->failure, why);
	event_active(&store->kick, EV_WRITE, 0);
}

/* store_up - or nobody knows yet */
bool store_up(const struct store *store)
{
	return store->state == STORE_UP;
}

/* store_why - of the store, or of the last request */
const char *store_why(const struct store *store)
{
	return store->state == STORE_AWAY ? store->why : store->refusal;
}

/* refuse - for now */
static bool refuse(struct store *store, size_t count)
{
	const char *why = "";

	if (store->state == STORE_AWAY)
		return true;
	if (count == 0 || count > RATE_CHARGES_MAX)
		why = "too many charges in one request";
	else if (store->calls >= STORE_ASKS_MAX ||
		 store->out_length - store->out_start > STORE_OUT_MAX)
		why = "too many requests wait for the store";
	store_copy_why(store->refusal, why);
	return *why != '\0';
}

/* start - take, or look */
static struct store_call *start(struct store *store, const char *word,
				const struct store_rate *const rates[],
				struct rate_charge charges[], size_t count,
				store_done *done, void *context)
{
	struct store_call *call;

	if (refuse(store, count))
		return NULL;
	call = store_call_new(store, STORE_CHARGES,
			      store_command_charges(&store->settings, word,
						    rates, charges, count),
			      count);
	call->done = done;
	call->context = context;
	call->charges = charges;
	for (size_t i = 0; i < count; i++) {
		call->windows[i].unit = rates[i]->shape.unit;
		call->windows[i].count = rates[i]->shape.windows;
		memcpy(call->windows[i].length_s, rates[i]->shape.length_s,
		       sizeof(call->windows[i].length_s));
	}
	TAILQ_INSERT_TAIL(&store->live, call, live);
	if (!event_pending(&store->deadline, EV_TIMEOUT, NULL))
		set_timer(&store->deadline,
			  (uint64_t)store->settings.timeout_ms * STORE_MS);
	store_call_send(call);
	return call;
}

/* store_take - count all, or nothing */
struct store_call *store_take(struct store *store,
			      const struct store_rate *const rates[],
			      struct rate_charge charges[], size_t count,
			      store_done *done, void *context)
{
	return start(store, "take", rates, charges, count, done, context);
}

/* store_look - count nothing */
struct store_call *store_look(struct store *store,
			      const struct store_rate *const rates[],
			      struct rate_charge charges[], size_t count,
			      bool notice, store_done *done, void *context)
{
	return start(store, notice ? "note" : "look", rates, charges, count,
		     done, context);
}

/* store_give_back - also while it is away, as long as there is a connection */
void store_give_back(struct store *store,
		     const struct store_rate *const rates[],
		     const struct rate_charge charges[], size_t count)
{
	if (!store->ready || count == 0 || count > RATE_CHARGES_MAX ||
	    store->calls >= 2 * (size_t)STORE_ASKS_MAX)
		return;
	store_call_own(store, STORE_BACK,
		       store_command_charges(&store->settings, "back", rates,
					     charges, count));
}
