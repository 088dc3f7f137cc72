/* SPDX-License-Identifier: ISC */
/* test_casefold - folding, and the syntax of host names and addresses. (Not of
 * international ones: test_idna.) */

#include "lib/text/casefold.h"

#include <string.h>

#include <unicode/ucasemap.h>

#include "lib/text/hostname.h"
#include "t/unit/points.h"
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

START_TEST(folds_as_icu_does)
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

/* fold_like_postfix - as casefold.c of Postfix calls ICU */
static size_t fold_like_postfix(UCaseMap *map, char *out, size_t size,
				const char *text, size_t length)
{
	UErrorCode error = U_ZERO_ERROR;
	int32_t folded = ucasemap_utf8FoldCase(map, out, (int32_t)size, text,
					       (int32_t)length, &error);

	ck_assert_msg(U_SUCCESS(error), "%s", u_errorName(error));
	return (size_t)folded;
}

/* Alone, and with ASCII on both sides. */
static const struct {
	const char *before, *behind;
} places[] = { { "", "" }, { "Aa.B", "C.TEST" }, { "A\xcc\x81", "\xcc\x81Z" } };

/* check_point - is one character folded, in one place, as Postfix does? */
static bool check_point(UCaseMap *map, unsigned point, int place)
{
	char text[64], ours[CASEFOLD_SIZE(64)], theirs[CASEFOLD_SIZE(64)];
	size_t before = strlen(places[place].before);
	size_t length = before, folded, expected;
	bool surrogate = point >= 0xd800 && point <= 0xdfff;

	memcpy(text, places[place].before, before);
	length += put_point(text + length, point);
	if (casefold_is_utf8(text, length) == surrogate ||
	    casefold_is_ascii(text + before, length - before) != (point < 128))
		return false;
	memcpy(text + length, places[place].behind,
	       strlen(places[place].behind));
	length += strlen(places[place].behind);
	folded = casefold(ours, text, length, true);
	expected = fold_like_postfix(map, theirs, sizeof(theirs), text, length);
	return folded == expected && memcmp(ours, theirs, folded) == 0 &&
	       ours[folded] == '\0' && folded < CASEFOLD_SIZE(length);
}

/* Each of Unicode, surrogates included, which are not UTF-8; with TEST_MUTANTS,
 * some of them. */
START_TEST(folds_every_point_as_icu_does)
{
	unsigned step = (unsigned)(0x110000 / mutants(0x110000));
	UErrorCode error = U_ZERO_ERROR;
	UCaseMap *map = ucasemap_open("en_US", U_FOLD_CASE_DEFAULT, &error);

	ck_assert(U_SUCCESS(error));
	/* one call of Check for a million points, it takes its time */
	for (unsigned point = 1; point <= 0x10ffff; point += step)
		if (!check_point(map, point, _i))
			ck_abort_msg("U+%04X", point);
	ucasemap_close(map);
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

START_TEST(knows_a_host_name)
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

START_TEST(knows_an_address)
{
	/* fewer than eight groups pass here, as in Postfix; they are no
	 * address when it comes to compare them */
	ck_assert_msg(hostname_is_address(addresses[_i].text) ==
			      addresses[_i].valid,
		      "%s", addresses[_i].text);
}
END_TEST

START_TEST(knows_an_address_in_brackets)
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

int main(void)
{
	TCase *tests = tcase_create("casefold");

	tcase_add_loop_test(tests, folds_as_icu_does, 0, COUNT(fold_cases));
	tcase_add_loop_test(tests, folds_every_point_as_icu_does, 0,
			    COUNT(places));
	tcase_add_loop_test(tests, knows_a_host_name, 0, COUNT(names));
	tcase_add_loop_test(tests, knows_an_address, 0, COUNT(addresses));
	tcase_add_test(tests, knows_an_address_in_brackets);
	return run_tests("casefold", tests);
}
