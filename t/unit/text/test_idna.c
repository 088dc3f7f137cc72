/* SPDX-License-Identifier: ISC */
/* encodes_as_postfix_asks_icu - the syntax of international domains: known
 * ones, and each that has one character beyond ASCII, against what Postfix asks
 * of ICU */

#include "lib/text/idna.h"

#include <string.h>

#include <unicode/uidna.h>
#include <unicode/uversion.h>

#include "lib/text/casefold.h"
#include "lib/text/hostname.h"
#include "t/unit/points.h"
#include "t/unit/test.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text;
	bool valid;
} domains[] = {
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

START_TEST(encodes_as_postfix_asks_icu)
{
	ck_assert_msg(idna_valid(domains[_i].text) == domains[_i].valid, "%s",
		      domains[_i].text);
}
END_TEST

/* ascii_like_postfix - what midna_domain.c of Postfix makes of a domain, with a
 * buffer of the same size */
static bool ascii_like_postfix(const char *domain, char ascii[1024])
{
	UErrorCode error = U_ZERO_ERROR;
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	UIDNA *idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII, &error);
	int32_t length =
		uidna_nameToASCII_UTF8(idna, domain, (int32_t)strlen(domain),
				       ascii, 1023, &info, &error);

	uidna_close(idna);
	if (!casefold_is_utf8(domain, strlen(domain)) || U_FAILURE(error) ||
	    info.errors != 0 || length <= 0)
		return false;
	ascii[length] = '\0';
	return hostname_valid(ascii);
}

/* Alone in a label, within one, and behind one that is ASCII in disguise. */
static const struct {
	const char *before, *behind;
} places[] = { { "", ".test" }, { "a", "b.test" }, { "xn--bcher-kva.A", "" } };

/* check_point - one character in one place; *valid: is it allowed? */
static bool check_point(unsigned point, int place, bool *valid)
{
	char domain[64], theirs[1024], ours[IDNA_ASCII_MAX];
	char *at = stpcpy(domain, places[place].before);

	at += put_point(at, point);
	strcpy(at, places[place].behind);
	*valid = ascii_like_postfix(domain, theirs);
	return idna_to_ascii(domain, ours) == *valid &&
	       idna_valid(domain) == *valid &&
	       (!*valid || strcmp(ours, theirs) == 0);
}

/* With TEST_MUTANTS, some of them. */
START_TEST(encodes_every_point_as_icu_does)
{
	unsigned step = (unsigned)(0x110000 / mutants(0x110000));
	unsigned allowed = 0, tried = 0;
	bool valid;

	for (unsigned point = 0x80; point <= 0x10ffff; point += step) {
		if (!check_point(point, _i, &valid))
			ck_abort_msg("U+%04X", point);
		allowed += valid;
		tried++;
	}
	/* an eighth of all code points are characters */
	ck_assert_uint_gt(allowed, tried / 16);
	ck_assert_uint_lt(allowed, tried / 2);
}
END_TEST

static const struct {
	const char *ascii, *unicode;
} spellings[] = {
	{ "xn--bcher-kva.test", "b\xc3\xbc"
				"cher.test" },
	{ "XN--BCHER-KVA.Test", "b\xc3\xbc"
				"cher.test" },
	{ "a.xn--strae-oqa.test", "a.stra\xc3\x9f"
				  "e.test" },
	{ "xn--e1afmkfd.xn--e1afmkfd",
	  "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80."
	  "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80" },
	{ "relay.test", NULL },
	{ "xn--a.test", NULL },
	{ "xn--.test", NULL },
	/* decodes to ASCII, or to what converts to something else */
	{ "xn--relay-.test", NULL },
	{ "xn--bcher-2pa.test", NULL },
	{ "b\xc3\xbc"
	  "cher.xn--bcher-kva",
	  NULL },
	{ ".xn--bcher-kva.test", NULL },
	{ L63 "." L63 "." L63 "." L63 ".xn--bcher-kva", NULL },
	{ "", NULL },
};

START_TEST(shows_what_an_a_label_means)
{
	char *text = idna_to_unicode(spellings[_i].ascii);

	ck_assert_pstr_eq(text, spellings[_i].unicode);
	free(text);
}
END_TEST

START_TEST(says_which_library_it_is)
{
	char text[IDNA_LIBRARY_MAX];
	struct error error;

	ck_assert_msg(idna_load(&error) == 0, "%s", error.text);
	idna_library(text);
	/* that of the headers: a test is not run with another one */
	ck_assert_msg(strncmp(text, "ICU " U_ICU_VERSION,
			      strlen("ICU " U_ICU_VERSION)) == 0 &&
			      strstr(text, ", Unicode ") != NULL,
		      "%s", text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("idna");

	tcase_add_loop_test(tests, encodes_as_postfix_asks_icu, 0,
			    COUNT(domains));
	tcase_add_loop_test(tests, encodes_every_point_as_icu_does, 0,
			    COUNT(places));
	tcase_add_loop_test(tests, shows_what_an_a_label_means, 0,
			    COUNT(spellings));
	tcase_add_test(tests, says_which_library_it_is);
	return run_tests("idna", tests);
}
