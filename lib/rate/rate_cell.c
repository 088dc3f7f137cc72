/* SPDX-License-Identifier: ISC */
/* rate_cell - a key and its counts
 *
 * All windows of a cell have been moved to the same tick, "last". It never goes
 * back: a thread that read the clock earlier than the one before it counts at
 * the later time. A table of networks has a set of them instead of counters. */

#include "lib/rate/rate_internal.h"

#include <string.h>

/* rate_cell_empty - the time stays */
void rate_cell_empty(const struct rate_table *table, struct rate_cell *cell)
{
	memset(cell + 1, 0, table->layout.cell_size - sizeof(*cell));
	cell->noticed = 0;
}

/* rate_cell_move - counters are cleared before the time moves: whoever is
 * killed in between has cleared what had left */
void rate_cell_move(const struct rate_table *table, struct rate_cell *cell,
		    uint64_t now)
{
	if (rate_cell_lost(cell, now)) {
		rate_cell_empty(table, cell);
		rate_barrier();
		cell->last = now;
	}
	if (cell->last >= now)
		return;
	if (table->shape.unit != RATE_NETWORKS)
		for (unsigned i = 0; i < table->shape.windows; i++) {
			struct rate_window window =
				rate_cell_window(table, cell, i);

			rate_window_move(&window, cell->last, now);
		}
	rate_barrier();
	cell->last = now;
	rate_barrier();
}

/* rate_cell_used - the counts that matter now */
uint64_t rate_cell_used(const struct rate_table *table,
			const struct rate_cell *cell, unsigned i, uint64_t now)
{
	struct rate_window window;

	if (rate_cell_lost(cell, now))
		return 0;
	if (table->shape.unit == RATE_NETWORKS)
		return rate_network_used(table, cell, i,
					 rate_cell_time(cell, now));
	window = rate_cell_window(table, cell, i);
	return rate_window_used(&window, cell->last, now);
}

/* rate_cell_wait - until it fits */
uint64_t rate_cell_wait(const struct rate_table *table,
			const struct rate_cell *cell, unsigned i, uint64_t now,
			uint64_t amount, uint64_t number)
{
	struct rate_window window;

	if (amount > number)
		return UINT64_MAX;
	if (rate_cell_lost(cell, now))
		return 0;
	if (table->shape.unit == RATE_NETWORKS)
		return rate_network_wait(table, cell, i, now, number - amount);
	window = rate_cell_window(table, cell, i);
	return rate_window_wait(&window, cell->last, now, amount, number);
}

/* rate_cell_blocked - by the administrator */
bool rate_cell_blocked(const struct rate_cell *cell, uint64_t now)
{
	return cell->blocked > now;
}

/* rate_cell_expired - has the longest window forgotten it? */
bool rate_cell_expired(const struct rate_table *table,
		       const struct rate_cell *cell, uint64_t now)
{
	uint64_t longest = table->shape.length_s[table->shape.windows - 1];

	if (rate_cell_lost(cell, now))
		return true;
	return cell->last <= now && now - cell->last > longest * RATE_PARTS;
}
