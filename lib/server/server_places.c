/* SPDX-License-Identifier: ISC */
/* server_places - who has how many places
 *
 * One table for all event loops of a process, so that the one that accepts
 * knows who has most. Its lock is held for a moment when a connection begins,
 * ends, or goes to another thread; a request does not need it. The next server
 * asks the sockets that it takes over who the clients are. It cannot see that
 * there are others, who have no connection now: the hand-over says so. */

#include <pthread.h>
#include <stdlib.h>

#include "lib/base/xalloc.h"
#include "lib/server/server_internal.h"

struct places {
	pthread_mutex_t lock;
	unsigned servers; /* that use it */
	bool contended;	  /* there was a second user */
	size_t count, size;
	struct holder {
		uint64_t user;
		unsigned places;
	} * each; /* the first one is kept when it has none */
};

/* places_new - nobody has one */
struct places *places_new(void)
{
	struct places *places = xcalloc(1, sizeof(*places));

	pthread_mutex_init(&places->lock, NULL);
	places->servers = 1;
	return places;
}

/* places_share - one more server uses it */
struct places *places_share(struct places *places)
{
	pthread_mutex_lock(&places->lock);
	places->servers++;
	pthread_mutex_unlock(&places->lock);
	return places;
}

/* places_free - one server less; the last one frees it */
void places_free(struct places *places)
{
	unsigned left;

	pthread_mutex_lock(&places->lock);
	left = --places->servers;
	pthread_mutex_unlock(&places->lock);
	if (left > 0)
		return;
	pthread_mutex_destroy(&places->lock);
	free(places->each);
	free(places);
}

/* find - a user's line; at the end: there is none */
static size_t find(const struct places *places, uint64_t user)
{
	size_t i = 0;

	while (i < places->count && places->each[i].user != user)
		i++;
	return i;
}

/* places_take - one more for this user */
void places_take(struct places *places, uint64_t user)
{
	size_t i;

	pthread_mutex_lock(&places->lock);
	i = find(places, user);
	if (i == places->size) {
		places->size = 2 * places->size + 4;
		places->each = xreallocarray(places->each, places->size,
					     sizeof(*places->each));
	}
	if (i == places->count)
		places->each[places->count++] = (struct holder){ .user = user };
	places->each[i].places++;
	places->contended |= places->count > 1;
	pthread_mutex_unlock(&places->lock);
}

/* places_leave - one less */
void places_leave(struct places *places, uint64_t user)
{
	size_t i;

	pthread_mutex_lock(&places->lock);
	i = find(places, user);
	if (--places->each[i].places == 0 && i > 0)
		places->each[i] = places->each[--places->count];
	pthread_mutex_unlock(&places->lock);
}

/* places_contend - there are more users than those that have places */
void places_contend(struct places *places)
{
	pthread_mutex_lock(&places->lock);
	places->contended = true;
	pthread_mutex_unlock(&places->lock);
}

/* places_most - the user who has most; false: nobody else was ever here */
bool places_most(struct places *places, uint64_t *user)
{
	struct holder most = { 0 };
	bool contended;
	size_t i;

	pthread_mutex_lock(&places->lock);
	for (i = 0; i < places->count; i++)
		if (places->each[i].places > most.places)
			most = places->each[i];
	contended = places->contended;
	pthread_mutex_unlock(&places->lock);
	*user = most.user;
	return contended;
}
