/* SPDX-License-Identifier: ISC */
/* rate_shard - one of the 64 parts of a table: its lock, its index
 *
 * The index has open addressing and is at most two thirds full: a slot has the
 * number of a cell, plus one. It is changed while "changing" is set, so that
 * the next owner of the lock builds it anew if a process is killed in between;
 * the cells have all that is needed for it.
 *
 * A slot with a wrong number is harmless: the cell has another hash. */

#include "lib/rate/rate_internal.h"

#include <errno.h>
#include <string.h>

#include "lib/text/siphash.h"

/* rate_header - at the beginning */
struct rate_header *rate_header(const struct rate_table *table)
{
	return (struct rate_header *)(void *)table->map;
}

/* rate_shard - by its number */
struct rate_shard *rate_shard(const struct rate_table *table, unsigned number)
{
	return (struct rate_shard *)(void *)(table->map + RATE_HEADER_SIZE +
					     number * table->layout.shard_size);
}

/* rate_floor - what a new key begins with */
struct rate_cell *rate_floor(const struct rate_table *table,
			     struct rate_shard *shard)
{
	return (struct rate_cell *)(void *)((char *)shard +
					    table->layout.floor);
}

/* rate_cell - by its number */
struct rate_cell *rate_cell(const struct rate_table *table,
			    struct rate_shard *shard, uint32_t number)
{
	return (struct rate_cell *)(void *)((char *)shard +
					    table->layout.cells +
					    number * table->layout.cell_size);
}

/* rate_count - as the file says, if it can be */
uint32_t rate_count(const struct rate_table *table,
		    const struct rate_shard *shard)
{
	uint32_t count = shard->count;

	return count < table->layout.room ? count : table->layout.room;
}

/* slots - the index */
static uint32_t *slots(const struct rate_table *table, struct rate_shard *shard)
{
	return (uint32_t *)(void *)((char *)shard + table->layout.index);
}

/* rate_hash - with the seed of the file */
uint64_t rate_hash(const struct rate_table *table, const char *key,
		   size_t length)
{
	uint64_t hash = siphash(table->seed, key, length);

	return hash != 0 ? hash : RATE_SHARDS;
}

/* rate_shard_number - its last bits */
unsigned rate_shard_number(uint64_t hash)
{
	return (unsigned)(hash % RATE_SHARDS);
}

/* home - the slot at which the search for a hash begins */
static uint32_t home(const struct rate_table *table, uint64_t hash)
{
	return (uint32_t)(hash >> 32) & (table->layout.slots - 1);
}

/* following - the slot after it */
static uint32_t following(const struct rate_table *table, uint32_t slot)
{
	return (slot + 1) & (table->layout.slots - 1);
}

/* rate_lock - also after a process that was killed with it */
int rate_lock(const struct rate_table *table, struct rate_shard *shard)
{
	int result = pthread_mutex_lock(&shard->mutex);

	if (result == EOWNERDEAD)
		result = pthread_mutex_consistent(&shard->mutex);
	if (result != 0)
		return -1;
	if (shard->changing != 0)
		rate_index_build(table, shard);
	return 0;
}

/* rate_unlock - let others have it */
void rate_unlock(struct rate_shard *shard)
{
	pthread_mutex_unlock(&shard->mutex);
}

/* cell_at - the cell that a slot names, or NULL */
static struct rate_cell *cell_at(const struct rate_table *table,
				 struct rate_shard *shard, uint32_t slot)
{
	uint32_t number = slots(table, shard)[slot];

	if (number == 0 || number > rate_count(table, shard))
		return NULL;
	return rate_cell(table, shard, number - 1);
}

/* has_key - is it the cell of that key? */
static bool has_key(const struct rate_cell *cell, uint64_t hash,
		    const char *key, size_t length)
{
	uint16_t kept = length < UINT16_MAX ? (uint16_t)length : UINT16_MAX;

	return cell->hash == hash && cell->length == kept &&
	       memcmp(cell->key, key,
		      length < RATE_KEY_TEXT ? length : RATE_KEY_TEXT) == 0;
}

/* rate_find - from its home up to a free slot */
struct rate_cell *rate_find(const struct rate_table *table,
			    struct rate_shard *shard, uint64_t hash,
			    const char *key, size_t length)
{
	uint32_t slot = home(table, hash);

	for (uint32_t i = 0; i < table->layout.slots; i++) {
		struct rate_cell *cell = cell_at(table, shard, slot);

		if (slots(table, shard)[slot] == 0)
			return NULL;
		if (cell != NULL && has_key(cell, hash, key, length))
			return cell;
		slot = following(table, slot);
	}
	return NULL;
}

/* rate_index_add - into the first free slot; in a damaged index there may be
 * none, and the key is lost */
void rate_index_add(const struct rate_table *table, struct rate_shard *shard,
		    uint32_t number)
{
	uint32_t slot = home(table, rate_cell(table, shard, number)->hash);

	for (uint32_t i = 0; i < table->layout.slots; i++) {
		if (slots(table, shard)[slot] == 0) {
			slots(table, shard)[slot] = number + 1;
			return;
		}
		slot = following(table, slot);
	}
}

/* between - is slot in (from, to], which may lead over the end? */
static bool between(uint32_t from, uint32_t slot, uint32_t to)
{
	if (from < to)
		return from < slot && slot <= to;
	return from < slot || slot <= to;
}

/* close_gap - move what would not be found behind a free slot */
static void close_gap(const struct rate_table *table, struct rate_shard *shard,
		      uint32_t gap)
{
	uint32_t *index = slots(table, shard);
	uint32_t slot = gap;

	for (uint32_t i = 1; i < table->layout.slots; i++) {
		const struct rate_cell *cell;

		slot = following(table, slot);
		if (index[slot] == 0)
			break;
		cell = cell_at(table, shard, slot);
		if (cell != NULL && between(gap, home(table, cell->hash), slot))
			continue;
		index[gap] = index[slot];
		gap = slot;
	}
	index[gap] = 0;
}

/* rate_index_remove - if it is there */
void rate_index_remove(const struct rate_table *table, struct rate_shard *shard,
		       uint32_t number)
{
	uint32_t *index = slots(table, shard);
	uint32_t slot = home(table, rate_cell(table, shard, number)->hash);

	for (uint32_t i = 0; i < table->layout.slots && index[slot] != 0; i++) {
		if (index[slot] == number + 1) {
			close_gap(table, shard, slot);
			return;
		}
		slot = following(table, slot);
	}
}

/* sound - can a cell be what was written there? */
static bool sound(const struct rate_table *table, struct rate_shard *shard,
		  const struct rate_cell *cell)
{
	if (cell->hash == 0 ||
	    rate_shard(table, rate_shard_number(cell->hash)) != shard)
		return false;
	return cell->length > RATE_KEY_TEXT ||
	       rate_hash(table, cell->key, cell->length) == cell->hash;
}

/* known - is there a cell with that key already? */
static bool known(const struct rate_table *table, struct rate_shard *shard,
		  const struct rate_cell *cell)
{
	uint32_t slot = home(table, cell->hash);

	for (uint32_t i = 0; i < table->layout.slots; i++) {
		const struct rate_cell *other = cell_at(table, shard, slot);

		if (other == NULL)
			return false;
		if (other->hash == cell->hash)
			return true;
		slot = following(table, slot);
	}
	return true;
}

/* rate_index_build - all cells that are sound; others become free */
void rate_index_build(const struct rate_table *table, struct rate_shard *shard)
{
	uint32_t count = rate_count(table, shard);

	shard->changing = 1;
	rate_barrier();
	memset(slots(table, shard), 0, table->layout.slots * sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++) {
		struct rate_cell *cell = rate_cell(table, shard, i);

		if (sound(table, shard, cell) && !known(table, shard, cell))
			rate_index_add(table, shard, i);
		else
			cell->hash = 0;
	}
	shard->count = count;
	rate_barrier();
	shard->changing = 0;
}
