/* SPDX-License-Identifier: ISC */
/* rate_room - a cell for a new key
 *
 * A cell whose counts have all expired is used again. If there is none and the
 * shard is full, the key that used least of eight gives way, as in Space-Saving
 * (Metwally and others, 2005). There, the newcomer inherits what the other had;
 * with eight of many that is too little for a key that had more when it gave
 * way, and comes back. So each shard has a floor, which is raised by every key
 * that gives way: since any time, it has as much as the one of them that had
 * most. A key without a cell begins with the floor. Nobody is ever counted too
 * low, and too high only when the table is full.
 *
 * A key that is blocked never gives way. */

#include "lib/rate/rate_internal.h"

#include <string.h>

#define PROBES 8 /* cells that are compared when the shard is full */
#define LOOKS  2 /* at cells that may have expired, before it is */

/* next_cell - the cell under the hand, which moves on */
static struct rate_cell *next_cell(const struct rate_table *table,
				   struct rate_shard *shard)
{
	uint32_t count = rate_count(table, shard);
	uint32_t hand = shard->hand < count ? shard->hand : 0;

	shard->hand = hand + 1;
	return rate_cell(table, shard, hand);
}

/* reusable - has it nothing that anybody needs? */
static bool reusable(const struct rate_table *table,
		     const struct rate_cell *cell, uint64_t now)
{
	return !rate_cell_blocked(cell, now) &&
	       (cell->hash == 0 || rate_cell_expired(table, cell, now));
}

/* expired_cell - one of the next few, or NULL. What was warned of stays as long
 * as there is room, so that nobody is warned of it again and again */
static struct rate_cell *expired_cell(const struct rate_table *table,
				      struct rate_shard *shard, uint64_t now)
{
	uint32_t count = rate_count(table, shard);

	for (uint32_t i = 0; i < LOOKS && i < count; i++) {
		struct rate_cell *cell = next_cell(table, shard);

		if (cell->noticed == 0 && reusable(table, cell, now))
			return cell;
	}
	return NULL;
}

/* weakest_cell - the one of the next few that uses least; with polite, only one
 * that has expired. NULL: there is none, or all of the shard are blocked */
static struct rate_cell *weakest_cell(const struct rate_table *table,
				      struct rate_shard *shard, bool polite,
				      uint64_t now)
{
	uint32_t count = rate_count(table, shard);
	struct rate_cell *weakest = NULL;
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < count; i++) {
		struct rate_cell *cell = next_cell(table, shard);
		uint64_t used;

		if (i >= PROBES && (polite || weakest != NULL))
			break;
		if (reusable(table, cell, now))
			return cell;
		if (polite || rate_cell_blocked(cell, now))
			continue;
		used = rate_cell_used(table, cell, table->shape.windows - 1,
				      now);
		if (weakest == NULL || used < least) {
			weakest = cell;
			least = used;
		}
	}
	return weakest;
}

/* raise_floor - a key gives way; what it counted is in the floor */
static void raise_floor(const struct rate_table *table,
			struct rate_shard *shard, struct rate_cell *cell,
			uint64_t now)
{
	struct rate_cell *floor = rate_floor(table, shard);

	now = rate_cell_time(floor, rate_cell_time(cell, now));
	rate_cell_move(table, cell, now);
	rate_cell_move(table, floor, now);
	if (table->shape.unit == RATE_NETWORKS) {
		rate_network_raise(table, floor, cell);
		return;
	}
	for (unsigned i = 0; i < table->shape.windows; i++) {
		struct rate_window mine = rate_cell_window(table, floor, i);
		struct rate_window its = rate_cell_window(table, cell, i);

		rate_window_raise(&mine, &its, now);
	}
}

/* choose - a free cell. NULL: there is none */
static struct rate_cell *choose(const struct rate_table *table,
				struct rate_shard *shard, bool polite,
				uint64_t now)
{
	uint32_t count = rate_count(table, shard);
	struct rate_cell *cell = expired_cell(table, shard, now);

	if (cell == NULL && count < table->layout.room) {
		cell = rate_cell(table, shard, count);
		cell->hash = 0;
		return cell;
	}
	if (cell == NULL)
		cell = weakest_cell(table, shard, polite, now);
	if (cell != NULL && cell->hash != 0 &&
	    !rate_cell_expired(table, cell, now)) {
		raise_floor(table, shard, cell, now);
		shard->displaced++;
	}
	return cell;
}

/* fill - a copy of the floor with another name; the hash is written last */
static void fill(const struct rate_table *table, struct rate_shard *shard,
		 struct rate_cell *cell, uint64_t hash, const char *key,
		 size_t length)
{
	size_t kept = length < RATE_KEY_TEXT ? length : RATE_KEY_TEXT;

	cell->hash = 0;
	rate_barrier();
	memcpy(cell, rate_floor(table, shard), table->layout.cell_size);
	cell->hash = 0;
	cell->blocked = 0;
	cell->noticed = 0;
	cell->resets = 0;
	cell->length = length < UINT16_MAX ? (uint16_t)length : UINT16_MAX;
	memset(cell->key, 0, sizeof(cell->key));
	memcpy(cell->key, key, kept);
	rate_barrier();
	cell->hash = hash;
}

/* rate_make - find room, and enter it in the index */
struct rate_cell *rate_make(const struct rate_table *table,
			    struct rate_shard *shard, uint64_t hash,
			    const char *key, size_t length, bool polite,
			    uint64_t now)
{
	uint32_t count = rate_count(table, shard);
	struct rate_cell *cell;
	uint32_t number;

	shard->changing = 1;
	rate_barrier();
	cell = choose(table, shard, polite, now);
	if (cell != NULL) {
		number = (uint32_t)((size_t)((char *)cell -
					     (char *)rate_cell(table, shard,
							       0)) /
				    table->layout.cell_size);
		if (cell->hash != 0)
			rate_index_remove(table, shard, number);
		fill(table, shard, cell, hash, key, length);
		rate_barrier();
		if (number >= count)
			shard->count = number + 1;
		rate_index_add(table, shard, number);
	}
	rate_barrier();
	shard->changing = 0;
	return cell;
}
