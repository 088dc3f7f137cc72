/* SPDX-License-Identifier: ISC */
/* stores - several stores that share the keys, asked as if they were one
 *
 * The charges of a request are sorted into parts, one for each store that has
 * some of their keys. A part is asked as a request of its own. Parts with a
 * charge for networks, which a store cannot give back, wait for the others: so
 * there are two steps at most, and one for nearly all messages.
 *
 * A part that has counted, while another one refuses, gives back what it had
 * not counted before: a message that was let through once stays counted. */

#include "lib/store/stores.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"

struct stores {
	struct store_map map;
	struct store *each[STORES_MAX];
	LIST_HEAD(, stores_call) calls; /* that wait */
	stores_seen *seen;		/* NULL: nobody watches */
	void *seen_context;
};

/* The charges for one store. */
struct part {
	struct stores_call *whole;
	size_t store;
	size_t first, count; /* of the charges, in the order of the parts */
	bool later;	     /* when the others have let it through */
	bool asked, answered, passed;
	uint64_t since_us;
	struct store_call *call; /* NULL: it is not being asked */
};

enum how { TAKE, LOOK, NOTICE };

struct stores_call {
	LIST_ENTRY(stores_call) link;
	struct stores *stores;
	stores_done *done;
	void *context;
	enum how how;
	bool passed;	/* so far */
	unsigned waits; /* for that many parts */
	struct rate_charge *charges;
	size_t count;
	size_t part_count;
	struct part parts[RATE_CHARGES_MAX];
	/* In the order of the parts. */
	size_t from[RATE_CHARGES_MAX];
	const struct store_rate *rates[RATE_CHARGES_MAX];
	struct rate_charge sorted[RATE_CHARGES_MAX];
};

/* stores_new - they may be asked as soon as they can be */
struct stores *stores_new(const struct store_map *map,
			  struct store *const each[])
{
	struct stores *stores = xcalloc(1, sizeof(*stores));

	stores->map = *map;
	memcpy(stores->each, each, map->count * sizeof(struct store *));
	LIST_INIT(&stores->calls);
	return stores;
}

/* stores_watch - see above */
void stores_watch(struct stores *stores, stores_seen *seen, void *context)
{
	stores->seen = seen;
	stores->seen_context = context;
}

/* see - the end of a question */
static void see(const struct part *part)
{
	const struct stores *stores = part->whole->stores;

	if (stores->seen != NULL)
		stores->seen(stores->seen_context, part->store, part->answered,
			     part->asked ? clock_us() - part->since_us : 0);
}

/* call_free - it waits no more */
static void call_free(struct stores_call *call)
{
	LIST_REMOVE(call, link);
	free(call);
}

/* stores_free - nobody is called */
void stores_free(struct stores *stores)
{
	struct stores_call *call, *next;

	if (stores == NULL)
		return;
	for (call = LIST_FIRST(&stores->calls); call != NULL; call = next) {
		next = LIST_NEXT(call, link);
		stores_cancel(call);
	}
	free(stores);
}

/* stores_find - see above */
size_t stores_find(const struct stores *stores, const char *key)
{
	return store_map_find(&stores->map, key);
}

/* add_charge - to the last part */
static void add_charge(struct stores_call *call,
		       const struct store_rate *const rates[],
		       const struct rate_charge charges[], size_t i)
{
	struct part *part = &call->parts[call->part_count - 1];
	size_t at = part->first + part->count++;

	call->from[at] = i;
	call->rates[at] = rates[i];
	call->sorted[at] = charges[i];
	part->later |= rates[i]->shape.unit == RATE_NETWORKS;
}

/* sort - the charges into parts */
static void sort(struct stores_call *call,
		 const struct store_rate *const rates[],
		 const struct rate_charge charges[])
{
	size_t store[RATE_CHARGES_MAX], sorted = 0;

	for (size_t i = 0; i < call->count; i++)
		store[i] = stores_find(call->stores, charges[i].key);
	for (size_t s = 0; s < call->stores->map.count; s++) {
		size_t before = sorted;

		for (size_t i = 0; i < call->count; i++) {
			if (store[i] != s)
				continue;
			if (sorted++ == before)
				call->parts[call->part_count++] = (struct part){
					.whole = call,
					.store = s,
					.first = before,
				};
			add_charge(call, rates, charges, i);
		}
	}
}

/* give_back - what this part may have counted, and had not counted before */
static void give_back(const struct stores_call *call, const struct part *part)
{
	const struct store_rate *rates[RATE_CHARGES_MAX];
	struct rate_charge charges[RATE_CHARGES_MAX];
	size_t count = 0;

	for (size_t i = part->first; i < part->first + part->count; i++) {
		if (part->answered && call->sorted[i].result.counted_before)
			continue;
		rates[count] = call->rates[i];
		charges[count++] = call->sorted[i];
	}
	store_give_back(call->stores->each[part->store], rates, charges, count);
}

/* copy_results - to the charges of the caller */
static void copy_results(const struct stores_call *call,
			 bool answered[RATE_CHARGES_MAX])
{
	for (size_t p = 0; p < call->part_count; p++) {
		const struct part *part = &call->parts[p];
		size_t end = part->first + part->count;

		for (size_t i = part->first; i < end; i++) {
			size_t to = call->from[i];

			answered[to] = part->answered;
			if (part->answered)
				call->charges[to].result =
					call->sorted[i].result;
		}
	}
}

/* finish - all that will come has come */
static void finish(struct stores_call *call)
{
	bool answered[RATE_CHARGES_MAX];
	stores_done *done = call->done;
	void *context = call->context;
	bool passed = call->passed;

	copy_results(call, answered);
	for (size_t p = 0; p < call->part_count; p++) {
		const struct part *part = &call->parts[p];

		if (!passed && call->how == TAKE && part->asked &&
		    (part->passed || !part->answered))
			give_back(call, part);
	}
	call_free(call);
	done(context, answered, passed);
}

static void on_part(void *context, const char *away, bool passed);

/* ask_part - it stays unanswered if its store is away */
static void ask_part(struct stores_call *call, struct part *part)
{
	struct store *store = call->stores->each[part->store];
	const struct store_rate *const *rates = &call->rates[part->first];
	struct rate_charge *charges = &call->sorted[part->first];

	if (call->stores->seen != NULL)
		part->since_us = clock_us();
	if (call->how == TAKE)
		part->call = store_take(store, rates, charges, part->count,
					on_part, part);
	else
		part->call = store_look(store, rates, charges, part->count,
					call->how == NOTICE, on_part, part);
	part->asked = part->call != NULL;
	call->waits += part->asked;
	if (!part->asked)
		see(part);
}

/* ask_step - all parts that wait for the others, or all that do not */
static void ask_step(struct stores_call *call, bool later)
{
	for (size_t p = 0; p < call->part_count; p++)
		if (call->parts[p].later == later)
			ask_part(call, &call->parts[p]);
}

/* ask_later - the second step, unless it has been made or one has refused */
static void ask_later(struct stores_call *call)
{
	if (call->waits > 0 || !call->passed)
		return;
	ask_step(call, true);
	for (size_t p = 0; p < call->part_count; p++)
		call->parts[p].later = false;
}

/* on_part - a store has answered, or has not in time */
static void on_part(void *context, const char *away, bool passed)
{
	struct part *part = context;
	struct stores_call *call = part->whole;

	part->call = NULL;
	part->answered = away == NULL;
	part->passed = passed;
	see(part);
	call->passed &= !part->answered || passed;
	call->waits--;
	ask_later(call);
	if (call->waits == 0)
		finish(call);
}

/* ask_new - not begun; NULL: too many charges */
static struct stores_call *ask_new(struct stores *stores, size_t count)
{
	struct stores_call *call;

	if (count == 0 || count > RATE_CHARGES_MAX)
		return NULL;
	call = xmalloc(sizeof(*call)); /* most of it is for more charges */
	LIST_INSERT_HEAD(&stores->calls, call, link);
	call->stores = stores;
	call->count = count;
	call->passed = true;
	call->waits = 0;
	call->part_count = 0;
	return call;
}

/* start - take, or look */
static struct stores_call *start(struct stores *stores, enum how how,
				 const struct store_rate *const rates[],
				 struct rate_charge charges[], size_t count,
				 stores_done *done, void *context)
{
	struct stores_call *call = ask_new(stores, count);

	if (call == NULL)
		return NULL;
	call->how = how;
	call->charges = charges;
	call->done = done;
	call->context = context;
	sort(call, rates, charges);
	/* A look leaves nothing behind, and a single part has no others. */
	for (size_t p = 0; p < call->part_count; p++)
		if (call->how != TAKE || call->part_count == 1)
			call->parts[p].later = false;
	ask_step(call, false);
	ask_later(call);
	if (call->waits > 0)
		return call;
	call_free(call);
	return NULL;
}

/* stores_take - count all, or nothing */
struct stores_call *stores_take(struct stores *stores,
				const struct store_rate *const rates[],
				struct rate_charge charges[], size_t count,
				stores_done *done, void *context)
{
	return start(stores, TAKE, rates, charges, count, done, context);
}

/* stores_look - count nothing */
struct stores_call *stores_look(struct stores *stores,
				const struct store_rate *const rates[],
				struct rate_charge charges[], size_t count,
				bool notice, stores_done *done, void *context)
{
	return start(stores, notice ? NOTICE : LOOK, rates, charges, count,
		     done, context);
}

/* stores_give_back - there is no answer */
void stores_give_back(struct stores *stores,
		      const struct store_rate *const rates[],
		      const struct rate_charge charges[], size_t count)
{
	struct stores_call *call = ask_new(stores, count);

	if (call == NULL)
		return;
	sort(call, rates, charges);
	for (size_t p = 0; p < call->part_count; p++) {
		const struct part *part = &call->parts[p];

		store_give_back(stores->each[part->store],
				&call->rates[part->first],
				&call->sorted[part->first], part->count);
	}
	call_free(call);
}

/* stores_cancel - nothing is given back */
void stores_cancel(struct stores_call *call)
{
	for (size_t p = 0; p < call->part_count; p++)
		if (call->parts[p].call != NULL)
			store_cancel(call->parts[p].call);
	call_free(call);
}
