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
	LIST_HEAD(, stores_ask) asks; /* that wait */
	stores_seen *seen;	      /* NULL: nobody watches */
	void *seen_context;
};

/* The charges for one store. */
struct part {
	struct stores_ask *whole;
	size_t store;
	size_t first, count; /* of the charges, in the order of the parts */
	bool later;	     /* when the others have let it through */
	bool asked, answered, passed;
	uint64_t since_us;
	struct store_ask *ask; /* NULL: it is not being asked */
};

enum how { TAKE, LOOK, NOTICE };

struct stores_ask {
	LIST_ENTRY(stores_ask) link;
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
	LIST_INIT(&stores->asks);
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

/* ask_free - it waits no more */
static void ask_free(struct stores_ask *ask)
{
	LIST_REMOVE(ask, link);
	free(ask);
}

/* stores_free - nobody is called */
void stores_free(struct stores *stores)
{
	struct stores_ask *ask, *next;

	if (stores == NULL)
		return;
	for (ask = LIST_FIRST(&stores->asks); ask != NULL; ask = next) {
		next = LIST_NEXT(ask, link);
		stores_cancel(ask);
	}
	free(stores);
}

/* stores_find - see above */
size_t stores_find(const struct stores *stores, const char *key)
{
	return store_map_find(&stores->map, key);
}

/* add_charge - to the last part */
static void add_charge(struct stores_ask *ask,
		       const struct store_rate *const rates[],
		       const struct rate_charge charges[], size_t i)
{
	struct part *part = &ask->parts[ask->part_count - 1];
	size_t at = part->first + part->count++;

	ask->from[at] = i;
	ask->rates[at] = rates[i];
	ask->sorted[at] = charges[i];
	part->later |= rates[i]->shape.unit == RATE_NETWORKS;
}

/* sort - the charges into parts */
static void sort(struct stores_ask *ask, const struct store_rate *const rates[],
		 const struct rate_charge charges[])
{
	size_t store[RATE_CHARGES_MAX], sorted = 0;

	for (size_t i = 0; i < ask->count; i++)
		store[i] = stores_find(ask->stores, charges[i].key);
	for (size_t s = 0; s < ask->stores->map.count; s++) {
		size_t before = sorted;

		for (size_t i = 0; i < ask->count; i++) {
			if (store[i] != s)
				continue;
			if (sorted++ == before)
				ask->parts[ask->part_count++] = (struct part){
					.whole = ask,
					.store = s,
					.first = before,
				};
			add_charge(ask, rates, charges, i);
		}
	}
}

/* give_back - what this part may have counted, and had not counted before */
static void give_back(const struct stores_ask *ask, const struct part *part)
{
	const struct store_rate *rates[RATE_CHARGES_MAX];
	struct rate_charge charges[RATE_CHARGES_MAX];
	size_t count = 0;

	for (size_t i = part->first; i < part->first + part->count; i++) {
		if (part->answered && ask->sorted[i].result.counted_before)
			continue;
		rates[count] = ask->rates[i];
		charges[count++] = ask->sorted[i];
	}
	store_give_back(ask->stores->each[part->store], rates, charges, count);
}

/* copy_results - to the charges of the caller */
static void copy_results(const struct stores_ask *ask,
			 bool answered[RATE_CHARGES_MAX])
{
	for (size_t p = 0; p < ask->part_count; p++) {
		const struct part *part = &ask->parts[p];
		size_t end = part->first + part->count;

		for (size_t i = part->first; i < end; i++) {
			size_t to = ask->from[i];

			answered[to] = part->answered;
			if (part->answered)
				ask->charges[to].result = ask->sorted[i].result;
		}
	}
}

/* finish - all that will come has come */
static void finish(struct stores_ask *ask)
{
	bool answered[RATE_CHARGES_MAX];
	stores_done *done = ask->done;
	void *context = ask->context;
	bool passed = ask->passed;

	copy_results(ask, answered);
	for (size_t p = 0; p < ask->part_count; p++) {
		const struct part *part = &ask->parts[p];

		if (!passed && ask->how == TAKE && part->asked &&
		    (part->passed || !part->answered))
			give_back(ask, part);
	}
	ask_free(ask);
	done(context, answered, passed);
}

static void on_part(void *context, const char *away, bool passed);

/* ask_part - it stays unanswered if its store is away */
static void ask_part(struct stores_ask *ask, struct part *part)
{
	struct store *store = ask->stores->each[part->store];
	const struct store_rate *const *rates = &ask->rates[part->first];
	struct rate_charge *charges = &ask->sorted[part->first];

	if (ask->stores->seen != NULL)
		part->since_us = clock_us();
	if (ask->how == TAKE)
		part->ask = store_take(store, rates, charges, part->count,
				       on_part, part);
	else
		part->ask = store_look(store, rates, charges, part->count,
				       ask->how == NOTICE, on_part, part);
	part->asked = part->ask != NULL;
	ask->waits += part->asked;
	if (!part->asked)
		see(part);
}

/* ask_step - all parts that wait for the others, or all that do not */
static void ask_step(struct stores_ask *ask, bool later)
{
	for (size_t p = 0; p < ask->part_count; p++)
		if (ask->parts[p].later == later)
			ask_part(ask, &ask->parts[p]);
}

/* ask_later - the second step, unless it has been made or one has refused */
static void ask_later(struct stores_ask *ask)
{
	if (ask->waits > 0 || !ask->passed)
		return;
	ask_step(ask, true);
	for (size_t p = 0; p < ask->part_count; p++)
		ask->parts[p].later = false;
}

/* on_part - a store has answered, or has not in time */
static void on_part(void *context, const char *away, bool passed)
{
	struct part *part = context;
	struct stores_ask *ask = part->whole;

	part->ask = NULL;
	part->answered = away == NULL;
	part->passed = passed;
	see(part);
	ask->passed &= !part->answered || passed;
	ask->waits--;
	ask_later(ask);
	if (ask->waits == 0)
		finish(ask);
}

/* ask_new - not begun; NULL: too many charges */
static struct stores_ask *ask_new(struct stores *stores, size_t count)
{
	struct stores_ask *ask;

	if (count == 0 || count > RATE_CHARGES_MAX)
		return NULL;
	ask = xmalloc(sizeof(*ask)); /* most of it is for more charges */
	LIST_INSERT_HEAD(&stores->asks, ask, link);
	ask->stores = stores;
	ask->count = count;
	ask->passed = true;
	ask->waits = 0;
	ask->part_count = 0;
	return ask;
}

/* start - take, or look */
static struct stores_ask *start(struct stores *stores, enum how how,
				const struct store_rate *const rates[],
				struct rate_charge charges[], size_t count,
				stores_done *done, void *context)
{
	struct stores_ask *ask = ask_new(stores, count);

	if (ask == NULL)
		return NULL;
	ask->how = how;
	ask->charges = charges;
	ask->done = done;
	ask->context = context;
	sort(ask, rates, charges);
	/* A look leaves nothing behind, and a single part has no others. */
	for (size_t p = 0; p < ask->part_count; p++)
		if (ask->how != TAKE || ask->part_count == 1)
			ask->parts[p].later = false;
	ask_step(ask, false);
	ask_later(ask);
	if (ask->waits > 0)
		return ask;
	ask_free(ask);
	return NULL;
}

/* stores_take - count all, or nothing */
struct stores_ask *stores_take(struct stores *stores,
			       const struct store_rate *const rates[],
			       struct rate_charge charges[], size_t count,
			       stores_done *done, void *context)
{
	return start(stores, TAKE, rates, charges, count, done, context);
}

/* stores_look - count nothing */
struct stores_ask *stores_look(struct stores *stores,
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
	struct stores_ask *ask = ask_new(stores, count);

	if (ask == NULL)
		return;
	sort(ask, rates, charges);
	for (size_t p = 0; p < ask->part_count; p++) {
		const struct part *part = &ask->parts[p];

		store_give_back(stores->each[part->store],
				&ask->rates[part->first],
				&ask->sorted[part->first], part->count);
	}
	ask_free(ask);
}

/* stores_cancel - nothing is given back */
void stores_cancel(struct stores_ask *ask)
{
	for (size_t p = 0; p < ask->part_count; p++)
		if (ask->parts[p].ask != NULL)
			store_cancel(ask->parts[p].ask);
	ask_free(ask);
}
