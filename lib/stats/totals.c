/* SPDX-License-Identifier: ISC */
/* tally - the statistics of one worker
 *
 * Counting must cost next to nothing. A service has a row, and in the row each
 * restriction has the place that it got when it first decided; a list is short,
 * so its place is found at once. Each counter has one writer, so an addition is
 * a load and a store, which no reader can see half done. Only the texts of
 * refusals need a lock, and the worker never waits for it: a refusal that
 * arrives while somebody reads is not stored. */

#include "lib/stats/totals.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

struct place {
	const char *restriction; /* NULL: free, and so are all after it */
	uint64_t counts[VERDICT_COUNT];
};

struct row {
	struct place places[TALLY_WORDS];
};

struct tally {
	size_t services;
	size_t row_count;
	struct row *rows; /* if there are too many services, the last row is
			     shared */
	struct tally_times times;
	pthread_mutex_t lock; /* protects the following */
	unsigned next;	      /* the oldest, to be overwritten next */
	struct tally_refusal refusals[TALLY_REFUSALS];
};

const unsigned long tally_bounds_us[TALLY_BOUNDS] = { 10,    25,     50,
						      100,   250,    1000,
						      10000, 100000, 1000000 };

/* tally_new - an empty tally */
struct tally *tally_new(size_t services)
{
	struct tally *tally = xcalloc(1, sizeof(*tally));

	tally->services = services;
	tally->row_count =
		services <= TALLY_SERVICES ? services : TALLY_SERVICES;
	tally->rows = xcalloc(tally->row_count, sizeof(*tally->rows));
	pthread_mutex_init(&tally->lock, NULL);
	return tally;
}

/* tally_free - NULL is allowed */
void tally_free(struct tally *tally)
{
	if (tally == NULL)
		return;
	pthread_mutex_destroy(&tally->lock);
	free(tally->rows);
	free(tally);
}

/* add - add to a counter that only we write */
static void add(uint64_t *counter, uint64_t more)
{
	__atomic_store_n(counter,
			 __atomic_load_n(counter, __ATOMIC_RELAXED) + more,
			 __ATOMIC_RELAXED);
}

/* get - read a counter that another thread may be writing */
static uint64_t get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* find - the place of a restriction, possibly a new one; when the row is full,
 * the last one is shared */
static struct place *find(struct row *row, const char *restriction)
{
	struct place *place = row->places;
	struct place *last = &row->places[TALLY_WORDS - 1];

	while (place < last && place->restriction != NULL &&
	       place->restriction != restriction)
		place++;
	if (place->restriction == NULL)
		__atomic_store_n(&place->restriction,
				 place < last ? restriction : TALLY_OTHER,
				 __ATOMIC_RELEASE);
	return place;
}

/* tally_count - count one decision */
void tally_count(struct tally *tally, size_t service, const char *restriction,
		 enum verdict verdict, unsigned long us)
{
	size_t index =
		service < tally->row_count ? service : tally->row_count - 1;
	size_t bucket = 0;

	while (bucket < TALLY_BOUNDS && us > tally_bounds_us[bucket])
		bucket++;
	add(&find(&tally->rows[index], restriction)->counts[verdict], 1);
	add(&tally->times.counts[bucket], 1);
	add(&tally->times.sum_us, us);
}

/* copy - copy as much of a text as fits */
static void copy(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

/* copy_reply - copy the action without its frame */
static void copy_reply(char *to, size_t size, const char *reply)
{
	if (strncmp(reply, "action=", 7) == 0)
		reply += 7;
	copy(to, size, reply);
	to[strcspn(to, "\n")] = '\0';
}

/* tally_remember - store one refusal, unless somebody is reading them */
void tally_remember(struct tally *tally, const struct tally_event *event)
{
	struct tally_refusal *to;

	if (pthread_mutex_trylock(&tally->lock) != 0)
		return;
	to = &tally->refusals[tally->next];
	tally->next = (tally->next + 1) % TALLY_REFUSALS;
	to->when = event->when;
	to->verdict = event->decision->verdict;
	copy(to->id, sizeof(to->id), event->id);
	copy(to->service, sizeof(to->service), event->service->name);
	copy(to->restriction, sizeof(to->restriction),
	     event->decision->restriction);
	copy(to->client, sizeof(to->client), event->request->client_address);
	copy(to->from, sizeof(to->from), event->request->sender);
	copy(to->to, sizeof(to->to), event->request->recipient);
	copy(to->why, sizeof(to->why), event->decision->reason);
	copy(to->destination, sizeof(to->destination),
	     facts_destination(event->facts));
	copy_reply(to->reply, sizeof(to->reply), event->reply);
	pthread_mutex_unlock(&tally->lock);
}

/* visit_row - visit every count of a service */
static void visit_row(const struct row *row, int service,
		      void (*visit)(void *context, int service,
				    const char *restriction,
				    enum verdict verdict, uint64_t count),
		      void *context)
{
	size_t i;
	int verdict;

	for (i = 0; i < TALLY_WORDS; i++) {
		const struct place *place = &row->places[i];
		const char *restriction =
			__atomic_load_n(&place->restriction, __ATOMIC_ACQUIRE);

		if (restriction == NULL)
			break;
		for (verdict = 0; verdict < VERDICT_COUNT; verdict++) {
			uint64_t count = get(&place->counts[verdict]);

			if (count > 0)
				visit(context, service, restriction,
				      (enum verdict)verdict, count);
		}
	}
}

/* tally_each - visit every count that is not 0 */
void tally_each(const struct tally *tally,
		void (*visit)(void *context, int service,
			      const char *restriction, enum verdict verdict,
			      uint64_t count),
		void *context)
{
	size_t i;

	for (i = 0; i < tally->row_count; i++) {
		bool folded = tally->services > tally->row_count &&
			      i == tally->row_count - 1;

		visit_row(&tally->rows[i], folded ? -1 : (int)i, visit,
			  context);
	}
}

/* tally_times - add how long decisions took */
void tally_times(const struct tally *tally, struct tally_times *times)
{
	size_t i;

	for (i = 0; i <= TALLY_BOUNDS; i++)
		times->counts[i] += get(&tally->times.counts[i]);
	times->sum_us += get(&tally->times.sum_us);
}

/* tally_refusals - a copy of the last refusals, the newest first */
void tally_refusals(struct tally *tally,
		    struct tally_refusal refusals[TALLY_REFUSALS])
{
	unsigned i;

	pthread_mutex_lock(&tally->lock);
	for (i = 0; i < TALLY_REFUSALS; i++)
		refusals[i] =
			tally->refusals[(tally->next + TALLY_REFUSALS - 1 - i) %
					TALLY_REFUSALS];
	pthread_mutex_unlock(&tally->lock);
}
