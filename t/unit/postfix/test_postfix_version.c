/* SPDX-License-Identifier: ISC */
/* test_postfix_version - which Postfix has which change: each row of the table
 * on both sides; its meaning is in the test of whoever asks */

#include "lib/postfix/postfix_version.h"

#include "t/unit/test.h"

static const struct {
	const char *text;
	enum postfix_change change;
	enum postfix_has has;
} cases[] = {
	{ "3.7.11", POSTFIX_LISTS_JOIN_LINES, POSTFIX_HAS_NOT },
	{ "3.7-20220101", POSTFIX_LISTS_JOIN_LINES, POSTFIX_HAS_NOT },
	{ "3.8-20220201", POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
	{ "3.8.0", POSTFIX_LISTS_JOIN_LINES, POSTFIX_HAS },
	{ "3.8", POSTFIX_LISTS_JOIN_LINES, POSTFIX_HAS },
	{ "3.10.13", POSTFIX_LISTS_JOIN_LINES, POSTFIX_HAS },
	{ "4.0.0", POSTFIX_LISTS_JOIN_LINES, POSTFIX_HAS },
	{ "2.11.10", POSTFIX_LISTS_JOIN_LINES, POSTFIX_HAS_NOT },
	{ "3.10.13", POSTFIX_PROXY_FOLDS_KEYS, POSTFIX_HAS_NOT },
	{ "3.11-20250626", POSTFIX_PROXY_FOLDS_KEYS, POSTFIX_MAY_HAVE },
	{ "3.11.0", POSTFIX_PROXY_FOLDS_KEYS, POSTFIX_HAS },
	{ "3.11.7", POSTFIX_PROXY_FOLDS_KEYS, POSTFIX_HAS },
	{ "3.12-20260101", POSTFIX_PROXY_FOLDS_KEYS, POSTFIX_HAS },
	{ "3.10.13", POSTFIX_TEXTHASH_KEEPS_BAD_VALUES, POSTFIX_HAS_NOT },
	{ "3.11.0", POSTFIX_TEXTHASH_KEEPS_BAD_VALUES, POSTFIX_HAS },
	{ "3.10.13", POSTFIX_KEYS_FOLD_ASCII, POSTFIX_HAS_NOT },
	{ "3.11.0", POSTFIX_KEYS_FOLD_ASCII, POSTFIX_HAS },
	/* what is no version */
	{ NULL, POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
	{ "", POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
	{ "3", POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
	{ "3.", POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
	{ ".8", POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
	{ "-3.7", POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
	{ " 3.7", POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
	{ "3.7x", POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
	{ "3.99999999999999999999", POSTFIX_LISTS_JOIN_LINES,
	  POSTFIX_MAY_HAVE },
	{ "4294967299.7", POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
	{ "$mail_version", POSTFIX_LISTS_JOIN_LINES, POSTFIX_MAY_HAVE },
};

START_TEST(knows_what_changed)
{
	ck_assert_msg(postfix_has(postfix_version(cases[_i].text),
				  cases[_i].change) == cases[_i].has,
		      "%s", cases[_i].text != NULL ? cases[_i].text : "NULL");
}
END_TEST

/* A row without a release would be "may have" for everybody. */
START_TEST(has_a_release_for_each)
{
	for (int i = 0; i < POSTFIX_CHANGES; i++)
		ck_assert_uint_ne(
			postfix_version(postfix_since((enum postfix_change)i)),
			0);
}
END_TEST

START_TEST(knows_which_are_alike)
{
	ck_assert(postfix_alike(postfix_version("3.8.0"),
				postfix_version("3.10.13")));
	ck_assert(postfix_alike(postfix_version("3.4.0"),
				postfix_version("3.7.11")));
	ck_assert(!postfix_alike(postfix_version("3.7.11"),
				 postfix_version("3.8.0")));
	ck_assert(!postfix_alike(postfix_version("3.10.13"),
				 postfix_version("3.11.0")));
	ck_assert(!postfix_alike(postfix_version("3.10.13"), 0));
}
END_TEST

/* What 3.11 may read where hash: is written. */
static const struct {
	const char *level, *mapping, *usual;
	const char *instead;
} levels[] = {
	{ NULL, NULL, "hash", NULL },
	{ "", "", "cdb", NULL },
	{ "disable", "", "cdb", NULL },
	{ "disable", "inline:{hash=lmdb}", "cdb", NULL },
	{ "enable-redirect", "", "cdb", "cdb" },
	{ "enable-redirect", NULL, "lmdb", "lmdb" },
	{ "enable-reindex", "", "lmdb", "lmdb" },
	{ "enable-redirect", "inline:{hash=lmdb}", "cdb", "" },
	{ "enable-redirect", "", NULL, "" },
	/* Small and capital letters are the same. */
	{ "Disable", "", "cdb", NULL },
	{ "Enable-Redirect", "", "cdb", "cdb" },
	{ "ENABLE-REINDEX", "", "cdb", "cdb" },
	/* Postfix does not start. */
	{ "enable", "", "cdb", "" },
};

START_TEST(knows_what_is_read_instead)
{
	ck_assert_pstr_eq(postfix_type_instead(levels[_i].level,
					       levels[_i].mapping,
					       levels[_i].usual),
			  levels[_i].instead);
}
END_TEST

START_TEST(knows_how_far_it_has_left)
{
	ck_assert_int_eq(postfix_migration(NULL), POSTFIX_MIGRATION_NONE);
	ck_assert_int_eq(postfix_migration(""), POSTFIX_MIGRATION_NONE);
	ck_assert_int_eq(postfix_migration("Disable"), POSTFIX_MIGRATION_NONE);
	ck_assert_int_eq(postfix_migration("enable-Redirect"),
			 POSTFIX_MIGRATION_REDIRECT);
	ck_assert_int_eq(postfix_migration("Enable-reindex"),
			 POSTFIX_MIGRATION_REINDEX);
	ck_assert_int_eq(postfix_migration("no"), POSTFIX_MIGRATION_UNKNOWN);
	ck_assert(postfix_is_made("lmdb") && postfix_is_made("cdb"));
	ck_assert(!postfix_is_made("hash") && !postfix_is_made("texthash"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("postfix_version");

	tcase_add_loop_test(tests, knows_what_changed, 0, COUNT(cases));
	tcase_add_test(tests, has_a_release_for_each);
	tcase_add_test(tests, knows_which_are_alike);
	tcase_add_test(tests, knows_how_far_it_has_left);
	tcase_add_loop_test(tests, knows_what_is_read_instead, 0,
			    COUNT(levels));
	return run_tests("postfix_version", tests);
}
