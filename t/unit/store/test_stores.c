/* SPDX-License-Identifier: ISC */
/* With four real stores that share the keys: what is counted where; all or
 * nothing over several of them; one that is gone disturbs the keys of no other;
 * never more than the limit. */

#include "lib/store/stores.h"

#include "lib/base/xalloc.h"
#include "t/unit/store/loop.h"
#include "t/unit/store/real_store.h"

#define STORES	4
#define CLIENTS 3
#define LIMIT	20
#define SHORT	50 /* ms; asked again if the machine is too slow */

static const struct store_rate login = {
	.name = "login",
	.shape = { .windows = 1, .length_s = { 3600 } },
};
static const struct store_rate domain = {
	.name = "domain",
	.shape = { .windows = 1, .length_s = { 3600 } },
};
static const struct store_rate places = {
	.name = "places",
	.shape = { .unit = RATE_NETWORKS,
		   .windows = 1,
		   .length_s = { 3600 },
		   .networks = 8 },
};

/* One of the stores of a client. */
struct one {
	const struct real_store *real;
	struct store *store;
};

/* A client of all of them. */
struct client {
	struct loop loop;
	struct one each[STORES];
	struct stores *stores;
	struct stores_call *call;
	bool done, passed;
	bool answered[RATE_CHARGES_MAX];
	size_t count;
	unsigned answers[STORES], failures[STORES]; /* watched */
};

static struct real_store reals[STORES];
static char keys[STORES][16]; /* one of each store */

static void on_connect(void *context)
{
	struct one *one = context;
	int fd = connect_store(one->real);

	if (fd >= 0)
		store_connected(one->store, fd);
	else
		store_unreachable(one->store, "it is gone");
}

static void on_changed(void *context, bool up, const char *why)
{
	(void)context;
	(void)up;
	(void)why;
}

/* map_of_all - named by their number */
static struct store_map map_of_all(void)
{
	struct store_map map = { 0 };

	for (char name[] = "0"; name[0] < '0' + STORES; name[0]++)
		store_map_add(&map, name);
	return map;
}

static void on_seen(void *context, size_t store, bool answered, uint64_t us)
{
	struct client *client = context;

	ck_assert_uint_lt(us, TEST_WAIT_S * UINT64_C(1000000));
	client->answers[store] += answered;
	client->failures[store] += !answered;
}

/* client_start - it is not up yet */
static void client_start(struct client *client, unsigned timeout_ms)
{
	struct store_options options = { .prefix = "policyd",
					 .timeout_ms = timeout_ms };
	struct store_map map = map_of_all();
	struct store *each[STORES];

	memset(client, 0, sizeof(*client));
	loop_start(&client->loop);
	for (size_t i = 0; i < STORES; i++) {
		struct one *one = &client->each[i];
		struct store_handler handler = { one, on_connect, on_changed };

		one->real = &reals[i];
		one->store = store_new(client->loop.base, &options, &handler);
		each[i] = one->store;
	}
	client->stores = stores_new(&map, each);
	stores_watch(client->stores, on_seen, client);
}

static void client_stop(struct client *client)
{
	stores_free(client->stores);
	for (size_t i = 0; i < STORES; i++)
		store_free(client->each[i].store);
	loop_stop(&client->loop);
}

static void setup(void)
{
	struct store_map map = map_of_all();
	unsigned found = 0;
	char key[16];

	for (unsigned i = 0; found < STORES; i++) {
		snprintf(key, sizeof(key), "key%u", i);
		if (keys[store_map_find(&map, key)][0] != '\0')
			continue;
		strcpy(keys[store_map_find(&map, key)], key);
		found++;
	}
	for (size_t i = 0; i < STORES; i++)
		real_store_start(&reals[i], NULL, NULL);
}

static void teardown(void)
{
	for (size_t i = 0; i < STORES; i++)
		real_store_stop(&reals[i]);
	memset(keys, 0, sizeof(keys));
}

static void on_done(void *context, const bool answered[], bool passed)
{
	struct client *client = context;

	ck_assert(!client->done);
	client->done = true;
	client->passed = passed;
	client->call = NULL;
	memcpy(client->answered, answered, client->count * sizeof(*answered));
}

/* until_done - done() was called */
static void until_done(struct client *client)
{
	loop_until(&client->loop, client->done);
}

/* charge_of - the key of a store, in a message */
static struct rate_charge charge_of(size_t store, const char *instance,
				    uint64_t amount)
{
	return (struct rate_charge){
		.key = keys[store],
		.place = "192.0.2.1",
		.instance = instance,
		.amount = amount,
		.limits = { .count = 1, .limit = { { LIMIT, 3600 } } },
	};
}

/* begin - false: all are away */
static bool begin(struct client *client, bool takes,
		  const struct store_rate *const rates[],
		  struct rate_charge charges[], size_t count)
{
	client->done = client->passed = false;
	client->count = count;
	memset(client->answered, 0, sizeof(client->answered));
	client->call = takes ? stores_take(client->stores, rates, charges,
					   count, on_done, client)
			     : stores_look(client->stores, rates, charges,
					   count, false, on_done, client);
	return client->call != NULL;
}

/* take - and wait */
static bool take(struct client *client, const struct store_rate *const rates[],
		 struct rate_charge charges[], size_t count)
{
	ck_assert(begin(client, true, rates, charges, count));
	until_done(client);
	return client->passed;
}

/* used - of a key of that store */
static uint64_t used(struct client *client, const struct store_rate *rate,
		     size_t store)
{
	struct rate_charge charge = charge_of(store, "", 1);

	ck_assert(begin(client, false, &rate, &charge, 1));
	until_done(client);
	ck_assert(client->answered[0]);
	return charge.result.used;
}

/* has - is there such a key in a store? */
static void has(size_t store, const char *rate, size_t key, const char *answer)
{
	char text[120];

	snprintf(text, sizeof(text), "EXISTS policyd:%s:%s", rate, keys[key]);
	command(&reals[store], text, answer);
}

/* Each key is in its store, and in no other; two rates of it together. */
START_TEST(in_its_store)
{
	const struct store_rate *const rates[] = { &login, &domain };
	struct client client;

	client_start(&client, TEST_WAIT_S * 1000);
	for (size_t i = 0; i < STORES; i++) {
		struct rate_charge charges[] = { charge_of(i, "1", 2),
						 charge_of(i, "1", 3) };

		ck_assert_uint_eq(stores_find(client.stores, keys[i]), i);
		ck_assert(take(&client, rates, charges, 2));
		ck_assert(client.answered[0] && client.answered[1]);
		ck_assert_uint_eq(charges[0].result.used, 2);
		ck_assert_uint_eq(charges[1].result.used, 3);
		for (size_t k = 0; k < STORES; k++) {
			has(k, "login", i, k == i ? ":1" : ":0");
			has(k, "domain", i, k == i ? ":1" : ":0");
		}
	}
	client_stop(&client);
}
END_TEST

/* All, or nothing, whichever of the stores refuses. */
START_TEST(all_or_nothing)
{
	const struct store_rate *const rates[] = { &login, &domain, &login };
	struct client client;
	struct rate_charge full = charge_of((size_t)_i, "full", LIMIT);
	struct rate_charge charges[] = { charge_of(0, "1", 2),
					 charge_of(1, "1", 3),
					 charge_of(2, "1", 4) };

	client_start(&client, TEST_WAIT_S * 1000);
	ck_assert(take(&client, rates, charges, 3));
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(used(&client, rates[i], i), 2 + i);
	/* What is left is less than this. */
	full.amount = LIMIT - 1 - 2 - (uint64_t)_i;
	ck_assert(take(&client, &rates[_i], &full, 1));
	for (size_t i = 0; i < 3; i++)
		charges[i].instance = "2";
	ck_assert(!take(&client, rates, charges, 3));
	ck_assert(client.answered[0] && client.answered[1] &&
		  client.answered[2]);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(charges[i].result.outcome,
				 i == _i ? RATE_OVER : RATE_WITHIN);
		ck_assert_uint_eq(used(&client, rates[i], (size_t)i),
				  i == _i ? LIMIT - 1 : 2 + (size_t)i);
	}
	client_stop(&client);
}
END_TEST

/* A message that was let through stays counted, though it is asked again, and
 * refused then. */
START_TEST(counted_before)
{
	const struct store_rate *const rates[] = { &login, &domain };
	struct rate_charge charges[] = { charge_of(0, "1", 2),
					 charge_of(1, "1", 3) };
	struct client client;

	client_start(&client, TEST_WAIT_S * 1000);
	ck_assert(take(&client, rates, charges, 2));
	charges[1].amount = LIMIT + 1;
	ck_assert(!take(&client, rates, charges, 2));
	ck_assert(charges[0].result.counted_before);
	ck_assert_uint_eq(used(&client, &login, 0), 2);
	ck_assert_uint_eq(used(&client, &domain, 1), 3);
	client_stop(&client);
}
END_TEST

/* A network cannot be given back: so it is not counted before the others have
 * let the message through. */
START_TEST(networks_last)
{
	const struct store_rate *const rates[] = { &places, &login };
	struct rate_charge charges[] = { charge_of(0, "1", 1),
					 charge_of(1, "1", LIMIT + 1) };
	struct client client;

	client_start(&client, TEST_WAIT_S * 1000);
	ck_assert(!take(&client, rates, charges, 2));
	ck_assert(!client.answered[0] && client.answered[1]);
	has(0, "places", 0, ":0");
	charges[1].amount = 1;
	ck_assert(take(&client, rates, charges, 2));
	ck_assert(client.answered[0] && client.answered[1]);
	has(0, "places", 0, ":1");
	/* Alone, nothing has to be waited for. */
	charges[0].key = keys[2];
	ck_assert(take(&client, rates, charges, 1));
	client_stop(&client);
}
END_TEST

/* A store is gone: its keys are not answered, and all others are. */
START_TEST(one_is_gone)
{
	const struct store_rate *const rates[] = { &login, &domain };
	struct client client;
	struct rate_charge charges[2];

	client_start(&client, TEST_WAIT_S * 1000);
	for (size_t i = 0; i < STORES; i++)
		ck_assert_uint_eq(used(&client, &login, i), 0);
	real_store_kill(&reals[3]);
	loop_until(&client.loop, !store_up(client.each[3].store));
	charges[0] = charge_of(3, "1", 1);
	ck_assert(!begin(&client, true, rates, charges, 1));
	ck_assert(!begin(&client, false, rates, charges, 1));
	ck_assert_uint_eq(client.failures[3], 2);
	for (size_t i = 0; i < 3; i++) {
		charges[0] = charge_of(i, "1", 1);
		charges[1] = charge_of(3, "1", 1);
		/* What is decided about the other is for the caller. */
		ck_assert(take(&client, rates, charges, 2));
		ck_assert(client.answered[0] && !client.answered[1]);
		ck_assert_uint_eq(used(&client, &login, i), 1);
		stores_give_back(client.stores, rates, charges, 2);
		ck_assert_uint_eq(used(&client, &login, i), 0);
		ck_assert(store_up(client.each[i].store));
		ck_assert_uint_eq(client.answers[i], 4);
		ck_assert_uint_eq(client.failures[i], 0);
		ck_assert_uint_eq(client.failures[3], 3 + i);
	}
	ck_assert_uint_eq(client.answers[3], 1);
	real_store_run(&reals[3], NULL, NULL);
	loop_until(&client.loop, store_up(client.each[3].store));
	ck_assert_uint_eq(used(&client, &login, 3), 0);
	client_stop(&client);
}
END_TEST

/* A store does not answer, and counts later, while another one refuses: it is
 * given back there, too, when it continues. */
START_TEST(one_is_stopped)
{
	const struct store_rate *const rates[] = { &login, &domain };
	struct rate_charge charges[2];
	struct client client;

	client_start(&client, TEST_WAIT_S * 1000);
	for (size_t i = 0; i < STORES; i++)
		ck_assert_uint_eq(used(&client, &login, i), 0);
	client_stop(&client);
	client_start(&client, SHORT);
	do {
		charges[0] = charge_of(0, "1", 1);
		charges[1] = charge_of(1, "1", LIMIT + 1);
		loop_turn(&client.loop);
		if (!store_up(client.each[0].store) ||
		    !store_up(client.each[1].store))
			continue;
		kill(reals[0].pid, SIGSTOP);
		if (begin(&client, true, rates, charges, 2))
			until_done(&client);
		kill(reals[0].pid, SIGCONT);
	} while (client.answered[0] || !client.answered[1]);
	ck_assert(!client.passed);
	/* What was asked before has been done by then. */
	loop_until(&client.loop, store_up(client.each[0].store));
	client_stop(&client);
	client_start(&client, TEST_WAIT_S * 1000);
	ck_assert_uint_eq(used(&client, &login, 0), 0);
	client_stop(&client);
}
END_TEST

/* Nobody waits any more, or everything ends. */
START_TEST(cancelled)
{
	const struct store_rate *const rates[] = { &login, &domain };
	struct rate_charge charges[] = { charge_of(0, "1", 1),
					 charge_of(1, "1", 1) };
	struct rate_charge many[RATE_CHARGES_MAX + 1];
	struct client client;

	client_start(&client, TEST_WAIT_S * 1000);
	ck_assert(!begin(&client, true, rates, many, 0));
	ck_assert(!begin(&client, false, rates, many, RATE_CHARGES_MAX + 1));
	stores_give_back(client.stores, rates, many, 0);
	ck_assert(begin(&client, true, rates, charges, 2));
	stores_cancel(client.call);
	ck_assert(begin(&client, true, rates, charges, 2));
	if (_i == 1) {
		until_done(&client);
		ck_assert(client.passed);
		ck_assert(begin(&client, true, rates, charges, 2));
	}
	client_stop(&client);
	stores_free(NULL);
}
END_TEST

/* Several hosts, each message with keys in two stores: never more than LIMIT of
 * any of them, and no less. */
START_TEST(several)
{
	const struct store_rate *const rates[] = { &login, &domain };
	struct client clients[CLIENTS];
	struct rate_charge charges[CLIENTS][2];
	char instances[CLIENTS][16];
	unsigned passed[STORES][STORES] = { 0 };

	for (size_t c = 0; c < CLIENTS; c++)
		client_start(&clients[c], TEST_WAIT_S * 1000);
	for (unsigned i = 0; i < STORES * STORES * LIMIT; i++) {
		size_t a = i % STORES, b = i / STORES % STORES;

		for (size_t c = 0; c < CLIENTS; c++) {
			snprintf(instances[c], sizeof(instances[c]), "%zu.%u",
				 c, i);
			charges[c][0] = charge_of(a, instances[c], 1);
			charges[c][1] = charge_of(b, instances[c], 1);
			ck_assert(
				begin(&clients[c], true, rates, charges[c], 2));
		}
		for (size_t c = 0; c < CLIENTS; c++) {
			until_done(&clients[c]);
			ck_assert(clients[c].answered[0] &&
				  clients[c].answered[1]);
			passed[a][b] += clients[c].passed;
		}
	}
	for (size_t i = 0; i < STORES; i++) {
		unsigned of_login = 0, of_domain = 0;

		for (size_t k = 0; k < STORES; k++) {
			of_login += passed[i][k];
			of_domain += passed[k][i];
		}
		ck_assert_uint_eq(of_login, LIMIT);
		ck_assert_uint_eq(of_domain, LIMIT);
		ck_assert_uint_eq(used(&clients[0], &login, i), LIMIT);
		ck_assert_uint_eq(used(&clients[0], &domain, i), LIMIT);
	}
	for (size_t c = 0; c < CLIENTS; c++)
		client_stop(&clients[c]);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("stores");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, in_its_store);
	tcase_add_loop_test(tests, all_or_nothing, 0, 3);
	tcase_add_test(tests, counted_before);
	tcase_add_test(tests, networks_last);
	tcase_add_test(tests, one_is_gone);
	tcase_add_test(tests, one_is_stopped);
	tcase_add_loop_test(tests, cancelled, 0, 2);
	tcase_add_test(tests, several);
	return run_tests("stores", tests);
}
