/* SPDX-License-Identifier: ISC */
/* test_port_tables - tables that smtpd(8) needs, and that are not there */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "policyd/query/port_tables.h"
#include "t/unit/place.h"
#include "t/unit/test.h"

/* Settings of main.cf, and the table that is missing for a recipient of ours,
 * and for one elsewhere. */
static const struct {
	const char *settings;
	const char *ours, *elsewhere;
} cases[] = {
	{ "virtual_alias_maps = inline:{a=b}, proxy:unix:passwd.byname", NULL,
	  NULL },
	{ "virtual_alias_maps = inline:{a=b}, hash:/nosuch", "hash:/nosuch",
	  "hash:/nosuch" },
	{ "virtual_alias_maps = proxy:mysql:/nosuch", "proxy:mysql:/nosuch",
	  "proxy:mysql:/nosuch" },
	{ "virtual_alias_maps = texthash:/etc/passwd", NULL, NULL },
	{ "virtual_alias_maps = HASH:/a", "HASH:/a", "HASH:/a" },
	{ "virtual_alias_maps = lmdb:relative mysql:inet", NULL, NULL },
	{ "canonical_maps = cdb:/nosuch", "cdb:/nosuch", "cdb:/nosuch" },
	{ "relay_recipient_maps = hash:/nosuch", NULL, NULL },
	{ "relay_domains = r.example\nrelay_recipient_maps = hash:/nosuch",
	  "hash:/nosuch", NULL },
	{ "mydestination = a.example\nlocal_recipient_maps = pcre:/nosuch",
	  "pcre:/nosuch", NULL },
	{ "smtpd_discard_ehlo_keyword_address_maps = cidr:/nosuch",
	  "cidr:/nosuch", "cidr:/nosuch" },
};

/* expect - which table is missing? */
static void expect(const struct smtpd_port *port,
		   enum smtpd_recipient recipient, const char *wanted)
{
	const char *parameter = NULL;
	char *missing = port_tables_missing(port, recipient, &parameter);

	ck_assert_pstr_eq(missing, wanted);
	ck_assert(missing == NULL || parameter != NULL);
	free(missing);
}

START_TEST(finds_what_is_missing)
{
	struct postfix postfix = { 0 };
	const struct smtpd_port port = { .postfix = &postfix };
	const char *text = cases[_i].settings;

	ck_assert_int_eq(postfix_values_parse(&postfix.effective, text, NULL),
			 0);
	/* What is so by default is not looked at. */
	expect(&port, SMTPD_OURS, NULL);
	ck_assert_int_eq(postfix_values_parse(&postfix.main, text, NULL), 0);
	expect(&port, SMTPD_OURS, cases[_i].ours);
	expect(&port, SMTPD_ELSEWHERE, cases[_i].elsewhere);
	postfix_clear(&postfix);
}
END_TEST

#define DISABLE	 "non_bdb_migration_level = disable"
#define REDIRECT "non_bdb_migration_level = enable-redirect"
#define REINDEX	 "non_bdb_migration_level = enable-reindex"
#define MAPPING	 "\nnon_bdb_custom_mapping = inline:{hash=lmdb}"

/* Since 3.11, hash: and btree: may be other files: how far Postfix has left
 * Berkeley DB, the table, the only file that is there, and whether Postfix
 * lacks one. */
static const struct {
	const char *settings, *type, *file;
	bool missing;
} moved[] = {
	{ "", "hash", "t.db", false },
	{ "", "hash", "t.cdb", true },
	{ DISABLE, "hash", "t.db", false },
	{ DISABLE, "hash", "t.cdb", true },
	{ DISABLE, "btree", "t.lmdb", true },
	{ REDIRECT, "hash", "t.cdb", false },
	{ REDIRECT, "proxy:hash", "t.cdb", false },
	{ REDIRECT, "hash", "t.db", true },
	{ REDIRECT, "hash", "t", true },
	{ REDIRECT, "btree", "t.lmdb", false },
	{ REDIRECT, "btree", "t.cdb", true },
	{ REDIRECT, "lmdb", "t.lmdb", false },
	{ REINDEX, "hash", "t", false },
	{ REINDEX, "hash", "t.cdb", false },
	{ REINDEX, "hash", "t.db", true },
	{ "non_bdb_migration_level = ENABLE-Reindex", "hash", "t", false },
	{ "non_bdb_migration_level = Disable", "hash", "t.db", false },
	{ REINDEX, "cdb", "t", true },
	{ REINDEX, "lmdb", "t.lmdb", false },
	/* What it reads is not known. */
	{ REDIRECT MAPPING, "hash", "t.db", false },
	{ REDIRECT MAPPING, "lmdb", "t.db", true },
};

START_TEST(knows_which_file_is_read)
{
	struct postfix postfix = { 0 };
	const struct smtpd_port port = { .postfix = &postfix };
	char *table, *text;

	place_make();
	place_write(moved[_i].file, "");
	table = xasprintf("%s:%s/t", moved[_i].type, place_directory);
	text = xasprintf("default_database_type = cdb\n"
			 "default_cache_db_type = lmdb\n"
			 "virtual_alias_maps = %s\n%s",
			 table, moved[_i].settings);
	ck_assert_int_eq(postfix_values_parse(&postfix.effective, text, NULL),
			 0);
	ck_assert_int_eq(postfix_values_parse(&postfix.main, text, NULL), 0);
	expect(&port, SMTPD_OURS, moved[_i].missing ? table : NULL);
	postfix_clear(&postfix);
	free(table);
	free(text);
	place_remove();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("port_tables");

	tcase_add_loop_test(tests, finds_what_is_missing, 0, COUNT(cases));
	tcase_add_loop_test(tests, knows_which_file_is_read, 0, COUNT(moved));
	return run_tests("port_tables", tests);
}
