/* SPDX-License-Identifier: ISC */
/* What this host decides when stores are away, and what it learns when they
 * are not: with three stores, of which the first is a real Valkey or Redis, and
 * tables of this host. Whatever happens, all is counted or nothing, and only
 * "away = permit" lets anything through that does not fit here. */

#include "lib/base/trust.h"
#include "lib/store/store_admin.h"
#include "policyd/serve/settle_away.h"
#include "policyd/serve/settle_store.h"
#include "policyd/serve/store_thread.h"
#include "t/unit/store/loop.h"
#include "t/unit/store/real_store.h"

#define STORES 3
#define LIMIT  10
#define AWAYS  3 /* enum config_away */

/* A host. */
struct host {
	struct loop loop;
	struct real_store real;
	struct store *each[STORES];
	struct config_store sections[STORES];
	char keys[STORES][16]; /* one of each store */
	char directory[40];
	struct rate_table *table;
	struct store_rate store_rate;
	struct rate rate;
	struct counters counters;
	struct totals *totals;
	struct settle settle;
	/* The question, and its end. */
	struct charge charges[CHARGES_MAX];
	struct charges_question question;
	bool done, passed;
	bool answered[CHARGES_MAX];
};

/* One of the stores of a host. */
struct one {
	struct host *host;
	size_t number;
};

static struct one ones[STORES];

static void on_connect(void *context)
{
	const struct one *one = context;
	int fd = one->number == 0 && one->host->real.pid != 0
			 ? connect_store(&one->host->real)
			 : -1;

	if (fd >= 0)
		store_connected(one->host->each[one->number], fd);
	else
		store_unreachable(one->host->each[one->number], "it is gone");
}

static void on_changed(void *context, bool up, const char *why)
{
	(void)context;
	(void)up;
	(void)why;
}

/* open_table - of this host */
static void open_table(struct host *host)
{
	struct rate_clock clock = rate_clock_read();
	struct error error = { "" };
	char path[80];

	strcpy(host->directory, "/tmp/settleXXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(host->directory));
	snprintf(path, sizeof(path), "%s/rate.login", host->directory);
	host->table = rate_table_open(path, &host->store_rate.shape,
				      TRUST_NOBODY, &clock, &error);
	ck_assert_msg(host->table != NULL, "%s", error.text);
}

/* open_stores - the first is up, or away as the others */
static void open_stores(struct host *host, bool up)
{
	struct store_options options = { .prefix = "policyd",
					 .timeout_ms = TEST_WAIT_S * 1000 };
	struct store_map map = { 0 };
	unsigned found = 0;

	for (size_t i = 0; i < STORES; i++) {
		struct store_handler handler = { &ones[i], on_connect,
						 on_changed };

		ones[i] = (struct one){ host, i };
		host->each[i] = store_new(host->loop.base, &options, &handler);
		store_map_add(&map, i == 0 ? "a" : i == 1 ? "b" : "c");
	}
	for (unsigned i = 0; found < STORES; i++) {
		char key[16];

		snprintf(key, sizeof(key), "key%u", i);
		if (host->keys[store_map_find(&map, key)][0] != '\0')
			continue;
		strcpy(host->keys[store_map_find(&map, key)], key);
		found++;
	}
	host->settle.stores = stores_new(&map, host->each);
	loop_until(&host->loop,
		   store_up(host->each[0]) == up &&
			   store_why(host->each[1])[0] != '\0' &&
			   store_why(host->each[2])[0] != '\0' &&
			   (up || store_why(host->each[0])[0] != '\0'));
}

/* begin - up: the first store is */
static void begin(struct host *host, bool up)
{
	memset(host, 0, sizeof(*host));
	loop_start(&host->loop);
	host->store_rate.name = "login";
	host->store_rate.shape =
		(struct rate_shape){ 1, { 3600 }, RATE_NUMBER, 0, 4096 };
	host->totals = totals_new(1, 1);
	host->settle.totals = host->totals;
	host->settle.metrics = &host->counters;
	host->settle.sections = host->sections;
	host->settle.rates = &host->store_rate;
	open_table(host);
	if (up)
		real_store_start(&host->real, NULL, NULL);
	open_stores(host, up);
}

static void end(struct host *host)
{
	stores_free(host->settle.stores);
	for (size_t i = 0; i < STORES; i++)
		store_free(host->each[i]);
	loop_stop(&host->loop);
	totals_free(host->totals);
	rate_table_close(host->table);
	if (host->real.pid != 0)
		real_store_stop(&host->real);
	run_shell("rm -rf %s", host->directory);
}

/* charge_of - the key of a store */
static struct rate_charge charge_of(const struct host *host, size_t store,
				    const char *instance, uint64_t amount)
{
	return (struct rate_charge){
		.table = host->table,
		.key = host->keys[store],
		.place = "",
		.instance = instance,
		.amount = amount,
		.limits = { .count = 1, .limit = { { LIMIT, 3600 } } },
		.result = { .outcome = RATE_UNKNOWN, .used = 77 },
	};
}

/* used_here - by the table of this host */
static uint64_t used_here(const struct host *host, size_t store)
{
	struct rate_charge charge = charge_of(host, store, "", 1);

	rate_look(&charge, 1, false, rate_now_us());
	return charge.result.used;
}

/* blocked_here - likewise */
static bool blocked_here(const struct host *host, size_t store)
{
	struct rate_charge charge = charge_of(host, store, "", 1);

	rate_look(&charge, 1, false, rate_now_us());
	return charge.result.outcome == RATE_BLOCKED;
}

/* use_here - count it here */
static void use_here(const struct host *host, size_t store, uint64_t amount)
{
	struct rate_charge charge = charge_of(host, store, "", amount);

	ck_assert(rate_take(&charge, 1, rate_now_us()));
}

/* question - one charge of 1 for each of the first stores */
static struct charges_question *question(struct host *host, bool takes,
					 const char *instance, size_t count)
{
	struct charges_question *question = &host->question;

	*question = (struct charges_question){ .takes = takes, .count = count };
	for (size_t i = 0; i < count; i++) {
		host->charges[i].rate = &host->rate;
		question->from[i] = &host->charges[i];
		question->charges[i] = charge_of(host, i, instance, 1);
	}
	return question;
}

static enum rate_outcome outcome(const struct host *host, size_t i)
{
	return host->question.charges[i].result.outcome;
}

/* Each away of one store beside each of another, and the key of each fits here,
 * or does not: what passes, and that all is counted or nothing. */
static enum rate_outcome expected(enum config_away away, bool full)
{
	switch (away) {
	case CONFIG_AWAY_LOCAL:
		return full ? RATE_OVER : RATE_WITHIN;
	case CONFIG_AWAY_PERMIT:
		return RATE_WITHIN;
	default:
		return RATE_UNKNOWN;
	}
}

/* Numbers of 64 bits that another thread reads, or adds to. */
START_TEST(shared_numbers_are_in_one_piece)
{
	ck_assert_uint_eq(_Alignof(struct settle_seen), 8);
	ck_assert_uint_eq(_Alignof(struct store_questions), 8);
	ck_assert_uint_eq(offsetof(struct store_state, since_ms) % 8, 0);
	ck_assert_uint_eq(_Alignof(struct server_counters), 8);
	ck_assert_uint_eq(_Alignof(struct counters), 8);
	ck_assert_uint_eq(_Alignof(struct totals_times), 8);
}
END_TEST

START_TEST(aways)
{
	enum config_away away[] = { (enum config_away)(_i % AWAYS),
				    (enum config_away)(_i / AWAYS % AWAYS) };
	bool takes = _i / AWAYS / AWAYS % 2 == 1;
	struct host host;

	begin(&host, false);
	for (unsigned full = 0; full < 4; full++) {
		bool pass = true, passed;
		uint64_t before[2];
		char instance[] = { (char)('1' + full), '\0' };

		for (size_t i = 0; i < 2; i++) {
			host.sections[i].away = away[i];
			rate_table_reset(host.table, host.keys[i],
					 rate_now_us());
			use_here(&host, i, full >> i & 1 ? LIMIT : 1);
			before[i] = used_here(&host, i);
			pass &= expected(away[i], full >> i & 1) == RATE_WITHIN;
		}
		passed = settle_away(&host.settle,
				     question(&host, takes, instance, 2));
		ck_assert(passed == pass);
		for (size_t i = 0; i < 2; i++) {
			ck_assert_int_eq(outcome(&host, i),
					 expected(away[i], full >> i & 1));
			ck_assert_uint_eq(used_here(&host, i),
					  before[i] + (takes && pass));
		}
	}
	end(&host);
}
END_TEST

/* A key that is blocked here stays so, whatever away says. */
START_TEST(blocked)
{
	struct host host;

	begin(&host, false);
	host.sections[0].away = (enum config_away)(_i % AWAYS);
	rate_table_block(host.table, host.keys[0], UINT64_MAX, rate_now_us(),
			 NULL);
	settle_away(&host.settle, question(&host, _i / AWAYS == 1, "1", 1));
	ck_assert_int_eq(outcome(&host, 0), RATE_BLOCKED);
	settle_unasked(&host.settle, question(&host, true, "2", 1));
	ck_assert_int_eq(outcome(&host, 0), RATE_BLOCKED);
	end(&host);
}
END_TEST

/* Another charge refuses: what this host would say, without a notice; where
 * nothing is limited, nothing. */
START_TEST(unasked)
{
	struct host host;
	const struct rate_result *result = &host.question.charges[0].result;

	begin(&host, false);
	host.sections[0].away = (enum config_away)_i;
	use_here(&host, 0, LIMIT);
	settle_unasked(&host.settle, question(&host, true, "1", 1));
	ck_assert_int_eq(result->outcome,
			 _i == CONFIG_AWAY_PERMIT ? RATE_WITHIN : RATE_OVER);
	ck_assert_int_eq(result->notice, RATE_SILENT);
	ck_assert_uint_eq(used_here(&host, 0), LIMIT);
	end(&host);
}
END_TEST

static void on_done(void *context, const bool answered[], bool passed)
{
	struct host *host = context;

	host->done = true;
	host->passed = passed;
	memcpy(host->answered, answered, host->question.count * sizeof(bool));
}

/* ask - the stores, and settle what they answer; false: nothing was asked */
static bool ask(struct host *host, bool takes, const char *instance,
		size_t count)
{
	uint64_t asked_us = rate_now_us();

	host->done = false;
	if (settle_store_ask(&host->settle,
			     question(host, takes, instance, count), on_done,
			     host) == NULL)
		return false;
	loop_until(&host->loop, host->done);
	settle_store_answer(&host->settle, &host->question, host->answered,
			    host->passed, asked_us);
	return true;
}

/* used_there - by the first store, when it has done what it was asked */
static uint64_t used_there(struct host *host)
{
	struct rate_charge charge = charge_of(host, 0, "", 1);
	const struct store_rate *rates[] = { &host->store_rate };

	host->done = false;
	host->question.count = 1;
	ck_assert_ptr_nonnull(stores_look(host->settle.stores, rates, &charge,
					  1, false, on_done, host));
	loop_until(&host->loop, host->done);
	ck_assert(host->answered[0]);
	return charge.result.used;
}

/* use_there - as another host does */
static void use_there(struct host *host, uint64_t amount)
{
	struct rate_charge charge = charge_of(host, 0, "other", amount);
	const struct store_rate *rates[] = { &host->store_rate };

	host->done = false;
	host->question.count = 1;
	ck_assert_ptr_nonnull(stores_take(host->settle.stores, rates, &charge,
					  1, on_done, host));
	loop_until(&host->loop, host->done);
	ck_assert(host->passed);
}

/* block_there - or unblock, by the command line */
static void block_there(struct host *host, uint64_t seconds)
{
	struct store_options options = { .prefix = "policyd",
					 .timeout_ms = TEST_WAIT_S * 1000 };
	struct error error = { "" };
	struct store_admin *admin =
		store_admin_open(connect_store(&host->real), &options, &error);

	ck_assert_msg(admin != NULL, "%s", error.text);
	if (seconds > 0)
		ck_assert_int_eq(store_admin_block(admin, &host->store_rate,
						   host->keys[0], seconds,
						   NULL),
				 0);
	else
		ck_assert_int_eq(store_admin_unblock(admin, &host->store_rate,
						     host->keys[0], NULL),
				 1);
	store_admin_close(admin);
}

static uint64_t fallbacks(const struct host *host)
{
	return counters_read(&host->counters.store_fallback);
}

/* The number of answers whose time was taken. */
static uint64_t timed(const struct host *host)
{
	struct totals_times times = { { 0 }, 0 };
	uint64_t sum = 0;

	totals_store_times(host->totals, &times);
	for (size_t i = 0; i <= TOTALS_BOUNDS; i++)
		sum += times.counts[i];
	return sum;
}

/* At RCPT, a store is asked only if this host would refuse; at DATA, in any
 * case, and the table counts what it lets through, even more than fits here. */
START_TEST(up)
{
	struct host host;

	begin(&host, true);
	ck_assert(!ask(&host, false, "1", 1));
	ck_assert_int_eq(outcome(&host, 0), RATE_WITHIN);
	ck_assert_uint_eq(fallbacks(&host), 0);
	use_here(&host, 0, LIMIT);
	ck_assert(ask(&host, false, "1", 1));
	ck_assert_int_eq(outcome(&host, 0), RATE_WITHIN);
	ck_assert_uint_eq(used_there(&host), 0);
	ck_assert(ask(&host, true, "1", 1));
	ck_assert_int_eq(outcome(&host, 0), RATE_WITHIN);
	ck_assert_uint_eq(used_there(&host), 1);
	ck_assert_uint_eq(used_here(&host, 0), LIMIT + 1);
	use_there(&host, LIMIT - 1);
	ck_assert(ask(&host, true, "2", 1));
	ck_assert_int_eq(outcome(&host, 0), RATE_OVER);
	ck_assert_uint_eq(used_there(&host), LIMIT);
	ck_assert_uint_eq(used_here(&host, 0), LIMIT + 1);
	ck_assert_uint_eq(timed(&host), 3);
	ck_assert_uint_eq(fallbacks(&host), 0);
	end(&host);
}
END_TEST

/* The table learns of a block, and of its end. */
START_TEST(learned)
{
	struct host host;

	begin(&host, true);
	block_there(&host, 1000);
	ck_assert(ask(&host, true, "1", 1));
	ck_assert_int_eq(outcome(&host, 0), RATE_BLOCKED);
	ck_assert(blocked_here(&host, 0));
	/* At RCPT, too, the store is asked now. */
	block_there(&host, 0);
	ck_assert(ask(&host, false, "1", 1));
	ck_assert_int_eq(outcome(&host, 0), RATE_WITHIN);
	ck_assert(!blocked_here(&host, 0));
	end(&host);
}
END_TEST

/* A message with keys of a store that is up and of one that is away: if the
 * latter refuses, the former gives back, and nothing was counted here. */
START_TEST(one_away)
{
	enum config_away away = (enum config_away)(_i % AWAYS);
	bool full = _i / AWAYS == 1;
	bool pass = expected(away, full) == RATE_WITHIN;
	struct host host;

	begin(&host, true);
	host.sections[0].away = CONFIG_AWAY_PERMIT; /* it is not asked */
	host.sections[1].away = away;
	use_here(&host, 1, full ? LIMIT : 1);
	use_there(&host, 3);
	ck_assert(ask(&host, true, "1", 2));
	ck_assert_int_eq(outcome(&host, 0), RATE_WITHIN);
	ck_assert_int_eq(outcome(&host, 1), expected(away, full));
	ck_assert_uint_eq(used_there(&host), pass ? 4 : 3);
	ck_assert_uint_eq(used_here(&host, 0), pass ? 1 : 0);
	ck_assert_uint_eq(used_here(&host, 1),
			  (full ? LIMIT : 1U) + (pass ? 1 : 0));
	ck_assert_uint_eq(fallbacks(&host), 1);
	end(&host);
}
END_TEST

/* Likewise, but the message was counted before: it stays so. */
START_TEST(counted_before)
{
	struct host host;

	begin(&host, true);
	host.sections[1].away = CONFIG_AWAY_LOCAL;
	ck_assert(ask(&host, true, "1", 2));
	ck_assert_uint_eq(used_there(&host), 1);
	use_here(&host, 1, LIMIT - 1);
	host.sections[1].away = CONFIG_AWAY_DEFER;
	ck_assert(ask(&host, true, "1", 2));
	ck_assert_int_eq(outcome(&host, 1), RATE_UNKNOWN);
	ck_assert_uint_eq(used_there(&host), 1);
	end(&host);
}
END_TEST

/* The store that is up refuses: nothing is decided about the others, and
 * nothing counted. */
START_TEST(refused)
{
	struct host host;

	begin(&host, true);
	host.sections[1].away = CONFIG_AWAY_DEFER;
	use_there(&host, LIMIT);
	ck_assert(ask(&host, true, "1", 2));
	ck_assert_int_eq(outcome(&host, 0), RATE_OVER);
	ck_assert_int_eq(outcome(&host, 1), RATE_WITHIN);
	ck_assert_int_eq(host.question.charges[1].result.notice, RATE_SILENT);
	ck_assert_uint_eq(used_here(&host, 0), 0);
	ck_assert_uint_eq(used_here(&host, 1), 0);
	ck_assert_uint_eq(fallbacks(&host), 0);
	end(&host);
}
END_TEST

/* All are away: nothing is asked, and this host decides. */
START_TEST(all_away)
{
	struct host host;

	begin(&host, false);
	for (size_t i = 0; i < STORES; i++)
		host.sections[i].away = CONFIG_AWAY_LOCAL;
	ck_assert(!ask(&host, true, "1", STORES));
	for (size_t i = 0; i < STORES; i++) {
		ck_assert_int_eq(outcome(&host, i), RATE_WITHIN);
		ck_assert_uint_eq(used_here(&host, i), 1);
	}
	ck_assert_uint_eq(fallbacks(&host), 1);
	ck_assert_uint_eq(timed(&host), 0);
	end(&host);
}
END_TEST

/* A message that is refused after all is given back; without stores, that is
 * nothing. */
START_TEST(given_back)
{
	struct host host;
	struct stores *stores;

	begin(&host, true);
	ck_assert(ask(&host, true, "1", 1));
	ck_assert_uint_eq(used_there(&host), 1);
	stores = host.settle.stores;
	host.settle.stores = NULL;
	settle_store_give_back(&host.settle, question(&host, true, "1", 1));
	host.settle.stores = stores;
	ck_assert_uint_eq(used_there(&host), 1);
	settle_store_give_back(&host.settle, question(&host, true, "1", 1));
	ck_assert_uint_eq(used_there(&host), 0);
	end(&host);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("settle");

	tcase_add_test(tests, shared_numbers_are_in_one_piece);
	tcase_add_loop_test(tests, aways, 0, AWAYS * AWAYS * 2);
	tcase_add_loop_test(tests, blocked, 0, AWAYS * 2);
	tcase_add_loop_test(tests, unasked, 0, AWAYS);
	tcase_add_test(tests, up);
	tcase_add_test(tests, learned);
	tcase_add_loop_test(tests, one_away, 0, AWAYS * 2);
	tcase_add_test(tests, counted_before);
	tcase_add_test(tests, refused);
	tcase_add_test(tests, all_away);
	tcase_add_test(tests, given_back);
	return run_tests("settle", tests);
}
