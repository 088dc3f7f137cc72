/* SPDX-License-Identifier: ISC */
/* rate_take - count several charges, or none
 *
 * All shards that are needed are locked first, in the same order everywhere.
 * Then each charge is weighed, and only if all of them fit is anything counted;
 * see rate_weigh.c. Each key is counted before its instance is remembered. */

#include "lib/rate/rate_internal.h"

#include <string.h>

#include "lib/base/unset.h"

/* The charges of one call, in the order of their locks; filled up to their
 * count. */
struct claims {
	struct rate_claim claim[RATE_CHARGES_MAX];
	size_t count;
};

/* rate_expect - compute the hashes, and begin to load what they lead to */
struct rate_hashes rate_expect(const struct rate_table *table, const char *key,
			       const char *instance)
{
	struct rate_hashes hashes = { 0, 0 };
	struct rate_shard *shard;

	if (table == NULL)
		return hashes;
	hashes.key = rate_hash(table, key, strlen(key));
	shard = rate_shard(table, rate_shard_number(hashes.key));
	rate_fetch(table, shard, hashes.key);
	if (instance[0] != '\0') {
		hashes.instance = rate_seen_id(table, instance, hashes.key);
		rate_seen_fetch(table, shard, hashes.instance);
	}
	return hashes;
}

/* rate_expect_cell - a little earlier, this would have waited for the slot */
void rate_expect_cell(const struct rate_table *table,
		      const struct rate_hashes *hashes)
{
	if (table != NULL && hashes->key != 0)
		rate_fetch_cell(
			table,
			rate_shard(table, rate_shard_number(hashes->key)),
			hashes->key);
}

/* resolve - the table and the shard where a key is now; -1: there is none. All
 * tables in which a key may be have the same seed. */
static int resolve(struct rate_claim *claim)
{
	const struct rate_table *table = claim->charge->table;
	unsigned number;

	if (table == NULL)
		return -1;
	number = rate_shard_number(claim->hash);
	while (atomic_load(&rate_shard(table, number)->moved) != 0) {
		table = table->next;
		if (table == NULL)
			return -1;
	}
	claim->table = table;
	claim->shard = rate_shard(table, number);
	return 0;
}

/* prepare - one claim */
static int prepare(struct rate_claim *claim, struct rate_charge *charge,
		   uint64_t now_us)
{
	struct rate_hashes hashes = charge->hashes;

	if (hashes.key == 0)
		hashes = rate_expect(charge->table, charge->key,
				     charge->instance);
	claim->charge = charge;
	claim->hash = hashes.key;
	claim->id = hashes.instance;
	claim->place = 0;
	claim->seen = NULL;
	if (resolve(claim) < 0)
		return -1;
	claim->length = strlen(charge->key);
	claim->now = rate_tick_of(claim->table, now_us);
	claim->amount = charge->amount;
	if (claim->table->shape.unit == RATE_NETWORKS) {
		claim->amount = 1;
		claim->id = 0;
		claim->place = rate_hash(claim->table, charge->place,
					 strlen(charge->place));
	}
	return 0;
}

/* before - in the order of locks, which is the same in all processes */
static bool before(const struct rate_claim *a, const struct rate_claim *b)
{
	if (a->table->device != b->table->device)
		return a->table->device < b->table->device;
	if (a->table->inode != b->table->inode)
		return a->table->inode < b->table->inode;
	return rate_shard_number(a->hash) < rate_shard_number(b->hash);
}

/* insert - move the last one to its place */
static void insert(struct claims *claims)
{
	for (size_t i = claims->count++; i > 0; i--) {
		struct rate_claim claim = claims->claim[i];

		if (!before(&claim, &claims->claim[i - 1]))
			break;
		claims->claim[i] = claims->claim[i - 1];
		claims->claim[i - 1] = claim;
	}
}

/* same_lock - has the claim before it the same shard? */
static bool same_lock(const struct claims *claims, size_t i)
{
	if (i == 0)
		return false;
	return !before(&claims->claim[i - 1], &claims->claim[i]);
}

/* unlock - the first ones */
static void unlock(struct claims *claims, size_t count)
{
	for (size_t i = count; i-- > 0;)
		if (!same_lock(claims, i))
			rate_unlock(claims->claim[i].shard);
}

/* lock - all of them. 1; 0: something has moved, try again; -1: failed */
static int lock(struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++) {
		struct rate_claim *claim = &claims->claim[i];

		if (same_lock(claims, i))
			continue;
		if (rate_lock(claim->table, claim->shard) < 0) {
			unlock(claims, i);
			return -1;
		}
		if (atomic_load(&claim->shard->moved) != 0) {
			unlock(claims, i + 1);
			return 0;
		}
	}
	return 1;
}

/* find - the cell, and what is left to count of an instance */
static void find(struct rate_claim *claim)
{
	claim->cell = rate_find(claim->table, claim->shard, claim->hash,
				claim->charge->key, claim->length);
	claim->extra = claim->amount;
	if (claim->id != 0 && claim->cell != NULL)
		claim->id = rate_seen_after(claim->id, claim->cell->resets);
	if (claim->id != 0)
		claim->seen =
			rate_seen_find(claim->table, claim->shard, claim->id);
	if (claim->seen != NULL)
		claim->extra -= rate_seen_amount(claim->seen) < claim->amount
					? rate_seen_amount(claim->seen)
					: claim->amount;
}

/* begin - prepare and lock all; 0, or -1: nothing is locked */
static int begin(struct claims *claims, struct rate_charge *charges,
		 size_t count, uint64_t now_us)
{
	int locked = 0;

	if (count > RATE_CHARGES_MAX)
		return -1;
	while (locked == 0) {
		claims->count = 0;
		for (size_t i = 0; i < count; i++) {
			if (prepare(&claims->claim[i], &charges[i], now_us) < 0)
				return -1;
			insert(claims);
		}
		locked = lock(claims);
	}
	for (size_t i = 0; locked > 0 && i < count; i++)
		find(&claims->claim[i]);
	return locked > 0 ? 0 : -1;
}

/* unknown - no result */
static bool unknown(struct rate_charge *charges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		charges[i].result =
			(struct rate_result){ .outcome = RATE_UNKNOWN };
	return false;
}

/* passes - does it let the message through? */
static bool passes(const struct rate_charge *charge)
{
	return charge->result.outcome == RATE_WITHIN ||
	       (charge->beyond && charge->result.outcome < RATE_BLOCKED);
}

/* weigh - all of them; do they all pass? */
static bool weigh(struct claims *claims)
{
	bool pass = true;

	for (size_t i = 0; i < claims->count; i++) {
		rate_weigh(&claims->claim[i]);
		pass = passes(claims->claim[i].charge) && pass;
	}
	return pass;
}

/* repeats - is the same key of the same table in an earlier claim? Then that
 * one counts for both. */
static bool repeats(const struct claims *claims, size_t i)
{
	for (size_t j = i; j > 0 && same_lock(claims, j); j--)
		if (claims->claim[j - 1].hash == claims->claim[i].hash)
			return true;
	return false;
}

/* use - a cell that has counted nothing lately gives way to no other claim */
static void use(const struct rate_claim *claim)
{
	if (claim->cell != NULL)
		rate_cell_move(claim->table, claim->cell, claim->now);
}

/* use_all - have all a cell? */
static bool use_all(const struct claims *claims)
{
	bool all = true;

	for (size_t i = 0; i < claims->count; i++) {
		use(&claims->claim[i]);
		all = claims->claim[i].cell != NULL && all;
	}
	return all;
}

/* make_cells - for all that have none; false: there is no room for one */
static bool make_cells(struct claims *claims)
{
	bool made = true;

	if (use_all(claims))
		return true;
	for (size_t i = 0; i < claims->count; i++) {
		struct rate_claim *claim = &claims->claim[i];

		if (claim->cell == NULL && repeats(claims, i))
			find(claim);
		if (claim->cell == NULL)
			claim->cell =
				rate_make(claim->table, claim->shard,
					  claim->hash, claim->charge->key,
					  claim->length, false, claim->now);
		use(claim);
	}
	for (size_t i = 0; i < claims->count; i++) {
		struct rate_claim *claim = &claims->claim[i];

		/* One may have given way to another. */
		if (claim->cell != NULL && claim->cell->hash == claim->hash)
			continue;
		claim->charge->result.outcome = RATE_UNKNOWN;
		made = false;
	}
	return made;
}

/* add - to the counts of a cell */
static void add(const struct rate_claim *claim, struct rate_cell *cell)
{
	const struct rate_table *table = claim->table;

	if (table->shape.unit == RATE_NETWORKS) {
		rate_network_add(table, cell, claim->place,
				 claim->charge->place, cell->last);
		return;
	}
	for (unsigned i = 0; i < table->shape.windows; i++) {
		struct rate_window window = rate_cell_window(table, cell, i);

		rate_window_add(&window, cell->last, claim->extra);
	}
}

/* count_one - add what is new, and remember the instance */
static void count_one(const struct rate_claim *claim)
{
	struct rate_cell *cell = claim->cell;

	cell->noticed = claim->noticed;
	if (claim->extra == 0)
		return;
	add(claim, cell);
	if (claim->id != 0)
		rate_seen_add(claim->table, claim->shard, claim->seen,
			      claim->id, claim->amount, cell->last);
	if (claim->shard->last < cell->last)
		claim->shard->last = cell->last;
}

/* count_all - they pass */
static void count_all(struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++) {
		if (!repeats(claims, i))
			count_one(&claims->claim[i]);
		claims->claim[i].charge->result.used += claims->claim[i].added;
	}
}

/* set_noticed - of a cell, whose time is not damaged afterwards */
static void set_noticed(const struct rate_claim *claim)
{
	if (rate_cell_lost(claim->cell, claim->now))
		use(claim);
	claim->cell->noticed = claim->noticed;
}

/* remember_notice - that a key is over; where it has no cell, there must be
 * room for one, so that nobody is warned of it again and again */
static void remember_notice(struct rate_claim *claim)
{
	struct rate_result *result = &claim->charge->result;

	if (result->notice == RATE_SILENT)
		return;
	if (result->notice == RATE_FIRST_OVER && claim->cell == NULL)
		claim->cell = rate_make(claim->table, claim->shard, claim->hash,
					claim->charge->key, claim->length, true,
					claim->now);
	if (result->notice == RATE_FIRST_OVER && claim->cell != NULL)
		set_noticed(claim);
	else
		result->notice = RATE_SILENT;
}

/* remember_notices - of charges that are not counted */
static void remember_notices(struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++)
		remember_notice(&claims->claim[i]);
}

/* rate_take - count all, or nothing */
bool rate_take(struct rate_charge *charges, size_t count, uint64_t now_us)
{
	struct claims claims UNSET;
	bool pass;

	if (begin(&claims, charges, count, now_us) < 0)
		return unknown(charges, count);
	pass = weigh(&claims) && make_cells(&claims);
	if (pass)
		count_all(&claims);
	else
		remember_notices(&claims);
	unlock(&claims, claims.count);
	return pass;
}

/* rate_look - the same, and count nothing */
bool rate_look(struct rate_charge *charges, size_t count, bool notice,
	       uint64_t now_us)
{
	struct claims claims UNSET;
	bool pass;

	if (begin(&claims, charges, count, now_us) < 0)
		return unknown(charges, count);
	pass = weigh(&claims);
	if (notice)
		remember_notices(&claims);
	unlock(&claims, claims.count);
	return pass;
}

/* give_back - one instance. It is forgotten first: a process that is killed in
 * between has given back nothing, and never the same twice */
static void give_back(const struct rate_claim *claim)
{
	struct rate_cell *cell = claim->cell;
	struct rate_seen *seen = claim->seen;
	uint64_t amount, then;

	if (seen == NULL || seen->id != claim->id ||
	    (seen->amount & RATE_SEEN_STAYS) != 0)
		return;
	amount = rate_seen_amount(seen);
	seen->id = 0;
	rate_barrier();
	if (cell == NULL)
		return;
	then = cell->last - (uint32_t)((uint32_t)cell->last - seen->tick);
	for (unsigned i = 0; i < claim->table->shape.windows; i++) {
		struct rate_window window =
			rate_cell_window(claim->table, cell, i);

		rate_window_take_back(&window, cell->last, then, amount);
	}
}

/* rate_give_back - what was counted of these instances */
void rate_give_back(struct rate_charge *charges, size_t count, uint64_t now_us)
{
	struct claims claims UNSET;

	if (begin(&claims, charges, count, now_us) < 0)
		return;
	for (size_t i = 0; i < claims.count; i++)
		if (claims.claim[i].id != 0)
			give_back(&claims.claim[i]);
	unlock(&claims, claims.count);
}
