/* SPDX-License-Identifier: ISC */
/* test_smtpd_parameter - values with which smtpd(8) does not start */

#include "lib/postfix/smtpd_parameter.h"

#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "t/unit/test.h"

/* Postfix, too, keeps some in a long. */
#if LONG_MAX > INT_MAX
#define LONGEST "9223372036854775807"
#else
#define LONGEST "2147483647"
#endif

/* A value, and what is wanted instead; NULL: it is fine. */
static const struct {
	const char *name, *value, *wants;
} values[] = {
	{ "smtpd_timeout", "1", NULL },
	{ "smtpd_timeout", "1s", NULL },
	{ "smtpd_timeout", "1sx", NULL }, /* Postfix looks at one letter */
	{ "smtpd_timeout", "+5m", NULL },
	{ "smtpd_timeout", "3549w", NULL },
	{ "smtpd_timeout", "3550w", "a time of at least 1s" },
	{ "smtpd_timeout", "0", "a time of at least 1s" },
	{ "smtpd_timeout", "s", "a time of at least 1s" },
	{ "smtpd_timeout", "", "a time of at least 1s" },
	{ "smtpd_timeout", "-1", "a time of at least 1s" },
	{ "smtpd_timeout", "1y", "a time of at least 1s" },
	{ "smtpd_timeout", "1S", "a time of at least 1s" },
	{ "smtpd_timeout", "5 s", "a time of at least 1s" },
	{ "smtpd_timeout", "2147483648", "a time of at least 1s" },
	{ "smtpd_error_sleep_time", "0", NULL },
	{ "smtpd_error_sleep_time", "-1", "a time of at most 2147483647s" },
	{ "in_flow_delay", "10s", NULL },
	{ "in_flow_delay", "11s", "a time of at most 10s" },
	{ "smtpd_recipient_limit", "1", NULL },
	{ "smtpd_recipient_limit", "0", "a number of at least 1" },
	{ "smtpd_recipient_limit", "10s", "a number of at least 1" },
	{ "smtpd_recipient_limit", "2147483648", "a number of at least 1" },
	{ "reject_code", "-1", NULL },
	{ "reject_code", "", "a number of at most 2147483647" },
	{ "message_size_limit", LONGEST, NULL },
	{ "message_size_limit", LONGEST "0", "a number of at most " LONGEST },
	{ "lmdb_map_size", "0", "a number of at least 1" },
	{ "unverified_sender_reject_code", "599", NULL },
	{ "unverified_sender_reject_code", "600", "a number from 200 to 599" },
	{ "unverified_sender_reject_code", "199", "a number from 200 to 599" },
	{ "smtpd_client_ipv4_prefix_length", "-1", NULL },
	{ "smtpd_client_ipv4_prefix_length", "33", "a number of at most 32" },
	{ "soft_bounce", "YES", NULL },
	{ "soft_bounce", "true", "yes or no" },
	{ "soft_bounce", "", "yes or no" },
	{ "smtpd_banner", "x", NULL },
	{ "smtpd_banner", "", "a value, not an empty one" },
	{ "default_verp_delimiters", "+", "2 characters" },
	{ "default_verp_delimiters", "+=", NULL },
	{ "default_verp_delimiters", "+=+", "2 characters" },
	{ "mynetworks", "", NULL }, /* it may be */
	{ "header_from_format", "Obsolete", NULL },
	{ "header_from_format", "standard obsolete",
	  "one of these: obsolete standard" },
	{ "unknown_address_tempfail_action", "",
	  "one of these: defer defer_if_permit" },
	{ "receive_override_options", "", NULL },
	{ "receive_override_options", "no_milters, no_address_mappings", NULL },
	{ "receive_override_options", "No_milters",
	  "some of these: no_unknown_recipient_checks no_address_mappings "
	  "no_header_body_checks no_milters" },
	{ "smtpd_forbid_bare_newline", "x",
	  "one of these: no normalize note reject yes" },
	{ "smtpd_forbid_bare_newline", "note",
	  "one of these: no normalize reject yes" },
};

START_TEST(knows_values)
{
	char *wants = smtpd_parameter_try(values[_i].name, values[_i].value);

	if (values[_i].wants == NULL)
		ck_assert_ptr_null(wants);
	else
		ck_assert_str_eq(wants, values[_i].wants);
	free(wants);
}
END_TEST

#define V(version) "mail_version = " version "\n"
#define HIDES	   "smtpd_hide_client_session = x"
#define CURVE	   "tls_eecdh_strong_curve ="

/* A Postfix, whether smtpd(8) reads what the TLS library does, and at what it
 * ends, or may. */
static const struct {
	const char *settings, *own;
	enum smtpd_answer tls, works;
	const char *name;
} ports[] = {
	{ "smtpd_timeout = 1s", NULL, SMTPD_NO, SMTPD_YES, NULL },
	{ "smtpd_timeout = 0", NULL, SMTPD_NO, SMTPD_NO, "smtpd_timeout" },
	{ "smtpd_sasl_type = Dovecot\nsmtpd_sasl_auth_enable = yes", NULL,
	  SMTPD_NO, SMTPD_NO, "smtpd_sasl_type" },
	{ "smtpd_sasl_type = Dovecot\nsmtpd_sasl_auth_enable = no", NULL,
	  SMTPD_NO, SMTPD_YES, NULL },
	{ "inet_protocols = IPv4", NULL, SMTPD_NO, SMTPD_NO, "inet_protocols" },
	{ "smtputf8_autodetect_classes = all, some", NULL, SMTPD_NO, SMTPD_MAY,
	  "smtputf8_autodetect_classes" },
	{ "smtpd_timeout = 0", "1s", SMTPD_NO, SMTPD_YES, NULL },
	{ "smtpd_timeout = 1s", "1y", SMTPD_NO, SMTPD_NO, "smtpd_timeout" },
	/* This Postfix has no such parameter. */
	{ "x = y", "1y", SMTPD_NO, SMTPD_YES, NULL },
	{ "tls_daemon_random_bytes = 0", NULL, SMTPD_NO, SMTPD_YES, NULL },
	{ "tls_daemon_random_bytes = 0", NULL, SMTPD_MAY, SMTPD_MAY,
	  "tls_daemon_random_bytes" },
	{ "tls_daemon_random_bytes = 0", NULL, SMTPD_YES, SMTPD_NO,
	  "tls_daemon_random_bytes" },
	/* The first that is certain, else the first. */
	{ "tls_daemon_random_bytes = 0\ntls_high_cipherlist =\n"
	  "trigger_timeout = 0",
	  NULL, SMTPD_MAY, SMTPD_NO, "trigger_timeout" },
	{ "tls_daemon_random_bytes = 0\ntls_high_cipherlist =", NULL, SMTPD_MAY,
	  SMTPD_MAY, "tls_daemon_random_bytes" },
	{ V("3.9.1") HIDES, NULL, SMTPD_NO, SMTPD_YES, NULL },
	{ V("3.10.0") HIDES, NULL, SMTPD_NO, SMTPD_NO,
	  "smtpd_hide_client_session" },
	{ V("3.10-20250101") HIDES, NULL, SMTPD_NO, SMTPD_MAY,
	  "smtpd_hide_client_session" },
	{ HIDES, NULL, SMTPD_NO, SMTPD_MAY, "smtpd_hide_client_session" },
	{ V("3.11.0") "non_bdb_migration_level = Disable", NULL, SMTPD_NO,
	  SMTPD_YES, NULL },
	{ V("3.11.0") "non_bdb_migration_level = x", NULL, SMTPD_NO, SMTPD_NO,
	  "non_bdb_migration_level" },
	{ V("3.10.0") CURVE, NULL, SMTPD_YES, SMTPD_YES, NULL },
	{ V("3.7.11") "smtpd_forbid_bare_newline = note", NULL, SMTPD_NO,
	  SMTPD_MAY, "smtpd_forbid_bare_newline" },
	{ V("3.9.0") "smtpd_forbid_bare_newline = note", NULL, SMTPD_NO,
	  SMTPD_YES, NULL },
	{ "smtpd_tls_security_level = Encrypt", NULL, SMTPD_NO, SMTPD_YES,
	  NULL },
	{ "smtpd_tls_security_level =", NULL, SMTPD_NO, SMTPD_YES, NULL },
	{ "smtpd_tls_security_level = dane", NULL, SMTPD_NO, SMTPD_NO,
	  "smtpd_tls_security_level" },
	{ V("3.7.11") CURVE, NULL, SMTPD_YES, SMTPD_MAY,
	  "tls_eecdh_strong_curve" },
};

START_TEST(knows_ports)
{
	struct postfix postfix = { 0 };
	struct smtpd_port port = { .starts_tls = ports[_i].tls };
	enum smtpd_answer works;
	const char *name;

	ck_assert_int_eq(postfix_values_parse(&postfix.effective,
					      ports[_i].settings, NULL),
			 0);
	ck_assert_int_eq(postfix_services_parse(&postfix,
						"smtp inet n - n - - smtpd",
						false, NULL),
			 0);
	if (ports[_i].own != NULL)
		postfix_values_add(&postfix.services[0].overrides,
				   "smtpd_timeout", ports[_i].own);
	port.postfix = &postfix;
	port.service = &postfix.services[0];
	name = smtpd_parameter_check(&port, &works);
	ck_assert_int_eq(works, ports[_i].works);
	if (ports[_i].name == NULL) {
		ck_assert_ptr_null(name);
	} else {
		char *wants = smtpd_parameter_wants(&port, name);

		ck_assert_str_eq(name, ports[_i].name);
		ck_assert_ptr_nonnull(wants);
		free(wants);
	}
	ck_assert_ptr_null(smtpd_parameter_wants(&port, "no_such"));
	postfix_clear(&postfix);
}
END_TEST

/* Words of a set, and what is meant. */
static const struct {
	const char *name, *value, *word, *meant;
} sets[] = {
	{ "notify_classes", "data, softwear policie", "softwear", "software" },
	{ "notify_classes", "data, bounce", NULL, NULL },
	{ "notify_classes", "data, xyz", NULL, NULL },
	{ "smtpd_tls_security_level", "encyrpt", "encyrpt", "encrypt" },
	{ "smtpd_tls_security_level", "MAY", NULL, NULL },
	{ "smtpd_timeout", "softwear", NULL, NULL },
	{ "no_such", "softwear", NULL, NULL },
};

START_TEST(knows_what_is_meant)
{
	char *word;
	char *meant =
		smtpd_parameter_meant(sets[_i].name, sets[_i].value, &word);

	ck_assert_pstr_eq(meant, sets[_i].meant);
	ck_assert_pstr_eq(word, sets[_i].word);
	free(meant);
	free(word);
}
END_TEST

/* What only a process knows, and postconf(1) takes for empty. */
static const struct {
	const char *name, *written;
	enum smtpd_answer works;
} processes[] = {
	{ "syslog_name", "$service_name", SMTPD_YES },
	{ "syslog_name", "${process_name}", SMTPD_YES },
	{ "syslog_name", "${process_id:x}", SMTPD_MAY },
	{ "syslog_name", "$nothing", SMTPD_NO },
	{ "syslog_name", "service_name", SMTPD_NO }, /* no reference */
	{ "max_use", "$process_id", SMTPD_MAY },
};

START_TEST(knows_what_processes_know)
{
	struct postfix postfix = { 0 };
	struct smtpd_port port = { .postfix = &postfix };
	enum smtpd_answer works;

	ck_assert_int_eq(postfix_services_parse(&postfix,
						"smtp inet n - n - - smtpd",
						false, NULL),
			 0);
	postfix_values_add(&postfix.effective, processes[_i].name, "");
	postfix_values_add(&postfix.main, processes[_i].name,
			   processes[_i].written);
	port.service = &postfix.services[0];
	smtpd_parameter_check(&port, &works);
	ck_assert_int_eq(works, processes[_i].works);
	postfix_clear(&postfix);
}
END_TEST

/* A version that main.cf sets says nothing of the programs. */
START_TEST(does_not_trust_main_cf)
{
	struct postfix postfix = { 0 };
	struct smtpd_port port = { .starts_tls = SMTPD_NO };
	enum smtpd_answer works;

	ck_assert_int_eq(postfix_values_parse(&postfix.effective,
					      V("3.11.0") HIDES, NULL),
			 0);
	postfix_values_add(&postfix.main, "mail_version", "3.11.0");
	ck_assert_int_eq(postfix_services_parse(&postfix,
						"smtp inet n - n - - smtpd",
						false, NULL),
			 0);
	port.postfix = &postfix;
	port.service = &postfix.services[0];
	ck_assert_str_eq(smtpd_parameter_check(&port, &works),
			 "smtpd_hide_client_session");
	ck_assert_int_eq(works, SMTPD_MAY);
	postfix_clear(&postfix);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("smtpd_parameter");

	tcase_add_loop_test(tests, knows_values, 0, COUNT(values));
	tcase_add_loop_test(tests, knows_ports, 0, COUNT(ports));
	tcase_add_loop_test(tests, knows_what_is_meant, 0, COUNT(sets));
	tcase_add_loop_test(tests, knows_what_processes_know, 0,
			    COUNT(processes));
	tcase_add_test(tests, does_not_trust_main_cf);
	return run_tests("smtpd_parameter", tests);
}
