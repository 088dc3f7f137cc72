/* SPDX-License-Identifier: ISC */
/* server_places - who has how many places
 *
 * One table for all event loops of a process, so that the one that accepts
 * knows who has most. Its lock is held for a moment when a connection begins,
 * ends, or goes to another thread; a request needs neither. Nothing of it is
 * handed over: who a client is can be asked of its socket, by any process. */

#include <pthread.h>
#include <stdlib.h>

#include "lib/server_internal.h"
#include "lib/xalloc.h"

struct places {
	pthread_mutex_t lock;
	unsigned servers; /* that use it */
	size_t count, size;
	struct holder {
		uint64_t user;
		unsigned places; /* never 0 */
	} * each;
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
	pthread_mutex_unlock(&places->lock);
}

/* places_leave - one less */
void places_leave(struct places *places, uint64_t user)
{
	size_t i;

	pthread_mutex_lock(&places->lock);
	i = find(places, user);
	if (--places->each[i].places == 0)
		places->each[i] = places->each[--places->count];
	pthread_mutex_unlock(&places->lock);
}

/* places_most - the user who has most */
uint64_t places_most(struct places *places)
{
	struct holder most = { 0 };
	size_t i;

	pthread_mutex_lock(&places->lock);
	for (i = 0; i < places->count; i++)
		if (places->each[i].places > most.places)
			most = places->each[i];
	pthread_mutex_unlock(&places->lock);
	return most.user;
}
