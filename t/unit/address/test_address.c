/* SPDX-License-Identifier: ISC */
/* test_address - tokens, quoting, rewriting */

#include "lib/address/address.h"

#include <string.h>

#include "t/unit/test.h"

#define ROOM 4096

/* A word that rewriting appends, scanned. */
struct word {
	struct token tokens[32];
	char text[256];
	size_t count;
};

/* scan_word - scan what rewriting appends */
static void scan_word(struct word *word, const char *text)
{
	struct address address;

	address_init(&address, word->tokens, 32, word->text, 256);
	address_scan(&address, text);
	ck_assert(!address.overflow);
	word->count = address_count(&address);
}

/* begin - an empty address, in memory that was used before: where its tokens
 * end, others follow that are not its own */
static void begin(struct address *address, struct token *tokens, size_t count,
		  char *text, size_t size)
{
	for (size_t i = 0; i < count; i++)
		tokens[i] = (struct token){ "?", 1, TOKEN_LITERAL, ':', false };
	memset(text, '(', size);
	address_init(address, tokens, count, text, size);
}

struct quote_case {
	const char *internal;
	const char *external;
};

static const struct quote_case quote_cases[] = {
	{ "user@relay.test", "user@relay.test" },
	{ "user", "user" },
	{ "a.b@c", "a.b@c" },
	{ "", "\"\"" },
	{ "@c", "\"\"@c" },
	{ ".a@c", "\".a\"@c" },
	{ "a.@c", "\"a.\"@c" },
	{ "a..b@c", "\"a..b\"@c" },
	{ "a b@c", "\"a b\"@c" },
	{ "a@b@c", "\"a@b\"@c" },
	{ "a\"b@c", "\"a\\\"b\"@c" },
	{ "a\\b@c", "\"a\\\\b\"@c" },
	{ "a\rb@c", "\"a\\\rb\"@c" },
	{ "a\tb@c", "\"a\tb\"@c" },
	{ "a\x7f@c", "\"a\x7f\"@c" },
	{ "(x)@c", "\"(x)\"@c" },
	{ "u%v!w|x@c", "u%v!w|x@c" },
	{ "\xc3\xbc\xff@c", "\xc3\xbc\xff@c" },
	{ "@a,@b:user@c", "@a,@b:user@c" },
	{ "@a:u v@c", "@a:\"u v\"@c" },
	{ "user@a b", "user@a b" },
};

START_TEST(quotes_a_local_part)
{
	const struct quote_case *c = &quote_cases[_i];
	char out[256];

	ck_assert_int_eq(address_quote(out, sizeof(out), c->internal),
			 (long)strlen(c->external));
	ck_assert_str_eq(out, c->external);
	memset(out, '#', sizeof(out));
	address_unquote(out, c->external);
	ck_assert_str_eq(out, c->internal);
}
END_TEST

START_TEST(quotes_nothing_into_too_little_room)
{
	const char *mailbox = "a \"\\b@c";
	char out[32];
	long length = address_quote(out, sizeof(out), mailbox);

	ck_assert_int_gt(length, 0);
	for (long size = 0; size <= length; size++)
		ck_assert_int_eq(address_quote(out, (size_t)size, mailbox), -1);
	ck_assert_int_eq(address_quote(out, (size_t)length + 1, mailbox),
			 length);
}
END_TEST

/* For any size of the buffer: nothing is written after it. */
START_TEST(quotes_never_beyond_the_buffer)
{
	static const char *const mailboxes[] = { "a@b", "a b@c", "\"\\\"", "" };
	char out[32];

	for (int i = 0; i < COUNT(mailboxes); i++) {
		for (size_t room = 0; room < sizeof(out); room++) {
			memset(out, '#', sizeof(out));
			address_quote(out, room, mailboxes[i]);
			for (size_t at = room; at < sizeof(out); at++)
				ck_assert_int_eq(out[at], '#');
		}
	}
}
END_TEST

START_TEST(scans_never_beyond_the_buffer)
{
	for (size_t room = 0; room < 12; room++) {
		struct token tokens[8];
		struct address address;
		char text[16];

		memset(text, '#', sizeof(text));
		address_init(&address, tokens, 8, text, room);
		address_scan(&address, "\"a b\"@[c d]");
		for (size_t at = room; at < sizeof(text); at++)
			ck_assert_int_eq(text[at], '#');
		ck_assert_int_eq(address.overflow, room < 6);
	}
}
END_TEST

START_TEST(unquotes_as_postfix_does)
{
	char out[64];

	address_unquote(out, "a\\@b@\"c\"");
	ck_assert_str_eq(out, "a@b@\"c\"");
	address_unquote(out, "\"a@b\"");
	ck_assert_str_eq(out, "a@b");
	/* and nothing behind the end */
	ck_assert_uint_eq(address_unquote(out, "a\\\0b"), 1);
	ck_assert_str_eq(out, "a");
	address_unquote(out, "\"a@b@c");
	ck_assert_str_eq(out, "a@b@c");
}
END_TEST

/* Operators, quotes and brackets are no bytes of a word. */
START_TEST(counts_the_bytes_of_its_words)
{
	struct token tokens[8];
	struct address address;
	char text[32];

	begin(&address, tokens, 8, text, sizeof(text));
	ck_assert_uint_eq(address_bytes(&address), 0);
	address_scan(&address, "\"a b\".user@[10.9.8.7]");
	ck_assert_uint_eq(address_bytes(&address),
			  strlen("a b") + strlen("user") + strlen("10.9.8.7"));
}
END_TEST

struct print_case {
	const char *text;
	const char *printed;
	size_t count;
};

static const struct print_case print_cases[] = {
	{ "", "", 0 },
	{ " \t\r\n", "", 0 },
	{ "user@relay.test", "user@relay.test", 5 },
	{ "user @ relay . test", "user@relay.test", 5 },
	{ "a b", "a b", 2 },
	{ "\"a\" \"b\"", "a b", 2 },
	{ "stuff[stuff]", "stuff [stuff]", 2 },
	{ "[127.0.0.1", "[127.0.0.1]", 1 },
	{ "[a\\]b]", "[a]b]", 1 },
	{ "\"a\tb\"", "a b", 1 },
	{ "\"a\\\"b", "a\"b", 1 },
	{ "\"\"", "", 1 },
	{ "a\\@b", "a@b", 1 },
	{ "a\\", "a", 1 },
	{ "\\", "", 1 },
	{ "a(b(c)d)e", "a (b(c)d) e", 3 },
	{ "(a\\)b", "(a\\)b", 1 },
	{ "(", "(", 1 },
	{ "a,b", "a, b", 3 },
	{ "a<b>", "a <b>", 4 },
	{ "a;b:c|d", "a;b:c|d", 7 },
	{ "])>", "])>", 3 },
};

START_TEST(prints_what_it_has_scanned)
{
	const struct print_case *c = &print_cases[_i];
	struct token tokens[64];
	char text[ROOM];
	char out[ROOM];
	struct address address;

	begin(&address, tokens, 64, text, sizeof(text));
	address_scan(&address, c->text);
	ck_assert(!address.overflow);
	ck_assert_uint_eq(address_count(&address), c->count);
	ck_assert_int_eq(address_print(&address, 0, out, sizeof(out)),
			 (long)strlen(c->printed));
	ck_assert_str_eq(out, c->printed);
	ck_assert_int_eq(address_print(&address, 0, out, strlen(c->printed)),
			 -1);
}
END_TEST

START_TEST(finds_the_kind_of_each_token)
{
	static const enum token_kind kinds[] = {
		TOKEN_ATOM,    TOKEN_OPERATOR, TOKEN_QUOTED, TOKEN_LITERAL,
		TOKEN_COMMENT, TOKEN_QUOTED,   TOKEN_QUOTED,
	};
	struct token tokens[16];
	char text[64];
	struct address address;

	begin(&address, tokens, 16, text, sizeof(text));
	address_scan(&address, "a@\"b\"[c](d) e\\@f \x01");
	ck_assert_uint_eq(address_count(&address),
			  sizeof(kinds) / sizeof(kinds[0]));
	for (int i = 0; i < COUNT(kinds); i++) {
		ck_assert_int_eq(tokens[i].kind, kinds[i]);
		ck_assert_int_eq(tokens[i].length == 0,
				 kinds[i] == TOKEN_OPERATOR);
	}
	address_append_operator(&address, '@');
	ck_assert_int_eq(address_last(&address)->op, '@');
	ck_assert_uint_eq(address_last(&address)->length, 0);
	address.end--;
	ck_assert_int_eq(address_find_last(&address, '@'), 1);
	ck_assert_int_eq(address_find_last(&address, '!'), -1);
}
END_TEST

/* An operator before its first token, or behind its last one, is not found. */
START_TEST(finds_operators_of_its_own)
{
	struct token tokens[8];
	struct address address;
	char text[16];

	begin(&address, tokens, 8, text, sizeof(text));
	address_scan(&address, "!a.b.c");
	ck_assert_int_eq(address_find(&address, '!'), 0);
	ck_assert_int_eq(address_find_last(&address, '!'), 0);
	ck_assert_int_eq(address_find(&address, '.'), 2);
	ck_assert_int_eq(address_find_last(&address, '.'), 4);
	address.first++;
	ck_assert_int_eq(address_find(&address, '!'), -1);
	ck_assert_int_eq(address_find_last(&address, '!'), -1);
	ck_assert_int_eq(address_find(&address, ':'), -1);
	ck_assert_int_eq(address_find_last(&address, ':'), -1);
}
END_TEST

/* What is there, and what it is with two more words, which have a space between
 * them unless they are put behind nothing. */
static const struct {
	const char *text, *printed;
} appended[] = {
	{ "a b", "a b c d" },
	{ "a", "a c d" },
	{ "", "cd" },
};

START_TEST(appends_with_the_spaces_of_what_is_there)
{
	struct token tokens[9], more[2];
	char text[16], more_text[16], printed[32];
	struct address address, words;

	address_init(&words, more, 2, more_text, sizeof(more_text));
	address_scan(&words, "c d");
	/* The first one is not its own. */
	begin(&address, tokens, 9, text, sizeof(text));
	address_init(&address, tokens + 1, 8, text, sizeof(text));
	address_scan(&address, appended[_i].text);
	address_append(&address, more, 2);
	ck_assert_int_gt(address_print(&address, 0, printed, sizeof(printed)),
			 0);
	ck_assert_str_eq(printed, appended[_i].printed);
}
END_TEST

START_TEST(says_that_it_does_not_fit)
{
	struct token tokens[2];
	char text[4];
	struct address address;

	address_init(&address, tokens, 2, text, sizeof(text));
	address_scan(&address, "a.b");
	ck_assert(address.overflow);
	address_init(&address, tokens, 2, text, sizeof(text));
	address_scan(&address, "abcde");
	ck_assert(address.overflow);
	address_init(&address, tokens, 2, text, sizeof(text));
	address_scan(&address, "a.");
	ck_assert(!address.overflow);
	address_append_operator(&address, '@');
	ck_assert(address.overflow);
}
END_TEST

struct rewrite_case {
	const char *text;
	const char *rewritten;
	bool bang;
	bool percent;
	bool origin;
	bool dot;
	unsigned changes;
};

#define ALL true, true, true, false
#define DOT true, true, true, true
#define OFF false, false, false, false

static const struct rewrite_case rewrite_cases[] = {
	{ "user@relay.test", "user@relay.test", ALL, 0 },
	{ "user", "user@origin.test", ALL, ADDRESS_ORIGIN },
	{ "user", "user", OFF, 0 },
	{ "user", "user", false, false, false, true, 0 },
	{ "user", "user@origin.test", DOT, ADDRESS_ORIGIN },
	{ "\"a b\"", "a b@origin.test", ALL, ADDRESS_ORIGIN },
	{ "\"\"", "", ALL, 0 },
	{ "@", "", ALL, 0 },
	{ "@a,@b:user@c", "user@c", ALL, ADDRESS_SOURCE_ROUTE },
	{ "@a:b", "b@origin.test", ALL, ADDRESS_SOURCE_ROUTE | ADDRESS_ORIGIN },
	{ "@a:", "@a:", ALL, 0 },
	{ "@a", "@a", ALL, 0 },
	{ "@a", "@a.relay.test", DOT, ADDRESS_DOT_DOMAIN },
	{ "a!b", "b@a", ALL, ADDRESS_BANG },
	{ "a!b!c", "b!c@a", ALL, ADDRESS_BANG },
	{ "a!b", "a!b", OFF, 0 },
	{ "a!b%c", "b%c@a", ALL, ADDRESS_BANG },
	{ "a%b%c", "a%b@c", ALL, ADDRESS_PERCENT },
	{ "a%b", "a%b@origin.test", false, false, true, false, ADDRESS_ORIGIN },
	{ "a!b%c", "a!b@c", false, true, true, false, ADDRESS_PERCENT },
	{ "!a", "a@", ALL, ADDRESS_BANG },
	{ "a!", "@a", ALL, ADDRESS_BANG },
	{ "!", "@", ALL, ADDRESS_BANG },
	{ "a%", "a@", ALL, ADDRESS_PERCENT },
	{ "%a", "@a", ALL, ADDRESS_PERCENT },
	{ "a!b@c", "a!b@c", ALL, 0 },
	/* white space is forgotten where words are moved behind nothing */
	{ "!a b", "ab@", ALL, ADDRESS_BANG },
	{ "x!a b", "a b@x", ALL, ADDRESS_BANG },
	{ "user@sub", "user@sub.relay.test", DOT, ADDRESS_DOT_DOMAIN },
	{ "user@sub", "user@sub", ALL, 0 },
	{ "user@a.b", "user@a.b", DOT, 0 },
	{ "user@[a]", "user@[a]", DOT, 0 },
	{ "user@", "user@", DOT, 0 },
	{ "a%b", "a@b.relay.test", DOT, ADDRESS_PERCENT | ADDRESS_DOT_DOMAIN },
	{ "user@a.", "user@a", ALL, ADDRESS_DOT },
	{ "user@a..", "user@a..", ALL, 0 },
	{ "user@.", "user@.", ALL, 0 },
	{ "user.", "user", OFF, ADDRESS_DOT },
	{ ".", ".", OFF, 0 },
	{ "a b@c", "a b@c", ALL, 0 },
};

START_TEST(rewrites_as_trivial_rewrite_does)
{
	const struct rewrite_case *c = &rewrite_cases[_i];
	struct token tokens[64];
	char text[ROOM];
	char out[ROOM];
	struct word origin;
	struct word domain;
	struct address address;
	struct address_rules rules;

	scan_word(&origin, "origin.test");
	scan_word(&domain, "relay.test");
	rules = (struct address_rules){ c->bang,       c->percent,
					c->origin,     c->dot,
					origin.tokens, origin.count,
					domain.tokens, domain.count };
	begin(&address, tokens, 64, text, sizeof(text));
	address_scan(&address, c->text);
	address_rewrite(&address, &rules);
	ck_assert(!address.overflow);
	ck_assert_uint_eq(address.changes, c->changes);
	ck_assert_int_eq(
		address_print(&address, address.first, out, sizeof(out)),
		(long)strlen(c->rewritten));
	for (size_t i = address.first; i < address.end; i++)
		ck_assert_int_eq(tokens[i].op != 0,
				 tokens[i].kind == TOKEN_OPERATOR);
	ck_assert_str_eq(out, c->rewritten);
}
END_TEST

/* Addresses that no rules rewrite, and their domains. */
static const struct {
	const char *text;
	const char *domain; /* NULL: not plain */
} plain_cases[] = {
	{ "a@b.c", "b.c" },
	{ "User.Name+tag=x@Sub.Example.org", "Sub.Example.org" },
	{ "-a@b.c", "b.c" },
	{ "#{a}$&'*/^`~?@b-.-c", "b-.-c" },
	{ "a@1.2", "1.2" },
	{ "azAZ09@az.AZ.09", "az.AZ.09" },
	{ "a@_x.y_", "_x.y_" },
	{ "", NULL },
	{ "a", NULL },
	{ "a@", NULL },
	{ "@b.c", NULL },
	{ "a@b", NULL },
	{ "a@b.", NULL },
	{ "a@b.c.", NULL },
	{ "a@.b.c", NULL },
	{ "a@b..c", NULL },
	{ ".a@b.c", NULL },
	{ "a.@b.c", NULL },
	{ "a..b@b.c", NULL },
	{ "a@b@b.c", NULL },
	{ "a%b@b.c", NULL },
	{ "a!b@b.c", NULL },
	{ "a|b@b.c", NULL },
	{ "a b@b.c", NULL },
	{ "a\tb@b.c", NULL },
	{ "a\x7f@b.c", NULL },
	{ "a\xc3\xbc@b.c", NULL },
	{ "\"a\"@b.c", NULL },
	{ "a\\b@b.c", NULL },
	{ "a(b)@b.c", NULL },
	{ "a,b@b.c", NULL },
	{ "a;b@b.c", NULL },
	{ "a:b@b.c", NULL },
	{ "<a@b.c>", NULL },
	{ "a[b]@b.c", NULL },
	{ "a@[1.2.3.4]", NULL },
	{ "a@b.c%d.e", NULL },
	{ "a@b.c d", NULL },
	{ "a@b+.c", NULL },
	{ "a@b.\xc3\xbc", NULL },
};

START_TEST(knows_a_plain_address)
{
	const char *domain = address_plain(plain_cases[_i].text);

	if (plain_cases[_i].domain == NULL) {
		ck_assert_ptr_null(domain);
		return;
	}
	ck_assert_ptr_nonnull(domain);
	ck_assert_str_eq(domain, plain_cases[_i].domain);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("address");

	tcase_add_loop_test(tests, quotes_a_local_part, 0, COUNT(quote_cases));
	tcase_add_test(tests, quotes_nothing_into_too_little_room);
	tcase_add_test(tests, quotes_never_beyond_the_buffer);
	tcase_add_test(tests, scans_never_beyond_the_buffer);
	tcase_add_test(tests, unquotes_as_postfix_does);
	tcase_add_test(tests, counts_the_bytes_of_its_words);
	tcase_add_loop_test(tests, prints_what_it_has_scanned, 0,
			    COUNT(print_cases));
	tcase_add_test(tests, finds_the_kind_of_each_token);
	tcase_add_test(tests, finds_operators_of_its_own);
	tcase_add_loop_test(tests, appends_with_the_spaces_of_what_is_there, 0,
			    COUNT(appended));
	tcase_add_test(tests, says_that_it_does_not_fit);
	tcase_add_loop_test(tests, rewrites_as_trivial_rewrite_does, 0,
			    COUNT(rewrite_cases));
	tcase_add_loop_test(tests, knows_a_plain_address, 0,
			    COUNT(plain_cases));
	return run_tests("address", tests);
}
