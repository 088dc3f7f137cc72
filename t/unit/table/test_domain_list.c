/* SPDX-License-Identifier: ISC */
/* test_domain_list - is a domain in a list? */

#include "lib/table/domain_list.h"

#include <string.h>

#include "t/unit/table/domain_lists.h"

struct match_case {
	enum style style;
	const char *list;
	const char *domain;
	int found;
	const char *pattern; /* NULL: none matched */
};

static const struct match_case cases[] = {
	{ EXACT, "", "relay.test", 0, NULL },
	{ EXACT, "relay.test", "relay.test", 1, "relay.test" },
	{ EXACT, "Relay.TEST", "rElay.test", 1, "Relay.TEST" },
	{ EXACT, "relay.test", "sub.relay.test", 0, NULL },
	{ EXACT, ".relay.test", "sub.relay.test", 0, NULL },
	{ EXACT, "relay.test", "relay.tes", 0, NULL },
	{ EXACT, "relay.test.", "relay.test", 0, NULL },
	{ EXACT, "*", "relay.test", 0, NULL },
	{ EXACT, "a, b c\td\r\ne,,f", "f", 1, "f" },
	/* More than the first hash table takes, a table among them. */
	{ EXACT, "pcre:{{/^z$/ x}} a b c d e f g h i j k l m n o p", "p", 1,
	  "p" },
	{ EXACT, "pcre:{{/^z$/ x}} a b c d e f g h i j k l m n o p", "a", 1,
	  "a" },
	{ EXACT, "pcre:{{/^z$/ x}} a b c d e f g h i j k l m n o p", "y", 0,
	  NULL },
	{ EXACT, "!a b c d e f g h i j k l m n o p a", "a", 0, "!a" },
	{ EXACT, "a, b c\td\r\ne,,f", "d", 1, "d" },
	{ EXACT, "a, b c\td\r\ne,,f", "", 0, NULL },
	{ EXACT, "{a, b} c", "{a, b}", 1, "{a, b}" },
	{ EXACT, "{a, b} c", "a", 0, NULL },
	{ EXACT, "{a, b c", "c", 0, NULL },
	/* a brace that nobody closes is closed by the end */
	{ EXACT, "c {a, b", "{a, b", 1, "{a, b" },
	{ EXACT, "a} b", "a}", 1, "a}" },
	{ EXACT, "!a a", "a", 0, "!a" },
	{ EXACT, "a !a", "a", 1, "a" },
	{ EXACT, "!!a", "a", 1, "!!a" },
	{ EXACT, "!!!a a", "a", 0, "!!!a" },
	{ EXACT, "!b a", "a", 1, "a" },
	{ EXACT, "b static:x a", "c", 1, "static:x" },
	{ EXACT, "b !static:x a", "c", 0, "!static:x" },
	{ EXACT, "!b", "a", 0, NULL },
	/* 64 bytes: the set of lengths has 64 bits. */
	{ EXACT,
	  "a bc "
	  "a23456789.123456789.123456789.123456789.123456789.123456789.test",
	  "A23456789.123456789.123456789.123456789.123456789.123456789.test", 1,
	  "a23456789.123456789.123456789.123456789.123456789.123456789.test" },
	{ EXACT, "a # b", "b", 0, NULL },
	{ EXACT, "a #b c", "a", 1, "a" },
	{ EXACT, "a #b c", "c", 0, NULL },
	{ EXACT, "a b#c d", "d", 1, "d" },
	{ EXACT, "[10.9.8.7] a", "[10.9.8.7]", 1, "[10.9.8.7]" },
	{ EXACT, "[IPv6:2001:db8::10]", "[ipv6:2001:DB8::10]", 1,
	  "[IPv6:2001:db8::10]" },
	{ EXACT,
	  "b\xc3\xbc"
	  "cher.test",
	  "B\xc3\x9c"
	  "CHER.test",
	  1,
	  "b\xc3\xbc"
	  "cher.test" },
	{ EXACT,
	  "stra\xc3\x9f"
	  "e.test",
	  "strasse.test", 1,
	  "stra\xc3\x9f"
	  "e.test" },
	{ EXACT, "x\xff", "X\xff", 1, "x\xff" },
	{ ASCII,
	  "b\xc3\xbc"
	  "cher.test",
	  "B\xc3\x9c"
	  "CHER.test",
	  0, NULL },
	{ ASCII,
	  "b\xc3\xbc"
	  "cher.test",
	  "B\xc3\xbc"
	  "CHER.test",
	  1,
	  "b\xc3\xbc"
	  "cher.test" },
	{ PARENT, "relay.test", "sub.relay.test", 1, "relay.test" },
	{ PARENT, "relay.test", "a.b.relay.test", 1, "relay.test" },
	{ PARENT, "relay.test", "xrelay.test", 0, NULL },
	{ PARENT, "test", "relay.test", 1, "test" },
	{ PARENT, ".relay.test", "sub.relay.test", 0, NULL },
	{ PARENT, ".relay.test", "relay.test", 0, NULL },
	{ PARENT, ".relay.test", ".relay.test", 1, ".relay.test" },
	{ PARENT, "relay.test", ".relay.test", 1, "relay.test" },
	{ PARENT, "!neg.relay.test relay.test", "neg.relay.test", 0,
	  "!neg.relay.test" },
	{ PARENT, "!neg.relay.test relay.test", "x.neg.relay.test", 0,
	  "!neg.relay.test" },
	{ PARENT, "!neg.relay.test relay.test", "x.relay.test", 1,
	  "relay.test" },
	{ PARENT, "relay.test !neg.relay.test", "neg.relay.test", 1,
	  "relay.test" },
	{ PARENT, "a.relay.test relay.test !relay.test", "a.relay.test", 1,
	  "a.relay.test" },
	{ PARENT, "7]", "[10.9.8.7]", 1, "7]" },
	{ DOT, "relay.test", "sub.relay.test", 0, NULL },
	{ DOT, "relay.test", "relay.test", 1, "relay.test" },
	{ DOT, ".relay.test", "sub.relay.test", 1, ".relay.test" },
	{ DOT, ".relay.test", "a.sub.relay.test", 1, ".relay.test" },
	{ DOT, ".relay.test", "relay.test", 0, NULL },
	{ DOT, "!.b.relay.test .relay.test", "a.b.relay.test", 0,
	  "!.b.relay.test" },
	{ DOT, "!.b.relay.test .relay.test", "b.relay.test", 1, ".relay.test" },
};

START_TEST(matches_as_postfix_does)
{
	const struct match_case *c = &cases[_i];
	struct domain_list_match match;
	const char *file;
	struct error error;
	struct domain_list *domains = new_table(c->list, c->style, &error);

	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_msg(domain_list_match(domains, c->domain, &match) == c->found,
		      "\"%s\" in \"%s\"", c->domain, c->list);
	ck_assert_int_eq(domain_list_match(domains, c->domain, NULL), c->found);
	if (c->pattern == NULL) {
		ck_assert_ptr_null(match.pattern);
	} else {
		ck_assert_ptr_nonnull(match.pattern);
		ck_assert_str_eq(match.pattern, c->pattern);
	}
	ck_assert_ptr_null(match.file);
	ck_assert_int_eq(line_of(&match, c->domain, &file), 0);
	domain_list_free(domains);
}
END_TEST

/* Only a list of hosts looks for parent domains in a table, and none does in
 * patterns, which see the whole name. */
static const struct {
	enum style style;
	const char *list, *domain;
	int found;
} parents[] = {
	{ EXACT, "texthash:@/map", "a.test", 1 },
	{ EXACT, "texthash:@/map", "sub.a.test", 0 },
	{ PARENT, "texthash:@/map", "sub.a.test", 1 },
	{ PARENT, "texthash:@/map", "sub.b.test", 0 },
	{ PARENT, "pcre:{{/^a.test$/ x}}", "a.test", 1 },
	{ PARENT, "pcre:{{/^a.test$/ x}}", "sub.a.test", 0 },
};

START_TEST(looks_for_parent_domains_in_tables_of_hosts)
{
	struct error error;
	char *list = expand(parents[_i].list);
	struct domain_list *domains;

	place_write("map", "a.test x\n");
	domains = new_table(list, parents[_i].style, &error);
	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_int_eq(domain_list_match(domains, parents[_i].domain, NULL),
			 parents[_i].found);
	domain_list_free(domains);
	free(list);
}
END_TEST

static const struct {
	const char *list;
	int found;
	const char *pattern; /* that decides, or cannot be looked up */
	const char *why;     /* a part of it; NULL: there is an answer */
} whys[] = {
	{ "pcre:{{/^a$/ x}}", 1, "pcre:{{/^a$/ x}}", NULL },
	{ "pcre:{{/^z$/ x}}", 0, NULL, NULL },
	{ "fail:x", -1, "fail:x", "always fail" },
	{ "pcre:{{/^z$/ x}} fail:x", -1, "fail:x", "always fail" },
	{ "socketmap:x", DOMAIN_LIST_ASK, "socketmap:x", "only Postfix can" },
	{ "b socketmap:x c", DOMAIN_LIST_ASK, "socketmap:x",
	  "only Postfix can" },
	{ "socketmap:x !a", DOMAIN_LIST_ASK, "socketmap:x",
	  "only Postfix can" },
	{ "b !socketmap:x a", DOMAIN_LIST_ASK, "!socketmap:x",
	  "only Postfix can" },
	{ "socketmap:x fail:x", DOMAIN_LIST_ASK, "socketmap:x",
	  "only Postfix can" },
	{ "socketmap:x socketmap:y", DOMAIN_LIST_ASK, "socketmap:x",
	  "only Postfix can" },
	{ "socketmap:x a", 1, "a", NULL },
	{ "a fail:x", 1, "a", NULL },
};

START_TEST(says_why_the_answer_is_unknown)
{
	struct domain_list_match match;
	struct error error;
	struct domain_list *domains = new_table(whys[_i].list, EXACT, &error);

	ck_assert_int_eq(domain_list_match(domains, "a", &match),
			 whys[_i].found);
	ck_assert_pstr_eq(match.pattern, whys[_i].pattern);
	/* The table too, if it is one. */
	ck_assert_int_eq(match.table != NULL,
			 match.pattern != NULL && strlen(match.pattern) > 1);
	if (whys[_i].why == NULL)
		ck_assert_ptr_null(match.why);
	else
		ck_assert_msg(match.why != NULL &&
				      strstr(match.why, whys[_i].why) != NULL,
			      "%s", match.why);
	domain_list_free(domains);
}
END_TEST

START_TEST(matches_a_long_domain)
{
	struct error error;
	char domain[4000];
	struct domain_list *domains;

	memset(domain, 'a', sizeof(domain));
	for (size_t i = 1; i < sizeof(domain); i += 2)
		domain[i] = '.';
	strcpy(domain + sizeof(domain) - 20, ".Relay.test");
	domains = new_table("!x relay.test", PARENT, &error);
	ck_assert_int_eq(domain_list_match(domains, domain, NULL), 1);
	ck_assert_int_eq(domain_list_match(domains, domain + 3000, NULL), 1);
	domain_list_free(domains);
	domains = new_table(domain, EXACT, &error);
	ck_assert_int_eq(domain_list_match(domains, domain, NULL), 1);
	ck_assert_int_eq(domain_list_match(domains, domain + 2, NULL), 0);
	domain_list_free(domains);
}
END_TEST

START_TEST(counts_its_entries)
{
	struct error error;
	struct domain_list *domains = new_table("a b !c A", EXACT, &error);

	ck_assert_uint_eq(domain_list_size(domains), 4);
	domain_list_free(domains);
	/* a table, and what it holds */
	domains = new_table("a pcre:{{/b/ x}, {/c/ y}}", EXACT, &error);
	ck_assert_uint_eq(domain_list_size(domains), 4);
	domain_list_free(domains);
	domain_list_free(NULL);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("domain_list");

	tcase_add_loop_test(tests, matches_as_postfix_does, 0, COUNT(cases));
	tcase_add_checked_fixture(tests, place_make, place_remove);
	tcase_add_loop_test(tests, looks_for_parent_domains_in_tables_of_hosts,
			    0, COUNT(parents));
	tcase_add_loop_test(tests, says_why_the_answer_is_unknown, 0,
			    COUNT(whys));
	tcase_add_test(tests, matches_a_long_domain);
	tcase_add_test(tests, counts_its_entries);
	return run_tests("domain_list", tests);
}
