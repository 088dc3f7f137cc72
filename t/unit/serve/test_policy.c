/* SPDX-License-Identifier: ISC */
/* test_policy - the administrator's rule, over every kind of request
 *
 * The rule is written here a second time, in one line: ours, or encrypted
 * and logged in. Every combination of state, encryption, login, recipient
 * and reply mode must agree with it. */

#include <check.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policyd/query/explanation.h"
#include "t/unit/test.h"

static const char configuration[] =
	"myhostname = 'mail.local.test'\n"
	"mydomain = 'local.test'\n"
	"mydestination = { '$mydomain', '$myhostname', 'localhost' }\n"
	"inet_interfaces = '127.0.0.1'\n"
	"virtual_mailbox_domains = 'vmail.test'\n"
	"virtual_alias_domains = 'valias.test'\n"
	"relay_domains = 'relay.test'\n"
	"service 'ok' { policy_context = { 'ok' } reply = 'ok' }\n"
	"service 'dunno' { policy_context = { 'dunno' } reply = 'dunno' }\n"
	"service 'closed' { policy_context = { 'closed' }\n"
	"        restrictions = { reject_plaintext_session,\n"
	"                         permit_sasl_authenticated } }\n";

static const char *const states[] = { "CONNECT", "XCLIENT", "HELO",
				      "EHLO",	 "MAIL",    "RCPT",
				      "VRFY",	 "DATA",    "END-OF-MESSAGE",
				      "ETRN",	 "",	    "NEW" };
static const struct {
	const char *protocol, *cipher, *keysize;
	bool encrypted;
} sessions[] = {
	{ "", "", "0", false },
	{ "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "256", true },
	{ "TLSv1.3", "TLS_AES_128_GCM_SHA256", "128", true },
	{ "TLSv1.2", "NULL-SHA256", "0", false },
	{ "TLSv1.1", "ECDHE-RSA-AES256-SHA", "256", false },
	{ "TLSv1.2", "ADH-AES256-GCM-SHA384", "256", false },
	{ "TLSv1.3", "", "", false },
};
static const struct {
	const char *method, *username;
	bool authenticated;
} logins[] = {
	{ "", "", false },	     { "PLAIN", "alice", true },
	{ "LOGIN", "bob@x", true },  { "ANONYMOUS", "anonymous@x", false },
	{ "anonymous", "a", false }, { "PLAIN", "", false },
	{ "", "alice", false },
};
static const struct {
	const char *address;
	bool ours;
} recipients[] = {
	{ "", false },
	{ "user@local.test", true },
	{ "user", true },
	{ "User@LOCAL.test.", true },
	{ "user@valias.test", true },
	{ "user@vmail.test", true },
	{ "user@relay.test", true },
	{ "user@sub.relay.test", true },
	{ "user@[127.0.0.1]", true },
	{ "user%relay.test@local.test", true },
	{ "user@sub.local.test", false },
	{ "user@remote.example", false },
	{ "user%remote.example@local.test", false },
	{ "remote.example!user@local.test", false },
	{ "user@remote.example@local.test", false },
	{ "user%remote.example@relay.test", false },
	{ "@local.test:user@remote.example", false },
	{ "user@[192.0.2.1]", false },
	{ "user@", false },
	{ "user@..", false },
	{ "50%off@local.test", false },
};
static const struct {
	const char *context, *permit;
} modes[] = { { "", NULL },
	      { "ok", "action=OK\n\n" },
	      { "dunno", "action=DUNNO\n\n" } };

static struct config *config;

/* set_up - load the configuration; in the forked child, so only once */
static void set_up(void)
{
	char path[] = "/tmp/test_policy.XXXXXX";
	struct config_messages messages = { 0 };
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, configuration, sizeof(configuration) - 1),
			 sizeof(configuration) - 1);
	close(fd);
	config = config_load(path, &messages);
	unlink(path);
	ck_assert_msg(config != NULL, "%s",
		      messages.count > 0 ? messages.lines[0] : "no message");
	config_messages_clear(&messages);
}

static void tear_down(void)
{
	config_free(config);
}

/* answer - the reply to a whole request */
static void answer(char reply[REPLY_MAX], char *bytes)
{
	struct explanation explanation;
	struct request request;
	struct error error;

	ck_assert_int_eq(request_parse(&request, bytes, strlen(bytes), &error),
			 0);
	ck_assert_int_eq(explain(&explanation, config, NULL, &request, NULL,
				 "ID", &error),
			 0);
	snprintf(reply, REPLY_MAX, "action=%.500s\n\n", explanation.action);
	explanation_clear(&explanation);
}

/* ask - the reply to a request made of these parts */
static void ask(char reply[REPLY_MAX], const char *state, size_t tls,
		size_t login, const char *recipient, const char *context)
{
	char *bytes =
		xasprintf("request=smtpd_access_policy\n"
			  "protocol_state=%s\n"
			  "client_address=192.0.2.1\n"
			  "sender=local@local.test\n"
			  "helo_name=local.test\n"
			  "client_name=mail.local.test\n"
			  "encryption_protocol=%s\n"
			  "encryption_cipher=%s\n"
			  "encryption_keysize=%s\n"
			  "ccert_subject=local.test\n"
			  "sasl_method=%s\nsasl_username=%s\n"
			  "recipient=%s\npolicy_context=%s\n\n",
			  state, sessions[tls].protocol, sessions[tls].cipher,
			  sessions[tls].keysize, logins[login].method,
			  logins[login].username, recipient, context);

	answer(reply, bytes);
	free(bytes);
}

/* check_one - compare with the rule */
static void check_one(const char *state, size_t tls, size_t login, size_t to,
		      size_t mode)
{
	bool trusted = sessions[tls].encrypted && logins[login].authenticated;
	bool ours = recipients[to].ours;
	const char *want = modes[mode].permit;
	char reply[REPLY_MAX];

	ask(reply, state, tls, login, recipients[to].address,
	    modes[mode].context);
	if (want == NULL)
		want = ours ? "action=permit_auth_destination\n\n"
			    : "action=permit_sasl_authenticated\n\n";
	if (!ours && !trusted)
		want = recipients[to].address[0]
			       ? "action=554 5.7.1 Relay access denied"
			       : "action=DUNNO\n\n";
	ck_assert_msg(strncmp(reply, want, strlen(want)) == 0,
		      "%s tls=%s sasl=%s/%s to=%s context=%s: %s", state,
		      sessions[tls].cipher, logins[login].method,
		      logins[login].username, recipients[to].address,
		      modes[mode].context, reply);
}

START_TEST(agrees_with_the_rule)
{
	size_t tls, login, to, mode;

	for (tls = 0; tls < (size_t)COUNT(sessions); tls++)
		for (login = 0; login < (size_t)COUNT(logins); login++)
			for (to = 0; to < (size_t)COUNT(recipients); to++)
				for (mode = 0; mode < (size_t)COUNT(modes);
				     mode++)
					check_one(states[_i], tls, login, to,
						  mode);
}
END_TEST

START_TEST(a_service_has_its_own_rule)
{
	char reply[REPLY_MAX];

	ask(reply, "RCPT", 1, 0, "user@local.test", "closed");
	ck_assert_ptr_nonnull(strstr(reply, "554 5.7.1"));
	ask(reply, "RCPT", 0, 1, "user@local.test", "closed");
	ck_assert_ptr_nonnull(strstr(reply, "not encrypted"));
	ask(reply, "RCPT", 1, 1, "user@remote.example", "closed");
	ck_assert_str_eq(reply, "action=permit_sasl_authenticated\n\n");
}
END_TEST

/* The reply to a client that has logged in over a weak session. */
static const struct {
	const char *session; /* attributes */
	const char *reply;   /* after "Relay access denied; " */
} weak_sessions[] = {
	{ "encryption_keysize=0\n", "not encrypted: use TLS and log in" },
	{ "encryption_protocol=TLSv1.1\n"
	  "encryption_cipher=ECDHE-RSA-AES256-SHA\nencryption_keysize=256\n",
	  "protocol too old: use TLS 1.2 or newer" },
	{ "encryption_protocol=TLSv1.4\n"
	  "encryption_cipher=TLS_AES_128_GCM_SHA256\n"
	  "encryption_keysize=128\n",
	  "unknown protocol: use TLS 1.2 or newer" },
	{ "encryption_protocol=TLSv1.2\n"
	  "encryption_cipher=NULL-SHA256\nencryption_keysize=0\n",
	  "cipher without encryption: use a cipher that encrypts" },
	{ "encryption_protocol=TLSv1.2\n"
	  "encryption_cipher=RC4-SHA\nencryption_keysize=128\n",
	  "unknown or obsolete cipher: use a stronger cipher" },
	{ "encryption_protocol=TLSv1.2\n"
	  "encryption_cipher=AECDH-AES256-SHA\nencryption_keysize=256\n",
	  "anonymous cipher: use a cipher that authenticates the server" },
	{ "encryption_protocol=TLSv1.2\n"
	  "encryption_cipher=TLS_AES_128_GCM_SHA256\n"
	  "encryption_keysize=128\n",
	  "cipher does not belong to the protocol: please tell the "
	  "postmaster" },
	{ "encryption_protocol=TLSv1.2\n"
	  "encryption_cipher=AES128-SHA\nencryption_keysize=256\n",
	  "key size does not belong to the cipher: please tell the "
	  "postmaster" },
};

START_TEST(says_what_to_change)
{
	char reply[REPLY_MAX];
	char *want = xasprintf("action=554 5.7.1 Relay access denied; "
			       "%s (id ID)\n\n",
			       weak_sessions[_i].reply);
	char *bytes = xasprintf("request=smtpd_access_policy\n"
				"protocol_state=RCPT\n"
				"client_address=192.0.2.1\n"
				"sasl_method=PLAIN\nsasl_username=alice\n"
				"recipient=user@remote.example\n%s\n",
				weak_sessions[_i].session);

	answer(reply, bytes);
	ck_assert_str_eq(reply, want);
	free(bytes);
	free(want);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("policy");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, agrees_with_the_rule, 0, COUNT(states));
	tcase_add_test(tests, a_service_has_its_own_rule);
	tcase_add_loop_test(tests, says_what_to_change, 0,
			    COUNT(weak_sessions));
	return run_tests("policy", tests);
}
