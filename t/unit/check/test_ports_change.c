/* SPDX-License-Identifier: ISC */
/* test_ports_change - the difference of two judgements, and its text */

#include <check.h>
#include <string.h>

#include "policyd/check/ports.h"
#include "policyd/check/ports_change.h"
#include "t/unit/test.h"

#define SESSION                                                          \
	"smtpd_delay_reject = yes\ninet_interfaces = all\n"              \
	"smtpd_sasl_auth_enable = yes\nsmtpd_tls_security_level = may\n" \
	"smtpd_tls_cert_file = /dev/null\nsmtpd_tls_auth_only = yes\n"   \
	"mynetworks = 127.0.0.0/8 192.168.1.0/24\n"                      \
	"smtpd_relay_restrictions = permit_mynetworks, "                 \
	"permit_sasl_authenticated, reject_unauth_destination\n"
#define PORT25	 "25 inet n - n - - smtpd\n"
#define PORT587	 "587 inet n - n - - smtpd\n"
#define RELAY	 "smtpd_relay_restrictions = "
#define NET	 "clients in mynetworks (127.0.0.0/8 192.168.1.0/24)"
#define NO_OURS	 "may send mail to our domains now, and may not afterwards\n"
#define NOW_OURS "may not send mail to our domains now, and may afterwards\n"
#define NO_MAIL	 "may send mail now, and may not afterwards\n"
#define DEPENDS                                                 \
	"may or may not (depending on check_client_access in "  \
	"smtpd_relay_restrictions) send mail now, and may not " \
	"afterwards\n"

/* A Postfix and its judgement. */
struct judged {
	struct postfix postfix;
	struct smtpd_ports ports;
};

/* judge - from settings and services */
static void judge(struct judged *judged, const char *settings,
		  const char *services)
{
	const struct smtpd_knowledge knowledge = ports_knowledge(NULL);
	char *text = xasprintf("%s%s\n", SESSION, settings);

	judged->postfix = (struct postfix){ 0 };
	ck_assert_int_eq(
		postfix_values_parse(&judged->postfix.effective, text, NULL),
		0);
	ck_assert_int_eq(
		postfix_services_parse(&judged->postfix, services, false, NULL),
		0);
	smtpd_ports_judge(&judged->ports, &judged->postfix, &knowledge);
	free(text);
}

/* clear - free it */
static void clear(struct judged *judged)
{
	smtpd_ports_clear(&judged->ports);
	postfix_clear(&judged->postfix);
}

/* What comes after SESSION, services, the text, how many cells. */
static const struct {
	const char *before, *after;
	const char *services_before, *services_after;
	const char *text;
	size_t count, opens;
} cases[] = {
	{ "", "", PORT25, PORT25, "", 0, 0 },
	{ "", "", PORT25 PORT587, PORT587 PORT25, "", 0, 0 },
	{ "", RELAY "permit_sasl_authenticated, reject_unauth_destination",
	  PORT25, PORT25,
	  "- port 25: " NET " may "
	  "relay now, and may not afterwards\n"
	  "- port 25: this host may relay now, and may not afterwards\n",
	  4, 0 },
	{ RELAY "permit_sasl_authenticated, reject_unauth_destination", "",
	  PORT25, PORT25,
	  "- port 25: " NET " may "
	  "not relay now, and may afterwards\n"
	  "- port 25: this host may not relay now, and may afterwards\n",
	  4, 4 },
	{ RELAY "permit_sasl_authenticated, reject",
	  RELAY "permit_sasl_authenticated, reject_unauth_destination", PORT25,
	  PORT25,
	  "- port 25: strangers " NOW_OURS "- port 25: " NET " " NOW_OURS
	  "- port 25: this host " NOW_OURS,
	  6, 6 },
	{ RELAY "check_client_access hash:/x, reject", RELAY "reject", PORT25,
	  PORT25,
	  "- port 25: strangers " DEPENDS
	  "- port 25: users who log in with TLS " DEPENDS "- port 25: " NET
	  " " DEPENDS "- port 25: this host " DEPENDS,
	  14, 0 },
	/* a service that ends, and one that begins */
	{ "", "", PORT25 PORT587, PORT25,
	  "- port 587: strangers " NO_OURS
	  "- port 587: users who log in with TLS " NO_MAIL "- port 587: " NET
	  " " NO_MAIL "- port 587: this host " NO_MAIL,
	  12, 0 },
	{ "", RELAY "permit_sasl_authenticated, reject", PORT25, PORT587,
	  "- port 25: strangers " NO_OURS
	  "- port 25: users who log in with TLS " NO_MAIL "- port 25: " NET
	  " " NO_MAIL "- port 25: this host " NO_MAIL
	  "- port 587: users who log in with TLS may not send mail now, "
	  "and may afterwards\n",
	  14, 2 },
	/* one recipient in TLS only */
	{ RELAY "reject_unauth_destination",
	  "smtpd_tls_security_level = encrypt\n" RELAY
	  "reject_unauth_destination",
	  PORT25, PORT25,
	  "- port 25: strangers without TLS " NO_OURS "- port 25: " NET
	  " without TLS " NO_OURS "- port 25: this host without TLS " NO_OURS,
	  3, 0 },
};

START_TEST(compares)
{
	struct ports_changes changes;
	struct judged before, after;
	size_t length, i, opens = 0;
	char *text;
	FILE *file = open_memstream(&text, &length);

	judge(&before, cases[_i].before, cases[_i].services_before);
	judge(&after, cases[_i].after, cases[_i].services_after);
	ports_changes_find(&changes, &before.ports, &after.ports);
	ports_changes_print(file, &changes, "- ");
	fclose(file);
	for (i = 0; i < changes.count; i++)
		opens += ports_change_opens(&changes.list[i]);
	ck_assert_str_eq(text, cases[_i].text);
	ck_assert_uint_eq(changes.count, cases[_i].count);
	ck_assert_uint_eq(opens, cases[_i].opens);
	ports_changes_clear(&changes);
	clear(&before);
	clear(&after);
	free(text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("ports_change");

	tcase_add_loop_test(tests, compares, 0, COUNT(cases));
	return run_tests("ports_change", tests);
}
