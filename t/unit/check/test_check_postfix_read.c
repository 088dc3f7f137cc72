/* SPDX-License-Identifier: ISC */
/* test_check_postfix_read - what postconf prints, lists of restrictions,
 * policies and times are read as Postfix reads them */

#include <check.h>
#include <limits.h>

#include "t/unit/test.h"
#include "t/unit/check/fixture.h"

START_TEST(reads_what_postconf_prints)
{
	struct postfix postfix;
	const struct postfix_service *services;

	set_up(&postfix);
	services = postfix.services;
	ck_assert_uint_eq(postfix.service_count, 6);
	ck_assert_str_eq(services[0].program, "postscreen");
	ck_assert_str_eq(services[1].type, "pass");
	ck_assert(services[1].chroot && services[1].private);
	ck_assert(!services[2].chroot && !services[2].private);
	ck_assert_str_eq(postfix_get(&postfix, &services[2], "syslog_name"),
			 "postfix/submission");
	ck_assert_int_eq(postfix_where(&postfix, &services[2], "smtpd_banner"),
			 POSTFIX_MASTER);
	ck_assert_str_eq(services[3].name, "192.0.2.1:2525");
	ck_assert_str_eq(postfix_get(&postfix, &services[3],
				     "smtpd_client_restrictions"),
			 "permit_mynetworks, reject");
	ck_assert_str_eq(postfix_get(&postfix, &services[2],
				     "smtpd_client_restrictions"),
			 "");
	ck_assert_int_eq(postfix_where(&postfix, NULL, "myhostname"),
			 POSTFIX_MAIN);
	ck_assert_int_eq(postfix_where(&postfix, NULL, "mail_owner"),
			 POSTFIX_DEFAULT);
	ck_assert_str_eq(services[4].maxproc, "0");
	ck_assert(check_is_spawned(&services[4]));
	ck_assert(!check_is_spawned(&services[5]));
	postfix_clear(&postfix);
}
END_TEST

/* Texts that postconf does not print. */
static const struct {
	int (*parse)(struct postfix *, const char *, struct error *);
	const char *text;
} nonsense[] = {
	{ postfix_overrides_parse, "a = b\n" },
	{ postfix_overrides_parse, "smtp/inet = b\n" },
	{ postfix_overrides_parse, "smtp/unix/a = b\n" },
	{ postfix_overrides_parse, "smtp/inet/a b\n" },
	{ postfix_overrides_parse, " = b\n" },
};

START_TEST(refuses_nonsense)
{
	struct postfix postfix;
	struct error error = { "" };

	set_up(&postfix);
	ck_assert_int_eq(
		nonsense[_i].parse(&postfix, nonsense[_i].text, &error), -1);
	ck_assert_str_ne(error.text, "");
	ck_assert_int_eq(postfix_services_parse(&postfix,
						"smtp inet n - y - -\n", false,
						&error),
			 -1);
	ck_assert_int_eq(postfix_values_parse(&postfix.main, "hello\n", &error),
			 -1);
	postfix_clear(&postfix);
}
END_TEST

/* Lists, and what they are read as: words separated by "|", an argument
 * behind its word in parentheses. */
static const struct {
	const char *text;
	const char *read;
} lists[] = {
	{ "", "" },
	{ "a, b\tc", "a|b|c" },
	{ "check_client_access hash:/x, reject",
	  "check_client_access(hash:/x)|reject" },
	{ "check_policy_service { unix:a, x=y } reject",
	  "check_policy_service({ unix:a, x=y })|reject" },
	{ "check_policy_service {unix:a, { x = {y, z} } },permit",
	  "check_policy_service({unix:a, { x = {y, z} } })|permit" },
	{ "reject_rbl_client permit reject",
	  "reject_rbl_client(permit)|reject" },
	{ "sleep 5 klasse", "sleep(5)|one|check_helo_access(two)" },
	{ "check_policy_service", "check_policy_service" },
	{ "check_policy_service { unix:a", "check_policy_service({ unix:a)" },
	/* any case; braces anywhere in a word; a class named like a check; a
	 * class in a class; a word of Postfix is no class */
	{ "Check_Client_Access hash:/x, Reject",
	  "Check_Client_Access(hash:/x)|Reject" },
	{ "check_policy_service inet:{a b}c reject",
	  "check_policy_service(inet:{a b}c)|reject" },
	{ "check_x, reject", "three|reject" },
	{ "outer reject", "one|check_helo_access(two)|three|reject" },
	{ "check_relay_domains reject", "check_relay_domains|reject" },
	{ "permit reject", "permit|reject" },
	{ "hash:/x reject", "hash:/x|reject" },
};

START_TEST(reads_lists)
{
	struct postfix postfix;
	struct smtpd_restrictions list;
	char text[256] = "";
	size_t i;

	set_up(&postfix);
	change(&postfix, "smtpd_restriction_classes",
	       "x, klasse, check_x outer, permit");
	change(&postfix, "check_x", "three");
	change(&postfix, "outer", "klasse, check_x");
	change(&postfix, "permit", "reject");
	change(&postfix, "klasse", "one, check_helo_access two");
	change(&postfix, "list", lists[_i].text);
	smtpd_restrictions_read(&list, &postfix, NULL, "list");
	for (i = 0; i < list.count; i++) {
		const struct postfix_restriction *item = &list.items[i];
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%s%s%s%s",
			 i > 0 ? "|" : "", item->word,
			 item->argument != NULL ? "(" : "",
			 item->argument != NULL ? item->argument : "",
			 item->argument != NULL ? ")" : "");
	}
	ck_assert_str_eq(text, lists[_i].read);
	smtpd_restrictions_clear(&list);
	postfix_clear(&postfix);
}
END_TEST

START_TEST(reads_policies)
{
	struct postfix_policy policy;

	postfix_policy_parse(&policy, "{ unix:a, timeout=5s, "
				      "{ default_action = 451 4.3.5 no }}");
	ck_assert_str_eq(policy.server, "unix:a");
	ck_assert_str_eq(postfix_values_get(&policy.attributes, "timeout"),
			 "5s");
	ck_assert_str_eq(
		postfix_values_get(&policy.attributes, "default_action"),
		"451 4.3.5 no");
	postfix_policy_clear(&policy);
	postfix_policy_parse(&policy, "inet:h:1");
	ck_assert_str_eq(policy.server, "inet:h:1");
	postfix_policy_clear(&policy);
	postfix_policy_parse(&policy, "{");
	ck_assert_str_eq(policy.server, "");
	postfix_policy_clear(&policy);
	postfix_policy_parse(&policy, NULL);
	ck_assert_str_eq(policy.server, "");
	postfix_policy_clear(&policy);
}
END_TEST

/* Times of main.cf. */
static const struct {
	const char *text;
	long seconds;
} times[] = {
	{ "1000s", 1000 },
	{ "2m", 120 },
	{ "1h", 3600 },
	{ "1d", 86400 },
	{ "1w", 604800 },
	{ "30", 30 },
	{ "", -1 },
	{ "-1", -1 },
	{ "1y", -1 },
	{ "1ss", -1 },
	{ "s", -1 },
	{ "99999999999s", -1 },
	{ "2147483647", INT_MAX },
	{ "2147483648", -1 },
	{ "99999999999999999999", -1 },
	{ "3549w", 2146435200 },
	{ "3550w", -1 },
	{ "1000000000w", -1 },
};

START_TEST(reads_times)
{
	ck_assert_int_eq(postfix_seconds(times[_i].text, 's'),
			 times[_i].seconds);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("check_postfix_read");

	tcase_add_test(tests, reads_what_postconf_prints);
	tcase_add_loop_test(tests, refuses_nonsense, 0, COUNT(nonsense));
	tcase_add_loop_test(tests, reads_lists, 0, COUNT(lists));
	tcase_add_test(tests, reads_policies);
	tcase_add_loop_test(tests, reads_times, 0, COUNT(times));
	return run_tests("check_postfix_read", tests);
}
