/* SPDX-License-Identifier: ISC */
/* test_config_effect - what is in effect after loading, and what is warned of
 */

#include <check.h>

#include "t/unit/test.h"
#include "t/unit/config/loading.h"

/* ---- what is in effect */

START_TEST(an_empty_file_has_all_defaults)
{
	struct config_messages messages;
	struct config *config = load_text("", 0, &messages);
	const struct service *service;

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(messages.errors, 0);
	ck_assert_uint_eq(messages.count, 1);
	ck_assert(message_has(messages.lines[0],
			      "FILE: warning: ", "no listen section"));
	ck_assert_uint_eq(config->listener_count, 0);
	ck_assert_str_eq(config->log, "syslog");
	ck_assert(!config->log_verdicts[VERDICT_DUNNO]);
	ck_assert(config->log_verdicts[VERDICT_PERMIT]);
	ck_assert(config->log_verdicts[VERDICT_REJECT]);
	ck_assert(config->log_verdicts[VERDICT_DEFER]);
	if (geteuid() == 0)
		ck_assert_str_eq(config->user, "nobody");
	ck_assert_ptr_null(config->group);
	ck_assert_str_eq(config->pid_file, "/run/policyd.pid");
	ck_assert_uint_eq(config->limits.request_ms, 10000);
	ck_assert_uint_eq(config->limits.idle_ms, 1200000);
	ck_assert_uint_eq(config->limits.reply_ms, 10000);
	ck_assert_uint_eq(config->limits.max_connections, 4096);
	ck_assert(!config->allow_open_relay);
	ck_assert_ptr_nonnull(config->resolver);
	ck_assert_uint_eq(config->services.count, 1);
	service = &config->services.services[0];
	ck_assert_str_eq(service->name, "default");
	ck_assert_uint_eq(service->restrictions.count, 4);
	ck_assert_str_eq(service->restrictions.uses[1].restriction->name,
			 "reject_plaintext_session");
	ck_assert_int_eq(service->reply.mode, REPLY_LOCK);
	ck_assert_ptr_null(service->reply.reject_reply);
	ck_assert_ptr_null(service->reply.plaintext_reply);
	ck_assert_ptr_nonnull(session_judge(service->tls, "", "", "0"));
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

/* full_services - the services of full.conf */
static void full_services(const struct service_list *list)
{
	const struct service *smtps = &list->services[0];
	const struct service *submission = &list->services[1];
	const struct service *top = &list->services[2];

	ck_assert_uint_eq(list->count, 3);
	ck_assert_str_eq(smtps->name, "smtps");
	ck_assert_int_eq(smtps->line, 33);
	ck_assert_uint_eq(smtps->server_port_count, 1);
	ck_assert_uint_eq(smtps->server_ports[0], 465);
	ck_assert_uint_eq(smtps->policy_context_count, 0);
	ck_assert_uint_eq(smtps->restrictions.count, 4);
	ck_assert_int_eq(smtps->reply.mode, REPLY_OK);
	ck_assert_ptr_null(smtps->reply.reject_reply);
	ck_assert_str_eq(submission->name, "submission");
	ck_assert_uint_eq(submission->server_port_count, 2);
	ck_assert_uint_eq(submission->server_ports[1], 2525);
	ck_assert_uint_eq(submission->policy_context_count, 2);
	ck_assert_str_eq(submission->policy_contexts[0], "relay");
	ck_assert_str_eq(submission->policy_contexts[1], "");
	ck_assert_uint_eq(submission->restrictions.count, 2);
	ck_assert_int_eq(submission->reply.mode, REPLY_LOCK);
	ck_assert_str_eq(submission->reply.reject_reply,
			 top->reply.reject_reply);
	ck_assert_str_eq(submission->reply.plaintext_reply,
			 "450 4.7.1 encrypt first");
	ck_assert_str_eq(top->name, "default");
	ck_assert_uint_eq(top->restrictions.count, 2);
	ck_assert_str_eq(top->reply.reject_reply,
			 "550 5.7.1 not \"here\" \\ it's closed");
	/* TLS 1.2 will do in submission only, 256 bits only are for smtps. */
	ck_assert_ptr_nonnull(session_judge(
		top->tls, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "256"));
	ck_assert_ptr_null(session_judge(submission->tls, "TLSv1.2",
					 "ECDHE-RSA-AES256-GCM-SHA384", "256"));
	ck_assert_ptr_nonnull(session_judge(smtps->tls, "TLSv1.3",
					    "TLS_AES_128_GCM_SHA256", "128"));
	ck_assert_ptr_null(session_judge(top->tls, "TLSv1.3",
					 "TLS_AES_128_GCM_SHA256", "128"));
}

START_TEST(each_option_takes_effect)
{
	struct config_messages messages;
	struct config *config = config_load(FULL, &messages);
	const struct parameters *parameters;

	ck_assert_ptr_nonnull(config);
	ck_assert_msg(messages.count == 0, "%s", messages.lines[0]);
	parameters = &config->parameters;
	ck_assert_uint_eq(config->listener_count, 2);
	ck_assert_str_eq(config->listeners[0].address,
			 "unix:/run/policyd/test.sock");
	ck_assert_uint_eq(config->listeners[0].mode, 0600);
	ck_assert_uint_eq(config->listeners[0].uid, 0);
	ck_assert_uint_eq(config->listeners[0].gid, 0);
	ck_assert_str_eq(config->listeners[1].address, "inet:[::1]:10040");
	ck_assert(config->listeners[1].uid == (uid_t)-1);
	ck_assert_str_eq(config->pid_file, "/run/policyd/test.pid");
	ck_assert_str_eq(config->log, "stderr");
	ck_assert(config->log_verdicts[VERDICT_DUNNO]);
	ck_assert(!config->log_verdicts[VERDICT_PERMIT]);
	ck_assert_uint_eq(config->limits.request_ms, 20000);
	ck_assert_uint_eq(config->limits.idle_ms, 1200000);
	ck_assert_uint_eq(config->limits.reply_ms, 5000);
	ck_assert_uint_eq(config->limits.max_connections, 100);
	ck_assert(config->allow_open_relay);
	ck_assert_str_eq(parameters_get(parameters, PARAMETER_MYDESTINATION),
			 "local.test, mail.local.test, localhost");
	ck_assert_str_eq(parameters->values[PARAMETER_MYDESTINATION].source,
			 FULL ":21");
	ck_assert_str_eq(parameters_get(parameters, PARAMETER_RELAY_DOMAINS),
			 "relay.test, local.test");
	ck_assert_str_eq(
		parameters_get(parameters, PARAMETER_VIRTUAL_ALIAS_DOMAINS),
		"");
	ck_assert_str_eq(parameters->values[PARAMETER_MYORIGIN].source,
			 "default");
	full_services(&config->services);
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

/* default_value - of a parameter, as it is on this host */
static char *default_value(enum parameter parameter)
{
	struct config_messages messages;
	struct config *config = load_text("", 0, &messages);
	char *value;

	ck_assert_ptr_nonnull(config);
	value = xstrdup(parameters_get(&config->parameters, parameter));
	config_free(config);
	config_messages_clear(&messages);
	return value;
}

/* One text or a list, for every parameter. */
START_TEST(a_parameter_is_one_text_or_a_list)
{
	enum parameter parameter = (enum parameter)(_i / 2);
	const char *name = parameter_name(parameter);
	bool list = _i % 2 == 1;
	struct config_messages messages;
	struct config *config;
	char *value = default_value(parameter);
	char *text = list ? xasprintf("\n%s = {\n\"%s\",\n}\n", name, value)
			  : xasprintf("%s = '%s'\n", name, value);
	const char *source;

	config = load_text(text, strlen(text), &messages);
	ck_assert_msg(config != NULL, "%s: %s", text, messages.lines[0]);
	ck_assert_str_eq(parameters_get(&config->parameters, parameter), value);
	source = config->parameters.values[parameter].source;
	ck_assert_str_eq(strrchr(source, ':'), list ? ":2" : ":1");
	config_free(config);
	config_messages_clear(&messages);
	free(text);
	free(value);
}
END_TEST

START_TEST(the_texts_of_a_list_are_joined)
{
	static const char text[] = "mydestination = { 'a', \"b, c\", d }\n"
				   "relay_domains = { }\n"
				   "virtual_alias_domains = \"\"\n";
	struct config_messages messages;
	struct config *config = load_text(text, strlen(text), &messages);

	ck_assert_ptr_nonnull(config);
	ck_assert_str_eq(
		parameters_get(&config->parameters, PARAMETER_MYDESTINATION),
		"a, b, c, d");
	ck_assert_str_eq(
		parameters_get(&config->parameters, PARAMETER_RELAY_DOMAINS),
		"");
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

START_TEST(only_root_runs_as_another_user)
{
	struct config_messages messages;
	struct config *config;
	const char *text;

	if (geteuid() == 0) {
		text = "user = root\ngroup = \"0\"\n";
		config = load_text(text, strlen(text), &messages);
		ck_assert_ptr_nonnull(config);
		ck_assert_str_eq(config->user, "root");
		ck_assert_str_eq(config->group, "root");
		ck_assert(message_has(messages.lines[0],
				      "FILE:1: warning: ", "root"));
	} else {
		text = "\nuser = root\n";
		config = load_text(text, strlen(text), &messages);
		ck_assert_ptr_null(config);
		ck_assert(message_has(messages.lines[0],
				      "FILE:2: ", "only root can"));
	}
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

/* ---- warnings */

struct warned {
	const char *text;
	int line;
	const char *reason; /* NULL: no warning */
};

#define LISTEN "listen \"unix:/x\" { }\n"
#define RATE                              \
	"rate r { limit = '1/1h' }\n"     \
	"restrictions = { check_rate:r, " \
	"permit_auth_destination, reject }\n"

static const struct warned warned[] = {
	{ LISTEN, 0, NULL },
	{ LISTEN "idle_timeout = 999s\n", 2, "below 1000s" },
	{ LISTEN "idle_timeout = 1000\n", 0, NULL },
	{ LISTEN RATE "store 'unix:/s' { }\n", 0, NULL },
	{ LISTEN RATE "store 'inet:[::1]:1' { timeout = 2s }\n", 0, NULL },
	{ LISTEN RATE "store 'inet:192.0.2.1:1' { }\n", 4, "in plain text" },
	{ LISTEN RATE "store 'unix:/s' {\naway = permit }\n", 5,
	  "nothing is limited" },
	{ LISTEN "store 'unix:/s' { }\n", 2, "there is no rate section" },
	{ LISTEN RATE "store 'unix:/s' { name = a }\n"
		      "store 'unix:/t' { name = b }\n",
	  0, NULL },
	{ LISTEN RATE "store 'unix:/s' { name = a }\n"
		      "store 'inet:[::1]:1' { }\n",
	  5, "give it the same name on all hosts: name = \"b\"" },
	{ LISTEN RATE "store 'unix:/s' { }\n"
		      "store 'inet:[::1]:1' { name = a }\n",
	  4, "give it the same name on all hosts: name = \"b\"" },
	{ LISTEN RATE "store 'sentinel:x' { sentinels = 'inet:127.0.0.1:1' }\n"
		      "store 'inet:[::1]:1' { }\n",
	  5, "name = \"b\"" },
	{ LISTEN "restrictions = { reject,\npermit }\n", 3,
	  "nothing after reject" },
	{ LISTEN "service a { }\nservice b { server_port = 1 }\n", 2,
	  "matches every request" },
	{ LISTEN "service b { server_port = 1 }\nservice a { }\n", 0, NULL },
	{ LISTEN "service a { server_port = { 1, 2 } }\n"
		 "service b { server_port = { 3, 2 } }\n",
	  3, "services a and b both match port 2; the first one wins" },
	{ LISTEN "service a { server_port = 1 }\n"
		 "service b { server_port = 2 }\n",
	  0, NULL },
	{ LISTEN "service a { server_port = 1 }\n"
		 "service b { policy_context = x }\n",
	  3, "both match port 1 with policy_context \"x\"" },
	{ LISTEN "service a { policy_context = { y, x } }\n"
		 "service b { policy_context = x }\n",
	  3, "service b can never match" },
	{ LISTEN "service a { policy_context = { y, x } }\n"
		 "service b { policy_context = { x, z } }\n",
	  3, "both match policy_context \"x\"" },
	{ LISTEN "service a { server_port = 1 }\n"
		 "service b { server_port = { 2, 3 } policy_context = x }\n"
		 "service c { server_port = { 1, 2 } policy_context = x }\n",
	  4, "service c can never match" },
	{ LISTEN "restrictions = { permit_auth_destination,\n"
		 "reject_unauth_destination,\npermit_sasl_authenticated }\n",
	  4, "nothing after reject_unauth_destination is ever tried" },
	{ LISTEN "restrictions = { reject_plaintext_session,\n"
		 "permit_sasl_authenticated, permit_auth_destination,\n"
		 "permit_sasl_authenticated }\n",
	  4, "is in the list twice" },
	{ LISTEN "mynetworks = '10.0.0.0/8'\n"
		 "restrictions = { permit_mynetworks,\n"
		 "permit_auth_destination, reject_plaintext_session,\n"
		 "permit_sasl_authenticated, defer }\n",
	  0, NULL },
	{ LISTEN "expect 'x' { to = postmaster verdict = permit }\n", 2,
	  "never applies" },
	{ LISTEN "expect 'x' { verdict = dunno }\n", 2, "never applies" },
	{ LISTEN "expect 'x' { state = MAIL verdict = dunno }\n", 0, NULL },
	{ LISTEN "service a { server_port = 1 }\n"
		 "expect 'x' { to = a port = 2 verdict = permit }\n",
	  3, "no service has its port and context" },
	{ LISTEN "shadow = '/etc/policyd/next.conf'\n", 0, NULL },
	{ LISTEN "capture = '/nonexistent'\n", 2, "there is no directory" },
	{ LISTEN "mode = observe\n", 0, NULL },
	{ LISTEN "service a { server_port = 1 policy_context = x }\n"
		 "service b { server_port = 1 policy_context = y }\n",
	  0, NULL },
	{ LISTEN "tls_protocols = ''\ntls_ciphers = ''\ntls_keysize = 0\n"
		 "service a { server_port = 1 }\n",
	  4, "even with a cipher that does not encrypt" },
	{ LISTEN "tls_protocols = ''\ntls_ciphers = ''\n"
		 "service a { server_port = 1\n tls_keysize = 0 }\n",
	  5, "tls_protocols, tls_ciphers, tls_keysize: without any" },
	{ LISTEN "tls_protocols = ''\ntls_keysize = 0\n", 0, NULL },
	{ LISTEN "tls_protocols = ''\ntls_ciphers = ''\n", 0, NULL },
	{ LISTEN "tls_ciphers = ''\ntls_keysize = 0\n", 0, NULL },
};

START_TEST(warns_with_the_line)
{
	const struct warned *row = &warned[_i];
	struct config_messages messages;
	struct config *config =
		load_text(row->text, strlen(row->text), &messages);
	char start[32];

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(messages.errors, 0);
	ck_assert_uint_eq(messages.count, row->reason != NULL ? 1 : 0);
	snprintf(start, sizeof(start), "FILE:%d: warning: ", row->line);
	if (row->reason != NULL)
		ck_assert_msg(
			message_has(messages.lines[0], start, row->reason),
			"%s", messages.lines[0]);
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

START_TEST(frees_nothing)
{
	struct config_messages messages = { 0 };

	config_free(NULL);
	config_messages_clear(&messages);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_effect");

	tcase_add_test(tests, an_empty_file_has_all_defaults);
	tcase_add_test(tests, each_option_takes_effect);
	tcase_add_loop_test(tests, a_parameter_is_one_text_or_a_list, 0,
			    2 * PARAMETER_COUNT);
	tcase_add_test(tests, the_texts_of_a_list_are_joined);
	tcase_add_test(tests, only_root_runs_as_another_user);
	tcase_add_loop_test(tests, warns_with_the_line, 0, COUNT(warned));
	tcase_add_test(tests, frees_nothing);
	return run_tests("config_effect", tests);
}
