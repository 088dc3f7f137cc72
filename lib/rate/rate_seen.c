/* SPDX-License-Identifier: ISC */
/* rate_seen - the instances that were counted last
 *
 * Postfix repeats a request when the server dies that read it, and a client may
 * say DATA twice in one message. A shard remembers 256 instances in buckets of
 * 8; the oldest one of a bucket gives way. An instance is known by a hash of it
 * and of its key. */

#include "lib/rate/rate_internal.h"

#include <string.h>

#include "lib/text/siphash.h"

/* rate_seen - all of a shard */
struct rate_seen *rate_seen(const struct rate_table *table,
			    struct rate_shard *shard)
{
	return (struct rate_seen *)(void *)((char *)shard + table->layout.seen);
}

/* bucket - where an instance is, if it is remembered */
static struct rate_seen *bucket(const struct rate_table *table,
				struct rate_shard *shard, uint64_t id)
{
	return rate_seen(table, shard) + id % RATE_BUCKETS * RATE_WAYS;
}

/* rate_seen_id - nobody knows the seed, so nobody can choose it */
uint64_t rate_seen_id(const struct rate_table *table, const char *instance,
		      uint64_t hash)
{
	uint64_t id = siphash(table->seed, instance, strlen(instance));

	id ^= hash * 0x9e3779b97f4a7c15;
	return id != 0 ? id : 1;
}

/* rate_seen_after - in the same bucket */
uint64_t rate_seen_after(uint64_t id, unsigned resets)
{
	id ^= (uint64_t)resets << 40;
	return id != 0 ? id : 1;
}

/* rate_seen_fetch - the bucket of an instance */
void rate_seen_fetch(const struct rate_table *table, struct rate_shard *shard,
		     uint64_t id)
{
	const struct rate_seen *seen = bucket(table, shard, id);

	__builtin_prefetch(seen);
	__builtin_prefetch(seen + RATE_WAYS / 2);
}

/* rate_seen_find - or NULL */
struct rate_seen *rate_seen_find(const struct rate_table *table,
				 struct rate_shard *shard, uint64_t id)
{
	struct rate_seen *seen = bucket(table, shard, id);

	for (unsigned i = 0; i < RATE_WAYS; i++)
		if (seen[i].id == id)
			return &seen[i];
	return NULL;
}

/* place_for - a free one, or the oldest */
static struct rate_seen *place_for(const struct rate_table *table,
				   struct rate_shard *shard, uint64_t id,
				   uint32_t tick)
{
	struct rate_seen *seen = bucket(table, shard, id);
	struct rate_seen *oldest = seen;

	for (unsigned i = 0; i < RATE_WAYS; i++) {
		if (seen[i].id == 0)
			return &seen[i];
		if (tick - seen[i].tick > tick - oldest->tick)
			oldest = &seen[i];
	}
	return oldest;
}

/* rate_seen_add - the amount was counted before: a process that is killed in
 * between has counted too much, not too little */
void rate_seen_add(const struct rate_table *table, struct rate_shard *shard,
		   struct rate_seen *seen, uint64_t id, uint64_t amount,
		   uint64_t now)
{
	uint32_t kept =
		amount < RATE_SEEN_MAX ? (uint32_t)amount : RATE_SEEN_MAX;

	rate_barrier();
	if (seen != NULL && seen->id == id) {
		seen->amount = kept | RATE_SEEN_STAYS;
		return;
	}
	seen = place_for(table, shard, id, (uint32_t)now);
	seen->id = 0;
	rate_barrier();
	seen->tick = (uint32_t)now;
	seen->amount = kept;
	rate_barrier();
	seen->id = id;
}

/* rate_seen_amount - without the flag */
uint64_t rate_seen_amount(const struct rate_seen *seen)
{
	return seen->amount & RATE_SEEN_MAX;
}
