/* SPDX-License-Identifier: ISC */
/* test_service - which rules a request is judged by */

#include <check.h>

#include "lib/base/number.h"
#include "lib/base/xalloc.h"
#include "lib/decision/service.h"
#include "t/unit/test.h"

static unsigned short submission_ports[] = { 465, 587 };
static unsigned short smtp_ports[] = { 25 };
static char submission[] = "submission";
static char relay[] = "relay";
static char smtp[] = "smtp";
static char everything[] = "default";
static char *submission_contexts[] = { submission };
static char *relay_contexts[] = { relay };

static struct service services[] = {
	{ .name = submission,
	  .server_ports = submission_ports,
	  .server_port_count = 2,
	  .policy_contexts = submission_contexts,
	  .policy_context_count = 1 },
	{ .name = relay,
	  .policy_contexts = relay_contexts,
	  .policy_context_count = 1 },
	{ .name = smtp, .server_ports = smtp_ports, .server_port_count = 1 },
	{ .name = everything },
};
static const struct service_list list = { services, 4 };

static const struct {
	const char *port, *context;
	int found;
} requests[] = {
	{ "587", "submission", 0 },
	{ "465", "submission", 0 },
	{ "587", "", 3 },
	{ "587", "relay", 1 },
	{ "25", "submission", 2 },
	{ "25", "relay", 1 },
	{ "25", "", 2 },
	{ "", "", 3 },
	{ "", "submission", 3 },
	{ "0587", "submission", 3 },
	{ "587 ", "submission", 3 },
	{ "+587", "submission", 3 },
	{ "66123", "submission", 3 }, /* 587 + 65536 */
	{ "587", "Submission", 3 },
	{ "587", "submission ", 3 },
};

START_TEST(finds_the_first)
{
	struct request request;

	request_init(&request);
	request.server_port = requests[_i].port;
	request.policy_context = requests[_i].context;
	ck_assert_ptr_eq(service_find(&list, &request),
			 &services[requests[_i].found]);
}
END_TEST

START_TEST(overlaps)
{
	ck_assert(!service_overlap(&services[0], &services[1]));
	ck_assert(!service_overlap(&services[0], &services[2]));
	ck_assert(service_overlap(&services[1], &services[2]));
	ck_assert(service_overlap(&services[2], &services[1]));
	ck_assert(service_overlap(&services[0], &services[3]));
	ck_assert(service_overlap(&services[0], &services[0]));
}
END_TEST

/* What is in memory behind its ports, its contexts, or the list is not theirs.
 */
START_TEST(looks_at_nothing_behind_a_list)
{
	static unsigned short ports[] = { 465, 587 };
	static char *contexts[] = { submission, relay };
	static unsigned short one_port[] = { 587 };
	static char *one_context[] = { relay };
	struct service two[] = {
		{ .name = smtp,
		  .server_ports = ports,
		  .server_port_count = 1,
		  .policy_contexts = contexts,
		  .policy_context_count = 1 },
		{ .name = everything },
		{ .name = relay },
	};
	const struct service_list both = { two, 2 };
	const struct service port = { .server_ports = one_port,
				      .server_port_count = 1 };
	const struct service context = { .policy_contexts = one_context,
					 .policy_context_count = 1 };
	struct request request;

	request_init(&request);
	request.server_port = "587";
	request.policy_context = submission;
	ck_assert_ptr_eq(service_find(&both, &request), &two[1]);
	request.server_port = "465";
	request.policy_context = relay;
	ck_assert_ptr_eq(service_find(&both, &request), &two[1]);
	request.policy_context = submission;
	ck_assert_ptr_eq(service_find(&both, &request), &two[0]);
	ck_assert_ptr_null(service_named(&both, relay));
	ck_assert(!service_overlap(&two[0], &port));
	ck_assert(!service_overlap(&port, &two[0]));
	ck_assert(!service_overlap(&two[0], &context));
	ck_assert(!service_overlap(&context, &two[0]));
}
END_TEST

/* The last service has all requests that are left, whatever it says; and what
 * is no port is none of anybody's. */
START_TEST(leaves_the_rest_to_the_last)
{
	static unsigned short first_port[] = { 1 };
	struct service two[] = {
		{ .name = smtp,
		  .server_ports = first_port,
		  .server_port_count = 1 },
		{ .name = relay,
		  .server_ports = smtp_ports,
		  .server_port_count = 1 },
		{ .name = everything },
	};
	const struct service_list both = { two, 2 };
	static const char *const ports[] = { "", "x", "0", "26", "65536" };
	struct request request;

	request_init(&request);
	for (int i = 0; i < COUNT(ports); i++) {
		request.server_port = ports[i];
		ck_assert_ptr_eq(service_find(&both, &request), &two[1]);
	}
	request.server_port = "1";
	ck_assert_ptr_eq(service_find(&both, &request), &two[0]);
}
END_TEST

/* One context in both lists is enough, too. */
START_TEST(overlaps_where_any_context_is_in_both)
{
	static char *contexts[] = { submission, relay, smtp };
	const struct service all = { .policy_contexts = contexts,
				     .policy_context_count = 3 };
	static char *others[] = { everything, NULL, everything };
	const struct service other = { .policy_contexts = others,
				       .policy_context_count = 3 };

	for (int i = 0; i < COUNT(contexts); i++) {
		others[1] = contexts[i];
		ck_assert(service_overlap(&all, &other));
		ck_assert(service_overlap(&other, &all));
	}
	others[1] = everything;
	ck_assert(!service_overlap(&all, &other));
}
END_TEST

/* One port in both lists is enough, wherever it stands. */
START_TEST(overlaps_where_any_port_is_in_both)
{
	static unsigned short ports[] = { 465, 587, 2525 };
	const struct service all = { .server_ports = ports,
				     .server_port_count = 3 };
	static unsigned short others[] = { 26, 0, 27 };
	const struct service other = { .server_ports = others,
				       .server_port_count = 3 };

	for (int i = 0; i < COUNT(ports); i++) {
		others[1] = ports[i];
		ck_assert(service_overlap(&all, &other));
		ck_assert(service_overlap(&other, &all));
	}
	others[1] = 28;
	ck_assert(!service_overlap(&all, &other));
}
END_TEST

static const struct {
	const char *text;
	uint64_t max;
	int64_t number; /* -1: refused */
} numbers[] = {
	{ "0", 10, 0 },
	{ "7", 10, 7 },
	{ "10", 10, 10 },
	{ "11", 10, -1 },
	{ "", 10, -1 },
	{ "07", 10, -1 },
	{ "-1", 10, -1 },
	{ "+1", 10, -1 },
	{ " 1", 10, -1 },
	{ "1 ", 10, -1 },
	{ "0x1", 10, -1 },
	{ "65535", 65535, 65535 },
	{ "65536", 65535, -1 },
	{ "18446744073709551617", 65535, -1 },
	{ "4294967296", UINT64_MAX, 4294967296 },
	{ "281474976710655", UINT64_C(0xffffffffffff), 281474976710655 },
	{ "281474976710656", UINT64_C(0xffffffffffff), -1 },
	{ "99999999999999999999", UINT64_MAX, -1 },
	{ "5", 4, -1 },
};

START_TEST(parses_numbers)
{
	uint64_t number = 99;
	int result = number_parse(numbers[_i].text, numbers[_i].max, &number);

	if (numbers[_i].number < 0) {
		ck_assert_int_eq(result, -1);
		ck_assert_uint_eq(number, 99);
	} else {
		ck_assert_int_eq(result, 0);
		ck_assert_int_eq((int64_t)number, numbers[_i].number);
	}
}
END_TEST

START_TEST(is_found_by_its_name)
{
	ck_assert_ptr_eq(service_named(&list, "relay"), &services[1]);
	ck_assert_ptr_eq(service_named(&list, "default"), &services[3]);
	ck_assert_ptr_null(service_named(&list, "Relay"));
	ck_assert_ptr_null(service_named(&list, ""));
}
END_TEST

START_TEST(knows_which_restrictions_its_lists_have)
{
	static const struct restriction first = { .name = "permit_mynetworks" };
	static const struct restriction last = { .name = "reject" };
	static const struct restriction beyond = { .name = "permit" };
	struct restriction_use uses[] = { { .restriction = &first },
					  { .restriction = &last },
					  { .restriction = &beyond } };
	struct service three[] = {
		{ .name = relay },
		{ .name = everything, .restrictions = { uses, 2 } },
		{ .name = smtp, .restrictions = { uses, 3 } },
	};
	const struct service_list both = { three, 2 };

	ck_assert(service_list_has(&both, "permit_mynetworks"));
	ck_assert(service_list_has(&both, "reject"));
	ck_assert(!service_list_has(&both, "permit"));
	ck_assert(!restriction_list_has(&three[0].restrictions, "reject"));
}
END_TEST

START_TEST(is_empty_when_it_was_cleared)
{
	struct service_list one = { .services =
					    xcalloc(1, sizeof(*one.services)),
				    .count = 1 };
	char **contexts = xmalloc(3 * sizeof(*contexts));

	for (int i = 0; i < 3; i++)
		contexts[i] = xasprintf("relay%d", i);
	one.services[0].name = xstrdup("smtp");
	one.services[0].policy_contexts = contexts;
	one.services[0].policy_context_count = 3;
	service_list_clear(&one);
	ck_assert_ptr_null(one.services);
	ck_assert_uint_eq(one.count, 0);
	service_list_clear(&one);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("service");

	tcase_add_loop_test(tests, finds_the_first, 0, COUNT(requests));
	tcase_add_test(tests, is_found_by_its_name);
	tcase_add_test(tests, knows_which_restrictions_its_lists_have);
	tcase_add_test(tests, is_empty_when_it_was_cleared);
	tcase_add_test(tests, looks_at_nothing_behind_a_list);
	tcase_add_test(tests, leaves_the_rest_to_the_last);
	tcase_add_test(tests, overlaps);
	tcase_add_test(tests, overlaps_where_any_context_is_in_both);
	tcase_add_test(tests, overlaps_where_any_port_is_in_both);
	tcase_add_loop_test(tests, parses_numbers, 0, COUNT(numbers));
	return run_tests("service", tests);
}
