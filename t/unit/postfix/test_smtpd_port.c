/* SPDX-License-Identifier: ISC */
/* test_smtpd_port - TLS, AUTH, addresses and return ports */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_ports.h"
#include "t/unit/test.h"

/* make - a Postfix of settings and services, as postconf prints them */
static void make(struct postfix *postfix, const char *settings,
		 const char *services)
{
	*postfix = (struct postfix){ 0 };
	ck_assert_int_eq(
		postfix_values_parse(&postfix->effective, settings, NULL), 0);
	ck_assert_int_eq(postfix_services_parse(postfix, services, false, NULL),
			 0);
}

#define CERT "smtpd_tls_cert_file = /x\nsmtpd_sasl_auth_enable = yes\n"

/* What a client gets: "tls wraps demands auth plain_auth certificate". */
static const struct {
	const char *settings;
	const char *facts;
} sessions[] = {
	{ CERT, "no - - yes yes -" },
	{ CERT "smtpd_tls_security_level = may", "yes - - yes yes -" },
	{ CERT "smtpd_tls_security_level = Encrypt", "yes - tls yes no -" },
	{ CERT "smtpd_tls_security_level = secure", "yes - tls yes no -" },
	{ CERT "smtpd_tls_security_level = none\nsmtpd_enforce_tls = yes",
	  "no - - yes yes -" },
	{ CERT "smtpd_use_tls = yes", "yes - - yes yes -" },
	{ CERT "smtpd_enforce_tls = yes", "yes - tls yes no -" },
	{ CERT "smtpd_tls_wrappermode = yes\nsmtpd_tls_security_level = none",
	  "yes wraps tls yes no -" },
	{ CERT "smtpd_tls_security_level = may\nsmtpd_tls_auth_only = yes",
	  "yes - - yes no -" },
	{ "smtpd_tls_security_level = may", "no - - no no -" },
	{ "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = none",
	  "may - - no no -" },
	{ "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = /x, /y",
	  "yes - - no no -" },
	{ CERT "smtpd_tls_security_level = may\nsmtpd_tls_ask_ccert = yes",
	  "yes - - yes yes asks" },
	{ CERT "smtpd_tls_security_level = may\nsmtpd_tls_req_ccert = yes",
	  "yes - - yes yes -" },
	{ CERT "smtpd_tls_security_level = encrypt\nsmtpd_tls_req_ccert = yes",
	  "yes - tls yes no demands" },
	{ CERT "smtpd_tls_security_level = may\n"
	       "smtpd_discard_ehlo_keywords = StartTLS, dsn",
	  "no - - yes yes -" },
	{ CERT "smtpd_tls_security_level = may\n"
	       "smtpd_discard_ehlo_keywords = auth",
	  "yes - - may may -" },
	{ CERT "smtpd_tls_security_level = may\n"
	       "smtpd_discard_ehlo_keyword_address_maps = hash:/x",
	  "may - - may may -" },
	{ CERT "smtpd_sasl_exceptions_networks = 192.0.2.0/24",
	  "no - - may may -" },
	{ CERT "smtpd_sasl_security_options = noanonymous, noplaintext\n"
	       "smtpd_sasl_tls_security_options = noanonymous",
	  "no - - yes may -" },
	{ CERT "smtpd_sasl_security_options = noplaintext\n"
	       "smtpd_sasl_tls_security_options = NoPlaintext",
	  "no - - may may -" },
	{ CERT "smtpd_sasl_mechanism_filter = plain", "no - - may may -" },
	{ CERT "smtpd_sasl_mechanism_filter = !external, static:rest",
	  "no - - yes yes -" },
};

START_TEST(knows_the_session)
{
	static const char *const answers[] = { "no", "may", "yes" };
	struct smtpd_port port;
	struct postfix postfix;
	char *facts;

	make(&postfix, sessions[_i].settings, "smtp inet n - n - - smtpd");
	smtpd_port_open(&port, &postfix, &postfix.services[0]);
	facts = xasprintf("%s %s %s %s %s %s", answers[port.tls],
			  port.wraps ? "wraps" : "-",
			  port.demands_tls ? "tls" : "-", answers[port.auth],
			  answers[port.plain_auth],
			  port.demands_certificate ? "demands"
			  : port.asks_certificate  ? "asks"
						   : "-");
	ck_assert_msg(strcmp(facts, sessions[_i].facts) == 0,
		      "%s\n  is %s, want %s", sessions[_i].settings, facts,
		      sessions[_i].facts);
	free(facts);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
}
END_TEST

#define CHOOSY CERT "smtpd_sasl_security_options = noplaintext\n"

/* Where it is not certain that smtpd(8) has a mechanism to offer. */
static const struct {
	const char *settings;
	bool certain;
} mechanisms[] = {
	{ CERT, true },
	{ CHOOSY, false },
	{ CHOOSY "smtpd_sasl_auth_enable = no", true },
	{ CHOOSY "smtpd_tls_auth_only = yes", true },
	{ CHOOSY "smtpd_tls_auth_only = yes\nsmtpd_tls_security_level = may",
	  true },
	{ CERT "smtpd_tls_auth_only = yes\nsmtpd_tls_security_level = may\n"
	       "smtpd_sasl_tls_security_options = noactive",
	  false },
};

START_TEST(knows_that_there_may_be_no_mechanism)
{
	struct smtpd_port port;
	struct postfix postfix;

	make(&postfix, mechanisms[_i].settings, "smtp inet n - n - - smtpd");
	smtpd_port_open(&port, &postfix, &postfix.services[0]);
	if (mechanisms[_i].certain)
		ck_assert_ptr_null(port.filter);
	else
		ck_assert_str_eq(port.filter, "smtpd_sasl_security_options");
	smtpd_port_close(&port);
	postfix_clear(&postfix);
}
END_TEST

/* Lists of patterns, and whether smtpd(8) can open them. */
static const struct {
	const char *settings, *why;
} patterns[] = {
	{ "mynetworks = ::1", "mynetworks" },
	{ "mynetworks = 127.0.0.0/8, !::1/128", "mynetworks" },
	{ "mynetworks = 127.0.0.0/8 !", "mynetworks" },
	{ "mynetworks = cidr:", "mynetworks" },
	{ "relay_domains = :x", "relay_domains" },
	{ "mydestination = a.example :x", "mydestination" },
	{ "mynetworks = [::1] /a:/b, !!10.0.0.1 fd00::/8 inline:{a=b}", NULL },
	{ "mynetworks = 127.0.0.0/8 # ::1", NULL },
	{ "mynetworks = 127.0.0.0/8 /", "mynetworks" },
	{ "mynetworks = 127.0.0.0/8 /no/such", NULL },
	{ "fast_flush_domains = a.example ::1", "fast_flush_domains" },
	{ "smtpd_noop_commands = a:", "smtpd_noop_commands" },
	{ "canonical_maps = hash:/x, y", "canonical_maps" },
	{ "smtpd_reject_filter_maps = x", "smtpd_reject_filter_maps" },
	{ "smtpd_command_filter = pcre:/x y", NULL },
	{ "smtpd_command_filter = /x", "smtpd_command_filter" },
	{ "tls_server_sni_maps = x", NULL },
	{ CERT "smtpd_use_tls = yes\ntls_server_sni_maps = x",
	  "tls_server_sni_maps" },
	{ "smtpd_tls_security_level = dane", "smtpd_tls_security_level" },
	{ CERT "smtpd_tls_wrappermode = yes\nsmtpd_tls_security_level = dane",
	  NULL },
	{ "maillog_file = x\nmaillog_file_prefixes = /var", "maillog_file" },
	{ "local_recipient_maps = inline:{ { a = b } }, static:x", NULL },
	{ "virtual_alias_domains = :x", NULL },
};

START_TEST(knows_lists_that_end_it)
{
	struct smtpd_port port;
	struct postfix postfix;
	char *settings = xasprintf("%s\nsmtpd_relay_restrictions = reject",
				   patterns[_i].settings);

	make(&postfix, settings, "smtp inet n - n - - smtpd");
	smtpd_port_open(&port, &postfix, &postfix.services[0]);
	ck_assert_int_eq(port.works,
			 patterns[_i].why != NULL ? SMTPD_NO : SMTPD_YES);
	if (patterns[_i].why != NULL)
		ck_assert_str_eq(port.works_why, patterns[_i].why);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
	free(settings);
}
END_TEST

/* Commands of master.cf, and whether what they say can be known. */
static const struct {
	const char *services;
	enum smtpd_answer works;
} commands[] = {
	{ "smtp inet n - n - - smtpd", SMTPD_YES },
	{ "smtp inet n - n - - smtpd -v -o a=b -o {c = d, e}", SMTPD_YES },
	{ "smtp inet n - n - - smtpd -o a=b,c -v", SMTPD_YES },
	{ "smtp inet n - n - - smtpd -o smtpd_relay_restricti -o ns=permit",
	  SMTPD_MAY },
	{ "smtp inet n - n - - smtpd -vv -D -o a=b -vD", SMTPD_YES },
	{ "smtp inet n - n - - smtpd -o", SMTPD_NO },
	{ "smtp inet n - n - - smtpd -o a=b -v -o", SMTPD_NO },
	{ "smtp inet n - n - - smtpd -oa=b", SMTPD_MAY },
	{ "smtp inet n - n - - smtpd word", SMTPD_NO },
	{ "smtp inet n - n - - smtpd -o a=b, c", SMTPD_NO },
	{ "smtp inet n - n - - smtpd -o a = b", SMTPD_NO },
	{ "smtp inet n - n - - smtpd -", SMTPD_MAY },
	{ "smtp inet n - n - - smtpd -X", SMTPD_MAY },
	{ "smtp inet n - n - - smtpd\nsmtp inet n - n - - smtpd", SMTPD_MAY },
	{ "smtp inet n - n - - smtpd\nsmtp unix n - n - - smtp", SMTPD_YES },
};

START_TEST(knows_what_it_cannot_read)
{
	struct smtpd_port port;
	struct postfix postfix;

	make(&postfix, "smtpd_relay_restrictions = reject",
	     commands[_i].services);
	smtpd_port_open(&port, &postfix, &postfix.services[0]);
	ck_assert_int_eq(port.works, commands[_i].works);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
}
END_TEST

/* A service, where a client on this host comes from, and whether it is
 * private. */
static const struct {
	const char *settings;
	const char *name;
	const char *host;
	bool is_private;
} addresses[] = {
	{ "inet_interfaces = all", "smtp", "127.0.0.1", false },
	{ "inet_interfaces = all\ninet_protocols = ipv6", "25", "::1", false },
	{ "inet_interfaces = loopback-only", "smtp", "127.0.0.1", true },
	{ "inet_interfaces = 192.0.2.1, LOCALHOST", "smtp", "127.0.0.1",
	  false },
	{ "inet_interfaces = 192.0.2.1", "smtp", NULL, false },
	{ "inet_interfaces = all", "0.0.0.0:25", "127.0.0.1", false },
	{ "inet_interfaces = all", "[::]:25", "::1", false },
	{ "", "127.0.0.1:10025", "127.0.0.1", true },
	{ "", "localhost:10025", "127.0.0.1", true },
	{ "", "[::1]:10025", "::1", true },
	{ "", "192.0.2.1:25", "192.0.2.1", false },
	{ "", "10.1.2.3:25", "10.1.2.3", true },
	{ "", "172.31.0.1:25", "172.31.0.1", true },
	{ "", "172.32.0.1:25", "172.32.0.1", false },
	{ "", "192.168.7.1:25", "192.168.7.1", true },
	{ "", "192.169.7.1:25", "192.169.7.1", false },
	{ "", "169.254.7.1:25", "169.254.7.1", true },
	{ "", "[fd00::1]:25", "fd00::1", true },
	{ "", "[fe80::1]:25", "fe80::1", true },
	{ "", "[2001:db8::1]:25", "2001:db8::1", false },
	{ "", "mail.example:25", NULL, false },
};

START_TEST(knows_where_it_is)
{
	char *line = xasprintf("%s inet n - n - - smtpd", addresses[_i].name);
	struct smtpd_port port;
	struct postfix postfix;
	char *host;

	make(&postfix, addresses[_i].settings, line);
	smtpd_port_open(&port, &postfix, &postfix.services[0]);
	host = smtpd_port_host(&port);
	if (addresses[_i].host == NULL)
		ck_assert_ptr_null(host);
	else
		ck_assert_str_eq(host, addresses[_i].host);
	ck_assert_int_eq(smtpd_port_is_private(&port),
			 addresses[_i].is_private);
	free(host);
	free(line);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
}
END_TEST

#define NARROW "smtpd_relay_restrictions = permit_mynetworks, reject\n"
#define WIDE   "smtpd_relay_restrictions = reject_unauth_destination\n"
#define FILTER "127.0.0.1:10025 inet n - n - - smtpd\n"

/* networks - everybody near */
static enum smtpd_answer networks(void *context, const char *mynetworks,
				  enum smtpd_client client, const char *address)
{
	(void)context;
	(void)mynetworks;
	(void)address;
	return client >= SMTPD_NETWORK ? SMTPD_YES : SMTPD_NO;
}

/* Is the first port a return port? */
static const struct {
	const char *settings;
	const char *services;
	bool is_return;
	const char *overrides;
} returns[] = {
	{ NARROW, FILTER, true, NULL },
	{ WIDE, FILTER, false, NULL },
	/* smtpd does not start, and what the port is for is known. */
	{ NARROW "smtpd_timeout = 0\n", FILTER, true, NULL },
	{ WIDE "smtpd_timeout = 0\n", FILTER, false, NULL },
	{ "smtpd_relay_restrictions = reject\n", FILTER, false, NULL },
	{ NARROW, "192.0.2.1:10025 inet n - n - - smtpd\n", false, NULL },
	{ NARROW "smtpd_sasl_auth_enable = yes\n", FILTER, true, NULL },
	{ "smtpd_sasl_auth_enable = yes\n"
	  "smtpd_relay_restrictions = permit_mynetworks, "
	  "permit_sasl_authenticated, reject\n",
	  FILTER, false, NULL },
	{ WIDE "content_filter = smtp:[127.0.0.1]:10025\n", FILTER, true,
	  NULL },
	{ WIDE "content_filter = smtp:[127.0.0.1]:10024\n", FILTER, false,
	  NULL },
	{ WIDE "content_filter = smtp:127.0.0.1:10025\n", FILTER, true, NULL },
	{ WIDE "smtpd_proxy_filter = :10025\n", FILTER, true, NULL },
	{ WIDE "smtpd_proxy_filter = inet:localhost:10025\n", FILTER, true,
	  NULL },
	{ WIDE "relayhost = [192.0.2.9]:10025\n", FILTER, false, NULL },
	{ WIDE "default_transport = smtp:[192.0.2.1]:2525\n",
	  "192.0.2.1:2525 inet n - n - - smtpd\n", true, NULL },
	{ WIDE "relayhost = [127.0.0.1]:10025\ninet_interfaces = all\n",
	  "10025 inet n - n - - smtpd\n", true, NULL },
	/* On loopback, that is another Postfix. */
	{ WIDE "relayhost = [127.0.0.1]:25\ninet_interfaces = 192.0.2.1\n",
	  "25 inet n - n - - smtpd\n", false, NULL },
	{ WIDE "relayhost = [127.0.0.1]:25\n",
	  "192.0.2.1:25 inet n - n - - smtpd\n", false, NULL },
	{ WIDE "relayhost = [::1]:25\n", "10.0.0.5:25 inet n - n - - smtpd\n",
	  false, NULL },
	{ WIDE, FILTER, true, "content_filter=" },
	{ WIDE, "[::1]:10025 inet n - n - - smtpd\n", true,
	  "receive_override_options=no_address_mappings" },
	{ WIDE, "localhost:10025 inet n - n - - smtpd\n", true,
	  "smtpd_authorized_xforward_hosts=127.0.0.0/8" },
	{ WIDE, FILTER, false, "content_filter=scan:[127.0.0.1]:10024" },
	{ WIDE, FILTER, false, "content_filter= smtpd_sasl_auth_enable=yes" },
	{ WIDE, "10.0.0.1:10025 inet n - n - - smtpd\n", false,
	  "content_filter=" },
};

/* override - with words NAME=VALUE; NULL: none */
static void override(struct postfix_service *service, const char *words)
{
	char *name;

	while (words != NULL && (name = postfix_next_word(&words)) != NULL) {
		char *value = strchr(name, '=');

		*value++ = '\0';
		postfix_values_add(&service->overrides, name, value);
		free(name);
	}
}

START_TEST(knows_return_ports)
{
	const struct smtpd_knowledge knowledge = { .networks = networks };
	struct smtpd_ports ports;
	struct postfix postfix;

	make(&postfix, returns[_i].settings, returns[_i].services);
	override(&postfix.services[0], returns[_i].overrides);
	smtpd_ports_judge(&ports, &postfix, &knowledge);
	ck_assert_uint_eq(ports.count, 1);
	ck_assert_int_eq(ports.rows[0].is_return, returns[_i].is_return);
	smtpd_ports_clear(&ports);
	postfix_clear(&postfix);
}
END_TEST

START_TEST(knows_what_is_a_port)
{
	struct smtpd_ports ports;
	struct postfix postfix;

	make(&postfix, WIDE "smtpd_relay_restrictions = reject\n",
	     "smtp inet n - n - 1 postscreen\n"
	     "smtpd pass - - n - - smtpd\n"
	     "dnsblog unix - - n - 0 dnsblog\n"
	     "x unix - - n - - smtpd\n"
	     "submission inet n - n - - smtpd\n"
	     "2525 inet n - n - 1 postscreen\n"
	     "other pass - - n - - smtpd\n"
	     "unused pass - - n - - smtpd\n");
	postfix_values_add(&postfix.services[4].overrides,
			   "smtpd_restriction_classes", "none");
	postfix_values_add(&postfix.services[5].overrides, "smtpd_service_name",
			   "other");
	smtpd_ports_judge(&ports, &postfix, NULL);
	ck_assert_uint_eq(ports.count, 3);
	ck_assert_str_eq(ports.rows[2].port.service->name, "other");
	ck_assert_uint_eq(ports.rows[2].port.number, 2525);
	ck_assert_str_eq(ports.rows[0].port.service->name, "smtpd");
	ck_assert_uint_eq(ports.rows[0].port.number, 25);
	ck_assert_str_eq(ports.rows[0].port.filter, "postscreen");
	ck_assert_int_eq(ports.rows[1].port.works, SMTPD_NO);
	ck_assert_str_eq(ports.rows[1].port.works_why,
			 "smtpd_restriction_classes");
	smtpd_ports_clear(&ports);
	postfix_clear(&postfix);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("smtpd_port");

	tcase_add_loop_test(tests, knows_the_session, 0, COUNT(sessions));
	tcase_add_loop_test(tests, knows_that_there_may_be_no_mechanism, 0,
			    COUNT(mechanisms));
	tcase_add_loop_test(tests, knows_what_it_cannot_read, 0,
			    COUNT(commands));
	tcase_add_loop_test(tests, knows_lists_that_end_it, 0, COUNT(patterns));
	tcase_add_loop_test(tests, knows_where_it_is, 0, COUNT(addresses));
	tcase_add_loop_test(tests, knows_return_ports, 0, COUNT(returns));
	tcase_add_test(tests, knows_what_is_a_port);
	return run_tests("smtpd_port", tests);
}
