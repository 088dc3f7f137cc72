/* SPDX-License-Identifier: ISC */
/* test_config_safety - strangers that are judged at load, lists that hold more
 * than anybody can have, listeners that cannot be opened together
 *
 * A file is loaded once in a process: each case is a process of its own. */

#include "lib/config/config.h"
#include "t/unit/place.h"
#include "t/unit/test.h"

#define OURS                                                           \
	"mydestination = 'a.test'\nvirtual_alias_domains = 'v.test'\n" \
	"virtual_mailbox_domains = 'm.test'\nrelay_domains = 'r.test'\n"
#define NETS                                                            \
	"restrictions = { permit_auth_destination, permit_mynetworks, " \
	"reject }\nmynetworks = "
#define CERTS                                        \
	"restrictions = { permit_auth_destination, " \
	"permit_tls_clientcerts, reject }\nrelay_clientcerts = "
#define ASKS "import_postfix = '@/postfix' "
#define USUAL                                                  \
	"restrictions = { reject_sender_login_mismatch,\n"     \
	"permit_auth_destination, reject_plaintext_session,\n" \
	"permit_sasl_authenticated, reject }\n"
#define YES  "allow_open_relay = yes\n"
#define OPEN " is an open relay"
#define WIDE " is an open relay: it contains more than a /8"

/* The result of loading a file. */
struct row {
	const char *text;
	int line; /* of the message */
	bool refused;
	const char *reason; /* NULL: there is no message */
};

static const struct row rows[] = {
	/* whoever has TLS */
	{ "restrictions = { permit_auth_destination,\n"
	  "reject_plaintext_session, permit }\n",
	  2, true, "permit permits a stranger to send to " },
	{ "service s { policy_context = c\nrestrictions = { "
	  "reject_plaintext_session, permit } }\n",
	  1, true, "service s" OPEN },
	{ "service s { policy_context = c\nserver_port = 587\nrestrictions = { "
	  "reject_plaintext_session, reject_unauth_destination, permit } }\n",
	  0, false, NULL },
	{ "tls_keysize = 256\nrestrictions = { reject_plaintext_session,\n"
	  "permit }\n",
	  3, true, "TLSv1.3" },
	{ "tls_protocols = ''\ntls_ciphers = ''\ntls_keysize = 0\n"
	  "restrictions = { reject_plaintext_session, permit }\n",
	  4, true, OPEN },
	{ "restrictions = { reject_unauth_destination, permit }\n", 0, false,
	  NULL },
	/* a domain of ours, completed by Postfix, is not foreign */
	{ "myhostname = 'mx.o.test'\nmydestination = 'mx.o.test, o.test'\n"
	  "relay_domains = '$mydestination'\nappend_dot_mydomain = yes\n",
	  0, false, NULL },
	{ "append_dot_mydomain = yes\nrelay_domains = 'static:x'\n", 2, true,
	  OPEN },
	/* what a null sender does not show */
	{ "sender_login_maps = 'static:x'\nrestrictions = {\n"
	  "reject_sender_login_mismatch, reject_plaintext_session, permit }\n",
	  3, true, OPEN },
	/* what is left to Postfix */
	{ "relay_domains = 'mysql:/x'\nrestrictions = {\n"
	  "permit_auth_destination, permit }\n",
	  3, true, "permit permits a stranger" },
	{ ASKS "restrictions = {\nreject_sender_login_mismatch, permit }\n", 2,
	  true, "permit permits a stranger" },
	{ ASKS "restrictions = { reject_sender_login_mismatch,\n"
	       "permit_auth_destination,\nreject_plaintext_session, permit }\n",
	  3, true, "permit permits a stranger" },
	{ ASKS USUAL, 0, false, NULL },
	/* what is left to Postfix is refused, unless it is ours */
	{ "relay_domains = 'mysql:/x'\nexpect e {\n"
	  "to = 'u%far.test'\nverdict = reject }\n",
	  0, false, NULL },
	{ "relay_domains = 'mysql:/x'\nexpect e {\n"
	  "to = 'u%far.test'\nverdict = ask }\n",
	  0, false, NULL },
	{ "relay_domains = 'mysql:/x'\nexpect e {\n"
	  "to = 'u%far.test'\nverdict = defer }\n",
	  2, true, "the verdict is ask, not defer" },
	{ "relay_domains = 'mysql:/x'\nexpect e {\n"
	  "to = 'u%far.test'\nverdict = permit }\n",
	  2, true, "the verdict is ask, not permit" },
	{ "relay_domains = 'mysql:/x'\nreply = ok\nexpect e {\n"
	  "to = 'u%far.test'\nverdict = reject }\n",
	  3, true, "the verdict is ask, not reject" },
	{ ASKS USUAL "expect e {\nto = 'u%far.test'\nverdict = reject }\n", 0,
	  false, NULL },
	{ ASKS USUAL "expect e {\nto = 'u%far.test'\nlogin = u\nfrom = 'x'\n"
		     "tls = '1.3'\nverdict = reject }\n",
	  4, true, "the verdict is ask, not reject" },
	/* networks: by a stranger who is in them, and as they are written */
	{ NETS "'regexp:{{/:/ x}}'\n", 1, true, "IPv6" },
	{ NETS "'regexp:{{/^[0-9.]+/ x}}'\n", 1, true, "IPv4" },
	{ NETS "'static:x'\n", 1, true, OPEN },
	{ NETS "'[::]/0'\n", 1, true, OPEN },
	{ NETS "{ '10.0.0.0/8',\n'8.0.0.0/7' }\n", 3, true, "8.0.0.0/7" WIDE },
	{ NETS "'8.0.0.0/8 10.0.0.0/8 [2001::]/16 127.0.0.0/8'\n", 0, false,
	  NULL },
	{ NETS "{\n'[2000::]/15' }\n", 3, true, "[2000::]/15" WIDE },
	{ NETS "'[fc00::]/7 [fd00::]/8 [fe80::]/10'\n", 0, false, NULL },
	{ NETS "{\n'[fc00::]/6' }\n", 3, true, "[fc00::]/6" WIDE },
	{ NETS "{\n'[fe00::]/9' }\n", 3, true, "[fe00::]/9" WIDE },
	{ NETS "'[::ffff:127.0.0.0]/104'\n", 0, false, NULL },
	{ NETS "'\n[::ffff:126.0.0.0]/103'\n", 0, true, NULL },
	{ NETS "{\n'[::ffff:126.0.0.0]/103' }\n", 3, true, WIDE },
	{ NETS "{\n'[64:ff9b::]/96' }\n", 3, true, WIDE },
	{ NETS "{\n'[2002::]/16' }\n", 3, true, WIDE },
	{ NETS "{\n'[2002:a00::]/24' }\n", 0, false, NULL },
	{ NETS "'!0.0.0.0/0 ![::]/0'\n", 0, false, NULL },
	{ NETS "'!10.0.0.0/8,\t!!8.0.0.0/7'\n", 2, true, "!!8.0.0.0/7" WIDE },
	{ NETS "'!@/wide'\n", 0, false, NULL },
	{ NETS "{\n'@/wide' }\n", 3, true, "/wide is an open relay" },
	{ NETS "{\n'@/wide' }\n" YES, 0, false, NULL },
	{ NETS "{\n'cidr:@/cidr' }\n", 3, true, "cidr, line 2" WIDE },
	{ NETS "'!cidr:@/cidr'\n", 0, false, NULL },
	{ NETS "{ 'cidr:{{10.0.0.0/8 x},\t{!10.0.0.0/8 x}}' }\n", 2, true,
	  "line 2" WIDE },
	{ NETS "'cidr:{{if 10.0.0.0/8}, {!10.1.0.0/16 x}, {0.0.0.0/0 x}, "
	       "{endif}}'\n",
	  0, false, NULL },
	{ "mynetworks = '0.0.0.0/0'\n", 0, false, NULL }, /* nobody asks */
	/* certificates that anybody can make */
	{ CERTS "{\n'static:x' }\n", 1, true,
	  "permit_tls_clientcerts permits" },
	{ CERTS "'regexp:{{/^4/ x}}'\n", 1, true, "certificate" },
	{ CERTS "'static:x'\n" YES, 2, false,
	  "relay_clientcerts: it contains certificates that nobody has" },
	/* every domain */
	{ "\nrelay_domains = 'static:x'\n", 2, true,
	  "relay_domains contains every domain because of static:x" },
	{ "mydestination = 'pcre:{{/./ x}}'\n", 1, true, OPEN },
	{ "virtual_alias_domains = 'pcre:{{/^[a-z0-9.-]+$$/ x}}'\n", 1, true,
	  OPEN },
	{ "virtual_mailbox_domains = 'regexp:{{/[.][a-z][a-z][a-z]$$/ x}}'\n",
	  1, true, OPEN },
	{ "relay_domains = 'com net org'\n", 1, true, OPEN },
	{ "relay_domains = 'com'\n", 1, false,
	  "relay_domains: com contains every domain below com" },
	{ "relay_domains = { 'r.test',\n'museum' }\n", 2, false, "museum" },
	{ "relay_domains = 'texthash:@/hash'\n", 1, false,
	  "contains every domain below net" },
	{ "parent_domain_matches_subdomains = ''\nrelay_domains = 'com, .net'\n",
	  2, false, ".net contains every domain below net" },
	{ "parent_domain_matches_subdomains = ''\nrelay_domains = 'com'\n", 0,
	  false, NULL },
	{ "mydestination = 'com, localhost'\nrelay_domains = '.com, *, [::1]'\n",
	  0, false, NULL },
	{ "mydestination = 'regexp:{{/[.]com$$/ x}}'\n", 1, false,
	  "mydestination: regexp:{{/[.]com$/ x}} contains every domain" },
	/* routing */
	{ OURS "\nallow_untrusted_routing = yes\n", 6, false,
	  "allow_untrusted_routing: strangers" },
	{ OURS "allow_percent_hack = no\nswap_bangpath = no\n", 0, false,
	  NULL },
	{ OURS "resolve_dequoted_address = no\n", 0, false, NULL },
	/* listeners */
	{ "listen 'inet:0.0.0.0:4' {\nallow_remote = '0.0.0.0/0' }\n", 2, false,
	  "allow_remote: 0.0.0.0/0: any host may ask" },
	{ "listen 'inet:192.0.2.1:4' {\nallow_remote = '10.0.0.0/8 [::]/1' }\n",
	  2, false, "[::]/1: any host" },
	{ "listen 'inet:192.0.2.1:4' {\nallow_remote = 'cidr:@/cidr' }\n", 2,
	  false, "any host" },
	{ "listen 'inet:0.0.0.0:4' {\nallow_remote = '10.0.0.0/8' }\n", 0,
	  false, NULL },
	{ "listen 'inet:127.0.0.1:4' {\nallow_remote = '0.0.0.0/0' }\n", 0,
	  false, NULL },
	{ "listen 'inet:localhost:4' { }\nlisten 'inet:127.0.0.1:4' { }\n", 2,
	  true, "inet:127.0.0.1:4 is already used at line 1" },
	{ "listen 'inet:127.0.0.1:4' { }\n"
	  "listen 'inet:0.0.0.0:4' { allow_remote = 10.0.0.0/8 }\n",
	  2, true,
	  "cannot be opened together with inet:127.0.0.1:4 at line 1" },
	{ "listen 'inet:[::]:4' { allow_remote = '10.0.0.0/8' }\n"
	  "listen 'inet:127.0.0.1:4' { }\nmetrics 'inet:[::1]:4' { }\n",
	  3, true, "metrics: inet:[::1]:4 cannot be opened together with" },
	{ "listen 'inet:[::]:4' { allow_remote = '10.0.0.0/8' }\n"
	  "listen 'inet:127.0.0.1:4' { }\nmetrics 'inet:[::1]:5' { }\n",
	  0, false, NULL },
	{ "listen 'unix:@/s' { }\nlisten 'unix:@/same/s' { }\n", 2, true,
	  "/same/s cannot be opened together with unix:" },
	{ "listen 'unix:@/s' { }\nlisten 'unix:@/same/t' { }\n", 0, false,
	  NULL },
};

/* has - is there such a message? */
static bool has(const struct config_messages *messages, const char *path,
		const struct row *row)
{
	char *start = xasprintf("%s:%d: %s", path, row->line,
				row->refused ? "" : "warning: ");
	bool found = false;
	size_t i;

	for (i = 0; i < messages->count; i++)
		found |= strncmp(messages->lines[i], start, strlen(start)) ==
				 0 &&
			 strstr(messages->lines[i], row->reason) != NULL;
	free(start);
	return found;
}

/* is_quiet - no message but that nobody listens */
static bool is_quiet(const struct config_messages *messages)
{
	return messages->count == 0 ||
	       (messages->count == 1 &&
		strstr(messages->lines[0], "no listen section") != NULL);
}

START_TEST(refuses_what_permits_a_stranger)
{
	const struct row *row = &rows[_i];
	struct config_load_options strict = { .lenient = false };
	struct config_messages messages = { 0 };
	struct config *config;
	char *path;

	place_make();
	run_shell("ln -s . %s/same", place_directory);
	run_shell("mkdir %s/postfix", place_directory);
	place_write("postfix/main.cf", "compatibility_level = 3.6\n"
				       "relay_domains = mysql:/x\n"
				       "smtpd_sender_login_maps = mysql:/x\n");
	run_shell("touch -d 2001-01-01 %s/postfix/main.cf", place_directory);
	place_write("wide", "10.0.0.0/8\n9.0.0.0/8\n8.0.0.0/7\n");
	place_write("cidr", "10.0.0.0/8 x\n128.0.0.0/1 x\n");
	place_write("hash", "museum x\nnet x\n");
	place_write("c.conf", row->text);
	path = place_path("c.conf");
	config = config_load_with(path, &strict, &messages);
	ck_assert_msg((config == NULL) == row->refused, "%s: %s", row->text,
		      messages.count > 0 ? messages.lines[0] : "no message");
	ck_assert_msg(row->reason == NULL ? row->refused || is_quiet(&messages)
					  : has(&messages, path, row),
		      "%s: %s", row->text,
		      messages.count > 0 ? messages.lines[0] : "no message");
	config_free(config);
	config_messages_clear(&messages);
	free(path);
	place_remove();
}
END_TEST

static const struct {
	const char *message;
	const char *plain;
	bool warning;
} kinds[] = {
	{ "/a/b:12: warning: x", "/a/b:12: x", true },
	{ "/a/b: warning: x", "/a/b: x", true },
	{ "/a/b:12: x: warning: y", "/a/b:12: x: warning: y", false },
	{ "/a/b:12: warning: x: warning: y", "/a/b:12: x: warning: y", true },
	{ "/a/b: x", "/a/b: x", false },
	{ "/c: warning: x", "/c: warning: x", false },
	{ "", "", false },
};

/* A log has the word for the kind already. */
START_TEST(leaves_out_the_word_warning_for_a_log)
{
	bool warning = !kinds[_i].warning;
	char *plain = config_message_plain(kinds[_i].message, "/a/b", &warning);

	ck_assert_str_eq(plain, kinds[_i].plain);
	ck_assert(warning == kinds[_i].warning);
	free(plain);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_safety");

	tcase_add_loop_test(tests, refuses_what_permits_a_stranger, 0,
			    COUNT(rows));
	tcase_add_loop_test(tests, leaves_out_the_word_warning_for_a_log, 0,
			    COUNT(kinds));
	return run_tests("config_safety", tests);
}
