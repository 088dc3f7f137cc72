/* SPDX-License-Identifier: ISC */
/* test_charges - rates are asked after the walk, all or none
 *
 * With real counts, in a file below /tmp. */

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "lib/decision/charges.h"
#include "lib/decision/evaluate.h"
#include "lib/decision/reply.h"
#include "lib/rate/rate_table.h"
#include "t/unit/test.h"

#define RATES 3

static char directory[64];
static struct rate rates[RATES];
static struct rate_list list = { rates, RATES };
static struct rate_table *tables[RATES];
static struct charges charges;
static struct evaluation evaluation;
static struct request request;
static struct facts facts;
static char last_reply[REPLY_MAX];

/* path_of - the file of a rate */
static const char *path_of(const struct rate *rate)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, rate->name);
	return path;
}

/* open_table - once its limits are known */
static void open_table(struct rate *rate)
{
	struct rate_shape shape = rate_shape_needed(rate);
	struct rate_clock clock = rate_clock_read();
	struct error error = { "" };

	tables[rate->index] = rate_table_open(path_of(rate), &shape, geteuid(),
					      &clock, &error);
	ck_assert_msg(tables[rate->index] != NULL, "%s", error.text);
}

/* make_rate - "a", "b", "c"; one limit in an hour */
static void make_rate(size_t index, uint64_t number)
{
	static const char *const names[] = { "a", "b", "c" };
	struct rate_limit limit = { number, 3600 };
	struct rate *rate = &rates[index];
	struct error error;

	memset(rate, 0, sizeof(*rate));
	rate->name = (char *)(uintptr_t)names[index];
	rate->index = index;
	rate->state = RATE_AT_DATA;
	rate->near = 80;
	rate->keys = 64;
	rate->parts[0] = RATE_SASL_USERNAME;
	rate->part_count = 1;
	ck_assert_int_eq(rate_limits_add(&rate->limits, &limit, &error), 0);
}

static void set_up(void)
{
	strcpy(directory, "/tmp/test_charges.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	make_rate(0, 5);
	make_rate(1, 8);
	make_rate(2, 100);
	for (size_t i = 0; i < RATES; i++)
		open_table(&rates[i]);
	request_init(&request);
	request.sasl_username = "alice";
	memset(&facts, 0, sizeof(facts));
}

static void tear_down(void)
{
	for (size_t i = 0; i < RATES; i++) {
		rate_table_close(tables[i]);
		unlink(path_of(&rates[i]));
	}
	ck_assert_int_eq(rmdir(directory), 0);
}

/* ask_with - walk these words for one request, and settle */
static enum verdict ask_with(const char *words, const char *state,
			     const char *instance, const char *count,
			     bool only_look)
{
	struct restriction_context context = { .rates = &list };
	struct restriction_list walk = { 0 };
	struct charges_how how = { only_look, rate_now_us() };
	struct reply_options options = { .mode = REPLY_LOCK };
	char text[128];
	char *rest, *word;
	struct error error = { "" };

	snprintf(text, sizeof(text), "%s", words);
	for (word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		char *colon = strchr(word, ':');

		if (colon != NULL)
			*colon = '\0';
		ck_assert_msg(
			restriction_list_add(&walk, restriction_find(word),
					     colon != NULL ? colon + 1 : NULL,
					     &context, &error) == 0,
			"%s", error.text);
	}
	request.protocol_state = state;
	request.instance = instance;
	request.recipient_count = count;
	facts.has_recipient = strcmp(state, "RCPT") == 0;
	request.recipient = facts.has_recipient ? "x@y.test" : "";
	memset(&evaluation, 0, sizeof(evaluation));
	evaluation.charges = &charges;
	charges_begin(&charges, &request, tables);
	ck_assert(evaluation_start(&evaluation, &walk, &request, &facts, 0,
				   NULL));
	charges_settle(&charges, &evaluation.decision, &how);
	reply_write(last_reply, &evaluation.decision, &facts, &options, "ID");
	restriction_list_clear(&walk);
	return evaluation.decision.verdict;
}

static enum verdict ask(const char *words, const char *state,
			const char *instance, const char *count)
{
	return ask_with(words, state, instance, count, false);
}

/* used_row, used - what is counted for alice */
static int used_row(void *context, const struct rate_row *row)
{
	*(uint64_t *)context = row->used[0];
	return 0;
}

static uint64_t used(size_t index)
{
	uint64_t count = 0;

	rate_table_key(tables[index], "alice", rate_now_us(), used_row, &count);
	return count;
}

#define EXPECT_REPLY(text) ck_assert_ptr_nonnull(strstr(last_reply, text))

/* It looks at RCPT, counts at DATA, and once; then it is over. */
START_TEST(counts_at_data)
{
	ck_assert_int_eq(ask("check_rate:a permit", "RCPT", "1", "0"),
			 VERDICT_PERMIT);
	ck_assert_uint_eq(used(0), 0);
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "1", "3"),
			 VERDICT_PERMIT);
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "1", "3"),
			 VERDICT_PERMIT);
	ck_assert_int_eq(ask("check_rate:a permit", "END-OF-MESSAGE", "1", "3"),
			 VERDICT_PERMIT);
	ck_assert_uint_eq(used(0), 3);
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "2", "3"),
			 VERDICT_DEFER);
	ck_assert_str_eq(evaluation.decision.reason, "over the limit");
	EXPECT_REPLY("action=450 4.7.1 Sending limit reached; try again in ");
	EXPECT_REPLY(" (id ID)\n");
	ck_assert_uint_eq(used(0), 3);
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "3", "2"),
			 VERDICT_PERMIT);
	ck_assert_int_eq(ask("check_rate:a permit", "RCPT", "4", "0"),
			 VERDICT_DEFER);
	ck_assert(charges.limited);
}
END_TEST

/* A client may say DATA again with one recipient more, which has to fit. */
START_TEST(looks_beyond_what_was_counted)
{
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "1", "5"),
			 VERDICT_PERMIT);
	ck_assert_int_eq(ask("check_rate:a permit", "RCPT", "1", "0"),
			 VERDICT_DEFER);
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "1", "5"),
			 VERDICT_PERMIT);
	ck_assert_uint_eq(used(0), 5);
}
END_TEST

/* What the list refuses costs nothing; what it permits first is exempt. Without
 * a recipient a refusal is none. */
START_TEST(counts_what_passes)
{
	ck_assert_int_eq(ask("permit check_rate:a", "DATA", "1", "3"),
			 VERDICT_PERMIT);
	ck_assert_uint_eq(used(0), 0);
	rates[0].state = RATE_AT_RCPT;
	ck_assert_int_eq(ask("check_rate:a reject", "RCPT", "1", "0"),
			 VERDICT_REJECT);
	ck_assert_int_eq(ask("check_rate:a defer", "RCPT", "2", "0"),
			 VERDICT_DEFER);
	ck_assert_uint_eq(used(0), 0);
	rates[0].state = RATE_AT_DATA;
	ck_assert_int_eq(ask("check_rate:a reject", "DATA", "3", "3"),
			 VERDICT_DUNNO);
	ck_assert_uint_eq(used(0), 3);
}
END_TEST

/* All rates of the list, or none. */
START_TEST(takes_all_or_none)
{
	const char *both = "check_rate:b check_rate:a permit";

	ck_assert_int_eq(ask(both, "DATA", "1", "4"), VERDICT_PERMIT);
	ck_assert_int_eq(ask(both, "DATA", "2", "2"), VERDICT_DEFER);
	ck_assert_ptr_eq(evaluation.decision.charge->rate, &rates[0]);
	ck_assert_uint_eq(used(0), 4);
	ck_assert_uint_eq(used(1), 4);
}
END_TEST

/* A message that policyd refuses when all of it is there is given back. */
START_TEST(gives_back)
{
	rates[1].count = RATE_SIZES;
	rates[1].state = RATE_AT_END;
	rate_table_close(tables[1]);
	unlink(path_of(&rates[1]));
	open_table(&rates[1]);
	ck_assert_int_eq(
		ask("check_rate:a check_rate:b permit", "DATA", "1", "3"),
		VERDICT_PERMIT);
	ck_assert_uint_eq(used(0), 3);
	request.size = "9";
	ck_assert_int_eq(ask("check_rate:a check_rate:b permit",
			     "END-OF-MESSAGE", "1", "3"),
			 VERDICT_REJECT);
	EXPECT_REPLY("554 5.7.1 Message too large: at most 8 bytes in 1h");
	ck_assert_uint_eq(used(0), 0);
	request.size = "7";
	ck_assert_int_eq(ask("check_rate:a check_rate:b permit",
			     "END-OF-MESSAGE", "2", "3"),
			 VERDICT_PERMIT);
	ck_assert_uint_eq(used(0), 3);
	ck_assert_uint_eq(used(1), 7);
}
END_TEST

/* What never fits is refused for good; 0 is nobody. */
START_TEST(refuses_for_good)
{
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "1", "6"),
			 VERDICT_REJECT);
	EXPECT_REPLY("action=554 5.7.1 Too many recipients at once: 6, at most "
		     "5 in 1h (id ID)");
	rates[0].limits.limit[0].number = 0;
	ck_assert_int_eq(ask("check_rate:a permit", "RCPT", "1", "0"),
			 VERDICT_REJECT);
	EXPECT_REPLY("554 5.7.1 Sending is blocked for this account");
}
END_TEST

/* The actions. */
START_TEST(obeys_the_action)
{
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "1", "5"),
			 VERDICT_PERMIT);
	rates[0].action = RATE_REJECT;
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "2", "1"),
			 VERDICT_REJECT);
	EXPECT_REPLY("action=554 5.7.1 Sending limit reached; try again");
	rates[0].over_reply = (char *)(uintptr_t) "554 5.7.1 No";
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "2", "1"),
			 VERDICT_REJECT);
	EXPECT_REPLY("action=554 5.7.1 No (id ID)");
	rates[0].over_reply = NULL;
	rates[0].action = RATE_HOLD;
	ck_assert_int_eq(ask("check_rate:a permit", "RCPT", "2", "0"),
			 VERDICT_PERMIT);
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "2", "1"),
			 VERDICT_HOLD);
	EXPECT_REPLY("action=HOLD Sending limit reached (id ID)");
	ck_assert_uint_eq(used(0), 5);
	rates[0].action = RATE_WARN;
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "2", "7"),
			 VERDICT_PERMIT);
	ck_assert_uint_eq(used(0), 12);
}
END_TEST

/* What is held counts for the other rates; what one of them refuses is not
 * held. */
START_TEST(holds_for_others)
{
	const char *both = "check_rate:a check_rate:b permit";

	rates[0].action = RATE_HOLD;
	ck_assert_int_eq(ask(both, "DATA", "1", "5"), VERDICT_PERMIT);
	ck_assert_int_eq(ask(both, "DATA", "2", "2"), VERDICT_HOLD);
	ck_assert_uint_eq(used(0), 5);
	ck_assert_uint_eq(used(1), 7);
	ck_assert_int_eq(ask(both, "DATA", "3", "2"), VERDICT_DEFER);
	ck_assert_ptr_eq(evaluation.decision.charge->rate, &rates[1]);
	ck_assert_uint_eq(used(1), 7);
}
END_TEST

/* A block stops everything, whatever the action, and the log says that it was
 * one. */
START_TEST(obeys_a_block)
{
	char usage[CHARGE_TEXT_MAX];
	struct error error;

	rates[0].action = RATE_WARN;
	ck_assert_int_eq(
		rate_table_block(tables[0], "alice", 60, rate_now_us(), &error),
		0);
	ck_assert_int_eq(ask("check_rate:a permit", "RCPT", "1", "0"),
			 VERDICT_REJECT);
	EXPECT_REPLY("554 5.7.1 Sending is blocked for this account");
	ck_assert_str_eq(charge_usage(evaluation.decision.charge, "a", usage),
			 "a:blocked");
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "1", "1"),
			 VERDICT_REJECT);
}
END_TEST

/* Looking changes nothing, and says the same. */
START_TEST(only_looks)
{
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
			ask_with("check_rate:a permit", "DATA", "1", "3", true),
			VERDICT_PERMIT);
	ck_assert_uint_eq(used(0), 0);
	ck_assert_int_eq(
		ask_with("check_rate:a permit", "DATA", "1", "9", true),
		VERDICT_REJECT);
}
END_TEST

/* Counts that cannot be used are no limit that is not there. */
START_TEST(says_that_counts_are_unknown)
{
	static struct charge charge;
	char usage[CHARGE_TEXT_MAX];

	charge.rate = &rates[0];
	charge.result = (struct rate_result){ .outcome = RATE_UNKNOWN };
	ck_assert_str_eq(charge_usage(&charge, "a", usage), "a:unknown");
	charge.result.outcome = RATE_WITHIN;
	ck_assert_str_eq(charge_usage(&charge, "a", usage), "a:unlimited");
}
END_TEST

/* A limit that cannot be looked up defers, also without a recipient. */
START_TEST(defers_what_is_unknown)
{
	struct table_loader loader = { 0 };
	struct error error;
	struct table *table = table_new_values("fail:x", true, &loader, &error);

	rates[0].limit_maps = (struct rate_maps){ &table, 1 };
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "1", "1"),
			 VERDICT_DEFER);
	EXPECT_REPLY("action=451 4.3.0 Temporary lookup failure (id ID)");
	ck_assert_str_eq(evaluation.decision.table, "fail:x");
	ck_assert_str_eq(evaluation.decision.why, "its lookups always fail");
	table_free(table);
}
END_TEST

/* The advice for a name that is none. */
START_TEST(knows_its_rates)
{
	struct restriction_context context = { .rates = &list };
	struct restriction_list walk = { 0 };
	struct error error;

	rates[0].name = (char *)(uintptr_t) "outgoing";
	ck_assert_int_eq(restriction_list_add(&walk,
					      restriction_find("check_rate"),
					      "outgoin", &context, &error),
			 -1);
	ck_assert_str_eq(error.text, "there is no rate section \"outgoin\"; "
				     "did you mean check_rate:outgoing?");
	/* What is behind the list is no advice. */
	rates[0].name = (char *)(uintptr_t) "outgoin12";
	rates[2].name = (char *)(uintptr_t) "outgoing";
	list.count = 2;
	ck_assert_int_eq(restriction_list_add(&walk,
					      restriction_find("check_rate"),
					      "outgoin", &context, &error),
			 -1);
	ck_assert_ptr_nonnull(strstr(error.text, "check_rate:outgoin12?"));
	list.count = RATES;
	rates[0].name = (char *)(uintptr_t) "a";
	rates[2].name = (char *)(uintptr_t) "c";
}
END_TEST

/* count_of - what is counted for a key */
static uint64_t count_of(size_t index, const char *key)
{
	uint64_t count = 0;

	rate_table_key(tables[index], key, rate_now_us(), used_row, &count);
	return count;
}

/* A client that has not logged in has no key, and is not counted. */
START_TEST(counts_no_empty_key)
{
	request.sasl_username = "";
	ck_assert_int_eq(ask("check_rate:a permit", "DATA", "1", "9"),
			 VERDICT_PERMIT);
	ck_assert_uint_eq(used(0), 0);
	ck_assert_uint_eq(count_of(0, ""), 0);
}
END_TEST

/* A recipient is counted under the address that it comes to. */
START_TEST(counts_where_it_comes_to)
{
	rates[0].parts[0] = RATE_RECIPIENT;
	rates[0].state = RATE_AT_RCPT;
	facts.destination.status = RESOLVE_DONE;
	strcpy(facts.destination.address, "other@z.test");
	ck_assert_int_eq(ask("check_rate:a permit", "RCPT", "1", "0"),
			 VERDICT_PERMIT);
	ck_assert_uint_eq(count_of(0, "other@z.test"), 1);
	ck_assert_uint_eq(count_of(0, "x@y.test"), 0);
}
END_TEST

/* More rates than there is room for are not forgotten: it defers. */
START_TEST(defers_a_rate_too_many)
{
	const struct restriction *restriction = restriction_find("check_rate");
	struct restriction_use uses[] = { { restriction, &rates[0], 0, NULL } };
	struct restriction_list walk = { uses, 1 };
	struct subject subject = { .request = &request,
				   .facts = &facts,
				   .evaluation = &evaluation };
	struct decision decision = { .reason = "" };

	request.protocol_state = "DATA";
	request.recipient_count = "1";
	memset(&evaluation, 0, sizeof(evaluation));
	evaluation.list = &walk;
	evaluation.charges = &charges;
	charges_begin(&charges, &request, tables);
	for (size_t i = 1; i <= CHARGES_MAX; i++) {
		ck_assert_int_eq(
			restriction->evaluate(&subject, &rates[0], &decision),
			VERDICT_DUNNO);
		ck_assert_uint_eq(charges.count, i);
		ck_assert_str_eq(decision.reason,
				 "counted after the last restriction");
	}
	ck_assert_int_eq(restriction->evaluate(&subject, &rates[0], &decision),
			 VERDICT_DEFER);
	ck_assert_uint_eq(charges.count, CHARGES_MAX);
	ck_assert_int_eq(decision.refusal, REFUSAL_LOOKUP);
	ck_assert_ptr_null(decision.table);
	ck_assert_ptr_null(decision.why);
}
END_TEST

/* Where nothing can be counted, as in policyd -t, it has no opinion. */
START_TEST(knows_nothing_without_counts)
{
	const struct restriction *restriction = restriction_find("check_rate");
	struct subject subject = { .request = &request, .facts = &facts };
	struct decision decision = { .reason = "" };

	ck_assert_int_eq(restriction->evaluate(&subject, &rates[0], &decision),
			 VERDICT_DUNNO);
	ck_assert_str_eq(decision.reason, "counted by a server only");
}
END_TEST

static const struct {
	uint64_t seconds;
	const char *text;
} durations[] = {
	{ 0, "0 seconds" },   { 1, "1 second" },    { 119, "119 seconds" },
	{ 120, "2 minutes" }, { 121, "3 minutes" }, { 7199, "120 minutes" },
	{ 7200, "2 hours" },  { 7201, "3 hours" },  { 172799, "48 hours" },
	{ 172800, "2 days" },
};

START_TEST(says_how_long)
{
	char text[CHARGE_TEXT_MAX];

	ck_assert_str_eq(charge_duration(durations[_i].seconds, text),
			 durations[_i].text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("charges");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, counts_at_data);
	tcase_add_test(tests, looks_beyond_what_was_counted);
	tcase_add_test(tests, counts_what_passes);
	tcase_add_test(tests, takes_all_or_none);
	tcase_add_test(tests, gives_back);
	tcase_add_test(tests, refuses_for_good);
	tcase_add_test(tests, obeys_the_action);
	tcase_add_test(tests, holds_for_others);
	tcase_add_test(tests, obeys_a_block);
	tcase_add_test(tests, says_that_counts_are_unknown);
	tcase_add_test(tests, only_looks);
	tcase_add_test(tests, defers_what_is_unknown);
	tcase_add_test(tests, knows_its_rates);
	tcase_add_test(tests, counts_no_empty_key);
	tcase_add_test(tests, counts_where_it_comes_to);
	tcase_add_test(tests, defers_a_rate_too_many);
	tcase_add_test(tests, knows_nothing_without_counts);
	tcase_add_loop_test(tests, says_how_long, 0, COUNT(durations));
	return run_tests("charges", tests);
}
