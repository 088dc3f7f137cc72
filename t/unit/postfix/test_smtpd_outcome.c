/* SPDX-License-Identifier: ISC */
/* test_smtpd_outcome - the outcome of messages, list by list; test_ports.py
 * compares the same with a real Postfix */

#include <check.h>
#include <string.h>

#include "lib/postfix/smtpd_outcome.h"
#include "t/unit/test.h"

/* What all have, unless a row has something else. */
static const char base[] = "smtpd_delay_reject = yes\n"
			   "inet_interfaces = all\n"
			   "mynetworks = 10.0.0.0/8\n"
			   "smtpd_sasl_auth_enable = yes\n"
			   "smtpd_tls_security_level = may\n"
			   "smtpd_tls_cert_file = /cert\n"
			   "smtpd_recipient_restrictions =\n"
			   "smtpd_relay_restrictions = "
			   "permit_mynetworks, permit_sasl_authenticated, "
			   "reject_unauth_destination\n";

/* networks - those on this host are in them */
static enum smtpd_answer networks(void *context, const char *mynetworks,
				  enum smtpd_client client, const char *address)
{
	(void)context;
	if (strcmp(mynetworks, "?") == 0)
		return SMTPD_MAY;
	if (address != NULL)
		ck_assert_str_eq(address, "127.0.0.1");
	return client >= SMTPD_NETWORK && *mynetworks != '\0' ? SMTPD_YES
							      : SMTPD_NO;
}

/* action - the name of the server is what it replies; "?": nobody knows */
static char *action(void *context, const struct smtpd_question *question)
{
	(void)context;
	if (strcmp(question->argument, "unix:state") == 0)
		return xstrdup(strcmp(question->state, "RCPT") == 0 ? "DUNNO"
								    : "REJECT");
	if (strcmp(question->argument, "unix:?") == 0)
		return NULL;
	return xstrdup(question->argument + strlen("unix:"));
}

/* certificate - of its file */
static enum smtpd_answer certificate(void *context,
				     const struct smtpd_port *port)
{
	const char *file = postfix_get(port->postfix, port->service,
				       "smtpd_tls_cert_file");

	(void)context;
	return strcmp(file, "/gone") == 0     ? SMTPD_NO
	       : strcmp(file, "/hidden") == 0 ? SMTPD_MAY
					      : SMTPD_YES;
}

/* tables - one that is not there */
static enum smtpd_answer tables(void *context, const struct smtpd_port *port,
				enum smtpd_recipient recipient,
				const char **parameter)
{
	(void)context;
	*parameter = "virtual_alias_maps";
	return recipient == SMTPD_OURS && strcmp(postfix_get(port->postfix,
							     NULL, *parameter),
						 "hash:/gone") == 0
		       ? SMTPD_MAY
		       : SMTPD_YES;
}

static const struct smtpd_knowledge knowledge = {
	.networks = networks,
	.certificate = certificate,
	.tables = tables,
	.action = action,
};

/* make - a Postfix with one port */
static void make(struct postfix *postfix, const char *settings)
{
	char *text = xasprintf("%s%s\n", base, settings);

	*postfix = (struct postfix){ 0 };
	ck_assert_int_eq(postfix_values_parse(&postfix->effective, text, NULL),
			 0);
	ck_assert_int_eq(postfix_services_parse(postfix,
						"smtp inet n - n - - smtpd",
						false, NULL),
			 0);
	free(text);
}

#define RELAY	  "smtpd_relay_restrictions = "
#define RECIPIENT "smtpd_recipient_restrictions = "
#define CLIENT	  "smtpd_client_restrictions = "
#define SENDER	  "smtpd_sender_restrictions = "
#define HELO	  "smtpd_helo_restrictions = "
#define EARLY	  "smtpd_delay_reject = no\n"

/* Settings, and a letter for each cell: n no, m may, y yes. The clients are in
 * the order of enum smtpd_client, "ours" before "elsewhere". */
static const struct {
	const char *settings;
	const char *cells;
} rows[] = {
	/*   stranger  login     network   host  */
	{ "", "yn yn yy yy yy yy yy yy" },
	{ "mynetworks =", "yn yn yy yy yn yn yn yn" },
	{ "mynetworks = ?", "mm mm mm mm mm mm mm mm" },
	/* each word */
	{ RELAY "permit\n" RECIPIENT "reject", "nn nn nn nn nn nn nn nn" },
	{ RELAY "defer", "nn nn nn nn nn nn nn nn" },
	{ RELAY "PERMIT_AUTH_DESTINATION Reject", "yn yn yn yn yn yn yn yn" },
	{ RELAY "defer_unauth_destination", "yn yn yn yn yn yn yn yn" },
	{ RELAY "permit_sasl_authenticated,reject", "nn nn yy yy nn nn nn nn" },
	{ RELAY "permit_mynetworks reject", "nn nn nn nn yy yy yy yy" },
	{ RELAY "permit_inet_interfaces, reject", "nn nn nn nn mm mm yy yy" },
	{ RELAY "reject_plaintext_session, permit_auth_destination, reject",
	  "nn yn nn yn nn yn nn yn" },
	{ RELAY "defer_if_permit, permit", "nn nn nn nn nn nn nn nn" },
	{ RELAY "defer_if_reject, reject_unauth_destination",
	  "yn yn yn yn yn yn yn yn" },
	{ RELAY "reject_unknown_sender_domain, permit_mynetworks, reject",
	  "nn nn nn nn mm mm mm mm" },
	{ RELAY "permit_mx_backup, reject", "mm mm mm mm mm mm mm mm" },
	{ RELAY "check_client_access hash:/x, reject",
	  "mm mm mm mm mm mm mm mm" },
	{ RELAY "hash:/x, reject", "mm mm mm mm mm mm mm mm" },
	{ RELAY "reject_rbl_client bl.example, permit_auth_destination, reject",
	  "mn mn mn mn mn mn mn mn" },
	{ RELAY "no_such_word, reject", "mm mm mm mm mm mm mm mm" },
	{ RELAY "sleep 1, reject_unauth_destination",
	  "yn yn yn yn yn yn yn yn" },
	{ RELAY "sleep x, reject", "mm mm mm mm mm mm mm mm" },
	{ RELAY "check_sasl_access hash:/x, reject_unauth_destination",
	  "yn yn mm mm yn yn yn yn" },
	{ RELAY "check_sasl_access /x, reject", "mm mm mm mm mm mm mm mm" },
	{ RELAY "reject_unauth_destination, check_helo_access",
	  "mn mn mn mn mn mn mn mn" },
	{ RELAY "reject_authenticated_sender_login_mismatch, "
		"reject_unauth_destination",
	  "yn yn mn mn yn yn yn yn" },
	{ RELAY "reject_unauthenticated_sender_login_mismatch, "
		"reject_unauth_destination",
	  "yn yn yn yn yn yn yn yn" },
	{ RELAY "reject_unauthenticated_sender_login_mismatch, "
		"reject_unauth_destination\nsmtpd_sender_login_maps = hash:/x",
	  "mn mn yn yn mn mn mn mn" },
	/* certificates */
	{ RELAY "permit_tls_all_clientcerts, reject",
	  "nn nn nn nn nn nn nn nn" },
	{ RELAY "permit_tls_all_clientcerts, reject\n"
		"smtpd_tls_ask_ccert = yes",
	  "nn mm nn mm nn mm nn mm" },
	{ RELAY "permit_tls_all_clientcerts, reject_unauth_destination\n"
		"smtpd_tls_ask_ccert = yes",
	  "yn ym yn ym yn ym yn ym" },
	{ RELAY "permit_tls_all_clientcerts, reject_unauth_destination\n"
		"smtpd_tls_ask_ccert = yes\nrelay_clientcerts = hash:/x",
	  "yn mm yn mm yn mm yn mm" },
	{ RELAY "permit_tls_clientcerts, reject\nsmtpd_tls_ask_ccert = yes",
	  "nn nn nn mm nn mm nn mm" },
	/* warn_if_reject is for the next word, or for a whole class */
	{ RELAY "warn_if_reject reject, permit_mynetworks, reject",
	  "nn nn nn nn yy yy yy yy" },
	{ RELAY "warn_if_reject, warn_if_reject, reject, "
		"reject_unauth_destination",
	  "yn yn yn yn yn yn yn yn" },
	{ RELAY "warn_if_reject defer_if_permit, reject_unauth_destination",
	  "yn yn yn yn yn yn yn yn" },
	{ RELAY "warn_if_reject c, reject\nsmtpd_restriction_classes = c\n"
		"c = reject, defer, permit_mynetworks",
	  "nn nn nn nn yy yy yy yy" },
	{ RELAY "c, reject\nsmtpd_restriction_classes = c\n"
		"c = warn_if_reject",
	  "nn nn nn nn nn nn nn nn" },
	{ RELAY "warn_if_reject check_client_access hash:/x, reject",
	  "mm mm mm mm mm mm mm mm" },
	/* classes: in classes, with names like words, without an end */
	{ RELAY "c, reject\nsmtpd_restriction_classes = c, check_d, permit\n"
		"c = check_d\ncheck_d = permit_auth_destination\n"
		"permit = reject",
	  "yn yn yn yn yn yn yn yn" },
	{ RELAY "check_d, reject\nsmtpd_restriction_classes = check_d\n"
		"check_d = permit_mynetworks",
	  "nn nn nn nn yy yy yy yy" },
	{ RELAY "c, reject\nsmtpd_restriction_classes = c\nc = c",
	  "mm mm mm mm mm mm mm mm" },
	{ RELAY "c, reject\nsmtpd_restriction_classes = c, d\nc = permit",
	  "nn nn nn nn nn nn nn nn" },
	{ RELAY "C, reject\nsmtpd_restriction_classes = c\nc = permit",
	  "mm mm mm mm mm mm mm mm" },
	/* all lists must let it through */
	{ CLIENT "permit_mynetworks, reject", "nn nn nn nn yy yy yy yy" },
	{ SENDER "permit_sasl_authenticated, reject",
	  "nn nn yy yy nn nn nn nn" },
	{ RECIPIENT "check_recipient_access hash:/x",
	  "mn mn mm mm mm mm mm mm" },
	{ "smtpd_data_restrictions = reject_unauth_destination",
	  "yn yn yn yn yn yn yn yn" },
	{ "smtpd_end_of_data_restrictions = permit_mynetworks, reject",
	  "nn nn nn nn yy yy yy yy" },
	{ "smtpd_etrn_restrictions = reject", "yn yn yy yy yy yy yy yy" },
	{ CLIENT "defer_if_permit", "nn nn nn nn nn nn nn nn" },
	{ CLIENT "check_client_access hash:/x, defer_if_permit",
	  "mn mn mm mm mm mm mm mm" },
	/* a client may leave HELO out */
	{ HELO "reject", "mn mn mm mm mm mm mm mm" },
	{ HELO "reject\nsmtpd_helo_required = yes", "nn nn nn nn nn nn nn nn" },
	/* before there is a recipient, TLS or a login */
	{ EARLY CLIENT "permit_sasl_authenticated, reject",
	  "nn nn nn nn nn nn nn nn" },
	{ EARLY CLIENT "reject_unauth_destination", "yn yn yy yy yy yy yy yy" },
	{ EARLY CLIENT "reject_plaintext_session", "nn nn nn nn nn nn nn nn" },
	{ EARLY SENDER "permit_sasl_authenticated, reject",
	  "nn nn yy yy nn nn nn nn" },
	{ EARLY SENDER "reject_unauth_destination", "yn yn yy yy yy yy yy yy" },
	{ EARLY SENDER "reject_plaintext_session", "nn yn nn yy nn yy nn yy" },
	{ EARLY HELO "reject_plaintext_session\nsmtpd_helo_required = yes",
	  "nn mn nn mm nn mm nn mm" },
	{ EARLY HELO "permit_sasl_authenticated, reject\n"
		     "smtpd_helo_required = yes",
	  "nn nn mm mm nn nn nn nn" },
	/* a word is required in one of two lists */
	{ RELAY "permit_mynetworks", "nn nn nn nn nn nn nn nn" },
	{ RELAY "permit_mynetworks, permit, reject",
	  "nn nn nn nn nn nn nn nn" },
	{ RELAY "warn_if_reject reject", "nn nn nn nn nn nn nn nn" },
	{ RELAY "c, permit\nsmtpd_restriction_classes = c, d\n"
		"c = permit\nd = reject\n" RECIPIENT "c, d",
	  "yy yy yy yy yy yy yy yy" },
	{ RELAY "permit\n" RECIPIENT "reject_unauth_destination",
	  "yn yn yn yn yn yn yn yn" },
	/* policy servers, and what they reply */
	{ RELAY "check_policy_service unix:OK, reject",
	  "yy yy yy yy yy yy yy yy" },
	{ RELAY "check_policy_service unix:dunno, reject",
	  "nn nn nn nn nn nn nn nn" },
	{ RELAY "check_policy_service unix:451, permit, reject",
	  "nn nn nn nn nn nn nn nn" },
	{ RELAY "check_policy_service unix:defer_if_permit, permit\n" RECIPIENT
		"reject_unauth_destination",
	  "nn nn nn nn nn nn nn nn" },
	{ RELAY "check_policy_service unix:permit_auth_destination, reject",
	  "yn yn yn yn yn yn yn yn" },
	{ RELAY "check_policy_service unix:?, reject",
	  "mm mm mm mm mm mm mm mm" },
	{ RELAY "warn_if_reject check_policy_service unix:reject, "
		"reject_unauth_destination",
	  "yn yn yn yn yn yn yn yn" },
	{ RELAY "reject_unauth_destination, check_policy_service",
	  "mn mn mn mn mn mn mn mn" },
	{ CLIENT "check_policy_service unix:state", "yn yn yy yy yy yy yy yy" },
	{ EARLY CLIENT "check_policy_service unix:state",
	  "nn nn nn nn nn nn nn nn" },
	/* others who have a word */
	{ "smtpd_milters = inet:x:1", "mn mn mm mm mm mm mm mm" },
	{ "smtpd_proxy_filter = x:1", "mn mn mm mm mm mm mm mm" },
	{ "transport_maps = inline:{example.com=error:moved}",
	  "mn mn mm mm mm mm mm mm" },
	{ "transport_maps = static:{retry:4.0.0 later}",
	  "mn mn mm mm mm mm mm mm" },
	{ "transport_maps = inline:{error.example=smtp:[error]:25}, hash:/error",
	  "yn yn yy yy yy yy yy yy" },
	{ "smtpd_milter_maps = x:1", "mn mn mm mm mm mm mm mm" },
	{ "smtpd_milters = inet:x:1\nreceive_override_options = "
	  "no_address_mappings, no_milters",
	  "yn yn yy yy yy yy yy yy" },
	{ "smtpd_milters = inet:x:1\nreceive_override_options = "
	  "no_address_mappings, No_Milters",
	  "nn nn nn nn nn nn nn nn" },
	{ "default_transport = error:no", "yn yn ym ym ym ym ym ym" },
	{ "local_transport = error:no", "mn mn my my my my my my" },
	/* the session */
	{ "smtpd_tls_security_level = encrypt", "nn yn nn yy nn yy nn yy" },
	{ "smtpd_tls_security_level = none", "yn nn yy nn yy nn yy nn" },
	{ "smtpd_tls_cert_file =", "yn nn yy nn yy nn yy nn" },
	{ "smtpd_tls_cert_file = /gone", "yn nn yy nn yy nn yy nn" },
	{ "smtpd_tls_cert_file = /hidden", "yn mn yy mm yy mm yy mm" },
	{ "smtpd_tls_auth_only = yes", "yn yn nn yy yy yy yy yy" },
	{ "smtpd_sasl_auth_enable = no", "yn yn nn nn yy yy yy yy" },
	{ "smtpd_tls_security_level = encrypt\nsmtpd_tls_req_ccert = yes",
	  "nn mn nn mm nn mm nn mm" },
	{ "virtual_alias_maps = hash:/gone", "mn mn my my my my my my" },
	{ "smtpd_noop_commands = vrfy starttls", "mm mm mm mm mm mm mm mm" },
	{ "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = cyrus\n"
	  "smtpd_sasl_path = private/auth",
	  "yn yn mm mm yy yy yy yy" },
	{ "smtpd_tls_security_level = nonsense", "nn nn nn nn nn nn nn nn" },
};

START_TEST(knows_the_outcome)
{
	char cells[3 * SMTPD_CLIENTS + 1] = "";
	struct smtpd_port port;
	struct postfix postfix;
	int client, recipient;

	make(&postfix, rows[_i].settings);
	smtpd_port_open(&port, &postfix, &postfix.services[0]);
	for (client = 0; client < SMTPD_CLIENTS; client++) {
		for (recipient = 0; recipient < SMTPD_RECIPIENTS; recipient++)
			cells[3 * client + recipient] =
				"nmy"[smtpd_outcome(
					      &port, (enum smtpd_client)client,
					      (enum smtpd_recipient)recipient,
					      &knowledge)
					      .passes];
		cells[3 * client + 2] = client < SMTPD_CLIENTS - 1 ? ' ' : '\0';
	}
	ck_assert_msg(strcmp(cells, rows[_i].cells) == 0,
		      "%s\n   is %s\nwant %s", rows[_i].settings, cells,
		      rows[_i].cells);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
}
END_TEST

/* What decides, for a stranger who wants to send elsewhere. */
static const struct {
	const char *settings;
	const char *parameter;
	const char *word;
} reasons[] = {
	{ "", "smtpd_relay_restrictions", "reject_unauth_destination" },
	{ RELAY "reject_unknown_sender_domain, reject",
	  "smtpd_relay_restrictions", "reject" },
	{ CLIENT "check_client_access hash:/x, defer_if_permit\n" RELAY
		 "check_sender_access hash:/y, reject",
	  "smtpd_client_restrictions", "check_client_access" },
	{ CLIENT "defer_if_permit", "smtpd_client_restrictions",
	  "defer_if_permit" },
	{ "smtpd_enforce_tls = yes\nsmtpd_tls_security_level =",
	  "smtpd_tls_security_level", NULL },
	{ RELAY "permit", "smtpd_relay_restrictions", NULL },
	/* what may permit, where the rest refuses for certain */
	{ RELAY "permit_dnswl_client x, permit_mx_backup, "
		"reject_unauth_destination",
	  "smtpd_relay_restrictions", "permit_dnswl_client" },
	{ RELAY "permit_mx_backup, reject_unknown_sender_domain, reject",
	  "smtpd_relay_restrictions", "reject_unknown_sender_domain" },
	{ RELAY "permit_mx_backup, defer_if_permit", "smtpd_relay_restrictions",
	  "defer_if_permit" },
	{ RELAY "permit\n" RECIPIENT "c, reject\n"
		"smtpd_restriction_classes = c\nc = permit",
	  NULL, NULL },
};

START_TEST(says_why)
{
	struct smtpd_outcome outcome;
	struct smtpd_port port;
	struct postfix postfix;

	make(&postfix, reasons[_i].settings);
	smtpd_port_open(&port, &postfix, &postfix.services[0]);
	outcome = smtpd_outcome(&port, SMTPD_STRANGER, SMTPD_ELSEWHERE,
				&knowledge);
	if (reasons[_i].parameter == NULL)
		ck_assert_ptr_null(outcome.parameter);
	else
		ck_assert_str_eq(outcome.parameter, reasons[_i].parameter);
	if (reasons[_i].word == NULL)
		ck_assert_ptr_null(outcome.word);
	else
		ck_assert_str_eq(outcome.word, reasons[_i].word);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
}
END_TEST

/* big - count times a text, behind a start */
static char *big(const char *start, const char *text, size_t count)
{
	size_t length = strlen(text), i, from = strlen(start);
	char *all = xmalloc(from + count * length + 1);

	memcpy(all, start, from);
	for (i = 0; i < count; i++)
		memcpy(all + from + i * length, text, length);
	all[from + count * length] = '\0';
	return all;
}

START_TEST(ends_whatever_is_written)
{
	static const struct {
		const char *start, *text;
		size_t count;
		enum smtpd_answer passes;
	} inputs[] = {
		{ RELAY, "warn_if_reject reject, ", 5000, SMTPD_NO },
		{ RELAY "reject,", "permit, ", 50000, SMTPD_NO },
		{ RELAY, "reject_unauth_pipelining, ", 50000, SMTPD_MAY },
		{ "smtpd_restriction_classes = a b c d e\nb = c c c c c c c\n"
		  "c = d d d d d d d d\nd = e e e e e e e e\ne = ,\n"
		  "a = b b b b b b b\n" RELAY,
		  "a,", 1000, SMTPD_MAY },
		{ RELAY, "{", 100000, SMTPD_NO },
	};
	char *settings =
		big(inputs[_i].start, inputs[_i].text, inputs[_i].count);
	struct smtpd_port port;
	struct postfix postfix;

	make(&postfix, settings);
	smtpd_port_open(&port, &postfix, &postfix.services[0]);
	ck_assert_uint_le(port.lists[SMTPD_LIST_RELAY].count,
			  POSTFIX_LIST_MAX + 1);
	ck_assert_int_eq(
		smtpd_outcome(&port, SMTPD_STRANGER, SMTPD_OURS, &knowledge)
			.passes,
		inputs[_i].passes);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
	free(settings);
}
END_TEST

START_TEST(knows_nothing_by_itself)
{
	static const struct smtpd_knowledge nothing;
	struct smtpd_port port;
	struct postfix postfix;

	make(&postfix, RELAY "permit_mynetworks, check_policy_service "
			     "unix:OK, reject");
	smtpd_port_open(&port, &postfix, &postfix.services[0]);
	ck_assert_int_eq(
		smtpd_outcome(&port, SMTPD_HOST, SMTPD_ELSEWHERE, &nothing)
			.passes,
		SMTPD_MAY);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
}
END_TEST

/* Relay lists, and the outcome of a stranger who sends to elsewhere, when no
 * table and no other policy server has an opinion. */
static const struct {
	const char *list;
	enum smtpd_answer passes;
} silences[] = {
	{ "check_client_access hash:/x, reject", SMTPD_NO },
	{ "check_client_access hash:/x, reject_rbl_client reject", SMTPD_YES },
	{ "check_policy_service unix:?, reject_unauth_destination", SMTPD_NO },
	{ "warn_if_reject check_policy_service unix:?, permit_mx_backup, "
	  "defer",
	  SMTPD_NO },
	{ "check_policy_service unix:REJECT, permit", SMTPD_NO },
};

START_TEST(may_be_silent)
{
	struct smtpd_knowledge silent = knowledge;
	char *settings = xasprintf(RELAY "%s", silences[_i].list);
	struct smtpd_port port;
	struct postfix postfix;

	silent.silent = true;
	make(&postfix, settings);
	smtpd_port_open(&port, &postfix, &postfix.services[0]);
	ck_assert_int_eq(
		smtpd_outcome(&port, SMTPD_STRANGER, SMTPD_ELSEWHERE, &silent)
			.passes,
		silences[_i].passes);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
	free(settings);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("smtpd_outcome");

	tcase_add_loop_test(tests, may_be_silent, 0, COUNT(silences));

	tcase_add_loop_test(tests, knows_the_outcome, 0, COUNT(rows));
	tcase_add_loop_test(tests, says_why, 0, COUNT(reasons));
	tcase_add_loop_test(tests, ends_whatever_is_written, 0, 5);
	tcase_add_test(tests, knows_nothing_by_itself);
	return run_tests("smtpd_outcome", tests);
}
