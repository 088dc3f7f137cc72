/* SPDX-License-Identifier: ISC */
/* test_totals - what one worker counts, also while somebody reads */

#include "lib/stats/totals.h"

#include <pthread.h>
#include <string.h>

#include "t/unit/test.h"

static const char permit[] = "permit", reject[] = "reject";

/* The sum of what is visited, and how much of it was folded. */
struct seen {
	uint64_t sum, folded, others;
	int services;
};

static void see(void *context, const struct totals_entry *entry)
{
	struct seen *seen = context;

	ck_assert(entry->verdict < VERDICT_COUNT && entry->count > 0);
	seen->sum += entry->count;
	if (entry->service < 0)
		seen->folded += entry->count;
	else if (entry->service >= seen->services)
		seen->services = entry->service + 1;
	if (strcmp(entry->restriction, TOTALS_OTHER) == 0)
		seen->others += entry->count;
}

START_TEST(counts)
{
	static const unsigned long us[] = { 0,	 10,	11,	 250,
					    999, 10000, 1000000, 1000001 };
	struct totals *totals = totals_new(3, 0);
	struct totals_times times = { 0 };
	struct seen seen = { 0 };
	size_t i;

	for (i = 0; i < sizeof(us) / sizeof(us[0]); i++)
		totals_count(totals, i % 3, i % 2 ? permit : reject,
			     i % 2 ? VERDICT_PERMIT : VERDICT_REJECT, us[i]);
	totals_each(totals, see, &seen);
	ck_assert_uint_eq(seen.sum, 8);
	ck_assert_uint_eq(seen.folded, 0);
	ck_assert_int_eq(seen.services, 3);
	totals_times(totals, &times);
	totals_times(totals, &times); /* adds */
	ck_assert_uint_eq(times.counts[0], 2 * 2);
	ck_assert_uint_eq(times.counts[1], 2 * 1);
	ck_assert_uint_eq(times.counts[4], 2 * 1);
	ck_assert_uint_eq(times.counts[5], 2 * 1);
	ck_assert_uint_eq(times.counts[6], 2 * 1);
	ck_assert_uint_eq(times.counts[8], 2 * 1);
	ck_assert_uint_eq(times.counts[TOTALS_BOUNDS], 2 * 1);
	ck_assert_uint_eq(times.sum_us, 2 * 2011271);
	totals_free(totals);
}
END_TEST

/* Too many services, and too many restrictions: folded, never lost. */
START_TEST(folds_what_is_too_many)
{
	static char words[100][8];
	struct totals *totals = totals_new(1000, 0);
	struct seen seen = { 0 };
	size_t i;

	for (i = 0; i < 1000; i++)
		totals_count(totals, i, permit, VERDICT_PERMIT, 1);
	for (i = 0; i < 100; i++)
		totals_count(totals, 0, words[i], VERDICT_REJECT, 1);
	totals_each(totals, see, &seen);
	ck_assert_uint_eq(seen.sum, 1100);
	ck_assert_int_eq(seen.services, TOTALS_SERVICES - 1);
	ck_assert_uint_eq(seen.folded, 1000 - (TOTALS_SERVICES - 1));
	ck_assert_uint_eq(seen.others, 100 - (TOTALS_WORDS - 2));
	totals_free(totals);
}
END_TEST

static char service_name[SERVICE_NAME_MAX + 1] = "s";
static const struct service service = { .name = service_name };
static const struct decision decision = { .verdict = VERDICT_REJECT,
					  .restriction = "reject",
					  .reason = "always" };

/* remember - a refusal of that sender, at that time */
static void remember(struct totals *totals, const char *sender, int64_t when)
{
	static struct facts facts;
	struct request request;

	request_init(&request);
	request.sender = request.recipient = sender;
	facts.has_recipient = true;
	totals_remember(totals,
			&(struct totals_event){ .when = when,
						.id = "ID",
						.service = &service,
						.decision = &decision,
						.request = &request,
						.facts = &facts,
						.reply = "action=554 no\n\n" });
}

START_TEST(remembers)
{
	struct totals_refusal refusals[TOTALS_REFUSALS];
	struct totals *totals = totals_new(1, 0);
	char sender[1000];
	int i;

	totals_refusals(totals, refusals);
	ck_assert_int_eq(refusals[0].when, 0);
	for (i = 1; i <= TOTALS_REFUSALS + 3; i++) {
		snprintf(sender, sizeof(sender), "%d", i);
		remember(totals, sender, i);
	}
	memset(sender, 'x', sizeof(sender) - 1);
	sender[sizeof(sender) - 1] = '\0';
	remember(totals, sender, i);
	totals_refusals(totals, refusals);
	ck_assert_uint_eq(strlen(refusals[0].from), TOTALS_TEXT_MAX - 1);
	for (i = 1; i < TOTALS_REFUSALS; i++)
		ck_assert_int_eq(refusals[i].when, TOTALS_REFUSALS + 4 - i);
	ck_assert_str_eq(refusals[1].from, "15");
	ck_assert_str_eq(refusals[1].reply, "554 no");
	ck_assert_str_eq(refusals[1].why, "always");
	ck_assert_str_eq(refusals[1].destination,
			 "the destination is not ours");
	ck_assert_str_eq(refusals[1].service, "s");
	totals_free(totals);
}
END_TEST

/* work - a worker, until it is stopped */
static bool stop;

static void *work(void *argument)
{
	char number[16];
	int i;

	for (i = 1; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
		totals_count(argument, 0, i % 2 ? permit : reject,
			     i % 2 ? VERDICT_PERMIT : VERDICT_REJECT, 1);
		snprintf(number, sizeof(number), "%d", i);
		remember(argument, number, i);
	}
	return NULL;
}

/* check_whole - is all of it of one refusal? */
static void check_whole(const struct totals_refusal *refusal)
{
	if (refusal->when == 0)
		return;
	ck_assert_str_eq(refusal->from, refusal->to);
	ck_assert_int_eq(atoi(refusal->from), refusal->when);
}

/* Somebody reads meanwhile: never backwards, never half a text. */
START_TEST(is_read_meanwhile)
{
	struct totals_refusal refusals[TOTALS_REFUSALS];
	struct totals *totals = totals_new(1, 0);
	uint64_t before = 0;
	pthread_t thread;
	int reads = mutants(20000);
	int round, i;

	ck_assert_int_eq(pthread_create(&thread, NULL, work, totals), 0);
	for (round = 0; round < reads || before < (uint64_t)reads; round++) {
		struct seen seen = { 0 };

		totals_each(totals, see, &seen);
		ck_assert_uint_ge(seen.sum, before);
		before = seen.sum;
		totals_refusals(totals, refusals);
		for (i = 0; i < TOTALS_REFUSALS; i++)
			check_whole(&refusals[i]);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	totals_free(totals);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("totals");

	tcase_add_test(tests, counts);
	tcase_add_test(tests, folds_what_is_too_many);
	tcase_add_test(tests, remembers);
	tcase_add_test(tests, is_read_meanwhile);
	return run_tests("totals", tests);
}
