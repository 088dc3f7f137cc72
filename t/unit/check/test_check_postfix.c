/* SPDX-License-Identifier: ISC */
/* test_check_postfix - what postconf prints, and each kind of mistake in it
 *
 * Postfix and policyd are not asked: t/data/check_postfix holds what postconf
 * printed for a configuration without a mistake, and each case changes one
 * value. The whole program is tested in t/integration. */

#include <check.h>

#include "t/unit/test.h"
#include "t/unit/check/fixture.h"

/* One value of main.cf, and what must be found and nothing else: each text
 * begins so; or NULL when nothing may be. */
static const struct {
	const char *name;
	const char *value;
	const char *found;
} mistakes[] = {
	{ "myhostname", "other.test", NULL },
	{ "smtpd_recipient_restrictions", "reject", "no restriction list" },
	{ "smtpd_recipient_restrictions", ASK ", REJECT", NULL },
	{ "smtpd_recipient_restrictions",
	  "reject_rbl_client reject, Permit, " ASK ", reject",
	  "smtpd_recipient_restrictions: Permit comes before" },
	{ "smtpd_recipient_restrictions",
	  "reject_rbl_client reject, " ASK ", permit, reject",
	  "smtpd_recipient_restrictions: nothing refuses after" },
	{ "smtpd_recipient_restrictions",
	  ASK ", reject_unauth_destination, sleep 1",
	  "smtpd_recipient_restrictions: sleep follows policyd" },
	{ "smtpd_recipient_restrictions",
	  "check_policy_service inet:[::1]:10040, reject",
	  NULL }, /* needs an attempt */
	{ "smtpd_recipient_restrictions",
	  "check_policy_service unix:privat/policyd, reject",
	  "unix:privat/policyd: smtpd" },
	{ "smtpd_helo_restrictions",
	  "check_policy_service { unix:private/policyd, policy_context=dunno "
	  "}, reject_unauth_destination",
	  "policyd is in smtpd_helo_restrictions with reply = dunno, "
	  "and reject_unauth_destination follows" },
	{ "smtpd_relay_restrictions",
	  "check_policy_service { unix:private/policyd, policy_context=dunno }",
	  "policyd is in smtpd_relay_restrictions with reply = dunno" },
	{ "smtpd_policy_service_timeout", "4s",
	  "smtpd_policy_service_timeout = 4s" },
	{ "smtpd_policy_service_timeout", "5s", NULL },
	{ "smtpd_policy_service_max_idle", "1200s",
	  "smtpd_policy_service_max_idle = 1200s" },
	{ "smtpd_policy_service_max_idle", "1199s", NULL },
	{ "smtpd_policy_service_request_limit", "99",
	  "smtpd_policy_service_request_limit = 99" },
	{ "smtpd_policy_service_request_limit", "100", NULL },
	{ "smtpd_policy_service_retry_delay", "0", "smtpd ends at once on" },
	{ "smtpd_policy_service_default_action", "DEFER_IF_REJECT x",
	  "smtpd_policy_service_default_action" },
	{ "smtpd_policy_service_default_action", "45 no",
	  "smtpd_policy_service_default_action" },
	{ "smtpd_policy_service_default_action", "550 no", NULL },
	{ "smtpd_policy_service_default_action", "Reject", NULL },
	{ "policyd_time_limit", "1000", "policyd_time_limit" },
	{ "policyd_time_limit", "1001", NULL },
	{ "virtual_alias_domains", "localhost",
	  "localhost is in both mydestination" },
	{ "relay_domains", "localhost", NULL },
	{ "relay_domains", "/localhost", NULL },
	{ "relay_domains", "xn--bcher-kva.test",
	  "xn--bcher-kva.test is in relay_domains without" },
	{ "relay_domains", "xn--nothing-.test", NULL },
	{ "smtpd_sender_restrictions",
	  "permit_sasl_authenticated, Reject_Sender_Login_Mismatch",
	  "smtpd_sender_restrictions: Reject_Sender_Login_Mismatch comes too "
	  "late: permit_sasl_authenticated ends" },
	{ "smtpd_sender_restrictions",
	  "reject_known_sender_login_mismatch, permit_sasl_authenticated, "
	  "reject_sender_login_mismatch",
	  NULL },
	{ "smtpd_sender_restrictions",
	  "permit_sasl_authenticated, "
	  "reject_unauthenticated_sender_login_mismatch",
	  NULL },
	{ "mynetworks", "192.0.2.1", "mynetworks contains 192.0.2.1" },
	{ "mynetworks", "[::]/0", "mynetworks contains [::]/0" },
	{ "mynetworks", "10.0.0.0/7", "mynetworks contains 10.0.0.0/7" },
	{ "mynetworks",
	  "!192.0.2.0/24 172.31.255.255 [fd00::]/8 100.64.0.0/10 "
	  "/etc/networks hash:/etc/networks [::1] "
	  "[::ffff:127.0.0.0]/104",
	  NULL },
};

/* run_checks - all of them; nothing is tried */
static void run_checks(struct check *check, const struct postfix *postfix,
		       const struct config *config)
{
	check_init(check, postfix, config);
	check_run(check);
}

/* check_finding - its text begins like this, and it says what to do */
static void check_finding(const struct finding *finding, const char *text)
{
	ck_assert_msg(strncmp(finding->text, text, strlen(text)) == 0, "%s",
		      finding->text);
	ck_assert_ptr_nonnull(finding->line);
	ck_assert(finding->advice != NULL || finding->fix >= 0);
}

START_TEST(finds_mistakes)
{
	struct postfix postfix;
	struct config *config = load();
	struct check check;
	const char *found = mistakes[_i].found;
	size_t i;

	set_up(&postfix);
	if (strcmp(mistakes[_i].name, "policyd_time_limit") != 0)
		change(&postfix, "policyd_time_limit", "3600");
	change(&postfix, mistakes[_i].name, mistakes[_i].value);
	run_checks(&check, &postfix, config);
	if (found == NULL) {
		ck_assert_msg(check.finding_count == 0, "%s",
			      check.finding_count > 0 ? check.findings[0].text
						      : "");
	} else {
		ck_assert_uint_ge(check.finding_count, 1);
		for (i = 0; i < check.finding_count; i++)
			check_finding(&check.findings[i], found);
	}
	check_clear(&check);
	postfix_clear(&postfix);
	config_free(config);
}
END_TEST

#define RATES(context)                                                         \
	"check_policy_service { unix:private/policyd, policy_context=" context \
	" }"

#define WAY_ROUND                                                             \
	"port smtpd: users who log in may send there, and rate login counts " \
	"only what they send by port submission"

/* Settings of port submission, and what -P says of its rates. */
static const struct {
	const char *recipient, *data, *end_of_data, *limit;
	const char *found[3]; /* beginnings, in any order */
	const char *fix;
} rates[] = {
	/* Port smtpd takes the same logins, and has no rate. */
	{ ASK ", reject", ASK, "", "200", { WAY_ROUND }, NULL },
	/* END-OF-MESSAGE counts what was not counted at DATA. */
	{ ASK ", reject", "", ASK, "200", { WAY_ROUND }, NULL },
	{ ASK ", reject",
	  "reject_unauth_pipelining",
	  "",
	  "200",
	  { "port submission: rate login counts nothing: policyd is not asked "
	    "at DATA",
	    "port submission: rate burst counts nothing: policyd is not asked "
	    "at DATA" },
	  "reject_unauth_pipelining, " ASK },
	{ ASK ", reject",
	  "",
	  "",
	  "200",
	  { "port submission: rate login" },
	  ASK },
	/* At DATA another section judges. */
	{ ASK ", reject",
	  RATES("data"),
	  "",
	  "200",
	  { "port submission: rate login counts nothing: the section" },
	  NULL },
	{ RATES("sizes") ", reject",
	  RATES("sizes"),
	  "",
	  "1000",
	  { "port submission: rate size counts nothing: policyd is not asked "
	    "at END-OF-MESSAGE" },
	  RATES("sizes") },
	{ RATES("sizes") ", reject",
	  "",
	  RATES("sizes"),
	  "1000",
	  { NULL },
	  NULL },
	/* No rate is asked: nothing to say. */
	{ RATES("data") ", reject", "", "", "1000", { NULL }, NULL },
	{ ASK ", reject",
	  ASK ", reject",
	  "",
	  "200",
	  { "port submission: mail that rate burst holds is refused: reject "
	    "comes after policyd in smtpd_data_restrictions" },
	  NULL },
	{ ASK ", reject",
	  ASK,
	  "",
	  "201",
	  { "port submission: Postfix accepts 201 recipients in a message, but "
	    "rate login lets 200 through: a larger" },
	  "200" },
};

/* about_rates - the findings that are about rates: do they begin like this? */
static void about_rates(const struct check *check, unsigned number)
{
	for (size_t i = 0; i < check->finding_count; i++) {
		const struct finding *finding = &check->findings[i];
		bool known = strstr(finding->text, "rate ") == NULL;

		for (size_t k = 0; k < 3 && rates[number].found[k]; k++)
			known |= strncmp(finding->text, rates[number].found[k],
					 strlen(rates[number].found[k])) == 0;
		ck_assert_msg(known || rates[number].found[0] != NULL, "%s",
			      finding->text);
	}
	for (size_t k = 0; k < 3 && rates[number].found[k]; k++) {
		bool is_there = false;

		for (size_t i = 0; i < check->finding_count; i++)
			is_there |=
				strncmp(check->findings[i].text,
					rates[number].found[k],
					strlen(rates[number].found[k])) == 0;
		ck_assert_msg(is_there, "%s", rates[number].found[k]);
	}
}

START_TEST(finds_rates)
{
	struct postfix postfix;
	struct config *config = load_file(DATA "rates.conf");
	struct check check;
	bool fixed = rates[_i].fix == NULL;

	set_up(&postfix);
	change(&postfix, "smtpd_sasl_auth_enable", "yes");
	change(&postfix, "smtpd_recipient_restrictions", rates[_i].recipient);
	change(&postfix, "smtpd_data_restrictions", rates[_i].data);
	change(&postfix, "smtpd_end_of_data_restrictions",
	       rates[_i].end_of_data);
	change(&postfix, "smtpd_recipient_limit", rates[_i].limit);
	run_checks(&check, &postfix, config);
	about_rates(&check, (unsigned)_i);
	for (size_t i = 0; i < check.fix_count && rates[_i].fix != NULL; i++)
		fixed |= check.fixes[i].value != NULL &&
			 strcmp(check.fixes[i].value, rates[_i].fix) == 0;
	ck_assert(fixed);
	check_clear(&check);
	postfix_clear(&postfix);
	config_free(config);
}
END_TEST

/* Where a login may send past its rate. */
static const struct {
	const char *conf, *auth;
	bool found;
} ways_round[] = {
	{ DATA "rates.conf", "yes", true },
	{ DATA "rates.conf", "no", false },
	{ DATA "rates_everywhere.conf", "yes", false },
};

START_TEST(finds_ways_round)
{
	struct postfix postfix;
	struct config *config = load_file(ways_round[_i].conf);
	struct check check;
	bool found = false;

	set_up(&postfix);
	change(&postfix, "smtpd_sasl_auth_enable", ways_round[_i].auth);
	change(&postfix, "smtpd_recipient_restrictions", ASK ", reject");
	change(&postfix, "smtpd_data_restrictions", ASK);
	run_checks(&check, &postfix, config);
	for (size_t i = 0; i < check.finding_count; i++) {
		const struct finding *finding = &check.findings[i];

		if (strcmp(finding->text, WAY_ROUND) != 0)
			continue;
		found = true;
		ck_assert_str_eq(finding->advice,
				 "write check_rate:login first into "
				 "restrictions of service default in "
				 "policyd.conf, or offer no AUTH there");
	}
	ck_assert(found == ways_round[_i].found);
	check_clear(&check);
	postfix_clear(&postfix);
	config_free(config);
}
END_TEST

/* What policyd checks itself is not missing in the lists of Postfix. */
START_TEST(knows_that_policyd_checks_owners)
{
	struct config *config = load_file(DATA "owners.conf");
	struct postfix postfix;
	struct check check;

	set_up(&postfix);
	change(&postfix, "policyd_time_limit", "3600");
	change(&postfix, "smtpd_sender_restrictions",
	       "permit_sasl_authenticated, reject_sender_login_mismatch");
	run_checks(&check, &postfix, config);
	ck_assert_uint_eq(check.finding_count, 0);
	check_clear(&check);
	postfix_clear(&postfix);
	config_free(config);
}
END_TEST

/* A finding is not cut, however long the values are that it quotes. */
START_TEST(keeps_all)
{
	struct postfix postfix;
	struct config *config = load();
	struct check check;
	char text[3001];
	size_t i;

	for (i = 0; i < 3000; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 4);
	set_up(&postfix);
	check_init(&check, &postfix, config);
	check_found(&check,
		    &(struct mistake){ .service = &postfix.services[0],
				       .parameter = "mynetworks",
				       .advice = "x" },
		    "%s", text);
	ck_assert_uint_eq(check.finding_count, 1);
	ck_assert(strcmp(check.findings[0].text, text) == 0);
	check_clear(&check);
	postfix_clear(&postfix);
	config_free(config);
}
END_TEST

/* Results of attempts, and the findings about them. */
static const struct {
	struct attempt attempt;
	const char *found;
} attempts[] = {
	{ { .stage = ATTEMPT_NONE }, NULL },
	{ { .stage = ATTEMPT_DONE, .reply = "action=DUNNO" }, NULL },
	{ { .stage = ATTEMPT_DONE, .reply = "action=DUNNO", .peer = 1 }, NULL },
	{ { .stage = ATTEMPT_DONE, .reply = "hello" }, "does not answer as" },
	{ { .stage = ATTEMPT_ASK, .number = ETIMEDOUT }, "does not answer as" },
	{ { .stage = ATTEMPT_CONNECT, .number = EACCES },
	  "smtpd cannot connect to unix:private/policyd as user "
	  "postfix: Permission denied" },
	{ { .stage = ATTEMPT_CONNECT, .foreign = true }, "is not where" },
	{ { .stage = ATTEMPT_RESOLVE, .number = EAI_NONAME }, "look up" },
	{ { .stage = ATTEMPT_START, .number = EAGAIN }, "was not tried" },
	{ { .stage = ATTEMPT_BECOME, .number = EPERM }, "was not tried" },
};

START_TEST(judges_attempts)
{
	struct postfix postfix;
	struct config *config = load();
	struct check check;
	const char *found = attempts[_i].found;

	set_up(&postfix);
	change(&postfix, "policyd_time_limit", "3600");
	check_init(&check, &postfix, config);
	ck_assert_uint_eq(check.uses.count, 3);
	check.uses.list[0].attempt = attempts[_i].attempt;
	check_run(&check);
	ck_assert_uint_eq(check.finding_count, found != NULL ? 1 : 0);
	if (found != NULL)
		ck_assert_msg(strstr(check.findings[0].text, found) != NULL,
			      "%s", check.findings[0].text);
	check_clear(&check);
	postfix_clear(&postfix);
	config_free(config);
}
END_TEST

START_TEST(prints_what_mends)
{
	struct postfix postfix;
	struct config *config = load();
	struct check check;
	char *text = NULL;
	size_t size, i;
	FILE *output;

	set_up(&postfix);
	change(&postfix, "policyd_time_limit", "3600");
	change(&postfix, "smtpd_recipient_restrictions",
	       "reject_rbl_client reject, permit, "
	       "check_client_access inline:{'=x}, " ASK ", reject");
	postfix_values_add(&postfix.services[2].overrides, "smtpd_delay_reject",
			   "no");
	postfix_values_add(&postfix.services[2].overrides,
			   "smtpd_client_restrictions",
			   "permit, " ASK ", reject");
	run_checks(&check, &postfix, config);
	for (i = 0; i < check.fix_count; i++)
		check.fixes[i].works = true;
	output = open_memstream(&text, &size);
	ck_assert_int_eq(check_print(&check, false, output), 1);
	fclose(output);
	ck_assert_ptr_nonnull(strstr(
		text,
		"    postconf -c /etc/postfix -e 'smtpd_recipient_restrictions "
		"= reject_rbl_client reject, " ASK
		", permit, check_client_access inline:{'\\''=x}, reject'\n"));
	ck_assert_ptr_nonnull(strstr(
		text, "    submission inet ... -o smtpd_delay_reject=no\n"
		      "    postconf -c /etc/postfix -P "
		      "'submission/inet/smtpd_delay_reject=yes'\n"));
	ck_assert_ptr_nonnull(
		strstr(text, "-e 'submission_smtpd_client_restrictions = " ASK
			     ", permit, reject' "
			     "&& postconf -c /etc/postfix -P "
			     "'submission/inet/smtpd_client_restrictions="
			     "$submission_smtpd_client_restrictions'\n"));
	ck_assert_ptr_nonnull(strstr(text, "3 errors, 0 warnings\n"));
	free(text);
	check_clear(&check);
	postfix_clear(&postfix);
	config_free(config);
}
END_TEST

/* International domains in both spellings; NULL: there is no other. */
static const struct {
	const char *unicode;
	const char *ascii;
} spellings[] = {
	{ "b\xc3\xbc"
	  "cher.test",
	  "xn--bcher-kva.test" },
	{ "\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
	  "xn--r8jz45g.xn--zckzah" },
	{ "fa\xc3\x9f.de", "xn--fa-hia.de" },
	{ NULL, "xn--.test" },
	{ NULL, "xn--a.test" },
	{ NULL, "xn--99999999.test" },
	{ NULL, "plain.test" },
	{ NULL, "" },
};

START_TEST(spells_both_ways)
{
	char ascii[IDNA_ASCII_MAX];
	char *unicode = idna_to_unicode(spellings[_i].ascii);

	if (spellings[_i].unicode == NULL) {
		ck_assert_ptr_null(unicode);
		return;
	}
	ck_assert_ptr_nonnull(unicode);
	ck_assert_str_eq(unicode, spellings[_i].unicode);
	ck_assert(idna_to_ascii(spellings[_i].unicode, ascii));
	ck_assert_str_eq(ascii, spellings[_i].ascii);
	free(unicode);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("check_postfix");

	tcase_add_loop_test(tests, finds_mistakes, 0, COUNT(mistakes));
	tcase_add_loop_test(tests, finds_rates, 0, COUNT(rates));
	tcase_add_loop_test(tests, finds_ways_round, 0, COUNT(ways_round));
	tcase_add_test(tests, knows_that_policyd_checks_owners);
	tcase_add_test(tests, keeps_all);
	tcase_add_loop_test(tests, judges_attempts, 0, COUNT(attempts));
	tcase_add_test(tests, prints_what_mends);
	tcase_add_loop_test(tests, spells_both_ways, 0, COUNT(spellings));
	return run_tests("check_postfix", tests);
}
