/* SPDX-License-Identifier: ISC */
/* test_sender_login - who owns a sender, and what the restrictions say
 *
 * That Postfix says the same is shown by t/integration/test_sender_login.py;
 * here each rule has its row. */

#include <check.h>

#include "lib/postfix/postfix_version.h"
#include "t/unit/test.h"
#include "t/unit/decision/login_maps.h"

#define PLAIN	 "inline:{ alice@local.test=alice }"
#define LOCAL	 "inline:{ dave=dave, dave+x=ext }"
#define RELAYED	 "inline:{ @relay.test=carol, a@relay.test=anna }"
#define EXTENDED "inline:{ a@b.test=short, a+x@b.test=long }"

/* Senders, and whose they are for the login "me"; an "=" in front of the owners
 * means that they are found. */
static const struct {
	const char *maps;
	const char *sender;
	enum sender_owner owner;
	const char *owners;
	const char *name, *value; /* another parameter */
} senders[] = {
	{ PLAIN, "alice@local.test", SENDER_OTHERS, "alice", NULL, NULL },
	{ PLAIN, "ALICE@Local.Test", SENDER_OTHERS, "alice", NULL, NULL },
	{ PLAIN, "alice@local.test.", SENDER_OTHERS, "alice", NULL, NULL },
	{ PLAIN, "alice+x@local.test", SENDER_OTHERS, "alice", NULL, NULL },
	{ PLAIN, "alice+x@local.test", SENDER_UNKNOWN, "",
	  "recipient_delimiter", "" },
	{ PLAIN, "alice+x@local.test", SENDER_UNKNOWN, "",
	  "recipient_delimiter", "-" },
	{ PLAIN, "alice-x+y@local.test", SENDER_OTHERS, "alice",
	  "recipient_delimiter", "+-" },
	{ PLAIN, "alice", SENDER_UNKNOWN, "", NULL, NULL },
	{ PLAIN, "alice", SENDER_OTHERS, "alice", "myorigin", "local.test" },
	{ PLAIN, "local.test!alice", SENDER_OTHERS, "alice", NULL, NULL },
	{ PLAIN, "alice%local.test@[127.0.0.1]", SENDER_OTHERS, "alice", NULL,
	  NULL },
	{ PLAIN, "bob@local.test", SENDER_UNKNOWN, "", NULL, NULL },
	{ PLAIN, "alice@relay.test", SENDER_UNKNOWN, "", NULL, NULL },
	{ "inline:{ ALICE@LOCAL.TEST=alice }", "alice@local.test",
	  SENDER_OTHERS, "alice", NULL, NULL },
	/* The extension first, then without; each in all maps. */
	{ EXTENDED, "a+x@b.test", SENDER_OTHERS, "long", NULL, NULL },
	{ EXTENDED, "a+y@b.test", SENDER_OTHERS, "short", NULL, NULL },
	{ EXTENDED, "a+x+y@b.test", SENDER_OTHERS, "short", NULL, NULL },
	{ EXTENDED, "+x@b.test", SENDER_UNKNOWN, "", NULL, NULL },
	{ "inline:{ @local.test=domain, +x=user }", "+x@local.test",
	  SENDER_OTHERS, "user", NULL, NULL },
	{ EXTENDED, "a+@b.test", SENDER_OTHERS, "short", NULL, NULL },
	{ "inline:{ a@b.test=one }, inline:{ a+x@b.test=two }", "a+x@b.test",
	  SENDER_OTHERS, "two", NULL, NULL },
	{ "inline:{ @b.test=one }, inline:{ a@b.test=two }", "a@b.test",
	  SENDER_OTHERS, "two", NULL, NULL },
	{ "inline:{ a@b.test=one }, inline:{ a@b.test=two }", "a@b.test",
	  SENDER_OTHERS, "one", NULL, NULL },
	/* The user alone if the domain is local, and only then. */
	{ LOCAL, "dave@local.test", SENDER_OTHERS, "dave", NULL, NULL },
	{ LOCAL, "dave+x@local.test", SENDER_OTHERS, "ext", NULL, NULL },
	{ LOCAL, "dave+y@local.test", SENDER_OTHERS, "dave", NULL, NULL },
	{ LOCAL, "dave@origin.test", SENDER_OTHERS, "dave", NULL, NULL },
	{ LOCAL, "dave@[127.0.0.1]", SENDER_OTHERS, "dave", NULL, NULL },
	{ LOCAL, "dave", SENDER_OTHERS, "dave", NULL, NULL },
	{ LOCAL, "dave@[127.0.0.2]", SENDER_UNKNOWN, "", NULL, NULL },
	{ LOCAL, "dave@relay.test", SENDER_UNKNOWN, "", NULL, NULL },
	{ LOCAL, "dave@mail.local.test", SENDER_UNKNOWN, "", NULL, NULL },
	{ LOCAL, "dave@relay.test", SENDER_OTHERS, "dave", "mydestination",
	  "relay.test" },
	{ RELAYED, "x@relay.test", SENDER_OTHERS, "carol", NULL, NULL },
	{ RELAYED, "a@relay.test", SENDER_OTHERS, "anna", NULL, NULL },
	{ RELAYED, "x@sub.relay.test", SENDER_UNKNOWN, "", NULL, NULL },
	{ "inline:{ local.test=x }", "a@local.test", SENDER_UNKNOWN, "", NULL,
	  NULL },
	/* Names that are not taken apart. */
	{ "inline:{ postmaster@b=x }", "postmaster+x@b", SENDER_OTHERS, "x",
	  NULL, NULL },
	{ "inline:{ double@b=x }", "double-bounce@b", SENDER_UNKNOWN, "",
	  "recipient_delimiter", "-" },
	{ "inline:{ mailer@b=x }", "Mailer-Daemon@b", SENDER_UNKNOWN, "",
	  "recipient_delimiter", "-" },
	{ "inline:{ mailer@b=x }", "mailer-x@b", SENDER_OTHERS, "x",
	  "recipient_delimiter", "-" },
	{ "inline:{ owner@b=x }", "Owner-list@b", SENDER_UNKNOWN, "",
	  "recipient_delimiter", "+-" },
	{ "inline:{ owner@b=x }", "Owner-list@b", SENDER_OTHERS, "x",
	  "owner_request_special", "no" },
	{ "inline:{ owner@b=x }", "Owner-list@b", SENDER_UNKNOWN, "",
	  "owner_request_special", "yes" },
	{ "inline:{ list@b=x }", "list-REQUEST@b", SENDER_UNKNOWN, "",
	  "recipient_delimiter", "-" },
	{ "inline:{ list@b=x }", "list-requests@b", SENDER_OTHERS, "x",
	  "recipient_delimiter", "-" },
	{ "inline:{ owner-list@b=x }", "owner-list+x@b", SENDER_OTHERS, "x",
	  NULL, NULL },
	/* With quotes, then without. */
	{ "inline:{ { \"a b\"@c = x } }", "a b@c", SENDER_OTHERS, "x", NULL,
	  NULL },
	{ "inline:{ { \"a b\"@c = x } }, pcre:{{/^a b@/ y}}", "a b+z@c",
	  SENDER_OTHERS, "x", NULL, NULL },
	{ "inline:{ { \"a b\" = x } }", "a b@local.test", SENDER_OTHERS, "x",
	  NULL, NULL },
	/* Patterns see it whole, folded, and nothing else. */
	{ "pcre:{{/^dave$/ x}}", "dave@local.test", SENDER_UNKNOWN, "", NULL,
	  NULL },
	{ "pcre:{{/^@/ x}}", "dave@local.test", SENDER_UNKNOWN, "", NULL,
	  NULL },
	{ "pcre:{{/^a@/ x}}", "a+y@local.test", SENDER_UNKNOWN, "", NULL,
	  NULL },
	{ "pcre:{{/^(.*)@LOCAL/ $1}}", "Dave@Local.Test", SENDER_OTHERS, "dave",
	  NULL, NULL },
	{ "pcre:{{/^\"a b\"@/ q}, {/^a/ p}}", "a b@c", SENDER_OTHERS, "q", NULL,
	  NULL },
	{ "pcre:{{/^a b@/ p}}", "a b@c", SENDER_OTHERS, "p", NULL, NULL },
	{ "pcre:{{/^#a b@/ p}}", "#a b@c", SENDER_OTHERS, "p", NULL, NULL },
	{ "regexp:{{/^(.*)@/ $1}}", "ME+x@b.test", SENDER_OTHERS, "me+x", NULL,
	  NULL },
	{ "regexp:{{/^(.*)@/ $1}}", "ME@b.test", SENDER_OWNED, "me", NULL,
	  NULL },
	{ "static:all", "a@b.test", SENDER_OTHERS, "all", NULL, NULL },
	{ "static:{all me}", "a@b.test", SENDER_OWNED, "all me", NULL, NULL },
	{ "cidr:{{0.0.0.0/0 x}}", "a@127.0.0.1", SENDER_UNKNOWN, "", NULL,
	  NULL },
	/* Owners. */
	{ "static:me", "a@b.test", SENDER_OWNED, "me", NULL, NULL },
	{ "static:ME", "a@b.test", SENDER_OWNED, "ME", NULL, NULL },
	{ "static:{x,ME,y}", "a@b.test", SENDER_OWNED, "x,ME,y", NULL, NULL },
	{ "static:{x \t me}", "a@b.test", SENDER_OWNED, "x \t me", NULL, NULL },
	{ "static:{ame, mea, m e}", "a@b.test", SENDER_OTHERS, "ame, mea, m e",
	  NULL, NULL },
	{ "static:me@local.test", "a@b.test", SENDER_OTHERS, "me@local.test",
	  NULL, NULL },
	{ "static:{ , }", "a@b.test", SENDER_OTHERS, ",", NULL, NULL },
	{ "static:*", "a@b.test", SENDER_OTHERS, "*", NULL, NULL },
	/* A failure ends the search; a result before it does not. */
	{ "fail:x", "a@b.test", SENDER_FAILED, "", NULL, NULL },
	{ "fail:x static:me", "a@b.test", SENDER_FAILED, "", NULL, NULL },
	{ "static:me fail:x", "a@b.test", SENDER_OWNED, "me", NULL, NULL },
	{ "inline:{ @b.test=me } fail:x", "a@b.test", SENDER_FAILED, "", NULL,
	  NULL },
	{ "inline:{ { a@b.test = } } static:me", "a@b.test", SENDER_FAILED, "",
	  NULL, NULL },
	{ "pcre:{{/^(x)?a/ $1}} static:me", "a@b.test", SENDER_FAILED, "", NULL,
	  NULL },
	{ "hash:/no-such/x, static:me", "a@b.test", SENDER_FAILED, "", NULL,
	  NULL },
	{ "static:me", "a@b.test", SENDER_FAILED, "", "mydestination",
	  "fail:x" },
	{ "static:me", "a@b.test", SENDER_FAILED, "", "relay_domains",
	  "fail:x" },
	{ "static:me", "a@local.test", SENDER_OWNED, "me", "relay_domains",
	  "fail:x" },
	/* Tables that only Postfix can look up. */
	{ "mysql:/x", "a@b.test", SENDER_ASK, "", NULL, NULL },
	{ "static:me mysql:/x", "a@b.test", SENDER_OWNED, "me", NULL, NULL },
	{ "mysql:/x static:me", "a@b.test", SENDER_ASK, "", NULL, NULL },
	{ "fail:x mysql:/x", "a@b.test", SENDER_FAILED, "", NULL, NULL },
	{ "mysql:/x fail:x", "a@b.test", SENDER_ASK, "", NULL, NULL },
	{ "inline:{ a@b.test=me } proxy:ldap:/x", "a@b.test", SENDER_OWNED,
	  "me", NULL, NULL },
	{ "static:me", "a@b.test", SENDER_ASK, "", "mydestination",
	  "mysql:/x" },
	{ "static:me", "a@b.test", SENDER_OWNED, "me", "relay_domains",
	  "mysql:/x" },
	/* It is ours in any case, but is it local? */
	{ LOCAL, "dave@ours.test", SENDER_ASK, "", "mydestination",
	  "mysql:/x" },
	{ "inline:{ dave@ours.test=me }", "dave@ours.test", SENDER_OWNED, "me",
	  "mydestination", "mysql:/x" },
	{ LOCAL, "dave@ours.test", SENDER_UNKNOWN, "", NULL, NULL },
	{ "inline:{ d=me }", "d@local.test", SENDER_OWNED, "me", NULL, NULL },
	/* Odd, but nobody's. */
	{ PLAIN, "@", SENDER_UNKNOWN, "", NULL, NULL },
	{ PLAIN, "@@@", SENDER_UNKNOWN, "", NULL, NULL },
	{ PLAIN, "\"", SENDER_UNKNOWN, "", NULL, NULL },
	{ PLAIN, " ", SENDER_UNKNOWN, "", NULL, NULL },
	{ PLAIN, "+@+", SENDER_UNKNOWN, "", NULL, NULL },
	{ "pcre:{{/./ me}}", "\303@b.test", SENDER_UNKNOWN, "", NULL, NULL },
	{ "static:me", "\303@b.test", SENDER_OWNED, "me", NULL, NULL },
	{ "static:me", "\303\251@b.test", SENDER_OWNED, "me", NULL, NULL },
	{ "inline:{ \303\211@b.test=me }", "\303\251@b.test", SENDER_OWNED,
	  "me", NULL, NULL },
};

START_TEST(finds_owners)
{
	struct table_loader loader = { .config_directory = place_directory,
				       .postfix = postfix_version("3.10.13"),
				       .lenient = true };
	struct resolver *resolver =
		make_resolver(senders[_i].name, senders[_i].value);
	char owners[DECISION_OWNERS_MAX] = "";
	struct error error = { "" };
	struct sender_login *maps =
		open_maps(senders[_i].maps, resolver, &loader, &error);

	ck_assert_msg(maps != NULL, "%s", error.text);
	ck_assert_int_eq(sender_login_find(maps, senders[_i].sender, "me",
					   owners, &trouble),
			 senders[_i].owner);
	ck_assert_str_eq(owners, senders[_i].owners);
	/* A reason if, and only if, something was not found out. */
	ck_assert_int_eq(trouble.why != NULL,
			 senders[_i].owner == SENDER_FAILED ||
				 senders[_i].owner == SENDER_ASK);
	if (trouble.why == NULL)
		ck_assert_ptr_null(trouble.table);
	/* And the list of domains, if that cannot be searched. */
	if (trouble.why != NULL && senders[_i].name != NULL &&
	    (senders[_i].owner == SENDER_FAILED ||
	     strcmp(senders[_i].maps, "static:me") == 0))
		ck_assert_pstr_eq(trouble.table, senders[_i].name);
	sender_login_close(maps);
	resolver_free(resolver);
}
END_TEST

/* The reason is that of the list of domains. */
START_TEST(says_why_the_owners_are_unknown)
{
	static const char *const lists[] = { "mydestination", "relay_domains" };

	for (int i = 0; i < COUNT(lists); i++) {
		struct table_loader loader = { .config_directory =
						       place_directory,
					       .lenient = true };
		struct resolver *resolver = make_resolver(lists[i], "fail:x");
		char owners[DECISION_OWNERS_MAX];
		struct error error;
		struct sender_login *maps =
			open_maps("static:me", resolver, &loader, &error);

		ck_assert_int_eq(sender_login_find(maps, "a@b.test", "me",
						   owners, &trouble),
				 SENDER_FAILED);
		ck_assert_str_eq(trouble.why, "its lookups always fail");
		sender_login_close(maps);
		resolver_free(resolver);
	}
}
END_TEST

/* It takes too long to follow so many; no list is to blame. */
START_TEST(blames_no_list_for_too_many_domains)
{
	struct table_loader loader = { .config_directory = place_directory,
				       .lenient = true };
	struct resolver *resolver = make_resolver("resolve_null_domain", "yes");
	char sender[2001] = "a@local.test";
	char owners[DECISION_OWNERS_MAX];
	struct error error;
	struct sender_login *maps =
		open_maps("static:me", resolver, &loader, &error);

	memset(sender + strlen(sender), '@', 2000 - strlen(sender));
	ck_assert_int_eq(
		sender_login_find(maps, sender, "me", owners, &trouble),
		SENDER_FAILED);
	ck_assert_ptr_null(trouble.table);
	ck_assert_str_eq(trouble.why,
			 "the address has too many domains to follow");
	sender_login_close(maps);
	resolver_free(resolver);
}
END_TEST

START_TEST(strips_extensions)
{
	static const char *const addresses[][2] = {
		{ "a+x@b.test", "a@b.test" },
		{ "a-x+y@b-c.test", "a@b-c.test" },
		{ "a+@b.test", "a@b.test" },
		{ "a@b+c.test", NULL },
		{ "a@b-c.test", NULL },
		{ "+a@b.test", NULL },
		{ "a@b+c@d.test", "a@b@d.test" },
		{ "owner-a@b.test", NULL },
		{ "@b+c.test", NULL },
		{ "postmaster@b+c", NULL },
	};
	struct resolver *resolver = make_resolver("recipient_delimiter", "+-");
	char out[64];

	for (int i = 0; i < COUNT(addresses); i++) {
		const char *want = addresses[i][1];

		ck_assert_msg(resolver_strip_extension(resolver, out,
						       addresses[i][0]) ==
				      (want != NULL),
			      "%s", addresses[i][0]);
		if (want != NULL)
			ck_assert_str_eq(out, want);
	}
	resolver_free(resolver);
}
END_TEST

START_TEST(compares_logins)
{
	static const struct {
		const char *owners, *login;
		enum sender_owner owner;
	} logins[] = {
		{ "a b c", "C", SENDER_OWNED },
		{ "a b c", "", SENDER_OTHERS },
		{ "a b c", "a b", SENDER_OTHERS },
		{ "J\303\234RGEN", "j\303\274rgen", SENDER_OWNED },
		{ "stra\303\237e", "STRASSE", SENDER_OWNED },
		{ "\377", "\377", SENDER_FAILED },
	};
	struct resolver *resolver = make_resolver(NULL, NULL);

	for (int i = 0; i < COUNT(logins); i++) {
		struct table_loader loader = { .config_directory =
						       place_directory,
					       .lenient = true };
		char *text = xasprintf("static:{%s}", logins[i].owners);
		char owners[DECISION_OWNERS_MAX] = "";
		struct error error;
		struct sender_login *maps =
			open_maps(text, resolver, &loader, &error);

		ck_assert_int_eq(sender_login_find(maps, "a@b.test",
						   logins[i].login, owners,
						   &trouble),
				 logins[i].owner);
		sender_login_close(maps);
		free(text);
	}
	resolver_free(resolver);
}
END_TEST

/* Many owners: all of them count, and some are shown. */
START_TEST(shows_some_owners)
{
	struct table_loader loader = { .config_directory = place_directory,
				       .lenient = true };
	struct resolver *resolver = make_resolver(NULL, NULL);
	char owners[DECISION_OWNERS_MAX];
	char text[4096] = "static:{";
	struct sender_login *maps;
	struct error error;

	for (int i = 0; i < 300; i++)
		snprintf(text + strlen(text), 12, "login%d, ", i);
	strcat(text, "me}");
	maps = open_maps(text, resolver, &loader, &error);
	ck_assert_int_eq(
		sender_login_find(maps, "a@b.test", "me", owners, &trouble),
		SENDER_OWNED);
	ck_assert_uint_eq(strlen(owners), DECISION_OWNERS_MAX - 1);
	sender_login_close(maps);
	resolver_free(resolver);
}
END_TEST

/* A long address has room, and so have its other forms. */
START_TEST(takes_long_addresses)
{
	struct table_loader loader = { .config_directory = place_directory,
				       .lenient = true };
	struct resolver *resolver = make_resolver(NULL, NULL);
	char owners[DECISION_OWNERS_MAX];
	struct error error;
	struct sender_login *maps =
		open_maps("inline:{ @b.test=me }", resolver, &loader, &error);

	for (size_t size = 1; size < 5000; size = size * 2 + 1) {
		/* U+0390 is folded to three letters; a quote gets another. */
		char *sender = xcalloc(2 * size + 16, 1);

		for (size_t i = 0; i < size; i++)
			strcat(sender, i % 2 == 0 ? "\316\220" : "\"");
		strcat(sender, "+x@b.test");
		ck_assert_int_eq(
			sender_login_find(maps, sender, "me", owners, &trouble),
			strlen(sender) < RESOLUTION_ADDRESS_MAX
				? SENDER_OWNED
				: SENDER_FAILED);
		if (strlen(sender) >= RESOLUTION_ADDRESS_MAX)
			ck_assert_str_eq(trouble.why, "it is no address");
		free(sender);
	}
	sender_login_close(maps);
	resolver_free(resolver);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("sender_login");

	tcase_add_checked_fixture(tests, place_make_postfix, place_remove);
	tcase_add_loop_test(tests, finds_owners, 0, COUNT(senders));
	tcase_add_test(tests, says_why_the_owners_are_unknown);
	tcase_add_test(tests, blames_no_list_for_too_many_domains);
	tcase_add_test(tests, strips_extensions);
	tcase_add_test(tests, compares_logins);
	tcase_add_test(tests, shows_some_owners);
	tcase_add_test(tests, takes_long_addresses);
	return run_tests("sender_login", tests);
}
