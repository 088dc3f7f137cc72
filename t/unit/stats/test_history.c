/* SPDX-License-Identifier: ISC */
/* test_history - series over workers, time and servers */

#include "lib/stats/history.h"

#include <string.h>

#include "t/unit/test.h"

#define HOURS(n) ((uint64_t)(n)*3600000)
#define START	 HOURS(1000)

static const char permit[] = "permit", reject[] = "reject";
static struct service services[200];
static char names[200][8];
static const struct service_list few = { services, 2 };
static const struct service_list many = { services, 200 };
static const struct service_list other = { services + 1, 1 };

static void set_up(void)
{
	size_t i;

	for (i = 0; i < 200; i++) {
		snprintf(names[i], sizeof(names[i]), "s%zu", i);
		services[i].name = names[i];
	}
}

/* find - the series of these names, or NULL */
static const struct ledger_series *
find(const struct ledger *ledger, const char *service, enum verdict verdict)
{
	size_t i;

	for (i = 0; i < ledger_count(ledger); i++)
		if (strcmp(ledger_get(ledger, i)->service, service) == 0 &&
		    ledger_get(ledger, i)->verdict == verdict)
			return ledger_get(ledger, i);
	return NULL;
}

/* sum - of all totals */
static uint64_t sum(const struct ledger *ledger)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < ledger_count(ledger); i++)
		total += ledger_get(ledger, i)->total;
	return total;
}

/* count - a number of decisions of service 0 */
static void count(struct tally *tally, int number)
{
	for (; number > 0; number--)
		tally_count(tally, 0, reject, VERDICT_REJECT, 20);
}

START_TEST(adds_workers)
{
	struct tally *tallies[3] = { tally_new(2), tally_new(2), tally_new(2) };
	struct ledger *ledger = ledger_new(&few);
	int i;

	for (i = 0; i < 3; i++) {
		ledger_add(ledger, tallies[i]);
		count(tallies[i], i + 1);
		tally_count(tallies[i], 1, permit, VERDICT_PERMIT, 20);
	}
	ledger_read(ledger, START);
	ledger_read(ledger, START);
	ck_assert_uint_eq(ledger_count(ledger), 2);
	ck_assert_uint_eq(find(ledger, "s0", VERDICT_REJECT)->total, 6);
	ck_assert_uint_eq(find(ledger, "s1", VERDICT_PERMIT)->total, 3);
	ck_assert_uint_eq(ledger_times(ledger)->counts[1], 9);
	ledger_free(ledger);
	for (i = 0; i < 3; i++)
		tally_free(tallies[i]);
}
END_TEST

START_TEST(draws_bars)
{
	struct tally *tally = tally_new(2);
	struct ledger *ledger = ledger_new(&few);
	const struct ledger_series *series;

	ledger_add(ledger, tally);
	count(tally, 5);
	ledger_read(ledger, START);
	series = find(ledger, "s0", VERDICT_REJECT);
	ck_assert_uint_eq(ledger_bar(ledger, series, LEDGER_MINUTE, 29), 5);
	count(tally, 7);
	ledger_read(ledger, START + 2000);
	ck_assert_uint_eq(ledger_bar(ledger, series, LEDGER_MINUTE, 28), 5);
	ck_assert_uint_eq(ledger_bar(ledger, series, LEDGER_MINUTE, 29), 7);
	ck_assert_uint_eq(ledger_bar(ledger, series, LEDGER_HOUR, 29), 12);
	ledger_read(ledger, START + 58000);
	ck_assert_uint_eq(ledger_bar(ledger, series, LEDGER_MINUTE, 0), 5);
	ck_assert_uint_eq(ledger_sum(series, LEDGER_MINUTE), 12);
	ledger_read(ledger, START + 60000);
	ck_assert_uint_eq(ledger_sum(series, LEDGER_MINUTE), 7);
	ledger_read(ledger, START + HOURS(1));
	ck_assert_uint_eq(ledger_sum(series, LEDGER_MINUTE), 0);
	ck_assert_uint_eq(ledger_sum(series, LEDGER_HOUR), 0);
	ck_assert_uint_eq(ledger_sum(series, LEDGER_DAY), 12);
	ledger_read(ledger, START + HOURS(5000));
	ck_assert_uint_eq(ledger_sum(series, LEDGER_DAY), 0);
	ck_assert_uint_eq(series->total, 12);
	ledger_free(ledger);
	tally_free(tally);
}
END_TEST

START_TEST(is_bounded)
{
	static const char *const words[] = { "a", "b", "c", "d", "e", "f" };
	struct tally *tally = tally_new(200);
	struct ledger *ledger = ledger_new(&many);
	size_t i;
	int k;

	ledger_add(ledger, tally);
	for (i = 0; i < 200; i++)
		for (k = 0; k < 6; k++)
			tally_count(tally, i, words[k],
				    (enum verdict)(k % VERDICT_COUNT), 1);
	ledger_read(ledger, START);
	ck_assert_uint_le(ledger_count(ledger), LEDGER_SERIES + VERDICT_COUNT);
	ck_assert_uint_eq(sum(ledger), 1200);
	ledger_free(ledger);
	tally_free(tally);
}
END_TEST

/* old_server - one that has counted, and what it says at its end */
static size_t old_server(char *bytes, size_t size,
			 const struct service_list *list, size_t active)
{
	struct tally *tally = tally_new(list->count);
	struct ledger *ledger = ledger_new(list);
	struct request request;
	static struct facts facts;
	static const struct decision decision = { .verdict = VERDICT_REJECT,
						  .restriction = "reject",
						  .reason = "always" };
	size_t length;
	size_t i;

	ledger_add(ledger, tally);
	for (i = 0; i < active; i++)
		tally_count(tally, i, reject, VERDICT_REJECT, 20);
	request_init(&request);
	request.sender = "sender";
	for (i = 0; i < 20; i++)
		tally_remember(tally,
			       &(struct tally_event){ .when = (int64_t)i + 1,
						      .id = "ID",
						      .service = services,
						      .decision = &decision,
						      .request = &request,
						      .facts = &facts,
						      .reply = "action=no" });
	ledger_read(ledger, START);
	length = ledger_write(ledger, bytes, size);
	ledger_free(ledger);
	tally_free(tally);
	return length;
}

START_TEST(goes_on)
{
	struct tally_refusal refusals[TALLY_REFUSALS];
	struct tally *tally = tally_new(2);
	struct ledger *ledger = ledger_new(&few);
	const struct ledger_series *series;
	char bytes[65536];
	size_t length = old_server(bytes, sizeof(bytes), &few, 2);

	ledger_add(ledger, tally);
	count(tally, 1); /* counted before the old one has said its word */
	ledger_read(ledger, START + 4000);
	ck_assert_int_eq(ledger_take(ledger, bytes, length), 0);
	count(tally, 2);
	ledger_read(ledger, START + 4000);
	series = find(ledger, "s0", VERDICT_REJECT);
	ck_assert_uint_eq(series->total, 4);
	ck_assert_uint_eq(ledger_bar(ledger, series, LEDGER_MINUTE, 27), 1);
	ck_assert_uint_eq(ledger_bar(ledger, series, LEDGER_MINUTE, 29), 3);
	ck_assert_uint_eq(ledger_sum(series, LEDGER_DAY), 4);
	ck_assert_uint_eq(ledger_times(ledger)->counts[1], 5);
	ck_assert_uint_eq(ledger_refusals(ledger, refusals), TALLY_REFUSALS);
	ck_assert_int_eq(refusals[0].when, 20);
	ck_assert_str_eq(refusals[11].from, "sender");
	ledger_free(ledger);
	tally_free(tally);
}
END_TEST

/* A service that is gone takes its series with it. */
START_TEST(leaves_services)
{
	struct ledger *ledger = ledger_new(&other);
	char bytes[65536];
	size_t length = old_server(bytes, sizeof(bytes), &few, 2);

	ledger_read(ledger, START);
	ck_assert_int_eq(ledger_take(ledger, bytes, length), 0);
	ck_assert_uint_eq(ledger_count(ledger), 1);
	ck_assert_ptr_nonnull(find(ledger, "s1", VERDICT_REJECT));
	ledger_free(ledger);
}
END_TEST

/* With little room the totals come first; all that was written is whole. */
START_TEST(fits)
{
	char bytes[65536];
	size_t full = old_server(bytes, sizeof(bytes), &many, 60);
	size_t size;

	for (size = 0; size <= full; size += 7) {
		struct ledger *ledger = ledger_new(&many);
		size_t length = old_server(bytes, size, &many, 60);

		ck_assert_uint_le(length, size);
		ledger_read(ledger, START);
		ck_assert_int_eq(ledger_take(ledger, bytes, length), 0);
		if (size > 4096)
			ck_assert_uint_eq(sum(ledger), 60);
		ledger_free(ledger);
	}
}
END_TEST

/* Damaged data is refused, or read as other data; it does no harm. */
START_TEST(is_damaged)
{
	char bytes[65536];
	char copy[65536];
	size_t full = old_server(bytes, sizeof(bytes), &few, 2);
	unsigned seed = 1;
	int round;

	for (round = 0; round < 20000; round++) {
		struct ledger *ledger = ledger_new(&few);
		size_t length = (size_t)rand_r(&seed) % (full + 1);
		int changes = rand_r(&seed) % 4;

		memcpy(copy, bytes, full);
		for (; changes > 0; changes--)
			copy[(size_t)rand_r(&seed) % full] =
				(char)rand_r(&seed);
		ledger_read(ledger, START);
		ledger_take(ledger, copy, length);
		ledger_read(ledger, START + 1000);
		ck_assert_uint_le(ledger_count(ledger),
				  LEDGER_SERIES + VERDICT_COUNT);
		ledger_free(ledger);
	}
}
END_TEST

/* A name that is longer than any can be. */
START_TEST(is_too_long)
{
	struct ledger *ledger = ledger_new(&few);
	char bytes[2000];

	memset(bytes, 'x', sizeof(bytes));
	bytes[0] = 'S';
	bytes[sizeof(bytes) - 1] = '\0';
	ck_assert_int_eq(ledger_take(ledger, bytes, sizeof(bytes)), -1);
	ledger_free(ledger);
}
END_TEST

/* The clock of this machine has not been there yet. */
START_TEST(comes_from_the_future)
{
	struct ledger *ledger = ledger_new(&few);
	char bytes[65536];
	size_t length = old_server(bytes, sizeof(bytes), &few, 2);

	ledger_read(ledger, START - HOURS(1));
	ck_assert_int_eq(ledger_take(ledger, bytes, length), -1);
	ledger_free(ledger);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("ledger");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, adds_workers);
	tcase_add_test(tests, draws_bars);
	tcase_add_test(tests, is_bounded);
	tcase_add_test(tests, goes_on);
	tcase_add_test(tests, leaves_services);
	tcase_add_test(tests, fits);
	tcase_add_test(tests, is_damaged);
	tcase_add_test(tests, is_too_long);
	tcase_add_test(tests, comes_from_the_future);
	return run_tests("ledger", tests);
}
