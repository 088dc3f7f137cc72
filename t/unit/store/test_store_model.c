/* SPDX-License-Identifier: ISC */
/* The store counts as the tables of one host do: the same random steps give the
 * same results in both, for numbers, bytes and networks, with repeated
 * instances, blocks, resets, and time that goes on or back. The tables have a
 * model of their own. TEST_MUTANTS: the number of steps. */

#include <stdlib.h>

#include "lib/base/trust.h"
#include "lib/rate/rate_window.h"
#include "lib/store/store_admin.h"
#include "lib/store/store_internal.h"
#include "t/unit/store/asking.h"

#define KEYS	  6
#define INSTANCES 20
#define PLACES	  14 /* all of them have room */
#define SECOND_US 1000000ULL
#define WALL_US	  (1800000000 * SECOND_US)
#define BOOT_US	  (100000 * SECOND_US)
#define OLD_US	  (500 * SECOND_US)  /* an instance is remembered longer */
#define LONG_US	  (4000 * SECOND_US) /* all windows are empty then */
#define FAR_US	  (1000 * SECOND_US) /* back: the counts are lost */
#define LOST_US	  (301 * SECOND_US)  /* they are as far as that */

struct world {
	struct real_store real;
	struct asking asking;
	struct store_admin *admin;
	struct rate_table *tables[RATES];
	struct store_rate rates[RATES];
	struct rate_clock clock;
	char directory[40];
	uint64_t tick, state;
	uint64_t instances, first; /* that may be repeated */
	uint64_t first_us;
	uint64_t lost_us; /* when counts were made that are lost */
	bool uneven[RATES][KEYS];
	unsigned passes, refusals, repeats, notices;
};

static const char *const names[RATES] = { "numbers", "bytes", "networks" };

/* below - a random number below limit */
static uint64_t below(struct world *world, uint64_t limit)
{
	world->state ^= world->state << 13;
	world->state ^= world->state >> 7;
	world->state ^= world->state << 17;
	return world->state % limit;
}

/* shape_of - each rate has other windows; numbers have only one with every
 * other seed, since most rates do */
static struct rate_shape shape_of(unsigned i, uint64_t seed)
{
	static const struct rate_shape one = {
		1, { 60 }, RATE_NUMBER, 0, 4096
	};
	static const struct rate_shape shapes[RATES] = {
		{ 2, { 10, 60 }, RATE_NUMBER, 0, 4096 },
		{ 3, { 1, 60, 3600 }, RATE_BYTES, 0, 4096 },
		{ 2, { 20, 300 }, RATE_NETWORKS, PLACES, 4096 },
	};

	return i == 0 && seed % 2 == 1 ? one : shapes[i];
}

/* settle_instances - none of those until now is repeated */
static void settle_instances(struct world *world)
{
	world->first = world->instances;
	world->first_us = world->clock.now_us;
}

/* open_admin - the command line */
static struct store_admin *open_admin(const struct real_store *real,
				      const struct store_options *options)
{
	struct store_options patient = *options;
	struct error error = { "" };
	struct store_admin *admin;
	int fd = connect_store(real);

	patient.timeout_ms = TEST_WAIT_S * 1000;
	admin = store_admin_open(fd, &patient, &error);
	ck_assert_msg(admin != NULL, "%s", error.text);
	return admin;
}

/* begin - empty tables, and an empty store */
static void begin(struct world *world, uint64_t seed)
{
	struct store_options options = { .prefix = "policyd",
					 .timeout_ms = TEST_WAIT_S * 1000,
					 .test_tick = &world->tick };
	char path[80];
	struct error error = { "" };

	memset(world, 0, sizeof(*world));
	world->state = 0x9e3779b97f4a7c15 + seed;
	world->clock = (struct rate_clock){ .now_us = BOOT_US,
					    .wall_us = WALL_US,
					    .boot = "one" };
	world->lost_us = UINT64_MAX;
	strcpy(world->directory, "/tmp/ratesXXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(world->directory));
	for (unsigned i = 0; i < RATES; i++) {
		world->rates[i].name = names[i];
		world->rates[i].shape = shape_of(i, seed);
		snprintf(path, sizeof(path), "%s/rate.%s", world->directory,
			 names[i]);
		world->tables[i] =
			rate_table_open(path, &world->rates[i].shape,
					TRUST_NOBODY, &world->clock, &error);
		ck_assert_msg(world->tables[i] != NULL, "%s", error.text);
	}
	real_store_start(&world->real, NULL, NULL);
	world->tick = rate_tick(world->clock.wall_us);
	asking_start(&world->asking, &world->real, &options);
	world->admin = open_admin(&world->real, &options);
}

static void end(struct world *world)
{
	store_admin_close(world->admin);
	asking_stop(&world->asking);
	real_store_stop(&world->real);
	for (unsigned i = 0; i < RATES; i++)
		rate_table_close(world->tables[i]);
	run_shell("rm -rf %s", world->directory);
}

/* One request, for both. */
struct both {
	size_t count;
	const struct store_rate *rates[RATES];
	struct rate_charge local[RATES], remote[RATES];
	unsigned numbers[RATES]; /* of the keys */
	char keys[RATES][16], places[RATES][16], instance[24];
};

/* limits_for - all windows, or some, or none; 0 and unlimited, too */
static struct rate_limits limits_for(struct world *world,
				     const struct rate_shape *shape)
{
	struct rate_limits limits = { 0 };

	for (unsigned i = 0; i < shape->windows; i++) {
		struct rate_limit *limit = &limits.limit[limits.count];

		if (below(world, 8) == 0)
			continue;
		limit->length_s = shape->length_s[i];
		limit->number = (i + 1) * (4 + below(world, 3));
		if (shape->unit == RATE_BYTES)
			limit->number *= UINT64_C(100000000000);
		if (shape->unit == RATE_NETWORKS && limit->number > 12)
			limit->number = 12;
		if (below(world, 30) == 0)
			limit->number = 0;
		if (below(world, 30) == 0)
			limit->number = RATE_UNLIMITED;
		limits.count++;
	}
	return limits;
}

static void name_key(char key[16], unsigned number)
{
	snprintf(key, 16, "key %u*", number);
}

/* charge_for - rate number i */
static struct rate_charge charge_for(struct world *world, struct both *both,
				     unsigned place, unsigned i)
{
	const struct rate_shape *shape = &world->rates[i].shape;
	struct rate_charge charge = {
		.table = world->tables[i],
		.key = both->keys[place],
		.place = both->places[place],
		.instance = both->instance,
		.amount = below(world, 20) == 0 ? 0 : 1 + below(world, 3),
		.near = below(world, 3) == 0 ? 0 : 60,
	};

	both->numbers[place] = (unsigned)below(world, KEYS);
	name_key(both->keys[place], both->numbers[place]);
	snprintf(both->places[place], sizeof(both->places[place]), "10.0.%u.0",
		 (unsigned)below(world, PLACES));
	if (below(world, 40) == 0)
		charge.amount = 50;
	if (shape->unit == RATE_BYTES)
		charge.amount *= UINT64_C(99999999999);
	charge.beyond = shape->unit != RATE_NETWORKS && below(world, 6) == 0;
	charge.limits = limits_for(world, shape);
	return charge;
}

/* random_both - an instance that is new, old, or none */
static void random_both(struct world *world, struct both *both)
{
	unsigned first = (unsigned)below(world, RATES);
	uint64_t instance = 0;

	if (below(world, 4) != 0)
		instance = ++world->instances;
	if (below(world, 6) == 0 && world->instances > world->first)
		instance = world->instances -
			   below(world, world->instances - world->first);
	if (instance != 0 && instance + INSTANCES < world->instances)
		instance = world->instances;
	snprintf(both->instance, sizeof(both->instance), "%.0llu",
		 (unsigned long long)instance);
	both->count = 1 + (size_t)below(world, RATES);
	for (unsigned i = 0; i < both->count; i++) {
		unsigned number = (first + i) % RATES;

		both->rates[i] = &world->rates[number];
		both->local[i] = charge_for(world, both, i, number);
		both->remote[i] = both->local[i];
		both->remote[i].table = NULL;
	}
}

/* same - each result */
static void same(struct world *world, const struct both *both)
{
	for (size_t i = 0; i < both->count; i++) {
		const struct rate_result *a = &both->local[i].result;
		const struct rate_result *b = &both->remote[i].result;

		ck_assert_int_eq(a->outcome, b->outcome);
		ck_assert_int_eq(a->notice, b->notice);
		ck_assert_int_eq(a->counted_before, b->counted_before);
		ck_assert_uint_eq(a->used, b->used);
		ck_assert_uint_eq(a->number, b->number);
		ck_assert_uint_eq(a->length_s, b->length_s);
		ck_assert_uint_eq(a->free_s, b->free_s);
		world->repeats += a->counted_before;
		world->notices += a->notice != RATE_SILENT;
	}
}

/* note_even - both know the time of what was counted. The tables also know it
 * of what passed with nothing to count, and of counts that are gone. */
static void note_even(struct world *world, const struct both *both)
{
	for (size_t i = 0; i < both->count; i++) {
		const struct rate_charge *charge = &both->local[i];

		world->uneven[both->rates[i] - world->rates][both->numbers[i]] =
			charge->amount == 0 || charge->result.counted_before;
	}
}

/* give_back - what was asked last */
static void give_back(struct world *world, struct both *both)
{
	rate_give_back(both->local, both->count, world->clock.now_us);
	store_give_back(world->asking.store, both->rates, both->remote,
			both->count);
	/* The command line has a connection of its own. */
	asking_until(&world->asking, world->asking.store->calls == 0);
	for (size_t i = 0; i < both->count; i++)
		world->uneven[both->rates[i] - world->rates][both->numbers[i]] =
			true;
}

/* ask_both - "take", "look" or "note"; do all pass? */
static bool ask_both(struct world *world, struct both *both, const char *word)
{
	uint64_t now_us = world->clock.now_us;
	bool local = word[0] == 't'
			     ? rate_take(both->local, both->count, now_us)
			     : rate_look(both->local, both->count,
					 word[0] == 'n', now_us);
	bool remote = asking_wait(&world->asking, word, both->rates,
				  both->remote, both->count);

	ck_assert_int_eq(local, remote);
	same(world, both);
	if (local && word[0] == 't')
		note_even(world, both);
	return local;
}

/* request - take, look, or look and remember */
static void request(struct world *world)
{
	static const char *const words[] = { "take", "take", "take",
					     "take", "look", "note" };
	const char *word = words[below(world, COUNT(words))];
	struct both both;

	random_both(world, &both);
	if (ask_both(world, &both, word))
		world->passes++;
	else
		world->refusals++;
	if (below(world, 10) == 0)
		give_back(world, &both);
}

/* One row, to compare. */
struct seen_row {
	struct rate_row row;
	struct rate_place places[RATE_NETWORKS_MAX];
	char key[100];
	unsigned calls;
};

static int on_row(void *context, const struct rate_row *row)
{
	struct seen_row *seen = context;

	seen->row = *row;
	snprintf(seen->key, sizeof(seen->key), "%s", row->key);
	for (unsigned i = 0; i < row->place_count; i++)
		seen->places[i] = row->places[i];
	seen->calls++;
	return 0;
}

/* same_row - what the command line shows of a key; the seconds of its block */
static uint64_t same_row(struct world *world, unsigned i, const char *key)
{
	struct seen_row a = { .calls = 0 }, b = { .calls = 0 };
	struct error error = { "" };
	int found = store_admin_key(world->admin, &world->rates[i], key, on_row,
				    &b, &error);

	ck_assert_msg(found >= 0, "%s", error.text);
	ck_assert_int_eq(found,
			 rate_table_key(world->tables[i], key,
					world->clock.now_us, on_row, &a));
	ck_assert_str_eq(a.key, b.key);
	ck_assert_uint_eq(a.calls, b.calls);
	if (found == 0)
		return 0;
	ck_assert_uint_eq(a.row.blocked_s, b.row.blocked_s);
	ck_assert_uint_eq(a.row.windows, b.row.windows);
	for (unsigned w = 0; w < a.row.windows; w++) {
		ck_assert_uint_eq(a.row.used[w], b.row.used[w]);
		ck_assert_uint_eq(a.row.free_s[w], b.row.free_s[w]);
		ck_assert_uint_eq(a.row.length_s[w], b.row.length_s[w]);
	}
	ck_assert_uint_eq(a.row.place_count, b.row.place_count);
	for (unsigned p = 0; p < a.row.place_count; p++)
		ck_assert_uint_eq(a.places[p].idle_s, b.places[p].idle_s);
	return a.row.blocked_s;
}

/* block - in both */
static void block(struct world *world, unsigned i, const char *key,
		  uint64_t seconds)
{
	ck_assert_int_eq(rate_table_block(world->tables[i], key, seconds,
					  world->clock.now_us, NULL),
			 store_admin_block(world->admin, &world->rates[i], key,
					   seconds, NULL));
}

static void unblock(struct world *world, unsigned i, const char *key)
{
	ck_assert_int_eq(
		rate_table_unblock(world->tables[i], key, world->clock.now_us),
		store_admin_unblock(world->admin, &world->rates[i], key, NULL));
}

/* administer - look at a key; sometimes reset it, block or unblock it */
static void administer(struct world *world)
{
	unsigned i = (unsigned)below(world, RATES);
	uint64_t seconds = below(world, 3) == 0 ? UINT64_MAX : 20;
	unsigned number = (unsigned)below(world, KEYS);
	char key[16];

	name_key(key, number);
	same_row(world, i, key);
	switch (below(world, 4)) {
	case 0:
		block(world, i, key, seconds);
		break;
	case 1:
		ck_assert_int_eq(rate_table_reset(world->tables[i], key,
						  world->clock.now_us),
				 store_admin_reset(world->admin,
						   &world->rates[i], key,
						   NULL));
		settle_instances(world);
		world->uneven[i][number] = true;
		break;
	default:
		unblock(world, i, key);
		world->uneven[i][number] = true;
		break;
	}
	same_row(world, i, key);
}

/* count_now - one more of a key, whatever its limits are */
static void count_now(struct world *world, unsigned i, unsigned number)
{
	struct both both = { .count = 1,
			     .rates = { &world->rates[i] },
			     .numbers = { number } };

	name_key(both.keys[0], number);
	both.remote[0] = (struct rate_charge){ .key = both.keys[0],
					       .place = "10.0.0.0",
					       .instance = "",
					       .amount = 1 };
	both.local[0] = both.remote[0];
	both.local[0].table = world->tables[i];
	ck_assert(ask_both(world, &both, "take"));
}

/* level - both know the same time of a key, and no block that has ended. One
 * that lasts goes on to do so. */
static void level(struct world *world, unsigned i, unsigned number)
{
	uint64_t seconds;
	char key[16];

	name_key(key, number);
	seconds = same_row(world, i, key);
	unblock(world, i, key);
	count_now(world, i, number);
	if (seconds != 0)
		block(world, i, key, seconds);
}

static void level_all(struct world *world)
{
	for (unsigned i = 0; i < RATES; i++)
		for (unsigned number = 0; number < KEYS; number++)
			level(world, i, number);
}

/* set_clock - for both */
static void set_clock(struct world *world, uint64_t now_us)
{
	world->clock.now_us = now_us;
	world->clock.wall_us = now_us - BOOT_US + WALL_US;
	world->tick = rate_tick(world->clock.wall_us);
}

/* go_back - a little. The clock of the store may do so; that of a table does
 * not, so that they need not have the same time of a key by then. */
static void go_back(struct world *world, uint64_t us)
{
	for (unsigned i = 0; i < RATES; i++)
		for (unsigned number = 0; number < KEYS; number++)
			if (world->uneven[i][number])
				level(world, i, number);
	set_clock(world, world->clock.now_us - us);
}

/* go_far_back - a block that has ended is forgotten by the one or the other;
 * one that lasts is not */
static void go_far_back(struct world *world)
{
	block(world, (unsigned)below(world, RATES), "key 0*", 20);
	level_all(world);
	world->instances++; /* the last one, too */
	settle_instances(world);
	world->lost_us = world->clock.now_us;
	set_clock(world, world->clock.now_us - FAR_US);
}

/* go_on - before the counts that were lost come back, where nothing else has
 * been counted: one may have noted that they are, and the other not */
static void go_on(struct world *world, uint64_t us)
{
	if (world->clock.now_us + us + LOST_US >= world->lost_us) {
		level_all(world);
		world->lost_us = UINT64_MAX;
	}
	set_clock(world, world->clock.now_us + us);
}

/* pass - mostly a little, and sometimes back */
static void pass(struct world *world)
{
	static const uint64_t most[] = { 0,
					 0,
					 30000,
					 SECOND_US / 3,
					 SECOND_US,
					 5 * SECOND_US,
					 20 * SECOND_US };
	uint64_t us = below(world, 1 + most[below(world, COUNT(most))]);

	if (below(world, 50) == 0)
		go_back(world, us / 4);
	else
		go_on(world, below(world, 1000) != 0 ? us : LONG_US);
	if (world->clock.now_us - world->first_us > OLD_US)
		settle_instances(world);
}

START_TEST(the_same)
{
	static struct world world;
	int steps = mutants(1600) / 2;

	begin(&world, (uint64_t)_i);
	for (int i = 0; i < steps; i++) {
		pass(&world);
		if (i % 400 == 40)
			go_far_back(&world);
		request(&world);
		if (below(&world, 40) == 0)
			administer(&world);
	}
	ck_assert_uint_eq(world.asking.ups, 1);
	ck_assert_uint_eq(world.asking.downs, 0);
	/* Everything has happened. */
	ck_assert_uint_gt(world.passes, (unsigned)steps / 8);
	ck_assert_uint_gt(world.refusals, (unsigned)steps / 8);
	ck_assert_uint_gt(world.repeats, 0);
	ck_assert_uint_gt(world.notices, 0);
	end(&world);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("store_model");

	tcase_add_loop_test(tests, the_same, 0, 3);
	return run_tests("store_model", tests);
}
