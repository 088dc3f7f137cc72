/* SPDX-License-Identifier: ISC */
/* test_smtpd_value - texts with which smtpd(8) does not start */

#include <check.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_value.h"
#include "t/unit/test.h"

#define CERT                                                       \
	"smtpd_tls_cert_file = /x\nsmtpd_sasl_auth_enable = yes\n" \
	"smtpd_tls_security_level = may\n"
#define ASK(text) \
	"smtpd_relay_restrictions = reject, check_policy_service " text

/* Settings, and "PARAMETER: WORD" of the fault, with the word that was meant;
 * NULL: there is none. */
static const struct {
	const char *settings;
	const char *fault;
} cases[] = {
	{ "notify_classes = bounce, 2bounce resource", NULL },
	{ "notify_classes = resource, softwear",
	  "notify_classes: softwear > software" },
	{ "notify_classes = Resource", "notify_classes: Resource > resource" },
	{ "receive_override_options = no_milters,no_unknown_recipient_check",
	  "receive_override_options: no_unknown_recipient_check > "
	  "no_unknown_recipient_checks" },
	{ "smtputf8_autodetect_classes = junk",
	  "smtputf8_autodetect_classes: junk" },
	{ "inet_protocols = ipv4, ipv6", NULL },
	{ "inet_protocols = IPv4", "inet_protocols: IPv4 > ipv4" },
	{ CERT "smtpd_sasl_type = dovecot", NULL },
	{ CERT "smtpd_sasl_type = Dovecot",
	  "smtpd_sasl_type: Dovecot > dovecot" },
	{ "smtpd_sasl_type = Dovecot\nsmtpd_sasl_auth_enable = no", NULL },
	{ "smtpd_upstream_proxy_protocol = haproxy2",
	  "smtpd_upstream_proxy_protocol: haproxy2 > haproxy" },
	{ "unknown_address_tempfail_action = Defer", NULL },
	{ "unverified_sender_tempfail_action = permit",
	  "unverified_sender_tempfail_action: permit" },
	{ "virtual_alias_maps = hash:/a, inline:{x=y, a=b} proxy:unix:x",
	  NULL },
	{ "virtual_alias_maps = hash:/a /etc/postfix/virtual",
	  "virtual_alias_maps: /etc/postfix/virtual" },
	{ "canonical_maps = hash: /a", "canonical_maps: hash:" },
	{ "virtual_mailbox_maps = :/a", "virtual_mailbox_maps: :/a" },
	{ "tls_server_sni_maps = /a", NULL },
	{ CERT "tls_server_sni_maps = /a", "tls_server_sni_maps: /a" },
	{ ASK("unix:private/policyd"), NULL },
	{ ASK("inet:127.0.0.1:10040, permit"), NULL },
	{ ASK("{ unix:a, timeout=3s, try_limit=1, request_limit=0, "
	      "max_idle=1h, { default_action = 451 later } }"),
	  NULL },
	{ ASK(""), NULL },
	{ ASK("policyd"), "smtpd_relay_restrictions: policyd" },
	{ ASK("UNIX:private/policyd"),
	  "smtpd_relay_restrictions: UNIX:private/policyd" },
	{ ASK("inet:"), "smtpd_relay_restrictions: inet:" },
	{ ASK("{}"), "smtpd_relay_restrictions: {}" },
	{ ASK("{ timeout=3 }"), "smtpd_relay_restrictions: timeout=3" },
	{ ASK("{ unix:a, timeout = 3 }"), "smtpd_relay_restrictions: timeout" },
	{ ASK("{ unix:a, tmeout=3 }"),
	  "smtpd_relay_restrictions: tmeout=3 > timeout" },
	{ ASK("{ unix:a, timeout=3x }"),
	  "smtpd_relay_restrictions: timeout=3x" },
	{ ASK("{ unix:a, { try_limit = 0 } }"),
	  "smtpd_relay_restrictions: { try_limit = 0 }" },
	{ ASK("{ unix:a, request_limit=many }"),
	  "smtpd_relay_restrictions: request_limit=many" },
	{ "smtpd_restriction_classes = grey\n"
	  "grey = check_policy_service { unix:a timeout }",
	  "smtpd_restriction_classes: timeout" },
	{ "smtpd_etrn_restrictions = check_policy_service x",
	  "smtpd_etrn_restrictions: x" },
};

START_TEST(finds_what_ends_it)
{
	struct postfix postfix = { 0 };
	struct smtpd_value_fault fault;
	struct smtpd_port port;
	char *said = NULL;

	ck_assert_int_eq(postfix_values_parse(&postfix.effective,
					      cases[_i].settings, NULL),
			 0);
	ck_assert_int_eq(postfix_services_parse(&postfix,
						"smtp inet n - n - - smtpd\n",
						false, NULL),
			 0);
	smtpd_port_open(&port, &postfix, postfix.services);
	if (smtpd_value_find(&port, &fault)) {
		said = xasprintf("%s: %s%s%s", fault.parameter, fault.word,
				 fault.meant != NULL ? " > " : "",
				 fault.meant != NULL ? fault.meant : "");
		ck_assert_int_eq(port.works, SMTPD_NO);
		ck_assert_str_eq(port.works_why, fault.parameter);
		ck_assert_int_gt((int)strlen(fault.what), 0);
		ck_assert_int_gt((int)strlen(fault.advice), 0);
	}
	ck_assert_pstr_eq(said, cases[_i].fault);
	free(said);
	smtpd_value_clear(&fault);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("value");

	tcase_add_loop_test(tests, finds_what_ends_it, 0, COUNT(cases));
	return run_tests("smtpd_value", tests);
}
