/* SPDX-License-Identifier: ISC */
/* test_parameters - defaults and expansion */

#include "lib/address/parameters.h"

#include <string.h>
#include <unistd.h>

#include "t/unit/test.h"

/* set - set a parameter by its name */
static void set(struct parameters *parameters, const char *name,
		const char *value)
{
	int parameter = parameter_find(name);

	ck_assert_int_ge(parameter, 0);
	parameters_set(parameters, (enum parameter)parameter, value,
		       "test.conf:1");
}

START_TEST(knows_each_name)
{
	ck_assert_int_eq(parameter_find("mydestination"),
			 PARAMETER_MYDESTINATION);
	ck_assert_int_eq(parameter_find("MyDestination"), -1);
	ck_assert_int_eq(parameter_find("mynetworks"), -1);
	ck_assert_int_eq(parameter_find(""), -1);
	for (int i = 0; i < PARAMETER_COUNT; i++)
		ck_assert_int_eq(
			parameter_find(parameter_name((enum parameter)i)), i);
}
END_TEST

struct default_case {
	const char *name;
	const char *value;
};

static const struct default_case defaults[] = {
	{ "myorigin", "mail.local.test" },
	{ "mydestination", "mail.local.test, localhost.local.test, localhost" },
	{ "mydomain", "local.test" },
	{ "inet_interfaces", "all" },
	{ "proxy_interfaces", "" },
	{ "inet_protocols", "all" },
	{ "virtual_alias_domains", "" },
	{ "virtual_mailbox_domains", "" },
	{ "relay_domains", "" },
	{ "parent_domain_matches_subdomains",
	  "debug_peer_list,fast_flush_domains,mynetworks,"
	  "permit_mx_backup_networks,qmqpd_authorized_clients,relay_domains,"
	  "smtpd_access_maps" },
	{ "allow_percent_hack", "yes" },
	{ "swap_bangpath", "yes" },
	{ "resolve_dequoted_address", "yes" },
	{ "resolve_null_domain", "no" },
	{ "resolve_numeric_domain", "no" },
	{ "allow_untrusted_routing", "no" },
	{ "append_at_myorigin", "yes" },
	{ "append_dot_mydomain", "no" },
	{ "smtputf8_enable", "yes" },
	{ "allow_min_user", "no" },
	{ "empty_address_recipient", "MAILER-DAEMON" },
};

START_TEST(has_the_defaults_of_postfix)
{
	struct parameters parameters;
	struct error error;

	parameters_init(&parameters);
	set(&parameters, "myhostname", "mail.local.test");
	ck_assert_int_eq(parameters_complete(&parameters, &error), 0);
	for (int i = 0; i < COUNT(defaults); i++) {
		int parameter = parameter_find(defaults[i].name);

		ck_assert_str_eq(
			parameters_get(&parameters, (enum parameter)parameter),
			defaults[i].value);
		ck_assert_str_eq(parameters.values[parameter].source,
				 "default");
	}
	ck_assert_str_eq(parameters.values[PARAMETER_MYHOSTNAME].source,
			 "test.conf:1");
	parameters_clear(&parameters);
	parameters_clear(&parameters);
}
END_TEST

START_TEST(takes_the_name_of_the_host)
{
	struct parameters parameters;
	struct error error;
	char name[256] = "";
	const char *got;

	ck_assert_int_eq(gethostname(name, sizeof(name) - 1), 0);
	parameters_init(&parameters);
	set(&parameters, "mydomain", "x.example");
	ck_assert_int_eq(parameters_complete(&parameters, &error), 0);
	got = parameters_get(&parameters, PARAMETER_MYHOSTNAME);
	ck_assert_int_eq(strncmp(got, name, strlen(name)), 0);
	if (strchr(name, '.') == NULL)
		ck_assert_str_eq(got + strlen(name), ".x.example");
	parameters_clear(&parameters);
	ck_assert_int_eq(parameters_complete(&parameters, &error), 0);
	got = parameters_get(&parameters, PARAMETER_MYHOSTNAME);
	if (strchr(name, '.') == NULL)
		ck_assert_str_eq(got + strlen(name), ".localdomain");
	ck_assert_str_eq(parameters_get(&parameters, PARAMETER_MYDOMAIN),
			 strchr(got, '.') + 1);
	parameters_clear(&parameters);
}
END_TEST

START_TEST(adds_a_domain_to_a_single_label)
{
	struct parameters parameters;
	struct error error;

	parameters_init(&parameters);
	set(&parameters, "myhostname", "mail");
	ck_assert_int_eq(parameters_complete(&parameters, &error), 0);
	ck_assert_str_eq(parameters_get(&parameters, PARAMETER_MYDOMAIN),
			 "localdomain");
	parameters_clear(&parameters);
}
END_TEST

struct expand_case {
	const char *value;    /* of relay_domains */
	const char *expanded; /* or part of the message, after "!" */
};

static const struct expand_case expand_cases[] = {
	{ "$myhostname", "m.l.test" },
	{ "${myhostname}", "m.l.test" },
	{ "$(myhostname)", "m.l.test" },
	{ "${ myhostname }", "m.l.test" },
	{ "a$mydomain.b", "al.test.b" },
	{ "x, $mydestination", "x, m.l.test, localhost.l.test, localhost" },
	{ "$$x$$", "$x$" },
	{ "  a b \n", "a b" },
	{ "", "" },
	{ "${myhostname?set}", "set" },
	{ "${myhostname:unset}", "" },
	{ "${proxy_interfaces?set}", "" },
	{ "${proxy_interfaces:unset}", "unset" },
	{ "${proxy_interfaces:$mydomain}", "l.test" },
	{ "${myhostname?{a}:{b}}", "a" },
	{ "${proxy_interfaces?{a}:{b}}", "b" },
	{ "${proxy_interfaces ? {a} : {b $mydomain}}", "b l.test" },
	{ "${myhostname?a:b}", "a:b" },
	{ "inline:{a=b}", "inline:{a=b}" },
	{ "$unknown", "!unknown name \"$unknown\"" },
	{ "$virtual_alias_maps", "!unknown name \"$virtual_alias_maps\"" },
	{ "$relay_domains", "!refers to itself" },
	{ "$virtual_alias_domains", "!refers to itself" },
	{ "${myhostname", "!is not closed" },
	{ "$(myhostname", "!is not closed" },
	{ "${myhostname)", "!is not closed" },
	{ "$", "!without a name" },
	{ "a $ b", "!without a name" },
	{ "${}", "!cannot read" },
	{ "${{$mydomain} == {x} ? {a} : {b}}", "!cannot read" },
	{ "${myhostname?{a}", "!is not closed" },
	{ "${myhostname?{a}x}", "!unexpected text" },
	{ "${myhostname:{a}:{b}}", "!unexpected text" },
};

START_TEST(expands_names)
{
	const struct expand_case *c = &expand_cases[_i];
	struct parameters parameters;
	struct error error;

	parameters_init(&parameters);
	set(&parameters, "myhostname", "m.l.test");
	set(&parameters, "virtual_alias_domains",
	    strstr(c->expanded, "itself") != NULL ? "$relay_domains" : "");
	set(&parameters, "relay_domains", c->value);
	if (c->expanded[0] == '!') {
		ck_assert_int_eq(parameters_complete(&parameters, &error), -1);
		ck_assert_msg(strstr(error.text, c->expanded + 1) != NULL,
			      "%s: %s", c->value, error.text);
		ck_assert_ptr_nonnull(strstr(error.text, "relay_domains"));
	} else {
		ck_assert_msg(parameters_complete(&parameters, &error) == 0,
			      "%s", error.text);
		ck_assert_str_eq(
			parameters_get(&parameters, PARAMETER_RELAY_DOMAINS),
			c->expanded);
	}
	parameters_clear(&parameters);
}
END_TEST

START_TEST(refuses_what_grows_too_much)
{
	static const char *const names[] = {
		"mydestination",	 "relay_domains",
		"virtual_alias_domains", "virtual_mailbox_domains",
		"proxy_interfaces",	 "inet_protocols",
	};
	struct parameters parameters;
	struct error error;
	char value[20000];

	/* each a thousand times the previous one: must end, and soon */
	parameters_init(&parameters);
	set(&parameters, "myhostname", "m.l.test");
	for (int i = 0; i < COUNT(names); i++) {
		char *at = value;

		for (int n = 0; n < 500; n++)
			at += sprintf(at, "$%s ",
				      i == 0 ? "mydomain" : names[i - 1]);
		set(&parameters, names[i], value);
	}
	ck_assert_int_eq(parameters_complete(&parameters, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "too long"));
	parameters_clear(&parameters);
}
END_TEST

START_TEST(refuses_what_nests_too_deeply)
{
	struct parameters parameters;
	struct error error;
	char value[120 * 16] = "";

	parameters_init(&parameters);
	set(&parameters, "myhostname", "m.l.test");
	for (int i = 0; i < 120; i++)
		strcat(value, "${mydomain?");
	strcat(value, "x");
	for (int i = 0; i < 120; i++)
		strcat(value, "}");
	set(&parameters, "relay_domains", value);
	ck_assert_int_eq(parameters_complete(&parameters, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "too deep"));
	parameters_clear(&parameters);
}
END_TEST

START_TEST(reads_yes_and_no)
{
	struct parameters parameters;
	struct error error;
	bool value = false;

	parameters_init(&parameters);
	set(&parameters, "allow_min_user", "YES");
	ck_assert_int_eq(parameters_get_bool(&parameters,
					     PARAMETER_ALLOW_MIN_USER, &value,
					     &error),
			 0);
	ck_assert(value);
	set(&parameters, "allow_min_user", "no");
	ck_assert_int_eq(parameters_get_bool(&parameters,
					     PARAMETER_ALLOW_MIN_USER, &value,
					     &error),
			 0);
	ck_assert(!value);
	set(&parameters, "allow_min_user", "true");
	ck_assert_int_eq(parameters_get_bool(&parameters,
					     PARAMETER_ALLOW_MIN_USER, &value,
					     &error),
			 -1);
	ck_assert_ptr_nonnull(strstr(error.text, "allow_min_user"));
	parameters_clear(&parameters);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("parameters");

	tcase_add_test(tests, knows_each_name);
	tcase_add_test(tests, has_the_defaults_of_postfix);
	tcase_add_test(tests, takes_the_name_of_the_host);
	tcase_add_test(tests, adds_a_domain_to_a_single_label);
	tcase_add_loop_test(tests, expands_names, 0, COUNT(expand_cases));
	tcase_add_test(tests, refuses_what_grows_too_much);
	tcase_add_test(tests, refuses_what_nests_too_deeply);
	tcase_add_test(tests, reads_yes_and_no);
	return run_tests("parameters", tests);
}
