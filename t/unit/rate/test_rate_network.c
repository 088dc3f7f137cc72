/* SPDX-License-Identifier: ISC */
/* Tests of rate_network.c: a table of networks. */

#include "t/unit/rate/rate_place.h"

/* from - a message of alice from a network; was it let through? */
static bool from(struct place *place, struct rate_table *table,
		 const char *network, struct rate_result *result)
{
	struct rate_charge charge =
		charge_of(table, "alice", 7, "2/1h 3/1d", RATE_NETWORKS);
	bool within;

	charge.place = network;
	within = rate_take(&charge, 1, place->clock.now_us);
	*result = charge.result;
	return within;
}

/* see - collect the names of a row */
static int see(void *context, const struct rate_row *row)
{
	char *text = context;

	text[0] = '\0';
	for (unsigned i = 0; i < row->place_count; i++) {
		strcat(text, row->places[i].name);
		strcat(text, " ");
	}
	return 0;
}

START_TEST(networks)
{
	struct rate_table *table;
	struct rate_result result;
	char names[200];
	struct place place;

	place_init(&place);
	table = open_table(&place, "2/1h 3/1d", RATE_NETWORKS, 64);
	ck_assert(from(&place, table, "192.0.2.0/24", &result));
	check(result, RATE_WITHIN, 1, 2, 3600, 0);
	elapse(&place, SECOND_US);
	ck_assert(from(&place, table, "ffff:ffff:ffff:ffff::/64", &result));
	check(result, RATE_WITHIN, 2, 2, 3600, 0);
	ck_assert(!from(&place, table, "google", &result));
	check(result, RATE_OVER, 2, 2, 3600, 3600);
	/* Those that are in the set stay, and are refreshed. */
	elapse(&place, HOUR_US - 60 * SECOND_US);
	ck_assert(from(&place, table, "192.0.2.0/24", &result));
	check(result, RATE_WITHIN, 2, 2, 3600, 0);
	elapse(&place, 62 * SECOND_US);
	ck_assert(from(&place, table, "google", &result));
	check(result, RATE_WITHIN, 2, 2, 3600, 0);
	rate_table_key(table, "alice", place.clock.now_us, see, names);
	ck_assert_str_eq(names,
			 "google 192.0.2.0/24 ffff:ffff:ffff:ffff::/64 ");
	elapse(&place, 2 * HOUR_US);
	ck_assert(!from(&place, table, "198.51.100.0/24", &result));
	ck_assert_uint_eq(result.length_s, 86400);
	elapse(&place, 24 * HOUR_US);
	ck_assert(from(&place, table, "198.51.100.0/24", &result));
	check(result, RATE_WITHIN, 1, 2, 3600, 0);
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* A key may have a limit above the room that the table was made with: until
 * there is a larger one, its room is the limit. */
START_TEST(no_more_networks_than_there_is_room_for)
{
	struct rate_table *table;
	struct rate_charge charge;
	struct place place;
	char name[8] = "a";

	place_init(&place);
	table = open_table(&place, "3/1d", RATE_NETWORKS, 64);
	charge = charge_of(table, "alice", 1, "9/1d", RATE_NETWORKS);
	charge.place = name;
	for (; name[0] < 'd'; name[0]++)
		ck_assert(rate_take(&charge, 1, place.clock.now_us));
	ck_assert(!rate_take(&charge, 1, place.clock.now_us));
	check(charge.result, RATE_OVER, 3, 3, 86400, 86401);
	name[0] = 'a';
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	charge = charge_of(table, "bob", 1, "", RATE_NETWORKS);
	charge.place = name;
	for (; name[0] < 'h'; name[0]++)
		ck_assert(rate_take(&charge, 1, place.clock.now_us));
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* A network is known for all of the hour, though a time is kept as the tick in
 * which it was: that begins a moment earlier. */
START_TEST(a_network_stays_for_all_of_the_window)
{
	struct rate_table *table;
	struct rate_charge charge;
	struct place place;

	place_init(&place);
	table = open_table(&place, "1/1h", RATE_NETWORKS, 64);
	charge = charge_of(table, "alice", 1, "1/1h", RATE_NETWORKS);
	charge.place = "192.0.2.0/24";
	elapse(&place, 33000); /* of 33,333 */
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	elapse(&place, HOUR_US - 1000);
	charge.place = "198.51.100.0/24";
	ck_assert(!rate_take(&charge, 1, place.clock.now_us));
	elapse(&place, 35000);
	ck_assert(rate_take(&charge, 1, place.clock.now_us));
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_network");

	tcase_add_test(tests, networks);
	tcase_add_test(tests, no_more_networks_than_there_is_room_for);
	tcase_add_test(tests, a_network_stays_for_all_of_the_window);
	return run_tests("rate_network", tests);
}
