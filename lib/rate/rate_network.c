/* SPDX-License-Identifier: ISC */
/* rate_network - the networks of a key, each with the time it was last seen
 *
 * The limit bounds the set, so it is exact. A network is known by the hash of
 * its name; the name itself is for people. */

#include "lib/rate/rate_internal.h"

#include <stdlib.h>
#include <string.h>

/* rate_networks - they follow the cell */
struct rate_network *rate_networks(const struct rate_cell *cell)
{
	return (struct rate_network *)(uintptr_t)(cell + 1);
}

/* inside - was it seen in the last seconds? A tick is a moment too early, so
 * the last one counts. */
static bool inside(const struct rate_network *network, uint64_t length_s,
		   uint64_t now)
{
	return network->seen != 0 &&
	       (network->seen > now
			? network->seen - now <= RATE_AHEAD
			: now - network->seen <= length_s * RATE_TICKS);
}

/* rate_network_in - one of them */
bool rate_network_in(const struct rate_table *table,
		     const struct rate_cell *cell, uint64_t hash, unsigned i,
		     uint64_t now)
{
	const struct rate_network *network = rate_networks(cell);

	for (unsigned n = 0; n < table->shape.networks; n++)
		if (network[n].hash == hash &&
		    inside(&network[n], table->shape.length_s[i], now))
			return true;
	return false;
}

/* rate_network_used - how many */
uint64_t rate_network_used(const struct rate_table *table,
			   const struct rate_cell *cell, unsigned i,
			   uint64_t now)
{
	const struct rate_network *network = rate_networks(cell);
	uint64_t used = 0;

	for (unsigned n = 0; n < table->shape.networks; n++)
		used += inside(&network[n], table->shape.length_s[i], now);
	return used;
}

/* descending - for qsort(3): the latest first */
static int descending(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return (*x < *y) - (*x > *y);
}

/* times - when they were seen, the latest first */
static void times(const struct rate_table *table, const struct rate_cell *cell,
		  uint64_t seen[RATE_NETWORKS_MAX])
{
	for (unsigned n = 0; n < table->shape.networks; n++)
		seen[n] = rate_networks(cell)[n].seen;
	qsort(seen, table->shape.networks, sizeof(*seen), descending);
}

/* rate_network_wait - until at most number are left */
uint64_t rate_network_wait(const struct rate_table *table,
			   const struct rate_cell *cell, unsigned i,
			   uint64_t now, uint64_t number)
{
	uint64_t length = (uint64_t)table->shape.length_s[i] * RATE_TICKS;
	uint64_t seen[RATE_NETWORKS_MAX] = { 0 };
	uint64_t end;

	if (rate_network_used(table, cell, i, rate_cell_time(cell, now)) <=
	    number)
		return 0;
	times(table, cell, seen);
	end = seen[number] + length + 1;
	return end > now ? end - now : 0;
}

/* place_for - the network itself, or one that gives way to it */
static struct rate_network *place_for(const struct rate_table *table,
				      struct rate_cell *cell, uint64_t hash)
{
	struct rate_network *network = rate_networks(cell);
	struct rate_network *oldest = network;

	for (unsigned n = 0; n < table->shape.networks; n++) {
		if (network[n].hash == hash && network[n].seen != 0)
			return &network[n];
		if (network[n].seen < oldest->seen)
			oldest = &network[n];
	}
	return oldest;
}

/* name_it - as much as fits */
static void name_it(struct rate_network *place, const char *name)
{
	size_t length = strlen(name);

	memset(place->name, 0, sizeof(place->name));
	memcpy(place->name, name,
	       length < sizeof(place->name) ? length : sizeof(place->name));
}

/* rate_network_add - the time is written last */
void rate_network_add(const struct rate_table *table, struct rate_cell *cell,
		      uint64_t hash, const char *name, uint64_t now)
{
	struct rate_network *place = place_for(table, cell, hash);

	if (place->hash != hash || place->seen == 0) {
		place->seen = 0;
		rate_barrier();
		place->hash = hash;
		name_it(place, name);
		rate_barrier();
	}
	place->seen = now;
}

/* rate_network_raise - the n-th latest time of the floor is at least that of
 * the cell. Nobody knows which networks they were. */
void rate_network_raise(const struct rate_table *table, struct rate_cell *floor,
			const struct rate_cell *cell)
{
	uint64_t seen[RATE_NETWORKS_MAX] = { 0 };
	struct rate_network *network = rate_networks(floor);

	times(table, cell, seen);
	for (unsigned n = 0; n < table->shape.networks; n++)
		if (seen[n] > network[n].seen)
			network[n].seen = seen[n];
}

/* rate_network_copy - the sets may have different sizes */
void rate_network_copy(const struct rate_table *to, struct rate_cell *cell,
		       const struct rate_table *from,
		       const struct rate_cell *old)
{
	const struct rate_network *network = rate_networks(old);

	for (unsigned n = 0; n < from->shape.networks; n++) {
		struct rate_network *place = rate_networks(cell);

		for (unsigned i = 1; i < to->shape.networks; i++)
			if (rate_networks(cell)[i].seen < place->seen)
				place = &rate_networks(cell)[i];
		if (network[n].seen > place->seen)
			*place = network[n];
	}
}
