/* SPDX-License-Identifier: ISC */
/* The promises of rate_take.c against a model that keeps a log of everything.
 * TEST_MUTANTS: the number of steps.
 *
 *  1 never more than N in any (t - T, t], for each key, window and table, over
 *    full tables, reloads with other windows, boots, and a wall clock that is
 *    behind by years
 *  2 never refused while there is room in T + T/30 (where no key had to give
 *    way, and the machine was not off); and never for good unless the whole
 *    message is more than a limit, whatever of it was counted before
 *  3 all or nothing, over several tables
 *  4 an instance counts once, and never if it is given back, at once or later;
 *    but a table that got a new window since keeps what it counted */

#include "t/unit/rate/rate_place.h"

#define TABLES	  3
#define LOG_MAX	  8000
#define INSTANCES 16 /* that come again: a bucket of 8 forgets none of them */
#define TICK_US	  33334
#define KEYS_FEW  8
#define KEYS_MANY 1500 /* the file has room for some 600 */

/* next_random - the same numbers each time */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* below - a random number below limit */
static uint64_t below(uint64_t *state, uint64_t limit)
{
	return next_random(state) % limit;
}

/* What one table accepted. */
struct entry {
	uint64_t time_us; /* true time */
	unsigned key;
	uint64_t amount;
	uint64_t instance; /* 0: none */
	bool stays;	   /* even if it is given back */
};

/* One request: the same instance in some of the tables. */
struct attempt {
	unsigned count;
	unsigned table[TABLES];
	unsigned key[TABLES];
	uint64_t instance, amount;
	char texts[TABLES][16], name[24];
	struct rate_charge charges[TABLES];
};

struct world {
	struct place place[TABLES];
	struct rate_table *table[TABLES];
	uint64_t since_us[TABLES][2]; /* when each window began to count */
	char limits[TABLES][40];
	struct entry log[TABLES][LOG_MAX]; /* rings */
	size_t count[TABLES];
	uint64_t true_us;
	uint64_t state;
	unsigned keys;
	uint64_t instances;
	struct attempt pending; /* may be given back later */
	bool loose;		/* 2 need not hold: counts may be too high */
};

/* random_limits - one or two windows */
static void random_limits(struct world *world, unsigned t)
{
	static const char *lengths[] = { "1s", "10s", "1m", "1h" };
	uint64_t first = below(&world->state, COUNT(lengths) - 1);
	uint64_t number = 1 + below(&world->state, 30);

	if (world->keys == KEYS_MANY) {
		/* All of them are in the window. */
		snprintf(world->limits[t], sizeof(world->limits[t]), "%u/1h",
			 (unsigned)number / 4 + 1);
		return;
	}
	if (below(&world->state, 2) == 0)
		snprintf(world->limits[t], sizeof(world->limits[t]),
			 "%u/%s %u/%s", (unsigned)number, lengths[first],
			 (unsigned)(number + below(&world->state, 2 * number)),
			 lengths[first + 1]);
	else
		snprintf(world->limits[t], sizeof(world->limits[t]), "%u/%s",
			 (unsigned)number, lengths[first]);
}

/* lengths_of - of its windows; 0: there is no second one */
static void lengths_of(const char *text, uint32_t lengths[2])
{
	struct rate_limits limits = limits_of(text, RATE_NUMBER);

	lengths[0] = limits.limit[0].length_s;
	lengths[1] = limits.limit[1].length_s;
}

/* all_stays - a window that is new has not counted what is in the log */
static void all_stays(struct world *world, unsigned t)
{
	for (size_t i = 0; i < world->count[t] && i < LOG_MAX; i++)
		world->log[t][i].stays = true;
}

/* new_limits - windows of a length that was there keep what they counted */
static void new_limits(struct world *world, unsigned t)
{
	uint64_t since_us[2] = { world->since_us[t][0], world->since_us[t][1] };
	uint32_t before[2], after[2];

	lengths_of(world->limits[t], before);
	random_limits(world, t);
	lengths_of(world->limits[t], after);
	for (unsigned i = 0; i < 2; i++) {
		world->since_us[t][i] = world->true_us + 1;
		for (unsigned j = 0; j < 2; j++)
			if (after[i] == before[j])
				world->since_us[t][i] = since_us[j];
		if (after[i] != 0 && after[i] != before[0] &&
		    after[i] != before[1])
			all_stays(world, t);
	}
}

/* time_passes - on all clocks */
static void time_passes(struct world *world, uint64_t us)
{
	world->true_us += us;
	for (unsigned t = 0; t < TABLES; t++)
		elapse(&world->place[t], us);
}

/* begin - empty tables */
static void begin(struct world *world, unsigned keys)
{
	world->keys = keys;
	for (unsigned t = 0; t < TABLES; t++) {
		place_init(&world->place[t]);
		random_limits(world, t);
		world->count[t] = 0;
		world->since_us[t][0] = world->since_us[t][1] = 0;
		world->table[t] = open_table(&world->place[t], world->limits[t],
					     RATE_NUMBER, RATE_KEYS_MIN);
	}
	world->pending.count = 0;
	world->true_us = 1000000 * SECOND_US;
	world->loose = keys > KEYS_FEW;
}

/* end - remove them */
static void end(struct world *world)
{
	for (unsigned t = 0; t < TABLES; t++) {
		rate_table_close(world->table[t]);
		place_clear(&world->place[t]);
	}
}

/* sum - what a key was given in the last time, but not before since */
static uint64_t sum(const struct world *world, unsigned t, unsigned key,
		    uint64_t time_us, uint64_t since_us)
{
	uint64_t all = 0;

	for (size_t i = world->count[t];
	     i-- > 0 && i + LOG_MAX > world->count[t];) {
		const struct entry *entry = &world->log[t][i % LOG_MAX];

		if (entry->time_us + time_us <= world->true_us ||
		    entry->time_us < since_us)
			break;
		if (entry->key == key)
			all += entry->amount;
	}
	return all;
}

/* counted - what an instance of a key was given; steps: in how many */
static uint64_t counted(struct world *world, unsigned t, unsigned key,
			uint64_t instance, unsigned *steps, struct entry **last)
{
	uint64_t all = 0;

	*steps = 0;
	for (size_t i = world->count[t];
	     instance != 0 && i-- > 0 && i + LOG_MAX > world->count[t];) {
		struct entry *entry = &world->log[t][i % LOG_MAX];

		if (entry->key != key || entry->instance != instance)
			continue;
		all += entry->amount;
		*last = entry;
		(*steps)++;
	}
	return all;
}

/* remember - in the log */
static void remember(struct world *world, unsigned t, unsigned key,
		     uint64_t amount, uint64_t instance)
{
	struct entry *entry = &world->log[t][world->count[t]++ % LOG_MAX];

	entry->time_us = world->true_us;
	entry->key = key;
	entry->amount = amount;
	entry->instance = instance;
	entry->stays = false;
}

/* holds - property 1, for one key */
static void holds(const struct world *world, unsigned t, unsigned key)
{
	struct rate_limits limits = limits_of(world->limits[t], RATE_NUMBER);

	for (unsigned i = 0; i < limits.count; i++)
		ck_assert_uint_le(sum(world, t, key,
				      limits.limit[i].length_s * SECOND_US,
				      world->since_us[t][i]),
				  limits.limit[i].number);
}

/* has_room - would even a window that is T/30 longer have room? */
static bool has_room(const struct world *world, const struct attempt *try,
		     unsigned n, uint64_t amount)
{
	unsigned t = try->table[n];
	struct rate_limits limits = limits_of(world->limits[t], RATE_NUMBER);

	for (unsigned i = 0; i < limits.count; i++) {
		uint64_t time_us = limits.limit[i].length_s * SECOND_US;

		time_us += time_us / 30 + TICK_US;
		if (try->amount > limits.limit[i].number ||
		    sum(world, t, try->key[n], time_us, 0) + amount >
			    limits.limit[i].number)
			return false;
	}
	return true;
}

/* charge_all - the charges of a try, in the tables as they are now */
static void charge_all(struct world *world, struct attempt *try)
{
	snprintf(try->name, sizeof(try->name), "%.0llu",
		 (unsigned long long)try->instance);
	for (unsigned i = 0; i < try->count; i++) {
		unsigned t = try->table[i];

		snprintf(try->texts[i], sizeof(try->texts[i]), "key%u",
			 try->key[i]);
		try->charges[i] =
			charge_of(world->table[t], try->texts[i], try->amount,
				  world->limits[t], RATE_NUMBER);
		try->charges[i].instance = try->name;
	}
}

/* random_try - one to three tables, an instance that is new, old, or none */
static void random_try(struct world *world, struct attempt *try)
{
	unsigned first = (unsigned)below(&world->state, TABLES);

	try->count = 1 + (unsigned)below(&world->state, TABLES);
	try->amount = 1 + below(&world->state, 3);
	try->instance = 0;
	if (below(&world->state, 4) != 0)
		try->instance = ++world->instances;
	if (below(&world->state, 8) == 0 && world->instances > INSTANCES)
		try->instance =
			world->instances - below(&world->state, INSTANCES);
	for (unsigned i = 0; i < try->count; i++) {
		try->table[i] = (first + i) % TABLES;
		try->key[i] = (unsigned)below(&world->state, world->keys);
		if (below(&world->state, 3) == 0)
			try->key[i] %= 2;
	}
	charge_all(world, try);
	for (unsigned i = 0; i < try->count; i++)
		if (below(&world->state, 2) == 0)
			expect(&try->charges[i]);
}

/* missing - how much of a charge had not been counted */
static uint64_t missing(struct world *world, const struct attempt *try,
			unsigned i)
{
	struct entry *last;
	unsigned steps;
	uint64_t before = counted(world, try->table[i], try->key[i],
				  try->instance, &steps, &last);

	return before < try->amount ? try->amount - before : 0;
}

/* too_large - is the whole message more than a limit? */
static bool too_large(const struct world *world, const struct attempt *try,
		      unsigned n)
{
	struct rate_limits limits =
		limits_of(world->limits[try->table[n]], RATE_NUMBER);

	for (unsigned i = 0; i < limits.count; i++)
		if (try->amount > limits.limit[i].number)
			return true;
	return false;
}

/* check_refusal - some table had no room */
static void check_refusal(struct world *world, const struct attempt *try)
{
	bool room = true;
	bool over = false;

	for (unsigned i = 0; i < try->count; i++) {
		uint64_t amount = missing(world, try, i);

		over = over || try->charges[i].result.outcome != RATE_WITHIN;
		room = room && (amount == 0 || has_room(world, try, i, amount));
		ck_assert(try->charges[i].result.outcome != RATE_NEVER_FITS ||
			  too_large(world, try, i));
	}
	ck_assert(over);
	ck_assert(world->loose || !room);
}

/* give_back - as if it had never been; what was counted in two steps stays */
static void give_back(struct world *world, struct attempt *try)
{
	rate_give_back(try->charges, try->count, world->place[0].clock.now_us);
	for (unsigned i = 0; i < try->count; i++) {
		struct entry *last = NULL;
		unsigned steps;

		counted(world, try->table[i], try->key[i], try->instance,
			&steps, &last);
		if (steps != 1 || last->stays)
			continue;
		last->amount = 0;
		last->instance = 0;
	}
}

/* request - take it, and compare with the log */
static void request(struct world *world)
{
	struct attempt try;

	random_try(world, &try);
	if (!rate_take(try.charges, try.count, world->place[0].clock.now_us)) {
		check_refusal(world, &try);
		return;
	}
	for (unsigned i = 0; i < try.count; i++) {
		uint64_t amount = missing(world, &try, i);

		ck_assert(try.charges[i].result.counted_before ==
			  (amount == 0));
		if (amount == 0)
			continue;
		remember(world, try.table[i], try.key[i], amount, try.instance);
		holds(world, try.table[i], try.key[i]);
	}
	if (below(&world->state, 10) == 0 && try.instance != 0)
		give_back(world, &try);
	else if (below(&world->state, 10) == 0 && try.instance != 0)
		world->pending = try;
}

/* change_mind - what was counted some requests ago is given back */
static void change_mind(struct world *world)
{
	struct attempt *pending = &world->pending;

	if (pending->count != 0 &&
	    pending->instance + INSTANCES > world->instances) {
		charge_all(world, pending);
		give_back(world, pending);
	}
	pending->count = 0;
}

/* reload - another server opens the table with other limits; some requests
 * later the first one ends */
static void reload(struct world *world)
{
	unsigned t = (unsigned)below(&world->state, TABLES);
	struct rate_table *before = world->table[t];

	new_limits(world, t);
	world->table[t] =
		open_table(&world->place[t], world->limits[t], RATE_NUMBER,
			   RATE_KEYS_MIN + (uint32_t)below(&world->state, 9));
	rate_table_migrate(world->table[t], world->place[t].clock.now_us);
	rate_table_close(before);
}

/* restart - all processes end; perhaps the machine boots, and its wall clock
 * may be wrong */
static void restart(struct world *world)
{
	uint64_t off_us = below(&world->state, 100 * SECOND_US);
	uint64_t behind = 0;
	bool boots = below(&world->state, 2) == 0;

	if (below(&world->state, 4) == 0)
		behind = below(&world->state, WALL_US);
	world->loose = world->loose || (boots && behind > 0);
	if (boots)
		world->true_us += off_us;
	for (unsigned t = 0; t < TABLES; t++) {
		rate_table_close(world->table[t]);
		if (boots)
			boot(&world->place[t], off_us, behind);
		if (below(&world->state, 2) == 0)
			new_limits(world, t);
		world->table[t] = open_table(&world->place[t], world->limits[t],
					     RATE_NUMBER, RATE_KEYS_MIN);
	}
}

/* pass - mostly a little */
static void pass(struct world *world)
{
	static const uint64_t most[] = { 0,
					 0,
					 0,
					 1000,
					 30000,
					 SECOND_US / 3,
					 SECOND_US,
					 5 * SECOND_US,
					 20 * SECOND_US };

	time_passes(world, below(&world->state,
				 1 + most[below(&world->state, COUNT(most))]));
	if (below(&world->state, 2000) == 0)
		time_passes(world, HOUR_US);
}

/* run - some steps with one set of tables */
static void run(struct world *world, unsigned keys, int steps)
{
	begin(world, keys);
	for (int i = 0; i < steps; i++) {
		pass(world);
		if (below(&world->state, 500) == 0)
			reload(world);
		if (below(&world->state, 500) == 0)
			restart(world);
		request(world);
		if (below(&world->state, 10) == 0)
			change_mind(world);
	}
	end(world);
}

START_TEST(promises)
{
	static struct world world;
	unsigned keys = _i == 0 ? 2 : _i == 1 ? KEYS_FEW : KEYS_MANY;
	int left = mutants(24000) / 3;

	memset(&world, 0, sizeof(world));
	world.state = 0x9e3779b97f4a7c15 + (uint64_t)_i;
	for (; left > 0; left -= 4000)
		run(&world, keys, 4000);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_model");

	tcase_add_loop_test(tests, promises, 0, 3);
	return run_tests("rate_model", tests);
}
