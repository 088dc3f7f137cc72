/* SPDX-License-Identifier: ISC */
/* test_sender_login - who owns a sender, and what the restrictions say
 *
 * That Postfix says the same is shown by t/integration/test_sender_login.py;
 * here each rule has its row. */

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/decision/restrictions.h"
#include "lib/decision/sender_login.h"
#include "t/unit/test.h"

#define AUTHENTICATED	restriction_reject_authenticated_sender_login_mismatch
#define UNAUTHENTICATED restriction_reject_unauthenticated_sender_login_mismatch
#define KNOWN		restriction_reject_known_sender_login_mismatch
#define ANY		restriction_reject_sender_login_mismatch

/* The usual settings; others in the rows come before them. */
static const char *const usual[][2] = {
	{ "myhostname", "mail.local.test" },
	{ "myorigin", "Origin.test" },
	{ "mydestination", "local.test" },
	{ "inet_interfaces", "127.0.0.1" },
	{ "recipient_delimiter", "+" },
	{ "relay_domains", "ours.test" },
	{ NULL, NULL },
};

/* The directory of the main.cf that postmap wants to see. */
static char directory[64];
static char main_cf[80];

/* set_up - old, since Postfix waits while it is young */
static void set_up(void)
{
	const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	FILE *file;

	strcpy(directory, "/tmp/test_sender_login.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(main_cf, sizeof(main_cf), "%s/main.cf", directory);
	file = fopen(main_cf, "w");
	ck_assert_ptr_nonnull(file);
	fputs("compatibility_level = 3.6\n", file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, main_cf, old, 0), 0);
}

static void tear_down(void)
{
	ck_assert_int_eq(unlink(main_cf), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}

/* make_resolver - with another value for one parameter; NULL: none */
static struct resolver *make_resolver(const char *name, const char *value)
{
	struct table_loader loader = { .config_directory = directory,
				       .lenient = true };
	struct parameters parameters;
	struct resolver *resolver;
	struct error error = { "" };

	parameters_init(&parameters);
	for (size_t i = 0; usual[i][0] != NULL; i++)
		parameters_set(&parameters,
			       (enum parameter)parameter_find(usual[i][0]),
			       usual[i][1], "test");
	if (name != NULL)
		parameters_set(&parameters,
			       (enum parameter)parameter_find(name), value,
			       "test");
	if (name != NULL && strcmp(name, "owner_request_special") == 0)
		parameters_set(&parameters, PARAMETER_RECIPIENT_DELIMITER, "-",
			       "test");
	ck_assert_msg(parameters_complete(&parameters, &error) == 0, "%s",
		      error.text);
	resolver = resolver_new(&parameters, &loader, &error);
	ck_assert_msg(resolver != NULL, "%s", error.text);
	parameters_clear(&parameters);
	return resolver;
}

/* open_maps - the state of a restriction; NULL: refused */
static struct sender_login *open_maps(const char *text,
				      const struct resolver *resolver,
				      struct table_loader *loader,
				      struct error *error)
{
	struct sender_login *shared = NULL;
	struct restriction_context context = {
		.loader = loader,
		.utf8 = true,
		.resolver = resolver,
		.sender_login = &shared,
	};
	void *state = NULL;
	int result = ANY.open(text, &context, &state, error);

	ck_assert_int_eq(result, state != NULL ? 0 : -1);
	ck_assert_ptr_eq(state, shared);
	return state;
}

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

static struct table_trouble trouble;

START_TEST(finds_owners)
{
	struct table_loader loader = { .config_directory = directory,
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
		struct table_loader loader = { .config_directory = directory,
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
	struct table_loader loader = { .config_directory = directory,
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
	struct table_loader loader = { .config_directory = directory,
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
		free(sender);
	}
	sender_login_close(maps);
	resolver_free(resolver);
}
END_TEST

#define OWNED "inline:{ a@b.test=alice }"

/* The result of each restriction for a@b.test; login "": not logged in. */
static const struct {
	const char *maps, *sender, *login;
	enum verdict any, authenticated, unauthenticated, known;
	enum refusal refusal;
} verdicts[] = {
	{ OWNED, "a@b.test", "alice", VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, VERDICT_DUNNO, 0 },
	{ OWNED, "a@b.test", "Alice", VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, VERDICT_DUNNO, 0 },
	{ OWNED, "a@b.test", "bob", VERDICT_REJECT, VERDICT_REJECT,
	  VERDICT_DUNNO, VERDICT_REJECT, REFUSAL_OWNER },
	{ OWNED, "a@b.test", "", VERDICT_REJECT, VERDICT_DUNNO, VERDICT_REJECT,
	  VERDICT_REJECT, REFUSAL_LOGIN },
	{ OWNED, "x@b.test", "alice", VERDICT_REJECT, VERDICT_REJECT,
	  VERDICT_DUNNO, VERDICT_DUNNO, REFUSAL_OWNER },
	{ OWNED, "x@b.test", "", VERDICT_DUNNO, VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, 0 },
	{ OWNED, "", "alice", VERDICT_DUNNO, VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, 0 },
	{ OWNED, "", "", VERDICT_DUNNO, VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, 0 },
	{ "fail:x", "a@b.test", "alice", VERDICT_DEFER, VERDICT_DEFER,
	  VERDICT_DUNNO, VERDICT_DEFER, REFUSAL_LOOKUP },
	{ "fail:x", "a@b.test", "", VERDICT_DEFER, VERDICT_DUNNO, VERDICT_DEFER,
	  VERDICT_DEFER, REFUSAL_LOOKUP },
	{ "fail:x", "", "alice", VERDICT_DUNNO, VERDICT_DUNNO, VERDICT_DUNNO,
	  VERDICT_DUNNO, 0 },
	{ "static:{ , }", "a@b.test", "", VERDICT_REJECT, VERDICT_DUNNO,
	  VERDICT_REJECT, VERDICT_REJECT, REFUSAL_LOGIN },
	{ "static:{ , }", "a@b.test", "alice", VERDICT_REJECT, VERDICT_REJECT,
	  VERDICT_DUNNO, VERDICT_REJECT, REFUSAL_OWNER },
};

START_TEST(judges)
{
	const struct {
		const struct restriction *restriction;
		enum verdict verdict;
	} each[] = {
		{ &ANY, verdicts[_i].any },
		{ &AUTHENTICATED, verdicts[_i].authenticated },
		{ &UNAUTHENTICATED, verdicts[_i].unauthenticated },
		{ &KNOWN, verdicts[_i].known },
	};
	struct table_loader loader = { .config_directory = directory,
				       .lenient = true };
	struct resolver *resolver = make_resolver(NULL, NULL);
	struct error error = { "" };
	struct sender_login *maps =
		open_maps(verdicts[_i].maps, resolver, &loader, &error);
	struct request request;
	struct subject subject = { .request = &request };

	/* The method does not matter: only the name. */
	for (int i = 0; i < 2 * COUNT(each); i++) {
		const struct restriction *restriction = each[i / 2].restriction;
		struct decision decision = { .reason = "" };
		enum verdict verdict;

		request_init(&request);
		request.sender = verdicts[_i].sender;
		request.sasl_username = verdicts[_i].login;
		request.sasl_method = i % 2 == 0 ? "" : "ANONYMOUS";
		verdict = restriction->evaluate(&subject, maps, &decision);
		ck_assert_int_eq(verdict, each[i / 2].verdict);
		if (verdict != VERDICT_DUNNO)
			ck_assert_int_eq(decision.refusal,
					 verdicts[_i].refusal);
		ck_assert_int_eq(decision.asked_count == 0,
				 decision.reason[0] != '\0');
		ck_assert_uint_eq(decision.asked_count, 0);
	}
	sender_login_close(maps);
	resolver_free(resolver);
}
END_TEST

START_TEST(asks_by_its_name)
{
	static const struct restriction *const each[] = { &ANY, &AUTHENTICATED,
							  &UNAUTHENTICATED,
							  &KNOWN };
	struct table_loader loader = { .config_directory = directory,
				       .lenient = true };
	struct resolver *resolver = make_resolver(NULL, NULL);
	const char *why;
	struct error error;
	struct sender_login *maps =
		open_maps(OWNED " mysql:/etc/x.cf", resolver, &loader, &error);
	struct request request;
	struct subject subject = { .request = &request };

	ck_assert_str_eq(sender_login_asks(maps, &why), "mysql:/etc/x.cf");
	ck_assert_ptr_nonnull(strstr(why, "only Postfix"));
	request_init(&request);
	for (int i = 0; i < 2 * COUNT(each); i++) {
		const struct restriction *restriction = each[i / 2];
		struct decision decision = { .reason = "" };
		/* These two do not look at the other half. */
		bool looks = i % 2 == 0 ? restriction != &UNAUTHENTICATED
					: restriction != &AUTHENTICATED;

		request.sasl_username = i % 2 == 0 ? "alice" : "";
		request.sender = "x@b.test";
		ck_assert_int_eq(
			restriction->evaluate(&subject, maps, &decision),
			VERDICT_DUNNO);
		ck_assert_uint_eq(decision.asked_count, looks ? 1 : 0);
		if (looks)
			ck_assert_str_eq(decision.asked[0], restriction->name);
	}
	sender_login_close(maps);
	resolver_free(resolver);
}
END_TEST

/* Settings that are refused at load. */
static const struct {
	const char *maps;
	const char *error; /* part of the reason */
} refusals[] = {
	{ "alice", "\"alice\": is not type:name" },
	{ "/etc/postfix/logins", "\"/etc/postfix/logins\": is not type:name" },
	{ "static:x table:/x", "\"table:/x\": Postfix has no table type" },
	{ "static:x, hash:/no-such/x", "\"hash:/no-such/x\": " },
	{ "texthash:/no-such/x", "No such file" },
	{ "texthash:x", "is not an absolute path" },
	{ "inline:{ a=x, A=y }", "appears twice" },
	{ "static:{ }", "its result is empty" },
	{ "pcre:{{/x", "a brace is not closed" },
};

START_TEST(refuses)
{
	struct table_loader loader = { .config_directory = directory,
				       .lenient = false };
	struct resolver *resolver = make_resolver(NULL, NULL);
	struct error error = { "" };

	ck_assert_ptr_null(
		open_maps(refusals[_i].maps, resolver, &loader, &error));
	ck_assert_msg(strstr(error.text, refusals[_i].error) != NULL,
		      "\"%s\": %s", refusals[_i].maps, error.text);
	resolver_free(resolver);
}
END_TEST

/* All restrictions of a load have the same maps, until the last is closed. */
START_TEST(shares_the_maps)
{
	struct table_loader loader = { .config_directory = directory,
				       .lenient = true };
	struct resolver *resolver = make_resolver(NULL, NULL);
	struct sender_login *shared = NULL;
	struct restriction_context context = {
		.loader = &loader,
		.resolver = resolver,
		.sender_login = &shared,
	};
	char owners[DECISION_OWNERS_MAX];
	void *one = NULL, *other = NULL;
	struct error error;

	ck_assert_int_eq(ANY.open("hash:/no-such/x", &context, &one, &error),
			 0);
	ck_assert_int_eq(
		KNOWN.open("hash:/no-such/x", &context, &other, &error), 0);
	ck_assert_ptr_eq(one, other);
	ck_assert_uint_eq(loader.failures, 1);
	ANY.close(one);
	ck_assert_int_eq(
		sender_login_find(other, "a@b.test", "", owners, &trouble),
		SENDER_FAILED);
	KNOWN.close(other);
	KNOWN.close(NULL);
	resolver_free(resolver);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("sender_login");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, finds_owners, 0, COUNT(senders));
	tcase_add_test(tests, strips_extensions);
	tcase_add_test(tests, compares_logins);
	tcase_add_test(tests, shows_some_owners);
	tcase_add_test(tests, takes_long_addresses);
	tcase_add_loop_test(tests, judges, 0, COUNT(verdicts));
	tcase_add_test(tests, asks_by_its_name);
	tcase_add_loop_test(tests, refuses, 0, COUNT(refusals));
	tcase_add_test(tests, shares_the_maps);
	return run_tests("sender_login", tests);
}
