/* SPDX-License-Identifier: ISC */
/* test_resolve_forms - forms that no recorded row has, what is looked up for
 * them, and why */

#include "lib/address/address.h"

#include <string.h>

#include "t/unit/address/resolving.h"

struct form {
	const char *recipient;
	enum resolve_status status;
	enum destination_class class;
	bool routed;
	const char *address;
	const char *list;
	const char *pattern; /* NULL: none */
};

#define LOCAL RESOLVE_DONE, DESTINATION_LOCAL

#define RELAY RESOLVE_DONE, DESTINATION_RELAY

#define OTHER RESOLVE_DONE, DESTINATION_DEFAULT

#define INVALID RESOLVE_INVALID, DESTINATION_DEFAULT

static const struct form forms[] = {
	{ "user", LOCAL, false, "user@mail.local.test", "mydestination",
	  "mail.local.test" },
	{ "User@Local.Test.", LOCAL, false, "User@Local.Test", "mydestination",
	  "local.test" },
	{ "user@valias.test", RESOLVE_DONE, DESTINATION_VIRTUAL_ALIAS, false,
	  "user@valias.test", "virtual_alias_domains", "valias.test" },
	{ "user@vmail.test", RESOLVE_DONE, DESTINATION_VIRTUAL_MAILBOX, false,
	  "user@vmail.test", "virtual_mailbox_domains", "VMail.test" },
	{ "user@a.relay.test", RELAY, false, "user@a.relay.test",
	  "relay_domains", "relay.test" },
	{ "user@neg.relay.test", OTHER, false, "user@neg.relay.test", "",
	  NULL },
	{ "user@remote.example", OTHER, false, "user@remote.example", "",
	  NULL },
	{ "user%relay.test@local.test", RELAY, false, "user@relay.test",
	  "relay_domains", "relay.test" },
	{ "user%x@relay.test", RELAY, true, "user%x@relay.test",
	  "relay_domains", "relay.test" },
	{ "user@remote.example@local.test", OTHER, false, "user@remote.example",
	  "", NULL },
	{ "user@relay.test@", RELAY, false, "user@relay.test", "relay_domains",
	  "relay.test" },
	{ "first last@local.test", LOCAL, false, "first last@local.test",
	  "mydestination", "local.test" },
	{ "@local.test", LOCAL, false, "MAILER-DAEMON@local.test",
	  "mydestination", "local.test" },
	{ "user@[127.0.0.1]", LOCAL, false, "user@[127.0.0.1]",
	  "inet_interfaces", NULL },
	{ "user@[0177.0.0.1]", LOCAL, false, "user@[0177.0.0.1]",
	  "inet_interfaces", NULL },
	{ "user@[IPv6:::ffff:127.0.0.1]", LOCAL, false,
	  "user@[IPv6:::ffff:127.0.0.1]", "inet_interfaces", NULL },
	{ "user@[192.0.2.10]", LOCAL, false, "user@[192.0.2.10]",
	  "proxy_interfaces", NULL },
	{ "user@[10.9.8.7]", OTHER, false, "user@[10.9.8.7]", "", NULL },
	{ "user@relay.test@[127.0.0.1]", RELAY, false, "user@relay.test",
	  "relay_domains", "relay.test" },
	{ "user@relay.test@[000000000000000000000000000000000000000000000000"
	  "0000000000000000000000000000000000000000000177.0.0.1]",
	  RELAY, false, "user@relay.test", "relay_domains", "relay.test" },
	{ "user@[127.0.0.1", LOCAL, false, "user@[127.0.0.1]",
	  "inet_interfaces", NULL },
	{ "user@127.0.0.1", INVALID, false, "user@127.0.0.1", "", NULL },
	/* as much as Postfix takes between brackets, and one byte more */
	{ "user@[IPv6:0000:0000:0000:0000:0000:ffff:1.25.25.25]", OTHER, false,
	  "user@[IPv6:0000:0000:0000:0000:0000:ffff:1.25.25.25]", "", NULL },
	{ "user@[IPv6:0000:0000:0000:0000:0000:ffff:1.255.25.25]", INVALID,
	  false, "user@[IPv6:0000:0000:0000:0000:0000:ffff:1.255.25.25]", "",
	  NULL },
	{ "user@", INVALID, false, "user@", "", NULL },
	{ "user@local.test..", INVALID, false, "user@local.test..", "", NULL },
	{ "user@-x.relay.test", INVALID, false, "user@-x.relay.test", "",
	  NULL },
	{ "user@[127.0.0.1].relay.test", INVALID, false,
	  "user@[127.0.0.1].relay.test", "", NULL },
	{ "user@relay .\ttest", RELAY, false, "user@relay.test",
	  "relay_domains", "relay.test" },
	{ "user@[127.0.0.1]>", INVALID, false, "user@[127.0.0.1]>", "", NULL },
	/* the last domain decides, not the one that was taken off first */
	{ "user@[127.0.0.1]@local.test", LOCAL, false, "user@[127.0.0.1]",
	  "inet_interfaces", NULL },
	/* operators ahead of everything */
	{ "%user@local.test", OTHER, false, "@user", "", NULL },
	{ "!user@local.test", INVALID, false, "user@", "", NULL },
	{ "user@rel ay.test", INVALID, false, "user@rel ay.test", "", NULL },
	{ "-user@local.test", INVALID, false, "-user@local.test", "", NULL },
	{ "local.test!-user", INVALID, false, "-user@local.test", "", NULL },
	{ "x-user@local.test", LOCAL, false, "x-user@local.test",
	  "mydestination", "local.test" },
	{ "us\xff"
	  "er@local.test",
	  INVALID, false,
	  "us\xff"
	  "er@local.test",
	  "", NULL },
	{ "user@sub\xe3\x80\x82relay.test", OTHER, false,
	  "user@sub\xe3\x80\x82relay.test", "", NULL },
	{ "user@\xcc\x88x.relay.test", INVALID, false,
	  "user@\xcc\x88x.relay.test", "", NULL },
	{ "\"", LOCAL, false, "\"@mail.local.test", "mydestination",
	  "mail.local.test" },
};

START_TEST(resolves_each_form_of_an_address)
{
	const struct form *c = &forms[_i];
	struct resolver *resolver = must_make(NULL);
	struct resolution got;

	resolve_address(resolver, c->recipient, &got);
	resolver_free(resolver);
	ck_assert_int_eq(got.status, c->status);
	ck_assert_int_eq(got.class, c->class);
	ck_assert_int_eq(got.routed, c->routed);
	ck_assert_str_eq(got.address, c->address);
	ck_assert_str_eq(got.domain, strrchr(c->address, '@') + 1);
	ck_assert_ptr_eq(got.domain, strrchr(got.address, '@') + 1);
	ck_assert_str_eq(got.list, c->list);
	ck_assert_int_eq(got.match.pattern == NULL, c->pattern == NULL);
}
END_TEST

/* The trace of an address, one line a step. */
static const struct {
	struct setting settings[2];
	const char *recipient, *told;
} explained[] = {
	{ { { NULL, NULL } },
	  "user%relay.test@local.test",
	  "mydestination local.test 1 local.test\n"
	  "2052 user@relay.test\n"
	  "mydestination relay.test 0 -\n"
	  "virtual_alias_domains relay.test 0 -\n"
	  "virtual_mailbox_domains relay.test 0 -\n"
	  "relay_domains relay.test 1 relay.test\n" },
	{ { { NULL, NULL } },
	  "user",
	  "8 user@mail.local.test\n"
	  "mydestination mail.local.test 1 mail.local.test\n" },
	{ { { "append_at_myorigin", "no" } },
	  "a!user",
	  "2 user@a\n"
	  "mydestination a 0 -\n"
	  "virtual_alias_domains a 0 -\n"
	  "virtual_mailbox_domains a 0 -\n"
	  "relay_domains a 0 -\n" },
	{ { { "append_at_myorigin", "no" } },
	  "user",
	  "256 user@mail.local.test\n"
	  "mydestination mail.local.test 1 mail.local.test\n" },
	{ { { NULL, NULL } },
	  "@a:user@local.test.",
	  "33 user@local.test\n"
	  "mydestination local.test 1 local.test\n" },
	{ { { NULL, NULL } },
	  "@a:user@local.test",
	  "1 user@local.test\n"
	  "mydestination local.test 1 local.test\n" },
	/* with two dots at its end it is no domain to look up */
	{ { { NULL, NULL } }, "user@local.test..", "" },
	{ { { NULL, NULL } },
	  "@[127.0.0.1]",
	  "mydestination [127.0.0.1] 0 -\n"
	  "inet_interfaces [127.0.0.1] 1 -\n"
	  "2176 MAILER-DAEMON\n" },
	{ { { "empty_address_recipient", "@relay.test." } },
	  "@local.test",
	  "mydestination local.test 1 local.test\n"
	  "2176 @relay.test.\n"
	  "mydestination relay.test 0 -\n"
	  "32 @relay.test\n"
	  "virtual_alias_domains relay.test 0 -\n"
	  "virtual_mailbox_domains relay.test 0 -\n"
	  "relay_domains relay.test 1 relay.test\n" },
	/* nothing is left of it but a domain of ours */
	{ { { NULL, NULL } },
	  "local.test!@local.test",
	  "mydestination local.test 1 local.test\n"
	  "2050 @local.test\n"
	  "mydestination local.test 1 local.test\n"
	  "2176 MAILER-DAEMON\n" },
	{ { { "swap_bangpath", "no" } },
	  "a b@c@local.test",
	  "mydestination local.test 1 local.test\n"
	  "2112 a b@c\n"
	  "mydestination c 0 -\n"
	  "virtual_alias_domains c 0 -\n"
	  "virtual_mailbox_domains c 0 -\n"
	  "relay_domains c 0 -\n" },
	{ { { "append_dot_mydomain", "yes" } },
	  "user@mail",
	  "16 user@mail.local.test\n"
	  "mydestination mail.local.test 1 mail.local.test\n" },
	{ { { "resolve_null_domain", "yes" } },
	  "user@",
	  "768 user@mail.local.test\n"
	  "mydestination mail.local.test 1 mail.local.test\n" },
	{ { { "resolve_numeric_domain", "yes" } },
	  "user@127.0.0.1",
	  "mydestination 127.0.0.1 0 -\n"
	  "1024 user@[127.0.0.1]\n"
	  "mydestination [127.0.0.1] 0 -\n"
	  "inet_interfaces [127.0.0.1] 1 -\n" },
};

/* tell - append one step */
static void tell(void *context, const struct resolve_step *step)
{
	char *text = context;

	text += strlen(text);
	if (step->list == NULL)
		snprintf(text, 200, "%u %s\n", step->changes, step->address);
	else
		snprintf(text, 200, "%s %s %d %s\n", step->list, step->domain,
			 step->answer,
			 step->match.pattern != NULL ? step->match.pattern
						     : "-");
}

START_TEST(says_how_it_came_to_that)
{
	struct resolver *resolver = must_make(
		explained[_i].settings[0].name != NULL ? explained[_i].settings
						       : NULL);
	struct resolution told, silent;
	char text[4096] = "";

	resolve_explain(resolver, explained[_i].recipient, &told, tell, text);
	resolve_address(resolver, explained[_i].recipient, &silent);
	ck_assert_str_eq(text, explained[_i].told);
	ck_assert_str_eq(told.address, silent.address);
	ck_assert_int_eq(told.status, silent.status);
	ck_assert_int_eq(told.class, silent.class);
	resolver_free(resolver);
}
END_TEST

struct under {
	struct setting settings[4];
	const char *recipient;
	int authorized;
};

static const struct under unders[] = {
	{ { { NULL, NULL } }, "user%x@relay.test", 0 },
	{ { { NULL, NULL } }, "user@[127.0.0.1]", 1 },
	{ { { NULL, NULL } }, "user@x127.0.0.1]", 0 },
	/* with one bracket it is no address of ours: what stands before it is
	 * not followed */
	{ { { NULL, NULL } }, "user@relay.test@[127.0.0.1]", 1 },
	{ { { NULL, NULL } }, "user@relay.test@x127.0.0.1]", 0 },
	{ { { NULL, NULL } }, "\\local.test!relay.test!user@local.test", 1 },
	{ { { NULL, NULL } }, "\\[127.0.0.1x!relay.test!user@local.test", 0 },
	{ { { "allow_untrusted_routing", "yes" } }, "user%x@relay.test", 1 },
	{ { { "allow_untrusted_routing", "yes" } },
	  "user%x@remote.example",
	  0 },
	{ { { "allow_untrusted_routing", "yes" } }, "user%x@-.relay.test", 0 },
	{ { { "allow_min_user", "yes" } }, "-user@local.test", 1 },
	{ { { "resolve_null_domain", "yes" } }, "user@", 1 },
	{ { { "resolve_null_domain", "yes" } }, "!@local.test", 1 },
	{ { { "resolve_numeric_domain", "yes" } }, "user@127.0.0.1", 1 },
	{ { { "resolve_numeric_domain", "yes" } }, "user@10.9.8.7", 0 },
	{ { { "resolve_numeric_domain", "yes" },
	    { "mydestination", "!10.9.8.7, fail:x" } },
	  "user@10.9.8.7",
	  -1 },
	{ { { "resolve_numeric_domain", "yes" },
	    { "mydestination", "!10.9.8.7, [10.9.8.7]" } },
	  "user@10.9.8.7",
	  1 },
	{ { { "resolve_numeric_domain", "yes" }, { "relay_domains", "[::1]" } },
	  "user@::1",
	  1 },
	{ { { "smtputf8_enable", "no" } },
	  "us\xff"
	  "er@local.test",
	  1 },
	{ { { "smtputf8_enable", "no" }, { "relay_domains", "\xc3\xbc.test" } },
	  "user@\xc3\xbc.test",
	  0 },
	{ { { "relay_domains", "\xc3\xbc.test" } }, "user@\xc3\x9c.test", 1 },
	{ { { "myorigin", "remote.example" } }, "user", 0 },
	{ { { "myorigin", "remote.example" }, { "append_at_myorigin", "no" } },
	  "user",
	  1 },
	{ { { "append_dot_mydomain", "yes" },
	    { "mydestination", "sub.local.test" } },
	  "user@sub",
	  1 },
	{ { { "append_dot_mydomain", "yes" },
	    { "mydestination", "local.test, sub.local.test" } },
	  "user@sub@local.test",
	  1 },
	{ { { "mydestination", "" }, { "relay_domains", "" } },
	  "user@local.test",
	  0 },
	{ { { "mydestination", "a" } }, "user@a", 1 },
	{ { { "mydestination", "a.b" } }, "user@a.b", 1 },
	{ { { "parent_domain_matches_subdomains", "" } },
	  "user@a.relay.test",
	  0 },
	{ { { "parent_domain_matches_subdomains", "!relay_domains" } },
	  "user@a.relay.test",
	  0 },
	{ { { "parent_domain_matches_subdomains", "RELAY_domains" } },
	  "user@a.relay.test",
	  1 },
	{ { { "inet_interfaces", "192.0.2.99" } }, "user@[192.0.2.99]", 1 },
	{ { { "inet_interfaces", "loopback-only" } }, "user@[127.0.0.1]", 1 },
	{ { { "inet_interfaces", "all" } }, "user@[127.0.0.1]", 1 },
	/* a domain is the same in quotes, and with a dot at its end */
	{ { { NULL, NULL } }, "user@\"relay.test.\"", 1 },
	{ { { NULL, NULL } }, "x@relay.test@\"local.test.\"@local.test", 1 },
	{ { { NULL, NULL } }, "x@relay.test@\"local.test..\"@local.test", 0 },
	{ { { NULL, NULL } }, "x@relay.test@\"remote.test.\"@local.test", 0 },
	{ { { NULL, NULL } }, "x@relay.test@\"\"@local.test", 0 },
	/* what is put for an empty local part is resolved once more */
	{ { { "empty_address_recipient", "x@remote.example" } },
	  "@local.test",
	  0 },
	{ { { "empty_address_recipient", "x@relay.test" } }, "@local.test", 1 },
	/* without a dot at its end */
	{ { { "empty_address_recipient", "@relay.test." } }, "@local.test", 1 },
	/* and what is ahead of its last domain is followed */
	{ { { "empty_address_recipient", "@remote.example@local.test" } },
	  "@local.test",
	  0 },
	/* and if that is empty again, there is no end: unknown */
	{ { { "empty_address_recipient", "\"\"" } }, "@local.test", -1 },
	{ { { "empty_address_recipient", "@local.test" } }, "@local.test", -1 },
};

#define ASKS(list)                                         \
	{                                                  \
		list, "relay.test, socketmap:x, ours.test" \
	}

#define MYDEST                                                        \
	{                                                             \
		"mydestination", "local.test, socketmap:x, late.test" \
	}

/* Lists with a table that only Postfix can look up: 2 is AUTHORIZED_ASK. */
static const struct under asks[] = {
	/* another class: what another list has is ours either way */
	{ { ASKS("relay_domains") }, "user@local.test", 1 },
	{ { ASKS("relay_domains") }, "user@vmail.test", 1 },
	{ { ASKS("relay_domains") }, "user@relay.test", 1 },
	{ { ASKS("relay_domains") }, "user@sub.relay.test", 1 },
	{ { ASKS("relay_domains") }, "user@ours.test", 1 },
	{ { ASKS("relay_domains") }, "user@remote.example", 2 },
	{ { ASKS("relay_domains") }, "user%x@remote.example", 2 },
	{ { ASKS("relay_domains") }, "user%x@relay.test", 0 },
	{ { ASKS("relay_domains") }, "user%x@ours.test", 0 },
	{ { ASKS("relay_domains"), { "allow_untrusted_routing", "yes" } },
	  "user%x@ours.test",
	  1 },
	{ { ASKS("relay_domains") }, "user%remote.example@local.test", 2 },
	{ { ASKS("relay_domains") }, "user%relay.test@local.test", 1 },
	{ { ASKS("relay_domains") }, "user@a..b", 0 },
	{ { ASKS("relay_domains") }, "-user@remote.example", 0 },
	{ { ASKS("virtual_alias_domains") }, "user@vmail.test", 1 },
	{ { ASKS("virtual_alias_domains") }, "user@neg.relay.test", 2 },
	{ { ASKS("virtual_mailbox_domains") }, "user@sub.relay.test", 1 },
	{ { ASKS("virtual_mailbox_domains") }, "user@valias.test", 1 },
	{ { ASKS("virtual_alias_domains"), { "relay_domains", "fail:x" } },
	  "user@remote.example",
	  2 },
	{ { ASKS("relay_domains"), { "virtual_alias_domains", "fail:x" } },
	  "user@remote.example",
	  -1 },
	/* negation: then both answers are open */
	{ { { "relay_domains", "!socketmap:x, relay.test" } },
	  "user@relay.test",
	  2 },
	{ { { "relay_domains", "relay.test, !socketmap:x" } },
	  "user@relay.test",
	  1 },
	{ { { "relay_domains", "!socketmap:x" } }, "user@remote.example", 2 },
	{ { { "relay_domains", "socketmap:x, !a.test, relay.test" } },
	  "user@a.test",
	  2 },
	{ { { "relay_domains", "socketmap:x, fail:x, relay.test" } },
	  "user@relay.test",
	  2 },
	{ { { "relay_domains", "fail:x, socketmap:x, relay.test" } },
	  "user@relay.test",
	  -1 },
	{ { { "relay_domains", "fail:x, socketmap:x" } },
	  "user@relay.test",
	  -1 },
	/* mydestination: if it is local what is left is followed */
	{ { MYDEST }, "user@local.test", 1 },
	{ { MYDEST }, "user@late.test", 1 },
	{ { MYDEST }, "user@relay.test", 1 },
	{ { MYDEST }, "user@vmail.test.", 1 },
	{ { MYDEST }, "user@remote.example", 2 },
	{ { MYDEST }, "user%x@relay.test", 2 },
	{ { MYDEST }, "x!user@relay.test", 2 },
	{ { MYDEST }, "user@x@relay.test", 2 },
	{ { MYDEST }, "@relay.test", 2 },
	{ { MYDEST }, "user%relay.test@local.test", 1 },
	{ { MYDEST }, "user%relay.test@remote.example", 2 },
	{ { MYDEST }, "user%remote.example@local.test", 2 },
	{ { MYDEST }, "user%remote.example@relay.test", 2 },
	{ { MYDEST, { "allow_untrusted_routing", "yes" } },
	  "user%x@relay.test",
	  2 },
	{ { MYDEST }, "user@[127.0.0.1]", 1 },
	{ { MYDEST }, "user@relay.test@[127.0.0.1]", 1 },
	{ { MYDEST }, "user@remote.example@[127.0.0.1]", 2 },
	{ { MYDEST, { "allow_percent_hack", "no" } }, "user%x@[127.0.0.1]", 0 },
	{ { MYDEST }, "user@[10.9.8.7]", 2 },
	{ { MYDEST }, "user@10.9.8.7", 0 },
	{ { MYDEST }, "user%x@10.9.8.7", 2 },
	{ { MYDEST }, "user@a..b", 0 },
	{ { MYDEST }, "user%relay.test@a..b", 2 },
	{ { MYDEST }, "user%x@a..", 0 },
	{ { MYDEST, { "resolve_numeric_domain", "yes" } }, "user@a..b", 0 },
	{ { MYDEST }, "-user@relay.test", 0 },
	{ { MYDEST }, "-user%x@relay.test", 2 },
	{ { MYDEST, { "resolve_numeric_domain", "yes" } },
	  "user@127.0.0.1",
	  1 },
	{ { MYDEST, { "resolve_numeric_domain", "yes" } },
	  "user%x@127.0.0.1",
	  2 },
	{ { MYDEST, { "resolve_numeric_domain", "yes" } }, "user@10.9.8.7", 2 },
	{ { { "mydestination", "!10.9.8.7, socketmap:x" },
	    { "resolve_numeric_domain", "yes" } },
	  "user@10.9.8.7",
	  2 },
	/* one list is open, and another cannot be searched */
	{ { { "virtual_alias_domains", "socketmap:x" },
	    { "relay_domains", "fail:x" } },
	  "-user@remote.example",
	  0 },
	{ { { "mydestination", "local.test, !socketmap:x, late.test" } },
	  "user@late.test",
	  2 },
	{ { { "mydestination", "local.test, !socketmap:x" } },
	  "user@vmail.test",
	  1 },
};

START_TEST(leaves_to_postfix_what_it_cannot_read)
{
	const struct under *c = &asks[_i];
	struct resolver *resolver = must_make(c->settings);
	struct resolution got;
	const char *list, *why;

	resolve_address(resolver, c->recipient, &got);
	ck_assert_int_eq(resolution_authorized(resolver, &got), c->authorized);
	ck_assert_int_eq(got.status == RESOLVE_ASK,
			 c->authorized == AUTHORIZED_ASK);
	ck_assert_pstr_eq(resolver_asks(resolver, &list, &why), "socketmap:x");
	ck_assert_ptr_nonnull(why);
	if (got.status == RESOLVE_ASK) {
		ck_assert_str_eq(got.list, list);
		ck_assert_ptr_nonnull(strstr(got.match.pattern, "socketmap:x"));
		ck_assert_pstr_eq(got.why, why);
	} else if (got.status != RESOLVE_FAILED) {
		ck_assert_ptr_null(got.why);
	}
	resolver_free(resolver);
}
END_TEST

START_TEST(resolves_under_other_settings)
{
	const struct under *c = &unders[_i];
	struct resolver *resolver = must_make(c->settings);
	struct resolution got;

	resolve_address(resolver, c->recipient, &got);
	ck_assert_int_eq(resolution_authorized(resolver, &got), c->authorized);
	resolver_free(resolver);
}
END_TEST

START_TEST(says_why_a_list_cannot_be_searched)
{
	const struct setting settings[] = { { "relay_domains", "fail:x" },
					    { NULL, NULL } };
	struct resolver *resolver = must_make(settings);
	struct resolution got;

	resolve_address(resolver, "user@remote.example", &got);
	ck_assert_int_eq(resolution_authorized(resolver, &got), -1);
	ck_assert_str_eq(got.list, "relay_domains");
	ck_assert_str_eq(got.why, "its lookups always fail");
	resolver_free(resolver);
}
END_TEST

static const struct setting refused[] = {
	{ "myhostname", "-x" },
	{ "myhostname", "127.0.0.1" },
	{ "mydomain", "a..b" },
	{ "myorigin", "" },
	{ "myorigin", "a b" },
	{ "myorigin", "a,b" },
	{ "myorigin", "/nonexistent/mailname" },
	{ "myorigin", "/dev" },
	{ "myorigin", "/dev/null" },
	{ "myorigin", "/proc/self/mem" }, /* cannot be read at 0 */
	{ "empty_address_recipient", "" },
	{ "inet_interfaces", "no.such.name.invalid" },
	{ "proxy_interfaces", "1.2.3.4.5" },
	{ "inet_protocols", "ipx" },
	{ "allow_percent_hack", "maybe" },
	{ "swap_bangpath", "" },
	{ "smtputf8_enable", "1" },
	{ "mydestination", "/nonexistent/list" },
	{ "virtual_alias_domains", "hash:/x" },
	{ "virtual_mailbox_domains", "!" },
	{ "relay_domains", "a, cdb:/x" },
	{ "parent_domain_matches_subdomains", "!" },
	{ "parent_domain_matches_subdomains", "fail:x" },
	{ "parent_domain_matches_subdomains", "socketmap:x" },
};

START_TEST(refuses_bad_settings)
{
	struct setting settings[2] = { refused[_i], { NULL, NULL } };
	size_t length = strlen(refused[_i].name);
	struct error error;

	ck_assert_ptr_null(make(settings, &error));
	ck_assert_msg(strncmp(error.text, refused[_i].name, length) == 0 &&
			      error.text[length] == ':',
		      "%s", error.text);
}
END_TEST

START_TEST(names_each_class)
{
	ck_assert_str_eq(destination_name(DESTINATION_DEFAULT), "default");
	ck_assert_str_eq(destination_name(DESTINATION_LOCAL), "local");
	ck_assert_str_eq(destination_name(DESTINATION_VIRTUAL_ALIAS),
			 "virtual_alias");
	ck_assert_str_eq(destination_name(DESTINATION_VIRTUAL_MAILBOX),
			 "virtual_mailbox");
	ck_assert_str_eq(destination_name(DESTINATION_RELAY), "relay");
	resolver_free(NULL);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("resolve");

	tcase_add_loop_test(tests, resolves_each_form_of_an_address, 0,
			    COUNT(forms));
	tcase_add_loop_test(tests, says_how_it_came_to_that, 0,
			    COUNT(explained));
	tcase_add_loop_test(tests, resolves_under_other_settings, 0,
			    COUNT(unders));
	tcase_add_test(tests, says_why_a_list_cannot_be_searched);
	tcase_add_loop_test(tests, leaves_to_postfix_what_it_cannot_read, 0,
			    COUNT(asks));
	tcase_add_loop_test(tests, refuses_bad_settings, 0, COUNT(refused));
	tcase_add_test(tests, names_each_class);

	return run_tests("resolve_forms", tests);
}
