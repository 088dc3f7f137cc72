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
static const struct history_series *
find(const struct history *history, const char *service, enum verdict verdict)
{
	size_t i;

	for (i = 0; i < history_count(history); i++)
		if (strcmp(history_get(history, i)->service, service) == 0 &&
		    history_get(history, i)->verdict == verdict)
			return history_get(history, i);
	return NULL;
}

/* sum - of all totals */
static uint64_t sum(const struct history *history)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < history_count(history); i++)
		total += history_get(history, i)->total;
	return total;
}

/* count - a number of decisions of service 0 */
static void count(struct totals *totals, int number)
{
	for (; number > 0; number--)
		totals_count(totals, 0, reject, VERDICT_REJECT, 20);
}

START_TEST(adds_workers)
{
	struct totals *tallies[3] = { totals_new(2, 0), totals_new(2, 0),
				      totals_new(2, 0) };
	struct history *history = history_new(&few);
	int i;

	for (i = 0; i < 3; i++) {
		history_add(history, tallies[i]);
		count(tallies[i], i + 1);
		totals_count(tallies[i], 1, permit, VERDICT_PERMIT, 20);
	}
	history_read(history, START);
	history_read(history, START);
	ck_assert_uint_eq(history_count(history), 2);
	ck_assert_uint_eq(find(history, "s0", VERDICT_REJECT)->total, 6);
	ck_assert_uint_eq(find(history, "s1", VERDICT_PERMIT)->total, 3);
	ck_assert_uint_eq(history_times(history)->counts[1], 9);
	history_free(history);
	for (i = 0; i < 3; i++)
		totals_free(tallies[i]);
}
END_TEST

START_TEST(draws_bars)
{
	struct totals *totals = totals_new(2, 0);
	struct history *history = history_new(&few);
	const struct history_series *series;

	history_add(history, totals);
	count(totals, 5);
	history_read(history, START);
	series = find(history, "s0", VERDICT_REJECT);
	ck_assert_uint_eq(history_bar(history, series, HISTORY_MINUTE, 29), 5);
	count(totals, 7);
	history_read(history, START + 2000);
	ck_assert_uint_eq(history_bar(history, series, HISTORY_MINUTE, 28), 5);
	ck_assert_uint_eq(history_bar(history, series, HISTORY_MINUTE, 29), 7);
	ck_assert_uint_eq(history_bar(history, series, HISTORY_HOUR, 29), 12);
	history_read(history, START + 58000);
	ck_assert_uint_eq(history_bar(history, series, HISTORY_MINUTE, 0), 5);
	ck_assert_uint_eq(history_sum(series, HISTORY_MINUTE), 12);
	history_read(history, START + 60000);
	ck_assert_uint_eq(history_sum(series, HISTORY_MINUTE), 7);
	history_read(history, START + HOURS(1));
	ck_assert_uint_eq(history_sum(series, HISTORY_MINUTE), 0);
	ck_assert_uint_eq(history_sum(series, HISTORY_HOUR), 0);
	ck_assert_uint_eq(history_sum(series, HISTORY_DAY), 12);
	history_read(history, START + HOURS(5000));
	ck_assert_uint_eq(history_sum(series, HISTORY_DAY), 0);
	ck_assert_uint_eq(series->total, 12);
	history_free(history);
	totals_free(totals);
}
END_TEST

START_TEST(is_bounded)
{
	static const char *const words[] = { "a", "b", "c", "d", "e", "f" };
	struct totals *totals = totals_new(200, 0);
	struct history *history = history_new(&many);
	size_t i;
	int k;

	history_add(history, totals);
	for (i = 0; i < 200; i++)
		for (k = 0; k < 6; k++)
			totals_count(totals, i, words[k],
				     (enum verdict)(k % VERDICT_COUNT), 1);
	history_read(history, START);
	ck_assert_uint_le(history_count(history),
			  HISTORY_SERIES + VERDICT_COUNT);
	ck_assert_uint_eq(sum(history), 1200);
	history_free(history);
	totals_free(totals);
}
END_TEST

/* old_server - one that has counted, and what it says at its end */
static size_t old_server(char *bytes, size_t size,
			 const struct service_list *list, size_t active)
{
	struct totals *totals = totals_new(list->count, 0);
	struct history *history = history_new(list);
	struct request request;
	static struct facts facts;
	static const struct decision decision = { .verdict = VERDICT_REJECT,
						  .restriction = "reject",
						  .reason = "always" };
	size_t length;
	size_t i;

	history_add(history, totals);
	for (i = 0; i < active; i++)
		totals_count(totals, i, reject, VERDICT_REJECT, 20);
	request_init(&request);
	request.sender = "sender";
	for (i = 0; i < 20; i++)
		totals_remember(totals,
				&(struct totals_event){ .when = (int64_t)i + 1,
							.id = "ID",
							.service = services,
							.decision = &decision,
							.request = &request,
							.facts = &facts,
							.reply = "action=no" });
	history_read(history, START);
	length = history_write(history, bytes, size);
	history_free(history);
	totals_free(totals);
	return length;
}

START_TEST(goes_on)
{
	struct totals_refusal refusals[TOTALS_REFUSALS];
	struct totals *totals = totals_new(2, 0);
	struct history *history = history_new(&few);
	const struct history_series *series;
	char bytes[65536];
	size_t length = old_server(bytes, sizeof(bytes), &few, 2);

	history_add(history, totals);
	count(totals, 1); /* counted before the old one has said its word */
	history_read(history, START + 4000);
	ck_assert_int_eq(history_take(history, bytes, length), 0);
	count(totals, 2);
	history_read(history, START + 4000);
	series = find(history, "s0", VERDICT_REJECT);
	ck_assert_uint_eq(series->total, 4);
	ck_assert_uint_eq(history_bar(history, series, HISTORY_MINUTE, 27), 1);
	ck_assert_uint_eq(history_bar(history, series, HISTORY_MINUTE, 29), 3);
	ck_assert_uint_eq(history_sum(series, HISTORY_DAY), 4);
	ck_assert_uint_eq(history_times(history)->counts[1], 5);
	ck_assert_uint_eq(history_refusals(history, refusals), TOTALS_REFUSALS);
	ck_assert_int_eq(refusals[0].when, 20);
	ck_assert_str_eq(refusals[11].from, "sender");
	history_free(history);
	totals_free(totals);
}
END_TEST

/* A service that is gone takes its series with it. */
START_TEST(leaves_services)
{
	struct history *history = history_new(&other);
	char bytes[65536];
	size_t length = old_server(bytes, sizeof(bytes), &few, 2);

	history_read(history, START);
	ck_assert_int_eq(history_take(history, bytes, length), 0);
	ck_assert_uint_eq(history_count(history), 1);
	ck_assert_ptr_nonnull(find(history, "s1", VERDICT_REJECT));
	history_free(history);
}
END_TEST

/* With little room the totals come first; all that was written is whole. */
START_TEST(keeps_totals_when_room_is_little)
{
	char bytes[65536];
	size_t full = old_server(bytes, sizeof(bytes), &many, 60);
	size_t size;

	for (size = 0; size <= full; size += 7) {
		struct history *history = history_new(&many);
		size_t length = old_server(bytes, size, &many, 60);

		ck_assert_uint_le(length, size);
		history_read(history, START);
		ck_assert_int_eq(history_take(history, bytes, length), 0);
		if (size > 4096)
			ck_assert_uint_eq(sum(history), 60);
		history_free(history);
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
		struct history *history = history_new(&few);
		size_t length = (size_t)rand_r(&seed) % (full + 1);
		int changes = rand_r(&seed) % 4;

		memcpy(copy, bytes, full);
		for (; changes > 0; changes--)
			copy[(size_t)rand_r(&seed) % full] =
				(char)rand_r(&seed);
		history_read(history, START);
		history_take(history, copy, length);
		history_read(history, START + 1000);
		ck_assert_uint_le(history_count(history),
				  HISTORY_SERIES + VERDICT_COUNT);
		history_free(history);
	}
}
END_TEST

/* A name that is longer than any can be. */
START_TEST(is_too_long)
{
	struct history *history = history_new(&few);
	char bytes[2000];

	memset(bytes, 'x', sizeof(bytes));
	bytes[0] = 'S';
	bytes[sizeof(bytes) - 1] = '\0';
	ck_assert_int_eq(history_take(history, bytes, sizeof(bytes)), -1);
	history_free(history);
}
END_TEST

/* The clock of this machine has not been there yet. */
START_TEST(comes_from_the_future)
{
	struct history *history = history_new(&few);
	char bytes[65536];
	size_t length = old_server(bytes, sizeof(bytes), &few, 2);

	history_read(history, START - HOURS(1));
	ck_assert_int_eq(history_take(history, bytes, length), -1);
	history_free(history);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("history");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, adds_workers);
	tcase_add_test(tests, draws_bars);
	tcase_add_test(tests, is_bounded);
	tcase_add_test(tests, goes_on);
	tcase_add_test(tests, leaves_services);
	tcase_add_test(tests, keeps_totals_when_room_is_little);
	tcase_add_test(tests, is_damaged);
	tcase_add_test(tests, is_too_long);
	tcase_add_test(tests, comes_from_the_future);
	return run_tests("history", tests);
}
