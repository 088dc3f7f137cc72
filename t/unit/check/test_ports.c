/* SPDX-License-Identifier: ISC */
/* test_ports - mynetworks, certificates, and policyd's own word */

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "lib/postfix/smtpd_ports.h"
#include "policyd/check/ports.h"
#include "t/unit/test.h"

#define SESSION                                                 \
	"smtpd_delay_reject = yes\nqueue_directory = /queue\n"  \
	"inet_interfaces = all\nsmtpd_sasl_auth_enable = yes\n" \
	"smtpd_tls_security_level = may\n"                      \
	"smtpd_tls_cert_file = /dev/null\n"

/* judge - one port; the cells as letters, n no, m may, y yes, in the order of
 * enum smtpd_client, "ours" before "elsewhere" */
static void judge(char cells[3 * SMTPD_CLIENTS], const char *settings,
		  const struct config *config)
{
	const struct smtpd_knowledge knowledge = ports_knowledge(config);
	char *text = xasprintf("%s%s\n", SESSION, settings);
	struct smtpd_ports ports;
	struct postfix postfix = { 0 };
	int i;

	ck_assert_int_eq(postfix_values_parse(&postfix.effective, text, NULL),
			 0);
	ck_assert_int_eq(postfix_services_parse(&postfix,
						"587 inet n - n - - smtpd",
						false, NULL),
			 0);
	smtpd_ports_judge(&ports, &postfix, &knowledge);
	for (i = 0; i < 3 * SMTPD_CLIENTS; i++)
		cells[i] = i % 3 == 2 ? ' '
				      : "nmy"[ports.rows[0]
						      .outcomes[i / 3][i % 3]
						      .passes];
	cells[3 * SMTPD_CLIENTS - 1] = '\0';
	smtpd_ports_clear(&ports);
	postfix_clear(&postfix);
	free(text);
}

/* mynetworks, and who is in them: a stranger, another client there, this
 * host. */
static const struct {
	const char *networks;
	const char *in;
} networks[] = {
	{ "", "nnn" },
	{ "127.0.0.0/8", "nyy" },
	{ "127.0.0.1", "nyy" },
	{ "192.168.0.0/16, [2001:db8::]/32", "nyn" },
	{ "!127.0.0.1, 127.0.0.0/8", "nyn" },
	{ "!127.0.0.1", "nnn" },
	{ "0.0.0.0/0", "myy" },
	{ "10.0.0.0/8 64.0.0.0/2", "myy" },
	{ "[::]/0", "myn" },
	{ "127.0.0.0/8 [fd00::]/8", "nyy" },
	{ "127.0.0.0/8, 172.19.0.0/24 # docker", "mmm" },
	{ "127.0.0.0/8, fd00::/8", "mmm" },
	{ "127.0.0.0/8, /etc/postfix/networks", "mmm" },
	{ "127.0.0.0/8 hash:/etc/postfix/networks", "mmm" },
	{ "127.0.0.0/8 !cidr:/etc/postfix/networks", "mmm" },
	{ "127.0.0.0/8 /32", "mmm" },
	{ "127.0.0.1/8", "mmm" },
	{ "mail.example", "mmm" },
};

START_TEST(reads_networks)
{
	static const int places[] = { SMTPD_STRANGER, SMTPD_NETWORK,
				      SMTPD_HOST };
	char *settings = xasprintf("mynetworks = %s\n"
				   "smtpd_relay_restrictions = "
				   "permit_mynetworks, reject",
				   networks[_i].networks);
	char cells[3 * SMTPD_CLIENTS], in[4] = "";
	size_t i;

	judge(cells, settings, NULL);
	for (i = 0; i < 3; i++)
		in[i] = cells[3 * places[i] + 1];
	ck_assert_msg(strcmp(in, networks[_i].in) == 0, "%s: is %s, want %s",
		      networks[_i].networks, in, networks[_i].in);
	free(settings);
}
END_TEST

#define OURS	 "smtpd_relay_restrictions = check_policy_service "
#define LISTENER "unix:private/policyd, reject"

#define OWNERS                               \
	"sender_login_maps = static:owner\n" \
	"restrictions = { reject_sender_login_mismatch, "

/* A policyd.conf behind its listener, the lists of a Postfix that asks it, and
 * the outcome. */
static const struct {
	const char *config;
	const char *settings;
	const char *cells;
} policies[] = {
	/* stranger  login     network   host  */
	{ "", OURS LISTENER, "yn yn yn yy yn yn yn yn" },
	{ "", OURS "unix:/queue/private/policyd, reject",
	  "yn yn yn yy yn yn yn yn" },
	{ "", OURS "unix:private/policyd2, reject", "mm mm mm mm mm mm mm mm" },
	{ "", OURS "inet:127.0.0.1:10040, reject", "yn yn yn yy yn yn yn yn" },
	/* another address, at which nobody may be, is not taken for policyd */
	{ "", OURS "inet:192.0.2.1:10040, reject", "mm mm mm mm mm mm mm mm" },
	{ "", OURS "unix:public/policyd, reject", "mm mm mm mm mm mm mm mm" },
	{ "reply = ok", OURS LISTENER, "yn yn yn yy yn yn yn yn" },
	{ "reply = dunno", OURS LISTENER, "nn nn nn nn nn nn nn nn" },
	{ "mode = observe", OURS LISTENER, "nn nn nn nn nn nn nn nn" },
	{ "restrictions = { reject_plaintext_session, "
	  "permit_sasl_authenticated, reject }",
	  OURS LISTENER, "nn nn nn yy nn nn nn nn" },
	{ "restrictions = { permit_auth_destination, defer }", OURS LISTENER,
	  "yn yn yn yn yn yn yn yn" },
	/* a service by port, and one by context */
	{ "service \"users\" { server_port = 587\n"
	  "restrictions = { permit_auth_destination, reject } }",
	  OURS LISTENER, "yn yn yn yn yn yn yn yn" },
	{ "service \"users\" { policy_context = users\n"
	  "restrictions = { permit_auth_destination, reject } }",
	  OURS "{ unix:private/policyd, policy_context=users } reject",
	  "yn yn yn yn yn yn yn yn" },
	{ "service \"users\" { policy_context = users\n"
	  "restrictions = { permit_auth_destination, reject } }",
	  OURS LISTENER "\nsmtpd_policy_service_policy_context = users",
	  "yn yn yn yn yn yn yn yn" },
	/* it depends on more of the client than is known here */
	{ "mynetworks = \"192.0.2.0/24\"\nallow_open_relay = yes\n"
	  "restrictions = { permit_auth_destination, permit_mynetworks, "
	  "reject }",
	  OURS LISTENER, "ym ym ym ym ym ym ym ym" },
	/* ... but not where it is refused whoever owns the sender */
	{ OWNERS "permit_auth_destination, reject_plaintext_session, "
		 "permit_sasl_authenticated, reject_unauth_destination }",
	  OURS LISTENER, "mn mn mn mm mn mn mn mn" },
	{ OWNERS "permit_auth_destination, defer }", OURS LISTENER,
	  "mn mn mn mn mn mn mn mn" },
	{ OWNERS "permit_auth_destination, permit_mynetworks, reject }\n"
		 "mynetworks = \"192.0.2.0/24\"",
	  OURS LISTENER, "mm mm mm mm mm mm mm mm" },
	{ OWNERS "}", OURS LISTENER, "nn nn nn nn nn nn nn nn" },
	/* before there is a recipient it refuses nothing */
	{ "",
	  "smtpd_delay_reject = no\nsmtpd_relay_restrictions = "
	  "reject_unauth_destination\nsmtpd_client_restrictions = "
	  "check_policy_service unix:private/policyd",
	  "yn yn yn yn yn yn yn yn" },
};

START_TEST(asks_policyd)
{
	char path[] = "/tmp/test_ports.XXXXXX", cells[3 * SMTPD_CLIENTS];
	char *text = xasprintf("listen \"unix:/queue/private/policyd\" { }\n"
			       "listen \"inet:127.0.0.1:10040\" { }\n"
			       "mydestination = \"example.com\"\n%s\n",
			       policies[_i].config);
	struct config_messages messages = { 0 };
	struct config *config;
	int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	config = config_load(path, &messages);
	unlink(path);
	ck_assert_msg(config != NULL, "%s", policies[_i].config);
	judge(cells, policies[_i].settings, config);
	ck_assert_msg(strcmp(cells, policies[_i].cells) == 0,
		      "%s\n%s\n   is %s\nwant %s", policies[_i].config,
		      policies[_i].settings, cells, policies[_i].cells);
	config_messages_clear(&messages);
	config_free(config);
	free(text);
}
END_TEST

START_TEST(looks_for_certificates)
{
	char cells[3 * SMTPD_CLIENTS];

	judge(cells, "smtpd_relay_restrictions = reject_unauth_destination",
	      NULL);
	ck_assert_str_eq(cells, "yn yn yn yn yn yn yn yn");
	judge(cells,
	      "smtpd_relay_restrictions = reject_unauth_destination\n"
	      "smtpd_tls_key_file = /nonexistent/key",
	      NULL);
	ck_assert_str_eq(cells, "yn nn yn nn yn nn yn nn");
	judge(cells,
	      "smtpd_relay_restrictions = reject_unauth_destination\n"
	      "smtpd_tls_chain_files = /",
	      NULL);
	ck_assert_str_eq(cells, "yn nn yn nn yn nn yn nn");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("ports");

	tcase_add_loop_test(tests, reads_networks, 0, COUNT(networks));
	tcase_add_loop_test(tests, asks_policyd, 0, COUNT(policies));
	tcase_add_test(tests, looks_for_certificates);
	return run_tests("ports", tests);
}
