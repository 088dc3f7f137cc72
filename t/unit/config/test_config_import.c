/* SPDX-License-Identifier: ISC */
/* test_config_import - import_postfix with a real main.cf and the real
 * postconf(1)
 *
 * A file is loaded once in a process: Check runs each case in its own. */

#include <check.h>

#include "t/unit/test.h"
#include "t/unit/config/importing.h"

START_TEST(two_lines_are_enough)
{
	struct config *config = load_good(TWO_LINES);
	static struct resolution resolution;

	ck_assert_str_eq(config->import_postfix, place_directory);
	ck_assert_str_eq(config->queue_directory, "/var/spool/other");
	ck_assert_int_eq(strspn(config->mail_version, "0123456789") > 0, 1);
	has(config, PARAMETER_MYHOSTNAME, "mail.local.test", "/main.cf");
	has(config, PARAMETER_MYDOMAIN, "local.test", "/main.cf");
	has(config, PARAMETER_MYDESTINATION,
	    "mail.local.test, in.local.test a$b.test", "/main.cf");
	has(config, PARAMETER_RELAY_DOMAINS, "relay.test", "/main.cf");
	has(config, PARAMETER_ALLOW_PERCENT_HACK, "no", "/main.cf");
	has(config, PARAMETER_SMTPUTF8_ENABLE, "yes", "/main.cf");
	resolve_address(config->resolver, "user@in.local.test", &resolution);
	ck_assert_int_eq(resolution_authorized(config->resolver, &resolution),
			 1);
	resolve_address(config->resolver, "user@other.test", &resolution);
	ck_assert_int_eq(resolution_authorized(config->resolver, &resolution),
			 0);
	config_free(config);
}
END_TEST

START_TEST(what_is_set_here_counts)
{
	struct config *config = load_good(
		TWO_LINES "relay_domains = '$mydestination, own.test'\n"
			  "myhostname = \"other.test\"\n"
			  "virtual_mailbox_domains = \"\"\n");

	has(config, PARAMETER_RELAY_DOMAINS,
	    "mail.local.test, in.local.test a$b.test, own.test",
	    "/policyd.conf:3");
	has(config, PARAMETER_MYHOSTNAME, "other.test", "/policyd.conf:4");
	has(config, PARAMETER_MYDOMAIN, "local.test", "/main.cf");
	has(config, PARAMETER_MYORIGIN, "mail.local.test", "/main.cf");
	has(config, PARAMETER_VIRTUAL_MAILBOX_DOMAINS, "", "/policyd.conf:5");
	config_free(config);
}
END_TEST

START_TEST(nothing_is_read_unless_asked_for)
{
	struct config *config =
		load_good("listen \"unix:/x\" { }\nimport_postfix = \"\"\n");

	ck_assert_ptr_null(config->import_postfix);
	ck_assert_ptr_null(config->main_cf);
	ck_assert_ptr_null(config->queue_directory);
	ck_assert_ptr_null(config->mail_version);
	has(config, PARAMETER_RELAY_DOMAINS, "", "default");
	config_free(config);
}
END_TEST

START_TEST(restrictions_have_their_arguments)
{
	struct config *config = load_good(
		TWO_LINES "restrictions = { permit_mynetworks, reject }\n");

	ck_assert_uint_eq(config->services.services[0].restrictions.count, 2);
	config_free(config);
}
END_TEST

/* watches - is the file of the place_directory, with that ending, in the list?
 */
static bool watches(const struct config *config, const char *name)
{
	char *path = place_path(name);
	bool found = false;
	size_t i;

	for (i = 0; i < config->watched.count; i++)
		if (strcmp(config->watched.items[i].path, path) == 0)
			found = true;
	free(path);
	return found;
}

/* decide - by the first service, of one who is logged in as alice */
static struct decision decide(const struct config *config, const char *sender)
{
	const struct service *service = &config->services.services[0];
	struct evaluation evaluation = { 0 };
	static struct facts facts;
	struct request request;

	request_init(&request);
	request.sender = sender;
	request.recipient = "user@in.local.test";
	request.sasl_username = "alice";
	facts_gather(&facts, &request, config->resolver, service->tls);
	ck_assert(evaluation_start(&evaluation, &service->restrictions,
				   &request, &facts, 0, NULL));
	return evaluation.decision;
}

START_TEST(sender_login_maps_are_those_of_postfix)
{
	struct decision decision;
	struct config *config;
	char *text = xasprintf("%s%s", main_cf, LOGIN_MAPS);

	put("main.cf", text);
	put("list", "a@relay.test alice\nb@relay.test bob\n");
	config = load_good(LOGIN_LINES "table_refresh = 1m\n");
	has(config, PARAMETER_RECIPIENT_DELIMITER, "-+", "/main.cf");
	has(config, PARAMETER_OWNER_REQUEST_SPECIAL, "no", "/main.cf");
	ck_assert(watches(config, "list"));
	ck_assert_int_eq(decide(config, "a@relay.test").verdict,
			 VERDICT_PERMIT);
	decision = decide(config, "b@relay.test");
	ck_assert_int_eq(decision.verdict, VERDICT_REJECT);
	ck_assert_str_eq(decision.owners, "bob");
	ck_assert_int_eq(decide(config, "Alice@B.test").verdict,
			 VERDICT_PERMIT);
	decision = decide(config, "c@relay.test");
	ck_assert_int_eq(decision.verdict, VERDICT_ASK);
	ck_assert_str_eq(decision.asks[0], "reject_sender_login_mismatch");
	ck_assert_str_eq(decision.asks[1], "permit_auth_destination");
	config_free(config);
	free(text);
}
END_TEST

START_TEST(files_are_watched)
{
	static const char text[] =
		TWO_LINES "mynetworks = \"!DIR/nets, 10.0.0.0/8\"\n"
			  "relay_domains = { 'DIR/list', 'x.test' }\n";
	struct config *config;

	put("list", "a.test\n# /comment\nb.test !DIR/inner\n");
	put("inner", "c.test\n");
	config = load_good(text);
	ck_assert_uint_eq(config->table_refresh_ms, 1000);
	ck_assert(watches(config, "main.cf"));
	ck_assert(watches(config, "list"));
	ck_assert(watches(config, "inner"));
	ck_assert(watches(config, "nets"));
	ck_assert_uint_eq(config->watched.count, 4);
	ck_assert_ptr_null(watched_files_changed(&config->watched));
	put("inner", "d.test\n");
	ck_assert_ptr_nonnull(watched_files_changed(&config->watched));
	config_free(config);
}
END_TEST

static const struct {
	const char *value;
	unsigned ms;
} refreshes[] = {
	{ "0", 0 },	 { "no", 0 },	  { "off", 0 },	   { "1", 1000 },
	{ "60", 60000 }, { "1m", 60000 }, { "yes", 1000 },
};

START_TEST(reads_table_refresh)
{
	char *text = xasprintf("%stable_refresh = %s\n", TWO_LINES,
			       refreshes[_i].value);
	struct config *config = load_good(text);

	ck_assert_uint_eq(config->table_refresh_ms, refreshes[_i].ms);
	ck_assert_uint_eq(config->watched.count, 1);
	config_free(config);
	free(text);
}
END_TEST

/* ---- what is refused */

struct broken {
	const char *main_cf; /* NULL: there is none */
	const char *text;    /* of policyd.conf */
	const char *reason;  /* part of the message */
};

static const struct broken broken[] = {
	{ "", "import_postfix = \"etc/postfix\"\n",
	  "1: import_postfix: \"etc/postfix\" is not an absolute path" },
	{ "", "\nimport_postfix = \"DIR/main.cf\"\n",
	  "2: import_postfix: DIR/main.cf is not a directory" },
	{ "", "import_postfix = \"DIR/none\"\n",
	  "1: import_postfix: DIR/none: No such file" },
	{ NULL, "import_postfix = \"DIR\"\n",
	  "1: import_postfix: postconf -c DIR: postconf: fatal: open "
	  "DIR/main.cf: No such file" },
	{ "relay_domains = ${x\n", "import_postfix = \"DIR\"\n",
	  "1: import_postfix: postconf -c DIR: postconf: warning: truncated macro reference" },
	{ "relay_domains = $mydestination\nmydestination = $relay_domains\n",
	  "import_postfix = \"DIR\"\n", "1: import_postfix: postconf -c DIR" },
	{ "allow_percent_hack = maybe\n", "\nimport_postfix = \"DIR\"\n",
	  "2: allow_percent_hack: \"maybe\" is neither yes nor no; the value is "
	  "from DIR/main.cf" },
	{ "relay_domains = /nonexistent\n", "import_postfix = \"DIR\"\n",
	  "1: relay_domains: " },
	{ "mynetworks = 192.0.2.0/99\n",
	  "import_postfix = \"DIR\"\nrestrictions = { permit_mynetworks }\n",
	  "1: mynetworks: \"192.0.2.0/99\"" },
	{ "relay_clientcerts =\n",
	  "import_postfix = \"DIR\"\n"
	  "restrictions = { permit_tls_clientcerts }\n",
	  "2: restrictions: permit_tls_clientcerts needs relay_clientcerts" },
	{ "smtpd_sender_login_maps =\n",
	  "import_postfix = \"DIR\"\n"
	  "restrictions = { reject_sender_login_mismatch, reject }\n",
	  "2: restrictions: reject_sender_login_mismatch needs "
	  "sender_login_maps, which is not set" },
	{ "smtpd_sender_login_maps = texthash:/nonexistent\n",
	  "\nimport_postfix = \"DIR\"\n"
	  "restrictions = { reject_sender_login_mismatch, reject }\n",
	  "2: sender_login_maps: \"texthash:/nonexistent\": No such file or "
	  "directory; the value is from DIR/main.cf" },
	{ "smtpd_sender_login_maps = mysql:/x\n",
	  "import_postfix = \"DIR\"\nreply = ok\n"
	  "restrictions = { reject_sender_login_mismatch, reject }\n",
	  "service default: reply = ok cannot be combined with mysql:/x "
	  "in sender_login_maps: only Postfix" },
	/* Not the one that Postfix would look into. */
	{ "smtpd_sender_login_maps = mysql:/y\n",
	  "import_postfix = \"DIR\"\nsender_login_maps = 'mysql:/x'\n"
	  "restrictions = { reject_sender_login_mismatch, reject }\n",
	  "2: sender_login_maps: service default leaves senders to "
	  "Postfix because of mysql:/x in sender_login_maps" },
	{ "owner_request_special = maybe\n", "import_postfix = \"DIR\"\n",
	  "1: owner_request_special: \"maybe\" is neither yes nor no; the value "
	  "is from DIR/main.cf" },
	{ "mydestination = a.test\n",
	  "import_postfix = \"DIR\"\n"
	  "mydestination = '$mydestination, b.test'\n",
	  "2: mydestination: refers to itself; write the whole value\n" },
	{ "mydestination = a.test\n",
	  "import_postfix = \"DIR\"\nallow_percent_hack = maybe\n",
	  "2: allow_percent_hack: \"maybe\" is neither yes nor no\n" },
	{ "", "\ntable_refresh = 61x\n",
	  "2: table_refresh: \"61x\" is not a time" },
	{ "",
	  "import_postfix = \"DIR\"\n\ntable_refresh = 60\n"
	  "relay_domains = \"DIR/many\"\n",
	  "3: table_refresh: DIR/many:767: more than 768 files to watch" },
	{ "", "service \"a\" {\nimport_postfix = \"DIR\"\n}\n",
	  "2: import_postfix can only be set at top level" },
};

#define WAYS 10 /* so many times two of them are more than may be watched */

/* put_few - a file that names the same one in more ways than may be watched */
static void put_few(const char *name)
{
	char way[2 * WAYS + 1] = "";
	char *text = xstrdup(""), *longer;
	int i, bit;

	for (i = 0; i < WATCHED_FILES_MAX; i++) {
		for (bit = 0; bit < WAYS; bit++)
			memcpy(way + 2 * bit, (i >> bit & 1) ? "./" : "//", 2);
		longer =
			xasprintf("%s%s/%sinner\n", text, place_directory, way);
		free(text);
		text = longer;
	}
	put(name, text);
	free(text);
}

/* What was accepted when nothing was watched by default is still accepted. */
START_TEST(too_many_by_default)
{
	struct config_messages messages;
	struct config *config;

	put("inner", "d.test\n");
	put_few("many");
	config = load(TWO_LINES "relay_domains = \"DIR/many\"\n", &messages);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->watched.count, WATCHED_FILES_MAX);
	ck_assert_uint_eq(messages.errors, 0);
	ck_assert_uint_gt(messages.count, 0);
	ck_assert_ptr_nonnull(strstr(messages.lines[0],
				     "a change of them takes effect after a "
				     "reload"));
	config_messages_clear(&messages);
	config_free(config);
}
END_TEST

/* put_many - a file that names as many as may be watched */
static void put_many(const char *name)
{
	char *text = xstrdup(""), *longer;
	int i;

	for (i = 0; i < WATCHED_FILES_MAX; i++) {
		longer = xasprintf("%s/none/%d\n", text, i);
		free(text);
		text = longer;
	}
	put(name, text);
	free(text);
}

START_TEST(refused)
{
	const struct broken *row = &broken[_i];
	char *reason = with_directory(row->reason);
	char *path = place_path("main.cf");
	struct config_messages messages;
	char *all;

	put_many("many");
	if (row->main_cf != NULL)
		put("main.cf", row->main_cf);
	else
		unlink(path);
	ck_assert_ptr_null(load(row->text, &messages));
	ck_assert_uint_eq(messages.errors, 1);
	all = xasprintf("%s\n", messages.lines[0]);
	ck_assert_msg(strstr(all, reason) != NULL, "%s is not in %s", reason,
		      all);
	config_messages_clear(&messages);
	free(all);
	free(path);
	free(reason);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_import");

	tcase_add_checked_fixture(tests, set_up, place_remove);
	tcase_add_test(tests, two_lines_are_enough);
	tcase_add_test(tests, what_is_set_here_counts);
	tcase_add_test(tests, nothing_is_read_unless_asked_for);
	tcase_add_test(tests, restrictions_have_their_arguments);
	tcase_add_test(tests, sender_login_maps_are_those_of_postfix);
	tcase_add_test(tests, files_are_watched);
	tcase_add_test(tests, too_many_by_default);
	tcase_add_loop_test(tests, reads_table_refresh, 0,
			    sizeof(refreshes) / sizeof(refreshes[0]));
	tcase_add_loop_test(tests, refused, 0, COUNT(broken));
	return run_tests("config_import", tests);
}
