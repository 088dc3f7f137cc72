/* SPDX-License-Identifier: ISC */
/* rate_admin - list the keys of a table, reset, block and unblock them
 *
 * Each works while servers count. A cell is copied under the lock of its shard,
 * and looked at without it. */

#include "lib/rate/rate_internal.h"

#include <stdlib.h>
#include <string.h>

#define CELL_MAX                    \
	(sizeof(struct rate_cell) + \
	 RATE_NETWORKS_MAX * sizeof(struct rate_network))

/* A cell that has been copied. */
union copy {
	struct rate_cell cell;
	char bytes[CELL_MAX + RATE_NARROW_SIZE];
};

/* current - the table that has a shard now; its shard is locked. NULL: it
 * cannot be used */
static struct rate_table *current(struct rate_table *table, unsigned number)
{
	while (table != NULL) {
		struct rate_shard *shard = rate_shard(table, number);

		if (rate_lock(table, shard) < 0)
			return NULL;
		if (atomic_load(&shard->moved) == 0)
			return table;
		rate_unlock(shard);
		table = table->next;
	}
	return NULL;
}

/* rate_table_stats - of all shards */
struct rate_table_stats rate_table_stats(struct rate_table *table)
{
	struct rate_table_stats stats = { 0, 0, 0 };

	for (unsigned i = 0; i < RATE_SHARDS; i++) {
		struct rate_table *now = current(table, i);
		struct rate_shard *shard;

		if (now == NULL)
			continue;
		shard = rate_shard(now, i);
		stats.keys += rate_count(now, shard);
		stats.room += now->layout.room;
		stats.displaced += shard->displaced;
		rate_unlock(shard);
	}
	return stats;
}

/* by_idle - for qsort(3): the latest first */
static int by_idle(const void *a, const void *b)
{
	const struct rate_place *x = a;
	const struct rate_place *y = b;

	return (x->idle_s > y->idle_s) - (x->idle_s < y->idle_s);
}

/* list_places - those that are in the longest window */
static unsigned list_places(const struct rate_table *table,
			    const struct rate_cell *cell, uint64_t now,
			    struct rate_place places[RATE_NETWORKS_MAX])
{
	uint64_t longest = table->shape.length_s[table->shape.windows - 1];
	const struct rate_network *network = rate_networks(cell);
	unsigned count = 0;

	if (rate_cell_lost(cell, now))
		return 0;
	for (unsigned i = 0; i < table->shape.networks; i++) {
		struct rate_place *place = &places[count];
		uint64_t seen = network[i].seen < now ? network[i].seen : now;

		if (seen == 0 || now - seen > longest * RATE_TICKS)
			continue;
		memset(place, 0, sizeof(*place));
		memcpy(place->name, network[i].name, sizeof(network[i].name));
		place->idle_s = (now - seen) / RATE_TICKS;
		count++;
	}
	qsort(places, count, sizeof(*places), by_idle);
	return count;
}

/* blocked_s - seconds that are left */
static uint64_t blocked_s(const struct rate_cell *cell, uint64_t now)
{
	if (cell->blocked == RATE_ALWAYS)
		return UINT64_MAX;
	if (!rate_cell_blocked(cell, now))
		return 0;
	return (cell->blocked - now + RATE_TICKS - 1) / RATE_TICKS;
}

/* fill_row - the numbers of a copied cell; is there anything in it? */
static bool fill_row(const struct rate_table *table,
		     const struct rate_cell *cell, uint64_t now,
		     struct rate_row *row)
{
	bool used = false;

	row->windows = table->shape.windows;
	row->blocked_s = blocked_s(cell, now);
	row->idle_s = cell->last < now ? (now - cell->last) / RATE_TICKS : 0;
	for (unsigned i = 0; i < row->windows; i++) {
		uint64_t wait = rate_cell_wait(table, cell, i, now, 0, 0);

		row->length_s[i] = table->shape.length_s[i];
		row->used[i] = rate_cell_used(table, cell, i, now);
		row->free_s[i] = (wait + RATE_TICKS - 1) / RATE_TICKS;
		used = used || row->used[i] != 0;
	}
	return used || row->blocked_s != 0;
}

/* Whom the rows are for. */
struct listing {
	rate_handler *handler;
	void *context;
	uint64_t now_us;
	bool called;
};

/* show - call the handler for a copied cell, if it has anything */
static int show(struct listing *listing, const struct rate_table *table,
		const struct rate_cell *cell)
{
	uint64_t now = rate_tick_of(table, listing->now_us);
	struct rate_place places[RATE_NETWORKS_MAX];
	char key[RATE_KEY_TEXT + 1] = "";
	struct rate_row row = { .key = key, .places = places };

	if (cell->hash == 0 || !fill_row(table, cell, now, &row))
		return 0;
	row.cut = cell->length > RATE_KEY_TEXT;
	memcpy(key, cell->key, row.cut ? RATE_KEY_TEXT : cell->length);
	if (table->shape.unit == RATE_NETWORKS)
		row.place_count = list_places(table, cell, now, places);
	listing->called = true;
	return listing->handler(listing->context, &row);
}

/* copy_cell - cell number of a shard; its table, or NULL: there are no more */
static struct rate_table *copy_cell(struct rate_table *table, unsigned number,
				    uint32_t cell, union copy *copy)
{
	struct rate_table *now = current(table, number);
	struct rate_shard *shard;

	if (now == NULL)
		return NULL;
	shard = rate_shard(now, number);
	if (cell >= rate_count(now, shard)) {
		rate_unlock(shard);
		return NULL;
	}
	memcpy(copy, rate_cell(now, shard, cell), now->layout.cell_size);
	rate_unlock(shard);
	return now;
}

/* rate_table_each - all shards, all cells */
int rate_table_each(struct rate_table *table, uint64_t now_us,
		    rate_handler *handler, void *context)
{
	struct listing listing = { handler, context, now_us, false };
	struct rate_table *now;
	union copy copy;
	int result = 0;

	for (unsigned i = 0; i < RATE_SHARDS; i++)
		for (uint32_t cell = 0; result == 0; cell++) {
			now = copy_cell(table, i, cell, &copy);
			if (now == NULL)
				break;
			result = show(&listing, now, &copy.cell);
		}
	return result;
}

/* A key of the table; its shard is locked. */
struct found {
	struct rate_table *table;
	struct rate_shard *shard;
	struct rate_cell *cell; /* or NULL */
	uint64_t hash;
	uint64_t now;
};

/* find - false: the shard cannot be used, and is not locked */
static bool find(struct rate_table *table, const char *key, uint64_t now_us,
		 struct found *found)
{
	size_t length = strlen(key);

	found->hash = rate_hash(table, key, length);
	found->table = current(table, rate_shard_number(found->hash));
	if (found->table == NULL)
		return false;
	found->shard = rate_shard(found->table, rate_shard_number(found->hash));
	found->cell =
		rate_find(found->table, found->shard, found->hash, key, length);
	found->now = rate_tick_of(found->table, now_us);
	return true;
}

/* rate_table_key - one cell */
int rate_table_key(struct rate_table *table, const char *key, uint64_t now_us,
		   rate_handler *handler, void *context)
{
	struct listing listing = { handler, context, now_us, false };
	struct found found;
	union copy copy;

	if (!find(table, key, now_us, &found))
		return 0;
	if (found.cell != NULL)
		memcpy(&copy, found.cell, found.table->layout.cell_size);
	rate_unlock(found.shard);
	if (found.cell != NULL)
		show(&listing, found.table, &copy.cell);
	return listing.called;
}

/* rate_table_reset - its windows become empty */
int rate_table_reset(struct rate_table *table, const char *key, uint64_t now_us)
{
	struct found found;
	int result = 0;

	if (!find(table, key, now_us, &found))
		return 0;
	if (found.cell != NULL) {
		for (unsigned i = 0; i < found.table->shape.windows; i++)
			if (rate_cell_used(found.table, found.cell, i,
					   found.now) != 0)
				result = 1;
		found.cell->resets++;
		rate_barrier();
		rate_cell_empty(found.table, found.cell);
	}
	rate_unlock(found.shard);
	return result;
}

/* many_blocked - half of the cells of a shard? */
static bool many_blocked(const struct found *found)
{
	uint32_t count = rate_count(found->table, found->shard);
	uint32_t blocked = 0;

	for (uint32_t i = 0; i < count; i++)
		blocked += rate_cell_blocked(
			rate_cell(found->table, found->shard, i), found->now);
	return blocked >= found->table->layout.room / 2;
}

/* rate_table_block - also a key that was never seen */
int rate_table_block(struct rate_table *table, const char *key,
		     uint64_t seconds, uint64_t now_us, struct error *error)
{
	struct found found;
	int result = 0;

	if (!find(table, key, now_us, &found))
		return error_set(error, "the table cannot be used");
	if (found.cell == NULL && !many_blocked(&found))
		found.cell = rate_make(found.table, found.shard, found.hash,
				       key, strlen(key), false, found.now);
	if (found.cell == NULL)
		result = error_set(error, "no room: half of the keys are "
					  "blocked; raise keys");
	else if (seconds >= (RATE_ALWAYS - found.now) / RATE_TICKS)
		found.cell->blocked = RATE_ALWAYS;
	else
		found.cell->blocked = found.now + seconds * RATE_TICKS;
	rate_unlock(found.shard);
	return result;
}

/* rate_table_unblock - its counts stay */
int rate_table_unblock(struct rate_table *table, const char *key,
		       uint64_t now_us)
{
	struct found found;
	int result = 0;

	if (!find(table, key, now_us, &found))
		return 0;
	if (found.cell != NULL) {
		result = rate_cell_blocked(found.cell, found.now);
		found.cell->blocked = 0;
	}
	rate_unlock(found.shard);
	return result;
}
