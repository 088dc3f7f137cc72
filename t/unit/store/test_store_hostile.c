/* SPDX-License-Identifier: ISC */
/* A store that says anything: whatever comes, a request is answered once, as
 * "away" unless the answer is a good one, and no result is filled. All of this
 * in plain text, and in TLS. */

#include "t/unit/store/hostile.h"

#define GOOD  "*7\r\n:1\r\n:0\r\n:0\r\n:0\r\n:3\r\n:1\r\n:0\r\n"
#define SHORT ":-27\r\n" /* the same */
#define OVER  "*7\r\n:0\r\n:1\r\n:2\r\n:0\r\n:9\r\n:0\r\n:50\r\n"
#define BLOCK "*7\r\n:0\r\n:3\r\n:0\r\n:0\r\n:9\r\n:0\r\n:-1\r\n"
#define CLUSTER                                                  \
	": Cluster mode is not supported; use one primary, and " \
	"Sentinel to follow a failover"
#define DEEP "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"

/* An answer to "take", with a part of what is then said of the store; "": it
 * stays up. */
static const struct {
	const char *answer, *why;
} answers[] = {
	{ "-READONLY You can't write against a read only replica.\r\n",
	  "READONLY" },
	{ "-LOADING is loading the dataset in memory\r\n", "LOADING" },
	{ "-MOVED 3999 192.0.2.1:6381\r\n",
	  "MOVED 3999 192.0.2.1:6381" CLUSTER },
	{ "-ASK 3999 192.0.2.1:6381\r\n", "ASK 3999 192.0.2.1:6381" CLUSTER },
	{ "-CLUSTERDOWN Hash slot not served\r\n", CLUSTER },
	{ "-CROSSSLOT Keys in request don't hash to the same slot\r\n",
	  CLUSTER },
	{ "-TRYAGAIN Multiple keys request during rehashing of slot\r\n",
	  CLUSTER },
	{ "-OOM command not allowed\r\n", "OOM" },
	{ "-NOAUTH Authentication required.\r\n",
	  "NOAUTH Authentication required (it wants a password: set "
	  "password_file)" },
	{ "-ERR Protocol error: unauthenticated bulk length\r\n", "" },
	{ "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
	  "or user is disabled (see username and password_file)" },
	{ "-NOPERM this user has no permissions\r\n",
	  "NOPERM this user has no permissions (its ACL has to permit what the "
	  "HOWTO says)" },
	{ "-BUSY Redis is busy running a script.\r\n", "BUSY" },
	{ "-MISCONF Redis is configured to save\r\n", "MISCONF" },
	{ "-MASTERDOWN Link with MASTER is down\r\n", "MASTERDOWN" },
	{ "-x\x1b[31m\x80 red\r\n", "x?[31m? red" },
	{ "-\r\n", "the store says" },
	/* of one request */
	{ "-ERR the value is not of this policyd\r\n", "" },
	{ "-WRONGTYPE Operation against a key\r\n", "" },
	/* of another form */
	{ "+OK\r\n", "another form" },
	{ ":1\r\n", "another form" },
	{ ":0\r\n", "another form" },
	{ "*1\r\n:-27\r\n", "another form" },
	{ "$-1\r\n", "another form" },
	{ "*-1\r\n", "another form" },
	{ "*0\r\n", "another form" },
	{ "$0\r\n\r\n", "another form" },
	{ "*1\r\n:1\r\n", "another form" },
	{ "*128\r\n", "no answer" },
	{ "*1\r\n*2147483647\r\n", "no answer" },
	{ "*6\r\n:1\r\n:0\r\n:0\r\n:0\r\n:3\r\n:1\r\n", "another form" },
	{ "*8\r\n:1\r\n:0\r\n:0\r\n:0\r\n:3\r\n:1\r\n:0\r\n:0\r\n",
	  "another form" },
	{ "*7\r\n:1\r\n:0\r\n$1\r\n0\r\n:0\r\n:3\r\n:1\r\n:0\r\n",
	  "something else than numbers" },
	{ "*7\r\n:1\r\n:0\r\n*0\r\n:0\r\n:3\r\n:1\r\n:0\r\n",
	  "something else than numbers" },
	{ "*7\r\n:1\r\n:0\r\n$-1\r\n:0\r\n:3\r\n:1\r\n:0\r\n",
	  "something else than numbers" },
	/* out of range */
	{ "*7\r\n:1\r\n:-1\r\n:0\r\n:0\r\n:3\r\n:1\r\n:0\r\n", "range" },
	{ "*7\r\n:0\r\n:4\r\n:0\r\n:0\r\n:3\r\n:1\r\n:0\r\n", "range" },
	{ "*7\r\n:1\r\n:0\r\n:3\r\n:0\r\n:3\r\n:1\r\n:0\r\n", "range" },
	{ "*7\r\n:1\r\n:0\r\n:0\r\n:2\r\n:3\r\n:1\r\n:0\r\n", "range" },
	{ "*7\r\n:1\r\n:0\r\n:0\r\n:0\r\n:-3\r\n:1\r\n:0\r\n", "range" },
	{ "*7\r\n:1\r\n:0\r\n:0\r\n:0\r\n:3\r\n:2\r\n:0\r\n", "range" },
	{ "*7\r\n:1\r\n:0\r\n:0\r\n:0\r\n:3\r\n:-1\r\n:0\r\n", "range" },
	{ "*7\r\n:0\r\n:1\r\n:0\r\n:0\r\n:3\r\n:1\r\n:-2\r\n", "range" },
	{ ":-5\r\n", "range" },
	{ ":-9223372036854775808\r\n", "range" },
	/* against our limits, or itself: 3 of 10 never fits; it passes, and is
	 * over; within, with a time to wait */
	{ "*7\r\n:0\r\n:2\r\n:0\r\n:0\r\n:3\r\n:0\r\n:-1\r\n", "our limits" },
	{ "*7\r\n:0\r\n:1\r\n:0\r\n:0\r\n:9\r\n:0\r\n:-1\r\n", "our limits" },
	{ "*7\r\n:1\r\n:0\r\n:0\r\n:0\r\n:3\r\n:1\r\n:5\r\n", "our limits" },
	{ "*7\r\n:0\r\n:3\r\n:2\r\n:0\r\n:3\r\n:1\r\n:5\r\n", "our limits" },
	{ "*7\r\n:1\r\n:1\r\n:2\r\n:0\r\n:9\r\n:0\r\n:50\r\n", "itself" },
	{ "*7\r\n:1\r\n:3\r\n:0\r\n:0\r\n:9\r\n:0\r\n:50\r\n", "itself" },
	{ "*7\r\n:0\r\n:0\r\n:0\r\n:0\r\n:3\r\n:1\r\n:0\r\n", "itself" },
	{ "*7\r\n:2\r\n:0\r\n:0\r\n:0\r\n:3\r\n:1\r\n:0\r\n", "itself" },
	/* no protocol, or another one */
	{ "HTTP/1.1 400 Bad Request\r\n\r\n", "no answer" },
	{ "\x16\x03\x01\x02", "no answer" },
	{ "%1\r\n+a\r\n+b\r\n", "answer" /* hiredis may know it */ },
	{ ":99999999999999999999999\r\n", "no answer" },
	{ ":1x\r\n", "no answer" },
	{ "*2147483647\r\n", "no answer" },
	{ "*99999999999999999999\r\n", "no answer" },
	{ "$99999999999999999999\r\n", "no answer" },
	{ "$-2\r\n", "no answer" },
	{ "*-2\r\n", "no answer" },
	{ DEEP DEEP, "no answer" },
	/* half an answer */
	{ "*7\r\n:1\r\n:0\r\n:0\r\n", "no answer from the store in" },
	{ "*7\r\n:1\r\n:0\r\n:0\r\n:0\r\n:3\r\n:1\r\n:0", "no answer from" },
	{ "$536870911\r\nabc", "no answer from the store in" },
	{ "*", "no answer from the store in" },
};

START_TEST(any_answer)
{
	struct hostile hostile;
	const char *why = answers[_i].why;
	unsigned downs;

	if (strncmp(why, "no answer from", 14) == 0)
		hostile_start_short(&hostile);
	else
		hostile_start(&hostile, NULL, LONG_MS);
	open_it(&hostile);
	downs = hostile.asking.downs;
	take(&hostile, 1);
	say(&hostile, answers[_i].answer);
	asking_until(&hostile.asking, hostile.asking.answered);
	ck_assert_str_ne(hostile.asking.away, "");
	ck_assert(!hostile.asking.passed);
	untouched(&hostile);
	if (why[0] == '\0') {
		ck_assert(store_up(hostile.asking.store));
		asking_until(&hostile.asking, heard(&hostile, "probe"));
		say(&hostile, "-READONLY\r\n");
		why = "READONLY";
	}
	asking_until(&hostile.asking, !store_up(hostile.asking.store));
	ck_assert_msg(strstr(store_why(hostile.asking.store), why) != NULL,
		      "%s: %s", answers[_i].answer,
		      store_why(hostile.asking.store));
	ck_assert_uint_eq(hostile.asking.downs, downs + 1);
	/* It is away: nobody waits. */
	ck_assert(!asking_begin(&hostile.asking, "take", hostile.rates,
				hostile.charges, 1));
	hostile_stop(&hostile);
}
END_TEST

/* A good answer is one, byte by byte, too; and the store comes back after each
 * failure. */
/* Each good answer, and what it means. */
static const struct {
	const char *answer;
	bool passed;
	struct rate_result result;
} good[] = {
	{ GOOD, true, { RATE_WITHIN, RATE_SILENT, false, 3, 20, 3600, 0 } },
	{ SHORT, true, { RATE_WITHIN, RATE_SILENT, false, 3, 20, 3600, 0 } },
	{ ":-2\r\n", true, { RATE_WITHIN, RATE_SILENT, true, 0, 10, 60, 0 } },
	{ OVER, false, { RATE_OVER, RATE_FIRST_OVER, false, 9, 10, 60, 50 } },
	{ BLOCK,
	  false,
	  { RATE_BLOCKED, RATE_SILENT, false, 9, 10, 60, UINT64_MAX } },
};

START_TEST(good_answers)
{
	struct hostile hostile;
	const char *answer = good[_i].answer;
	const struct rate_result *result = &hostile.charges[0].result;
	const struct rate_result *right = &good[_i].result;

	hostile_start(&hostile, NULL, LONG_MS);
	open_it(&hostile);
	take(&hostile, 1);
	for (size_t i = 0; i < strlen(answer); i++) {
		ck_assert(!hostile.asking.answered);
		say_bytes(&hostile, answer + i, 1);
		event_base_loop(hostile.asking.loop.base, EVLOOP_NONBLOCK);
	}
	asking_until(&hostile.asking, hostile.asking.answered);
	ck_assert_str_eq(hostile.asking.away, "");
	ck_assert(hostile.asking.passed == good[_i].passed);
	ck_assert_int_eq(result->outcome, right->outcome);
	ck_assert_int_eq(result->notice, right->notice);
	ck_assert(result->counted_before == right->counted_before);
	ck_assert_uint_eq(result->used, right->used);
	ck_assert_uint_eq(result->number, right->number);
	ck_assert_uint_eq(result->length_s, right->length_s);
	ck_assert_uint_eq(result->free_s, right->free_s);
	say(&hostile, ":1\r\n");
	asking_until(&hostile.asking, !store_up(hostile.asking.store));
	ck_assert_str_eq(store_why(hostile.asking.store),
			 "the store sends what nobody asked for");
	ck_assert_uint_eq(hostile.asking.connects, hostile.connects);
	open_it(&hostile);
	ck_assert_uint_eq(hostile.asking.ups, 2);
	hostile_stop(&hostile);
}
END_TEST

/* One number is no answer for two charges. */
START_TEST(short_for_two)
{
	struct hostile hostile;

	hostile_start(&hostile, NULL, LONG_MS);
	open_it(&hostile);
	take(&hostile, 2);
	say(&hostile, SHORT);
	asking_until(&hostile.asking, hostile.asking.answered);
	ck_assert(!hostile.asking.passed);
	untouched(&hostile);
	ck_assert_str_eq(hostile.asking.away,
			 "the store's answer has another form");
	hostile_stop(&hostile);
}
END_TEST

/* The first answers of a connection. */
static const struct {
	const char *password, *answer, *why;
} openings[] = {
	{ "secret", "-WRONGPASS invalid username-password pair\r\n",
	  "WRONGPASS" },
	{ "secret", ":1\r\n", "another question" },
	{ "secret", "+OK\r\n+OK\r\n", "another question" },
	{ NULL, "-NOAUTH Authentication required.\r\n", "NOAUTH" },
	{ NULL, "-NOSCRIPT No matching script.\r\n", "NOSCRIPT" },
	{ NULL, "-LOADING\r\n", "LOADING" },
	{ NULL, "-MOVED 1 192.0.2.1:6381\r\n", CLUSTER },
	{ NULL, "$40\r\n0000000000000000000000000000000000000000\r\n",
	  "another question" },
	{ NULL, "$-1\r\n", "another question" },
	{ NULL, "*1\r\n:1\r\n", "another question" },
	{ NULL, "-DENIED Redis is running in protected mode\r\n", "DENIED" },
	{ NULL, "nonsense", "no answer" },
};

/* gave_up - did it not wait for what it was sent, on a busy machine? */
static bool gave_up(const struct hostile *hostile)
{
	const char *why = store_why(hostile->asking.store);

	return strcmp(why, "no answer from the store") == 0 ||
	       strcmp(why, "no TLS handshake with the store") == 0;
}

START_TEST(any_opening)
{
	const char *word = openings[_i].password != NULL ? "secret" : "LOAD";
	size_t length = strlen(openings[_i].answer);
	const char *why;
	struct hostile hostile;

	hostile_start(&hostile, openings[_i].password, LONG_MS);
	do {
		while (!hear_opening(&hostile, word))
			;
		try_to_say(&hostile, openings[_i].answer, length);
		asking_until(&hostile.asking,
			     hostile.asking.connects > hostile.connects ||
				     (hostile.asking.downs > 0 &&
				      !gave_up(&hostile)));
	} while (gave_up(&hostile));
	why = store_why(hostile.asking.store);
	ck_assert_msg(strstr(why, openings[_i].why) != NULL, "%s", why);
	hostile_stop(&hostile);
}
END_TEST

/* More than fits: the connection is closed, whatever it is that has no end. */
START_TEST(no_end)
{
	static const char *const begins[] = { "$536870911\r\n", "-", ":",
					      "*100\r\n$500000\r\n", "+" };
	struct hostile hostile;
	char bytes[4096];
	size_t sent = 0;

	hostile_start(&hostile, NULL, LONG_MS);
	open_it(&hostile);
	take(&hostile, 1);
	memset(bytes, '1', sizeof(bytes));
	say(&hostile, begins[_i]);
	while (!hostile.asking.answered) {
		ssize_t count = try_to_say(&hostile, bytes, sizeof(bytes));

		if (count > 0)
			sent += (size_t)count;
		event_base_loop(hostile.asking.loop.base, EVLOOP_NONBLOCK);
		ck_assert_uint_lt(sent, 4 << 20);
	}
	ck_assert(!store_up(hostile.asking.store));
	untouched(&hostile);
	hostile_stop(&hostile);
}
END_TEST

/* The first one that gets no answer in time opens the circuit for all; answers
 * that come later are for nobody, and a probe closes it. */
START_TEST(too_late)
{
	struct hostile hostile;
	unsigned timeout_ms = hostile_start_short(&hostile);
	uint64_t begin_us;

	open_it(&hostile);
	begin_us = clock_us();
	take(&hostile, 2);
	asking_until(&hostile.asking, hostile.asking.answered);
	ck_assert_uint_ge(clock_us() - begin_us, (uint64_t)timeout_ms * 1000);
	ck_assert_str_eq(hostile.asking.away, hostile_unanswered(timeout_ms));
	ck_assert(!asking_begin(&hostile.asking, "take", hostile.rates,
				hostile.charges, 1));
	store_give_back(hostile.asking.store, hostile.rates, hostile.charges,
			2);
	asking_until(&hostile.asking, heard(&hostile, "back"));
	asking_until(&hostile.asking, heard(&hostile, "probe"));
	ck_assert_uint_eq(hostile.asking.connects, hostile.connects);
	say(&hostile, "*13\r\n:1\r\n:0\r\n:0\r\n:0\r\n:3\r\n:1\r\n:0\r\n"
		      ":0\r\n:0\r\n:0\r\n:3\r\n:1\r\n:0\r\n:1\r\n:1\r\n");
	answer_probes(&hostile);
	untouched(&hostile);
	hostile_stop(&hostile);
}
END_TEST

/* A probe that is not answered costs the connection. */
START_TEST(dead)
{
	struct hostile hostile;
	unsigned downs;

	hostile_start_short(&hostile);
	open_it(&hostile);
	downs = hostile.asking.downs;
	take(&hostile, 1);
	asking_until(&hostile.asking,
		     hostile.asking.connects > hostile.connects);
	ck_assert(hostile.asking.answered);
	ck_assert_str_eq(store_why(hostile.asking.store),
			 "no answer from the store");
	ck_assert_uint_eq(hostile.asking.downs, downs + 1);
	hostile_stop(&hostile);
}
END_TEST

/* Nobody wants the answer any more; the next one is for the next request. */
START_TEST(cancelled)
{
	struct hostile hostile;

	hostile_start(&hostile, NULL, LONG_MS);
	open_it(&hostile);
	take(&hostile, 1);
	store_cancel(hostile.asking.call);
	take(&hostile, 1);
	say(&hostile, OVER GOOD);
	asking_until(&hostile.asking, hostile.asking.answered);
	ck_assert(hostile.asking.passed);
	/* The same before there is a connection, and at the end. */
	hostile_stop(&hostile);
	hostile_start(&hostile, NULL, LONG_MS);
	ck_assert(asking_begin(&hostile.asking, "take", hostile.rates,
			       hostile.charges, 1));
	store_cancel(hostile.asking.call);
	ck_assert(asking_begin(&hostile.asking, "look", hostile.rates,
			       hostile.charges, 2));
	open_it(&hostile);
	asking_until(&hostile.asking, heard(&hostile, "look"));
	hostile_stop(&hostile);
	ck_assert(!hostile.asking.answered);
}
END_TEST

/* The script is lost: loaded once, and asked once more. */
START_TEST(no_script)
{
	struct hostile hostile;
	char answer[200];

	hostile_start(&hostile, NULL, LONG_MS);
	open_it(&hostile);
	take(&hostile, 1);
	say(&hostile, "-NOSCRIPT No matching script.\r\n");
	asking_until(&hostile.asking, heard(&hostile, "LOAD"));
	snprintf(answer, sizeof(answer), "$40\r\n%s\r\n%s", hostile.sha,
		 _i == 0 ? GOOD : "-NOSCRIPT No matching script.\r\n");
	say(&hostile, answer);
	asking_until(&hostile.asking, hostile.asking.answered);
	ck_assert_int_eq(hostile.asking.passed, _i == 0);
	ck_assert_int_eq(store_up(hostile.asking.store), _i == 0);
	hostile_stop(&hostile);
}
END_TEST

/* The peer closes, between any two bytes. */
START_TEST(closed)
{
	struct hostile hostile;

	hostile_start(&hostile, NULL, LONG_MS);
	open_it(&hostile);
	take(&hostile, 1);
	say_bytes(&hostile, GOOD, (size_t)_i);
	hang_up(&hostile);
	asking_until(&hostile.asking, hostile.asking.answered);
	ck_assert_str_ne(hostile.asking.away, "");
	untouched(&hostile);
	hostile_stop(&hostile);
}
END_TEST

/* Nothing is sent: requests wait for the first connection, but not for long. */
START_TEST(no_connection)
{
	struct hostile hostile;
	unsigned timeout_ms = hostile_start_short(&hostile);
	/* On a slow machine the connection is given up before the request. */
	const char *reason = timeout_ms < STORE_PROBE_MS
				     ? hostile_unanswered(timeout_ms)
				     : "there is no connection to the store";

	ck_assert(asking_begin(&hostile.asking, "take", hostile.rates,
			       hostile.charges, 1));
	if (_i == 0)
		store_unreachable(hostile.asking.store, "no\nroute");
	ck_assert(!hostile.asking.answered);
	asking_until(&hostile.asking, hostile.asking.answered);
	ck_assert_str_eq(hostile.asking.away, _i == 0 ? "no?route" : reason);
	ck_assert_uint_eq(hostile.asking.downs, 1);
	hostile_stop(&hostile);
}
END_TEST

/* Bounded: a store that takes nothing gets no more than so much. */
START_TEST(crowd)
{
	struct hostile hostile;
	unsigned count = 0;

	hostile_start(&hostile, NULL, LONG_MS);
	open_it(&hostile);
	while (asking_begin(&hostile.asking, "take", hostile.rates,
			    hostile.charges, 2))
		ck_assert_uint_le(++count, STORE_ASKS_MAX);
	ck_assert_str_eq(store_why(hostile.asking.store),
			 "too many requests wait for the store");
	ck_assert(!asking_begin(&hostile.asking, "take", hostile.rates,
				hostile.charges, RATE_CHARGES_MAX + 1));
	hostile_stop(&hostile);
}
END_TEST

/* add_all - the tests */
static void add_all(TCase *tests)
{
	tcase_add_loop_test(tests, any_answer, 0, COUNT(answers));
	tcase_add_loop_test(tests, good_answers, 0, COUNT(good));
	tcase_add_test(tests, short_for_two);
	tcase_add_loop_test(tests, any_opening, 0, COUNT(openings));
	tcase_add_loop_test(tests, no_end, 0, 5);
	tcase_add_test(tests, too_late);
	tcase_add_test(tests, dead);
	tcase_add_test(tests, cancelled);
	tcase_add_loop_test(tests, no_script, 0, 2);
	tcase_add_loop_test(tests, closed, 0, (int)strlen(GOOD));
	tcase_add_loop_test(tests, no_connection, 0, 2);
	tcase_add_test(tests, crowd);
}

int main(void)
{
	TCase *plain = tcase_create("store_hostile");
	TCase *in_tls = tcase_create("store_hostile_tls");
	int result;

	signal(SIGPIPE, SIG_IGN); /* of OpenSSL's own functions, at our end */
	tcase_add_checked_fixture(in_tls, begin_tls, end_tls);
	add_all(plain);
	add_all(in_tls);
	result = run_tests("store_hostile", plain);
	return run_tests("store_hostile_tls", in_tls) | result;
}
