/* SPDX-License-Identifier: ISC */
/* With a real Valkey or Redis: several clients never count more than N; what
 * happens when it is restarted, stopped, full, or read-only; the rights that it
 * has to give; the memory that it needs. */

#include "lib/store/store_admin.h"
#include "lib/store/store_internal.h"
#include "t/unit/store/asking.h"

#define LONG_MS	  (TEST_WAIT_S * 1000)
#define KEYS	  800
#define KEY_BYTES 160 /* of memory, for one window */
#define CLIENTS	  4
#define TRIES	  60
#define LIMIT	  50

static const struct store_rate login = {
	.name = "login",
	.shape = { .windows = 2, .length_s = { 3600, 86400 } },
};
static const struct store_rate *const rates[] = { &login, &login };

/* charge_of - LIMIT in an hour, twice as much in a day */
static struct rate_charge charge_of(const char *key, const char *instance,
				    uint64_t amount)
{
	return (struct rate_charge){
		.key = key,
		.place = "",
		.instance = instance,
		.amount = amount,
		.limits = { .count = 2,
			    .limit = { { LIMIT, 3600 },
				       { 2 * LIMIT, 86400 } } },
	};
}

static struct store_options options_of(unsigned timeout_ms)
{
	return (struct store_options){ .prefix = "policyd",
				       .timeout_ms = timeout_ms };
}

/* try - one charge; its outcome, or -1: away */
static int try(struct asking *asking, const char *key, const char *instance,
	       uint64_t amount, struct rate_charge *charge)
{
	*charge = charge_of(key, instance, amount);
	if (!asking_begin(asking, "take", rates, charge, 1))
		return -1;
	asking_until(asking, asking->answered);
	return asking->away[0] == '\0' ? (int)charge->result.outcome : -1;
}

/* Several hosts, each with requests of its own: never more than LIMIT, and as
 * many as that. */
START_TEST(several)
{
	struct real_store real;
	struct asking clients[CLIENTS];
	struct store_options options = options_of(LONG_MS);
	struct rate_charge charges[CLIENTS];
	unsigned passed = 0;
	char instances[CLIENTS][16];

	real_store_start(&real, NULL, NULL);
	for (unsigned c = 0; c < CLIENTS; c++)
		asking_start(&clients[c], &real, &options);
	for (unsigned i = 0; i < TRIES; i++) {
		for (unsigned c = 0; c < CLIENTS; c++) {
			snprintf(instances[c], sizeof(instances[c]), "%u.%u", c,
				 i);
			charges[c] = charge_of("alice", instances[c], 1);
			ck_assert(asking_begin(&clients[c], "take", rates,
					       &charges[c], 1));
		}
		for (unsigned c = 0; c < CLIENTS; c++) {
			asking_until(&clients[c], clients[c].answered);
			ck_assert_str_eq(clients[c].away, "");
			passed += clients[c].passed;
		}
	}
	ck_assert_uint_eq(passed, LIMIT);
	for (unsigned c = 0; c < CLIENTS; c++)
		asking_stop(&clients[c]);
	real_store_stop(&real);
}
END_TEST

/* In flight together, in one round trip each, and in their order. */
START_TEST(together)
{
	struct real_store real;
	struct store_options options = options_of(LONG_MS);
	struct asking asking, others[32];
	struct rate_charge charges[32];
	char instances[32][8];

	real_store_start(&real, NULL, NULL);
	asking_start(&asking, &real, &options);
	memset(others, 0, sizeof(others));
	for (unsigned i = 0; i < 32; i++) {
		snprintf(instances[i], sizeof(instances[i]), "%u", i);
		charges[i] = charge_of("bob", instances[i], 2);
		ck_assert_ptr_nonnull(store_take(asking.store, rates,
						 &charges[i], 1, asking_done,
						 &others[i]));
	}
	asking_until(&asking, others[31].answered);
	for (unsigned i = 0; i < 32; i++) {
		ck_assert_int_eq(others[i].passed, i < LIMIT / 2);
		ck_assert_uint_eq(charges[i].result.used,
				  i < LIMIT / 2 ? 2 * (i + 1) : LIMIT);
	}
	asking_stop(&asking);
	real_store_stop(&real);
}
END_TEST

/* The script is flushed: the next request does not notice. The store is killed
 * and comes back empty: away once, up again, and it counts. */
START_TEST(restarted)
{
	struct real_store real;
	struct store_options options = options_of(LONG_MS);
	struct asking asking;
	struct rate_charge charge;

	real_store_start(&real, NULL, NULL);
	asking_start(&asking, &real, &options);
	ck_assert_int_eq(try(&asking, "alice", "1", 40, &charge), RATE_WITHIN);
	command(&real, "SCRIPT FLUSH", "+OK");
	ck_assert_int_eq(try(&asking, "alice", "2", 20, &charge), RATE_OVER);
	ck_assert_uint_eq(asking.downs, 0);
	real_store_kill(&real);
	asking_until(&asking, asking.downs == 1);
	ck_assert_int_eq(try(&asking, "alice", "3", 20, &charge), -1);
	real_store_run(&real, NULL, NULL);
	asking_until(&asking, asking.ups == 2);
	ck_assert_int_eq(try(&asking, "alice", "3", 20, &charge), RATE_WITHIN);
	ck_assert_uint_eq(charge.result.used, 20);
	asking_stop(&asking);
	real_store_stop(&real);
}
END_TEST

/* Stopped: one waits, the others do not; what it counts when it continues is
 * counted once, as the request is repeated. */
START_TEST(stopped)
{
	struct real_store real;
	struct store_options options = options_of(200);
	struct asking asking;
	struct rate_charge charge;
	uint64_t begin_us;

	real_store_start(&real, NULL, NULL);
	asking_start(&asking, &real, &options);
	asking_until(&asking, store_up(asking.store));
	kill(real.pid, SIGSTOP);
	begin_us = clock_us();
	ck_assert_int_eq(try(&asking, "alice", "1", 40, &charge), -1);
	ck_assert_uint_ge(clock_us() - begin_us, 200000);
	ck_assert_int_eq(try(&asking, "alice", "2", 1, &charge), -1);
	ck_assert(!asking.answered);
	kill(real.pid, SIGCONT);
	asking_until(&asking, store_up(asking.store));
	options.timeout_ms = LONG_MS;
	asking_stop(&asking);
	asking_start(&asking, &real, &options);
	ck_assert_int_eq(try(&asking, "alice", "1", 40, &charge), RATE_WITHIN);
	ck_assert_uint_eq(charge.result.used, 40);
	asking_stop(&asking);
	real_store_stop(&real);
}
END_TEST

/* Stopped, and the message is refused: what comes after its take takes it back.
 */
START_TEST(given_back)
{
	struct real_store real;
	struct store_options options = options_of(300);
	struct asking asking;
	struct rate_charge charge;

	real_store_start(&real, NULL, NULL);
	asking_start(&asking, &real, &options);
	asking_until(&asking, store_up(asking.store));
	kill(real.pid, SIGSTOP);
	ck_assert_int_eq(try(&asking, "alice", "1", 40, &charge), -1);
	store_give_back(asking.store, rates, &charge, 1);
	event_base_loop(asking.loop.base, EVLOOP_NONBLOCK);
	kill(real.pid, SIGCONT);
	asking_until(&asking, store_up(asking.store));
	options.timeout_ms = LONG_MS;
	asking_stop(&asking);
	asking_start(&asking, &real, &options);
	ck_assert_int_eq(try(&asking, "alice", "2", 1, &charge), RATE_WITHIN);
	ck_assert_uint_eq(charge.result.used, 1);
	asking_stop(&asking);
	real_store_stop(&real);
}
END_TEST

/* The store cannot write: away, and back when it can. */
static const struct {
	const char *begin, *end, *why;
} unusable[] = {
	{ "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "READONLY" },
	{ "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "OOM" },
	{ "CONFIG SET min-replicas-to-write 1",
	  "CONFIG SET min-replicas-to-write 0", "NOREPLICAS" },
};

START_TEST(cannot_write)
{
	struct real_store real;
	struct store_options options = options_of(LONG_MS);
	struct asking asking;
	struct rate_charge charge;

	real_store_start(&real, "--maxmemory-policy", "noeviction");
	asking_start(&asking, &real, &options);
	ck_assert_int_eq(try(&asking, "alice", "1", 40, &charge), RATE_WITHIN);
	command(&real, unusable[_i].begin, "+OK");
	ck_assert_int_eq(try(&asking, "alice", "2", 1, &charge), -1);
	ck_assert_msg(strstr(asking.away, unusable[_i].why) != NULL, "%s",
		      asking.away);
	asking_until(&asking, asking.connects >= 3);
	ck_assert_uint_eq(asking.downs, 1);
	command(&real, unusable[_i].end, "+OK");
	asking_until(&asking, asking.ups == 2);
	ck_assert_int_eq(try(&asking, "alice", "2", 10, &charge), RATE_WITHIN);
	ck_assert_uint_eq(charge.result.used, 50);
	asking_stop(&asking);
	real_store_stop(&real);
}
END_TEST

/* A key that is not ours makes its own requests fail, and no others. */
START_TEST(not_ours)
{
	struct real_store real;
	struct store_options options = options_of(LONG_MS);
	struct asking asking;
	struct rate_charge charge;

	real_store_start(&real, NULL, NULL);
	asking_start(&asking, &real, &options);
	command(&real, "SET policyd:login:text x", "+OK");
	command(&real, "LPUSH policyd:login:list x", ":1");
	ck_assert_int_eq(try(&asking, "text", "1", 1, &charge), -1);
	ck_assert_ptr_nonnull(strstr(asking.away, "of another program"));
	ck_assert_int_eq(try(&asking, "list", "2", 1, &charge), -1);
	ck_assert_int_eq(try(&asking, "alice", "3", 1, &charge), RATE_WITHIN);
	ck_assert_uint_eq(asking.downs, 0);
	asking_stop(&asking);
	real_store_stop(&real);
}
END_TEST

/* The rights that the manual names are enough, and a wrong password is
 * reported. */
#define RIGHTS                                                                \
	"ACL SETUSER mx on >secret resetkeys ~policyd:* nocommands +evalsha " \
	"+script|load +time +get +set +del +scan"

START_TEST(rights)
{
	struct real_store real;
	struct store_options options = options_of(LONG_MS);
	struct asking asking;
	struct rate_charge charge;
	struct error error;

	real_store_start(&real, NULL, NULL);
	command(&real, RIGHTS, "+OK");
	command(&real, "ACL SETUSER default off", "+OK");
	options.username = "mx";
	options.password = "wrong";
	asking_start(&asking, &real, &options);
	asking_until(&asking, asking.downs == 1);
	ck_assert_ptr_nonnull(strstr(asking.why, "WRONGPASS"));
	asking_stop(&asking);
	ck_assert_ptr_null(
		store_admin_open(connect_store(&real), &options, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "WRONGPASS"));
	options.password = NULL;
	ck_assert_ptr_null(
		store_admin_open(connect_store(&real), &options, &error));
	ck_assert_msg(strstr(error.text, ": set password_file)") != NULL, "%s",
		      error.text);
	asking_start(&asking, &real, &options);
	asking_until(&asking, asking.downs == 1);
	ck_assert_ptr_nonnull(strstr(asking.why, "password_file"));
	asking_stop(&asking);
	options.password = "secret";
	asking_start(&asking, &real, &options);
	ck_assert_int_eq(try(&asking, "alice", "1", 1, &charge), RATE_WITHIN);
	store_give_back(asking.store, rates, &charge, 1);
	ck_assert_int_eq(try(&asking, "alice", "2", 1, &charge), RATE_WITHIN);
	ck_assert_uint_eq(charge.result.used, 1);
	asking_stop(&asking);
	real_store_stop(&real);
}
END_TEST

/* What a listing has seen. */
struct listed {
	unsigned count;
	uint64_t used;
	char last[100];
};

static int on_row(void *context, const struct rate_row *row)
{
	struct listed *listed = context;

	listed->count++;
	listed->used += row->used[0];
	snprintf(listed->last, sizeof(listed->last), "%s", row->key);
	ck_assert_uint_le(row->idle_s, TEST_WAIT_S * 5);
	return strcmp(row->key, "stop") == 0 ? 7 : 0;
}

/* Listing all keys of a rate, whatever is in its name or theirs. */
START_TEST(listing)
{
	static const struct store_rate odd = {
		.name = "a*[b]?",
		.shape = { .windows = 1, .length_s = { 60 } },
	};
	static const struct store_rate *const odds[] = { &odd };
	struct real_store real;
	struct store_options options = options_of(LONG_MS);
	struct store_admin *admin;
	struct asking asking;
	struct rate_charge charge;
	struct listed listed = { 0 };
	struct error error = { "" };
	int result;
	char key[300];

	real_store_start(&real, NULL, NULL);
	asking_start(&asking, &real, &options);
	admin = store_admin_open(connect_store(&real), &options, &error);
	ck_assert_msg(admin != NULL, "%s", error.text);
	for (unsigned i = 0; i < 250; i++) {
		snprintf(key, sizeof(key), "key:%u\n*", i);
		ck_assert_int_eq(try(&asking, key, "", 2, &charge),
				 RATE_WITHIN);
	}
	ck_assert_int_eq(
		store_admin_each(admin, &odd, on_row, &listed, &result, &error),
		0);
	ck_assert_uint_eq(listed.count, 0);
	ck_assert_int_eq(store_admin_each(admin, &login, on_row, &listed,
					  &result, &error),
			 0);
	ck_assert_uint_eq(listed.count, 250);
	ck_assert_uint_eq(listed.used, 500);
	ck_assert_int_eq(result, 0);
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	charge = charge_of(key, "", 1);
	charge.limits.count = 0;
	ck_assert(asking_wait(&asking, "take", odds, &charge, 1));
	charge.key = "stop";
	ck_assert_int_eq(
		store_admin_each(admin, &odd, on_row, &listed, &result, &error),
		0);
	ck_assert_uint_eq(listed.count, 251);
	ck_assert_uint_eq(strlen(listed.last), 96);
	ck_assert(asking_wait(&asking, "take", odds, &charge, 1));
	ck_assert_int_eq(
		store_admin_each(admin, &odd, on_row, &listed, &result, &error),
		0);
	ck_assert_int_eq(result, 7);
	store_admin_close(admin);
	asking_stop(&asking);
	real_store_stop(&real);
}
END_TEST

/* Two windows of a key are in one value. */
START_TEST(memory)
{
	struct real_store real;
	struct store_options options = options_of(LONG_MS);
	struct asking asking;
	struct rate_charge charge;
	long before;
	char key[40];

	real_store_start(&real, NULL, NULL);
	asking_start(&asking, &real, &options);
	ck_assert_int_eq(try(&asking, "first", "1", 1, &charge), RATE_WITHIN);
	before = used_memory(&real);
	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "user%05u@example.com", i);
		ck_assert_int_eq(try(&asking, key, key, 1 + i % 40, &charge),
				 RATE_WITHIN);
	}
	ck_assert_int_le(used_memory(&real) - before, KEYS * 2 * KEY_BYTES);
	command(&real, "PTTL policyd:login:user00001@example.com", ":8");
	asking_stop(&asking);
	real_store_stop(&real);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("store");

	tcase_add_test(tests, several);
	tcase_add_test(tests, together);
	tcase_add_test(tests, restarted);
	tcase_add_test(tests, stopped);
	tcase_add_test(tests, given_back);
	tcase_add_loop_test(tests, cannot_write, 0, COUNT(unusable));
	tcase_add_test(tests, not_ours);
	tcase_add_test(tests, rights);
	tcase_add_test(tests, listing);
	tcase_add_test(tests, memory);
	return run_tests("store", tests);
}
