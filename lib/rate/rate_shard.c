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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/text/siphash.h"

/* While the index is built, a slot has a part of the hash above the number of
 * the cell: bits that neither the shard nor the home of the hash depends on. */
#define NUMBER_MASK ((UINT32_C(1) << RATE_NUMBER_BITS) - 1)
#define TAG_OF_HASH (32 + RATE_NUMBER_BITS)

#define BLOCK_CELLS 256 /* that are read at once */
#define CACHE_LINE  64

#define NAPS   5     /* of a thread that finds a lock taken */
#define NAP_NS 50000 /* each; the kernel adds some 50 us */

/* rate_header - at the beginning */
struct rate_header *rate_header(const struct rate_table *table)
{
	return (struct rate_header *)(void *)table->map;
}

/* rate_floor - what a new key begins with */
struct rate_cell *rate_floor(const struct rate_table *table,
			     struct rate_shard *shard)
{
	return (struct rate_cell *)(void *)((char *)shard +
					    table->layout.floor);
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

/* set_slot - write it: rate_fetch_cell() reads without the lock */
static void set_slot(uint32_t *slot, uint32_t value)
{
	__atomic_store_n(slot, value, __ATOMIC_RELAXED);
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

/* nap - a moment in which the holder of a lock can do much more. A wait for a
 * condition that never comes needs futex(2) alone, as a lock does. */
static void nap(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_condattr_t monotonic;
	pthread_cond_t never;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += NAP_NS;
	if (end.tv_nsec >= 1000000000) {
		end.tv_nsec -= 1000000000;
		end.tv_sec++;
	}
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&never, &monotonic);
	pthread_mutex_lock(&mutex);
	pthread_cond_timedwait(&never, &mutex, &end);
	pthread_mutex_unlock(&mutex);
	pthread_cond_destroy(&never);
	pthread_condattr_destroy(&monotonic);
}

/* lock_soon - the mutex, without waiting long in its queue
 *
 * Two threads that take turns at a cell make its lines of the cache travel with
 * each update, which costs more than the update. One that finds the lock taken
 * leaves it to the other for a while, and then waits for it in any case.
 *
 * pthread_mutex_trylock(3) is not for this: that of glibc 2.36 keeps a robust
 * mutex that cannot be recovered, and nobody gets it any more. A time before
 * all times makes pthread_mutex_timedlock(3) try once. */
static int lock_soon(pthread_mutex_t *mutex)
{
	static const struct timespec at_once = { -1, 0 };
	int result;

	for (int i = 0; i < NAPS; i++) {
		result = pthread_mutex_timedlock(mutex, &at_once);
		if (result != ETIMEDOUT)
			return result;
		nap();
	}
	return pthread_mutex_lock(mutex);
}

/* rate_lock - also after a process that was killed with it */
int rate_lock(const struct rate_table *table, struct rate_shard *shard)
{
	int result = lock_soon(&shard->mutex);

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

/* rate_fetch - the lock, and the first slot that rate_find() looks at */
void rate_fetch(const struct rate_table *table, struct rate_shard *shard,
		uint64_t hash)
{
	__builtin_prefetch(shard, 1);
	__builtin_prefetch((const char *)shard + CACHE_LINE, 1);
	__builtin_prefetch(&slots(table, shard)[home(table, hash)]);
}

/* rate_fetch_cell - that the slot names: most keys end in the first line.
 * Whatever is there, nothing breaks. */
void rate_fetch_cell(const struct rate_table *table, struct rate_shard *shard,
		     uint64_t hash)
{
	uint32_t number = __atomic_load_n(
		&slots(table, shard)[home(table, hash)], __ATOMIC_RELAXED);
	const char *cell;

	if (number == 0 || number > table->layout.room)
		return;
	cell = (const char *)rate_cell(table, shard, number - 1);
	__builtin_prefetch(cell, 1);
	for (size_t i = sizeof(struct rate_cell); i < table->layout.cell_size;
	     i += CACHE_LINE)
		__builtin_prefetch(cell + i, 1);
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
			set_slot(&slots(table, shard)[slot], number + 1);
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
		set_slot(&index[gap], index[slot]);
		gap = slot;
	}
	set_slot(&index[gap], 0);
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

/* enter - the cell of a hash into the index, with a part of the hash, so that
 * cells are compared only where that part is the same. False: there is a cell
 * with that key already, or no free slot. */
static bool enter(const struct rate_table *table, struct rate_shard *shard,
		  uint32_t number, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> TAG_OF_HASH) << RATE_NUMBER_BITS;
	uint32_t *index = slots(table, shard);
	uint32_t slot = home(table, hash);

	for (uint32_t i = 0; i < table->layout.slots; i++) {
		uint32_t other = index[slot] & NUMBER_MASK;

		if (other == 0) {
			set_slot(&index[slot], tag | (number + 1));
			return true;
		}
		if ((index[slot] & ~NUMBER_MASK) == tag &&
		    rate_cell(table, shard, other - 1)->hash == hash)
			return false;
		slot = following(table, slot);
	}
	return false;
}

/* enter_cell - if it is sound; otherwise it becomes free */
static void enter_cell(const struct rate_table *table, struct rate_shard *shard,
		       uint32_t number, const struct rate_cell *cell)
{
	if (!sound(table, shard, cell) ||
	    !enter(table, shard, number, cell->hash))
		rate_cell(table, shard, number)->hash = 0;
}

/* begin_index - make it empty; the number of cells */
static uint32_t begin_index(const struct rate_table *table,
			    struct rate_shard *shard)
{
	shard->changing = 1;
	rate_barrier();
	for (uint32_t i = 0; i < table->layout.slots; i++)
		set_slot(&slots(table, shard)[i], 0);
	return rate_count(table, shard);
}

/* end_index - from now on, a slot has only the number */
static void end_index(const struct rate_table *table, struct rate_shard *shard,
		      uint32_t count)
{
	uint32_t *index = slots(table, shard);

	for (uint32_t i = 0; i < table->layout.slots; i++)
		set_slot(&index[i], index[i] & NUMBER_MASK);
	shard->count = count;
	rate_barrier();
	shard->changing = 0;
}

/* rate_index_build - of all cells, without a system call */
void rate_index_build(const struct rate_table *table, struct rate_shard *shard)
{
	uint32_t count = begin_index(table, shard);

	for (uint32_t i = 0; i < count; i++)
		enter_cell(table, shard, i, rate_cell(table, shard, i));
	end_index(table, shard, count);
}

/* read_cells - into block; where they cannot be read, they are in memory */
static const char *read_cells(const struct rate_table *table,
			      struct rate_shard *shard, uint32_t number,
			      uint32_t count, char *block)
{
	char *cells = (char *)rate_cell(table, shard, number);
	size_t size = count * table->layout.cell_size;
	ssize_t got = pread(table->lock, block, size, cells - table->map);

	return got >= 0 && (size_t)got == size ? block : cells;
}

/* rate_index_read - by blocks */
void rate_index_read(const struct rate_table *table, struct rate_shard *shard)
{
	size_t each = table->layout.cell_size;
	char *block = xmalloc(BLOCK_CELLS * each);
	uint32_t count = begin_index(table, shard);
	uint32_t some;

	for (uint32_t i = 0; i < count; i += some) {
		const char *cells;

		some = count - i < BLOCK_CELLS ? count - i : BLOCK_CELLS;
		cells = read_cells(table, shard, i, some, block);
		for (uint32_t j = 0; j < some; j++)
			enter_cell(table, shard, i + j,
				   (const void *)(cells + j * each));
	}
	end_index(table, shard, count);
	free(block);
}
