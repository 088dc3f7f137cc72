/* SPDX-License-Identifier: ISC */
/* test_xtext - names in certificates as Postfix sends them */

#include <check.h>
#include <string.h>

#include "lib/text/xtext.h"
#include "t/unit/test.h"

static const struct {
	const char *encoded;
	const char *decoded;
} texts[] = {
	{ "", "" },
	{ "client.local.test", "client.local.test" },
	{ "Example+20Test+20CA", "Example Test CA" },
	{ "J+C3+BCrgen", "J\xc3\xbcrgen" },
	{ "J+c3+bcrgen", "J\xc3\xbcrgen" },
	{ "a+2Bb", "a+b" },
	{ "+0A+0D+7F+FF", "\n\r\x7f\xff" },
	{ "a+3Db", "a=b" },
	/* decoded once */
	{ "+2B20", "+20" },
	/* no NUL, which would hide the rest */
	{ "a+00b", "a+00b" },
	/* not of that form */
	{ "+", "+" },
	{ "+2", "+2" },
	{ "a+", "a+" },
	{ "++20", "+ " },
	{ "+G0", "+G0" },
	{ "+0G", "+0G" },
	{ "+ 20", "+ 20" },
	{ "+g1+1g+20", "+g1+1g " },
	{ "J\xc3\xbcrgen", "J\xc3\xbcrgen" },
};

START_TEST(decodes)
{
	char buffer[64];
	size_t length = xtext_decode(buffer, sizeof(buffer), texts[_i].encoded);

	ck_assert_str_eq(buffer, texts[_i].decoded);
	ck_assert_uint_eq(length, strlen(buffer));
}
END_TEST

START_TEST(fits)
{
	char buffer[8];
	size_t size;

	for (size = 1; size <= sizeof(buffer); size++) {
		memset(buffer, 'x', sizeof(buffer));
		ck_assert_uint_eq(xtext_decode(buffer, size, "+41+42+43+44"),
				  size - 1 < 4 ? size - 1 : 4);
		ck_assert_int_eq(
			strncmp(buffer, "ABCD", size - 1 < 4 ? size - 1 : 4),
			0);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("xtext");

	tcase_add_loop_test(tests, decodes, 0, COUNT(texts));
	tcase_add_test(tests, fits);
	return run_tests("xtext", tests);
}
