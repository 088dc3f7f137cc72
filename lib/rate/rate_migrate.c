/* SPDX-License-Identifier: ISC */
/* rate_migrate - change to other windows, or another number of keys
 *
 * The new file has the same seed, so each key has the same shard in it. Shard
 * by shard, under the lock of the old one, the cells are copied; then the old
 * one is marked as moved, and whoever comes to it goes to the new file. A
 * process that is killed has copied some shards; the next one continues. */

#include "lib/rate/rate_internal.h"

#include <string.h>

/* rate_moved - has it begun? */
bool rate_moved(const struct rate_table *table)
{
	for (unsigned i = 0; i < RATE_SHARDS; i++)
		if (atomic_load(&rate_shard(table, i)->moved) != 0)
			return true;
	return false;
}

/* The two tables between which cells are copied. */
struct copy {
	const struct rate_table *from, *to;
	struct rate_shard *old, *new;
	uint64_t now;
};

/* window_of - the window of that length; -1: there is none */
static int window_of(const struct rate_table *table, uint32_t length_s)
{
	for (unsigned i = 0; i < table->shape.windows; i++)
		if (table->shape.length_s[i] == length_s)
			return (int)i;
	return -1;
}

/* copy_windows - those that both tables have */
static void copy_windows(const struct copy *copy, struct rate_cell *cell,
			 const struct rate_cell *old)
{
	for (unsigned i = 0; i < copy->to->shape.windows; i++) {
		struct rate_window to = rate_cell_window(copy->to, cell, i);
		struct rate_window from;
		int found = window_of(copy->from, to.length_s);

		if (found < 0)
			continue;
		from = rate_cell_window(copy->from, old, (unsigned)found);
		memcpy(to.counters, from.counters,
		       copy->to->layout.window_size);
		cell->noticed = (uint8_t)(cell->noticed |
					  (old->noticed >> found & 0x11) << i);
	}
}

/* copy_counts - if both tables count the same things */
static void copy_counts(const struct copy *copy, struct rate_cell *cell,
			const struct rate_cell *old)
{
	rate_cell_empty(copy->to, cell);
	cell->last = old->last;
	if (copy->to->shape.unit != copy->from->shape.unit)
		return;
	if (copy->to->shape.unit == RATE_NETWORKS)
		rate_network_copy(copy->to, cell, copy->from, old);
	else
		copy_windows(copy, cell, old);
}

/* copy_cell - if it has anything */
static void copy_cell(const struct copy *copy, const struct rate_cell *old)
{
	struct rate_cell *cell;

	if (old->hash == 0 || (rate_cell_expired(copy->from, old, copy->now) &&
			       !rate_cell_blocked(old, copy->now)))
		return;
	cell = rate_make(copy->to, copy->new, old->hash, old->key, old->length,
			 false, copy->now);
	if (cell == NULL)
		return;
	copy_counts(copy, cell, old);
	cell->blocked = old->blocked;
	cell->resets = old->resets;
}

/* all_known - has the new table only windows that the old one has? */
static bool all_known(const struct copy *copy)
{
	for (unsigned i = 0; i < copy->to->shape.windows; i++)
		if (window_of(copy->from, copy->to->shape.length_s[i]) < 0)
			return false;
	return copy->to->shape.unit == copy->from->shape.unit;
}

/* copy_seen - a window that is new has not counted them: nothing may be given
 * back out of it */
static void copy_seen(const struct copy *copy)
{
	struct rate_seen *seen = rate_seen(copy->to, copy->new);

	memcpy(seen, rate_seen(copy->from, copy->old),
	       RATE_SEEN * sizeof(*seen));
	for (size_t i = 0; i < RATE_SEEN && !all_known(copy); i++)
		seen[i].amount |= RATE_SEEN_STAYS;
}

/* copy_shard - from the beginning, since it may have been begun before */
static void copy_shard(const struct copy *copy)
{
	const struct rate_table *from = copy->from;
	uint32_t count = rate_count(from, copy->old);

	copy->new->count = 0;
	rate_index_build(copy->to, copy->new);
	copy_counts(copy, rate_floor(copy->to, copy->new),
		    rate_floor(from, copy->old));
	for (uint32_t i = 0; i < count; i++)
		copy_cell(copy, rate_cell(from, copy->old, i));
	copy_seen(copy);
	copy->new->last = copy->old->last;
	copy->new->displaced += copy->old->displaced;
}

/* migrate_shard - one of them, if nobody has done it */
static void migrate_shard(struct rate_table *table, unsigned number,
			  uint64_t now)
{
	struct copy copy = { .from = table,
			     .to = table->next,
			     .old = rate_shard(table, number),
			     .new = rate_shard(table->next, number),
			     .now = now };

	if (rate_lock(table, copy.old) < 0)
		return;
	if (atomic_load(&copy.old->moved) == 0 &&
	    rate_lock(table->next, copy.new) == 0) {
		copy_shard(&copy);
		rate_barrier();
		atomic_store(&copy.old->moved, 1);
		rate_unlock(copy.new);
	}
	rate_unlock(copy.old);
}

/* rate_migrate - all of them */
void rate_migrate(struct rate_table *table, uint64_t now)
{
	for (unsigned i = 0; i < RATE_SHARDS; i++)
		migrate_shard(table, i, now);
}
