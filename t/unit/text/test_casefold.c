/* SPDX-License-Identifier: ISC */
/* test_casefold - folding, and the syntax of host names and addresses */

#include "lib/text/casefold.h"

#include <string.h>

#include "lib/text/hostname.h"
#include "lib/text/idna.h"
#include "t/unit/test.h"

struct fold_case {
	const char *text;
	const char *utf8;  /* with smtputf8_enable = yes */
	const char *ascii; /* without */
};

static const struct fold_case fold_cases[] = {
	{ "", "", "" },
	{ "Relay.TEST", "relay.test", "relay.test" },
	{ "@[`{", "@[`{", "@[`{" },
	{ "B\xc3\x9c"
	  "CHER",
	  "b\xc3\xbc"
	  "cher",
	  "b\xc3\x9c"
	  "cher" },
	{ "STRA\xc3\x9f"
	  "E",
	  "strasse",
	  "stra\xc3\x9f"
	  "e" },
	{ "\xe1\xba\x9e", "ss", "\xe1\xba\x9e" },
	{ "\xe2\x84\xaa"
	  "elvin",
	  "kelvin",
	  "\xe2\x84\xaa"
	  "elvin" },
	{ "te\xc5\xbf"
	  "t",
	  "test",
	  "te\xc5\xbf"
	  "t" },
	{ "\xcf\x82\xce\xa3", "\xcf\x83\xcf\x83", "\xcf\x82\xce\xa3" },
	{ "\xef\xac\x81", "fi", "\xef\xac\x81" },
	/* three code points out of one */
	{ "\xce\x90", "\xce\xb9\xcc\x88\xcc\x81", "\xce\x90" },
	/* dotted capital I keeps its dot */
	{ "\xc4\xb0", "i\xcc\x87", "\xc4\xb0" },
	/* no normalisation: the two forms of e-acute stay different */
	{ "E\xcc\x81", "e\xcc\x81", "e\xcc\x81" },
	{ "\xc3\x89", "\xc3\xa9", "\xc3\x89" },
	/* full-width A folds to full-width a */
	{ "\xef\xbc\xa1", "\xef\xbd\x81", "\xef\xbc\xa1" },
	{ "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80" },
	/* not UTF-8: kept */
	{ "A\xff"
	  "B",
	  "a\xff"
	  "b",
	  "a\xff"
	  "b" },
	{ "\xc3"
	  "A",
	  "\xc3"
	  "a",
	  "\xc3"
	  "a" },
	{ "\xc0\xc1\xed\xa0\x80X", "\xc0\xc1\xed\xa0\x80x",
	  "\xc0\xc1\xed\xa0\x80x" },
};

START_TEST(test_fold)
{
	const struct fold_case *c = &fold_cases[_i];
	size_t length = strlen(c->text);
	char out[CASEFOLD_SIZE(64)];

	ck_assert_uint_eq(casefold(out, c->text, length, true),
			  strlen(c->utf8));
	ck_assert_str_eq(out, c->utf8);
	ck_assert_uint_eq(casefold(out, c->text, length, false),
			  strlen(c->ascii));
	ck_assert_str_eq(out, c->ascii);
}
END_TEST

/* put_point - encode a code point as UTF-8 */
static size_t put_point(char *out, unsigned point)
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

START_TEST(test_every_point)
{
	char out[CASEFOLD_SIZE(4)];
	char again[CASEFOLD_SIZE(CASEFOLD_SIZE(4))];
	char text[4];

	for (unsigned point = 1; point <= 0x10ffff; point++) {
		size_t length = put_point(text, point);
		bool surrogate = point >= 0xd800 && point <= 0xdfff;
		size_t folded = casefold(out, text, length, true);
		bool right = folded > 0 && folded < sizeof(out) &&
			     casefold_is_utf8(text, length) == !surrogate &&
			     casefold_is_ascii(text, length) == (point < 128);

		/* folding twice is folding once */
		right = right && casefold(again, out, folded, true) == folded &&
			strcmp(again, out) == 0;
		/* one call of Check for a million points, it takes its time */
		if (!right)
			ck_abort_msg("U+%04X", point);
	}
}
END_TEST

struct syntax_case {
	const char *text;
	bool valid;
};

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct syntax_case names[] = {
	{ "a", true },
	{ "relay.test", true },
	{ "a-b.c_d.1", true },
	{ "_x.test", true },
	{ "1.a", true },
	{ "1-2", true },
	{ "", false },
	{ ".", false },
	{ "a.", false },
	{ ".a", false },
	{ "a..b", false },
	{ "-a", false },
	{ "a-", false },
	{ "a.-b", false },
	{ "a-.b", false },
	{ "1", false },
	{ "127.0.0.1", false },
	{ "a b", false },
	{ "a*b", false },
	{ "a\xff", false },
	{ "b\xc3\xbc"
	  "cher",
	  false },
	{ L63, true },
	{ L63 "a", false },
	{ L63 "." L63 "." L63 "." L63, true },
	{ L63 "." L63 "." L63 "." L63 ".a", false },
};

START_TEST(test_hostname)
{
	ck_assert_msg(hostname_valid(names[_i].text) == names[_i].valid, "%s",
		      names[_i].text);
}
END_TEST

static const struct syntax_case addresses[] = {
	{ "127.0.0.1", true },
	{ "127.0.0.01", true },
	{ "0177.0.0.1", true },
	{ "0.0.0.0", true },
	{ "0.1.2.3", false },
	{ "255.255.255.255", true },
	{ "256.1.1.1", false },
	{ "1.2.3", false },
	{ "1.2.3.4.5", false },
	{ "1.2.3.4.", false },
	{ "1..2.3", false },
	{ "1.2.3.x", false },
	{ "99999999999.0.0.1", false },
	{ "", false },
	{ "::", true },
	{ "::1", true },
	{ "1::", true },
	{ "1:2:3:4:5:6:7:8", true },
	{ "1:2:3:4:5:6:7", true },
	{ "1:2:3:4:5:6:7:8:9", false },
	{ "::ffff:127.0.0.1", true },
	{ "1::2::3", false },
	{ ":1", false },
	{ "12345::", false },
	{ "::1%lo", false },
	{ "::1.2.3", false },
	{ "1:2", false },
	{ "::127.0.0.256", false },
	{ ":::", false },
};

START_TEST(test_address)
{
	/* fewer than eight groups pass here, as in Postfix; they are no
	 * address when it comes to compare them */
	ck_assert_msg(hostname_is_address(addresses[_i].text) ==
			      addresses[_i].valid,
		      "%s", addresses[_i].text);
}
END_TEST

START_TEST(test_literal)
{
	ck_assert_str_eq(hostname_literal("127.0.0.1"), "127.0.0.1");
	ck_assert_str_eq(hostname_literal("IPv6:::1"), "::1");
	ck_assert_str_eq(hostname_literal("iPV6:::1"), "::1");
	ck_assert_ptr_null(hostname_literal("::1"));
	ck_assert_ptr_null(hostname_literal("IPv6:127.0.0.1"));
	ck_assert_ptr_null(hostname_literal("localhost"));
	ck_assert_ptr_null(hostname_literal(""));
}
END_TEST

static const struct syntax_case domains[] = {
	{ "b\xc3\xbc"
	  "cher.test",
	  true },
	{ "\xe4\xbe\x8b\xe3\x81\x88.test", true },
	{ "stra\xc3\x9f"
	  "e.test",
	  true },
	{ "\xf0\x9f\x98\x80.test", true },
	/* the dots of IDNA are dots here */
	{ "sub\xe3\x80\x82relay.test", true },
	{ "sub\xe3\x80\x82\xe3\x80\x82relay.test", false },
	{ "\xc3\xbc.", false },
	{ ".\xc3\xbc", false },
	{ "\xc3\xbc..test", false },
	{ "-\xc3\xbc.test", false },
	{ "\xc3\xbc-.test", false },
	{ "ab--\xc3\xbc.test", false },
	{ "\xcc\x88u.test", false }, /* begins with a mark */
	{ "a\xe2\x80\x8e"
	  "b.test",
	  false }, /* left-to-right mark */
	{ "a\xee\x80\x80"
	  "b.test",
	  false }, /* private use, a stand-in */
	{ "a\xef\xa3\xbf"
	  "b.test",
	  false }, /* private use */
	{ "a\xe3\x80\x80"
	  "b.test",
	  false }, /* ideographic space */
	{ "a\xef\xbf\xbd.test", false },
	{ "\xff\xc3\xbc.test", false },				 /* not UTF-8 */
	{ "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1", false }, /* a number */
	{ "\xef\xbc\xa0.test", false }, /* full-width @ */
	{ "xn--bcher-kva.\xc3\xbc.test", true },
	{ "xn--a.\xc3\xbc.test", false },
	{ "xn--\xc3\xbc.test", false },
	{ L63 ".\xc3\xbc.test", true },
	{ L63 "a.\xc3\xbc.test", false },
	{ L63 "\xc3\xbc.test", false },
	{ L63 "." L63 "." L63 ".\xc3\xbc" L63, false },
};

START_TEST(test_idna)
{
	ck_assert_msg(idna_valid(domains[_i].text) == domains[_i].valid, "%s",
		      domains[_i].text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("casefold");

	tcase_add_loop_test(tests, test_fold, 0, COUNT(fold_cases));
	tcase_add_test(tests, test_every_point);
	tcase_add_loop_test(tests, test_hostname, 0, COUNT(names));
	tcase_add_loop_test(tests, test_address, 0, COUNT(addresses));
	tcase_add_test(tests, test_literal);
	tcase_add_loop_test(tests, test_idna, 0, COUNT(domains));
	return run_tests("casefold", tests);
}
