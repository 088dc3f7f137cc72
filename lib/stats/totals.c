/* SPDX-License-Identifier: ISC */
/* totals - the statistics of one worker
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
#include "lib/stats/counters.h"

struct place {
	const char *restriction; /* NULL: free, and so are all after it */
	_Alignas(8) uint64_t counts[VERDICT_COUNT];
};

struct row {
	struct place places[TOTALS_WORDS];
};

struct totals {
	size_t services;
	size_t row_count;
	struct row *rows; /* if there are too many services, the last row is
			     shared */
	uint64_t (*rates)[TOTALS_RESULTS];
	struct totals_times times, store;
	pthread_mutex_t lock; /* protects the following */
	unsigned next;	      /* the oldest, to be overwritten next */
	struct totals_refusal refusals[TOTALS_REFUSALS];
	struct frequent frequent[TOTALS_ABOUT];
};

const unsigned long totals_bounds_us[TOTALS_BOUNDS] = {
	10, 25, 50, 100, 250, 1000, 10000, 100000, 1000000
};

/* totals_new - an empty tally */
struct totals *totals_new(size_t services, size_t rates)
{
	struct totals *totals = xcalloc(1, sizeof(*totals));

	totals->services = services;
	totals->row_count =
		services <= TOTALS_SERVICES ? services : TOTALS_SERVICES;
	totals->rows = xcalloc(totals->row_count, sizeof(*totals->rows));
	totals->rates = xcalloc(rates, sizeof(*totals->rates));
	pthread_mutex_init(&totals->lock, NULL);
	return totals;
}

/* totals_free - NULL is allowed */
void totals_free(struct totals *totals)
{
	if (totals == NULL)
		return;
	pthread_mutex_destroy(&totals->lock);
	free(totals->rates);
	free(totals->rows);
	free(totals);
}

/* find - the place of a restriction, possibly a new one; when the row is full,
 * the last one is shared */
static struct place *find(struct row *row, const char *restriction)
{
	struct place *place = row->places;
	struct place *last = &row->places[TOTALS_WORDS - 1];

	while (place < last && place->restriction != NULL &&
	       place->restriction != restriction)
		place++;
	if (place->restriction == NULL)
		__atomic_store_n(&place->restriction,
				 place < last ? restriction : TOTALS_OTHER,
				 __ATOMIC_RELEASE);
	return place;
}

/* add_time - count one in its class */
static void add_time(struct totals_times *times, unsigned long us)
{
	size_t bucket = 0;

	while (bucket < TOTALS_BOUNDS && us > totals_bounds_us[bucket])
		bucket++;
	counters_count(&times->counts[bucket]);
	counters_count_more(&times->sum_us, us);
}

/* totals_count - count one decision */
void totals_count(struct totals *totals, size_t service,
		  const char *restriction, enum verdict verdict,
		  unsigned long us)
{
	size_t index =
		service < totals->row_count ? service : totals->row_count - 1;

	counters_count(
		&find(&totals->rows[index], restriction)->counts[verdict]);
	add_time(&totals->times, us);
}

/* totals_store - count how long an answer of the store took */
void totals_store(struct totals *totals, unsigned long us)
{
	add_time(&totals->store, us);
}

/* totals_rate - count what came of a charge */
void totals_rate(struct totals *totals, size_t rate, enum totals_result result)
{
	counters_count(&totals->rates[rate][result]);
}

/* totals_rate_count - how often that was */
uint64_t totals_rate_count(const struct totals *totals, size_t rate,
			   enum totals_result result)
{
	return counters_read(&totals->rates[rate][result]);
}

/* totals_result_name - the word in the metrics */
const char *totals_result_name(enum totals_result result)
{
	static const char *const names[TOTALS_RESULTS] = {
		[TOTALS_RATE_WITHIN] = "within",
		[TOTALS_RATE_OVER] = "over",
		[TOTALS_RATE_HELD] = "held",
		[TOTALS_RATE_WARNED] = "warned",
		[TOTALS_RATE_BLOCKED] = "blocked",
		[TOTALS_RATE_UNKNOWN] = "unknown",
	};

	return names[result];
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

/* count_frequent - what is refused most often */
static void count_frequent(struct totals *totals,
			   const struct totals_event *event)
{
	const char *at = strrchr(event->request->recipient, '@');
	const char *reason = event->decision->reason;

	frequent_add(&totals->frequent[TOTALS_CLIENTS],
		     event->request->client_address, 1);
	frequent_add(&totals->frequent[TOTALS_DOMAINS],
		     at != NULL ? at + 1 : "", 1);
	frequent_add(&totals->frequent[TOTALS_REASONS],
		     *reason != '\0' ? reason : event->decision->restriction,
		     1);
}

/* totals_frequent - add what this worker has counted */
void totals_frequent(struct totals *totals, enum totals_about about,
		     struct frequent *sum)
{
	pthread_mutex_lock(&totals->lock);
	frequent_merge(sum, &totals->frequent[about]);
	pthread_mutex_unlock(&totals->lock);
}

/* totals_remember - store one refusal, unless somebody is reading them */
void totals_remember(struct totals *totals, const struct totals_event *event)
{
	struct totals_refusal *to;

	if (pthread_mutex_trylock(&totals->lock) != 0)
		return;
	to = &totals->refusals[totals->next];
	totals->next = (totals->next + 1) % TOTALS_REFUSALS;
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
	count_frequent(totals, event);
	pthread_mutex_unlock(&totals->lock);
}

/* visit_row - visit every count of a service */
static void visit_row(const struct row *row, int service, totals_visit *visit,
		      void *context)
{
	size_t i;
	int verdict;

	for (i = 0; i < TOTALS_WORDS; i++) {
		const struct place *place = &row->places[i];
		struct totals_entry count = { .service = service };

		count.restriction =
			__atomic_load_n(&place->restriction, __ATOMIC_ACQUIRE);
		if (count.restriction == NULL)
			break;
		for (verdict = 0; verdict < VERDICT_COUNT; verdict++) {
			count.verdict = (enum verdict)verdict;
			count.count = counters_read(&place->counts[verdict]);
			if (count.count > 0)
				visit(context, &count);
		}
	}
}

/* totals_each - visit every count that is not 0 */
void totals_each(const struct totals *totals, totals_visit *visit,
		 void *context)
{
	size_t i;

	for (i = 0; i < totals->row_count; i++) {
		bool folded = totals->services > totals->row_count &&
			      i == totals->row_count - 1;

		visit_row(&totals->rows[i], folded ? -1 : (int)i, visit,
			  context);
	}
}

/* read_times - add those of another thread */
static void read_times(const struct totals_times *from,
		       struct totals_times *times)
{
	size_t i;

	for (i = 0; i <= TOTALS_BOUNDS; i++)
		times->counts[i] += counters_read(&from->counts[i]);
	times->sum_us += counters_read(&from->sum_us);
}

/* totals_times - add how long decisions took */
void totals_times(const struct totals *totals, struct totals_times *times)
{
	read_times(&totals->times, times);
}

/* totals_store_times - add how long answers of the store took */
void totals_store_times(const struct totals *totals, struct totals_times *times)
{
	read_times(&totals->store, times);
}

/* totals_refusals - a copy of the last refusals, the newest first */
void totals_refusals(struct totals *totals,
		     struct totals_refusal refusals[TOTALS_REFUSALS])
{
	unsigned i;

	pthread_mutex_lock(&totals->lock);
	for (i = 0; i < TOTALS_REFUSALS; i++)
		refusals[i] = totals->refusals[(totals->next + TOTALS_REFUSALS -
						1 - i) %
					       TOTALS_REFUSALS];
	pthread_mutex_unlock(&totals->lock);
}
