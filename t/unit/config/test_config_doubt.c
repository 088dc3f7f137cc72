/* SPDX-License-Identifier: ISC */
/* test_config_doubt - what is accepted, and can hardly be meant
 *
 * A file is loaded once in a process: each case is a process of its own. */

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/config/config.h"
#include "lib/postfix/postfix_version.h"
#include "t/unit/place_config.h"
#include "t/unit/test.h"

#define MAPS "sender_login_maps = 'static:x'\n"
#define LIST(words)                                          \
	"restrictions = { reject_plaintext_session,\n" words \
	",\nreject_unauth_destination }\n"

/* A file, and the only warning about it. */
static const struct {
	const char *text;
	int line;
	const char *reason; /* NULL: there is none */
} rows[] = {
	{ "mydestination = 'a.test # ours'\n", 1,
	  "mydestination: \"# ours\" is part of the value, and no comment" },
	{ "mydestination = { 'a.test',\n'#b.test' }\n", 2, "\"#b.test\" is" },
	{ "mydestination = 'a.test' # ours\n", 0, NULL },
	{ "recipient_delimiter = '+#'\n", 0, NULL },
	{ "relay_domains = '*.a.test'\n", 1, "example.com contains its" },
	{ "mydestination = '*.a.test'\n", 1, "use a table such as pcre:" },
	{ "mydestination = 'b@a.test'\n", 1, "not addresses" },
	{ "virtual_alias_domains = 'a.test; b.test'\n", 1, "write commas" },
	{ "relay_domains = '.a.test'\n", 1, "leave out the dot" },
	{ "mydestination = '.a.test'\n", 1, "no subdomains" },
	{ "relay_domains = '.a.test'\n"
	  "parent_domain_matches_subdomains = ''\n",
	  0, NULL },
	{ "mydestination = 'a_b.test, [192.0.2.1], localhost'\n", 0, NULL },
	{ "mydestination = 'pcre:{{/^.*@x;/ x}}'\n", 0, NULL },
	{ "mynetworks = '10.0.0.0/8'\n", 1,
	  "mynetworks: no list of restrictions uses it; only "
	  "permit_mynetworks" },
	{ "mynetworks = { }\n", 0, NULL },
	{ "mynetworks = '10.0.0.0/8'\nservice a { server_port = 25\n"
	  "restrictions = { permit_mynetworks, reject } }\n",
	  0, NULL },
	{ MAPS, 1, "sender_login_maps: no list" },
	{ "relay_clientcerts = '/nowhere'\n", 1, "relay_clientcerts: no list" },
	{ MAPS LIST("permit_sasl_authenticated,\nreject_sender_login_mismatch"),
	  4, "reject_sender_login_mismatch comes too late" },
	{ MAPS LIST("permit_auth_destination,\nreject_sender_login_mismatch"),
	  4, "too late: permit_auth_destination permits mail to our domains" },
	{ "mynetworks = '10.0.0.0/8'\n" MAPS LIST(
		  "permit_mynetworks,\nreject_known_sender_login_mismatch"),
	  5, "too late: permit_mynetworks permits what clients in mynet" },
	{ MAPS LIST("permit_auth_destination,\npermit_sasl_authenticated,\n"
		    "reject_sender_login_mismatch"),
	  5, "too late: permit_sasl_authenticated permits what users send" },
	{ MAPS LIST("permit_sasl_authenticated,\n"
		    "reject_unauthenticated_sender_login_mismatch"),
	  0, NULL },
	{ MAPS LIST("reject_sender_login_mismatch,\npermit_sasl_authenticated"),
	  0, NULL },
};

/* write_text - a file; place_write() would replace each "@" */
static void write_text(const char *name, const char *text)
{
	char *path = place_path(name);
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	free(path);
}

START_TEST(warns_of_what_can_hardly_be_meant)
{
	struct config_load_options how = { .unserved = true, .thorough = true };
	struct config_messages messages = { 0 };
	struct config *config;
	char start[32];

	write_text("conf", rows[_i].text);
	config = place_load("conf", &how, &messages);
	ck_assert_uint_eq(messages.count, rows[_i].reason != NULL ? 1 : 0);
	snprintf(start, sizeof(start), ":%d: warning: ", rows[_i].line);
	if (rows[_i].reason != NULL)
		ck_assert_msg(strstr(messages.lines[0], start) != NULL &&
				      strstr(messages.lines[0],
					     rows[_i].reason) != NULL,
			      "%s", messages.lines[0]);
	config_messages_clear(&messages);
	config_free(config);
}
END_TEST

/* An entry in a file has the line of that file. */
START_TEST(warns_with_the_line_of_the_file)
{
	struct config_load_options how = { .unserved = true, .thorough = true };
	struct config_messages messages = { 0 };
	struct config *config;

	place_write("relay", "a.test\n*.b.test # ours\n");
	place_write("conf", "\nrelay_domains = '@/relay'\n");
	config = place_load("conf", &how, &messages);
	ck_assert_uint_eq(messages.count, 1);
	ck_assert_ptr_nonnull(strstr(messages.lines[0], ":2: warning: "));
	ck_assert_ptr_nonnull(
		strstr(messages.lines[0], "/relay:2) can never match"));
	config_messages_clear(&messages);
	config_free(config);
}
END_TEST

/* set_age - of a file, which is made if it is not there */
static void set_age(const char *path, time_t seconds)
{
	const struct timespec times[] = { { .tv_sec = seconds },
					  { .tv_sec = seconds } };
	FILE *file = fopen(path, "ae");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Tables, and the warning about the first one when its text is newer. */
static const struct {
	const char *word;
	const char *ending;
	bool older;
} tables[] = {
	{ "hash:", ".db", true },	  { "hash:", ".db", false },
	{ "!proxy:btree:", ".db", true }, { "lmdb:", ".lmdb", true },
	{ "texthash:", ".db", false },
};

START_TEST(warns_of_old_tables)
{
	struct config_load_options how = { .lenient = true,
					   .unserved = true,
					   .thorough = true };
	struct config_messages messages = { 0 };
	struct config *config;
	char *source = place_path("source");
	char *file = xasprintf("%s%s", source, tables[_i].ending);
	char *text = xasprintf("relay_domains = 'a.test, %s%s'\n",
			       tables[_i].word, source);
	bool found = false;
	size_t i;

	write_text("conf", text);
	set_age(file, 1000000);
	set_age(source, tables[_i].older ? 1000001 : 1000000);
	config = place_load("conf", &how, &messages);
	for (i = 0; i < messages.count; i++)
		found |= strstr(messages.lines[i], "run: postmap ") != NULL;
	ck_assert(found == tables[_i].older);
	config_messages_clear(&messages);
	config_free(config);
	free(text);
	free(file);
	free(source);
}
END_TEST

/* warnings - how many are about relay_domains and have that text? */
static int warnings(const struct config_messages *messages, const char *text)
{
	int found = 0;
	size_t i;

	for (i = 0; i < messages->count; i++)
		found +=
			strstr(messages->lines[i], "relay_domains: ") != NULL &&
			strstr(messages->lines[i], text) != NULL;
	return found;
}

/* What Postfix reads for hash: where it has left Berkeley DB: the age of what
 * is in source.db and in source.cdb, and which of them is older than its text,
 * without such a level and with it. */
static const struct {
	const char *level;
	int db, cdb;
	const char *before, *since; /* 3.11 */
} moved[] = {
	{ "enable-redirect", -1, 1, "source.db", NULL },
	{ "enable-redirect", 1, -1, NULL, "source.cdb" },
	{ "enable-reindex", 1, -1, NULL, "source.cdb" },
	{ "disable", -1, 1, "source.db", "source.db" },
	{ "disable", 1, -1, NULL, NULL },
	{ "enable-redirect\nnon_bdb_custom_mapping = inline:{hash=lmdb}", -1,
	  -1, "source.db", NULL },
};

START_TEST(warns_of_the_table_that_is_read)
{
	struct config_load_options how = { .lenient = true,
					   .unserved = true,
					   .thorough = true };
	struct config_messages messages = { 0 };
	char *text = xasprintf("compatibility_level = 3.6\n"
			       "default_database_type = cdb\n"
			       "non_bdb_migration_level = %s\n"
			       "relay_domains = hash:%s/source\n",
			       moved[_i].level, place_directory);
	char *source = place_path("source"), *db = place_path("source.db"),
	     *cdb = place_path("source.cdb");
	const char *older;
	struct config *config;

	write_text("main.cf", text);
	free(text);
	text = xasprintf("import_postfix = '%s'\n", place_directory);
	write_text("conf", text);
	set_age(source, 1000000);
	set_age(db, 1000000 + moved[_i].db);
	set_age(cdb, 1000000 + moved[_i].cdb);
	config = place_load("conf", &how, &messages);
	older = postfix_version(config->mail_version) >= postfix_version("3.11")
			? moved[_i].since
			: moved[_i].before;
	ck_assert_int_eq(warnings(&messages, "run: postmap "), older != NULL);
	if (older != NULL) {
		free(text);
		text = xasprintf("newer than %s/%s, so", place_directory,
				 older);
		ck_assert_int_eq(warnings(&messages, text), 1);
	}
	config_messages_clear(&messages);
	config_free(config);
	free(text);
	free(source);
	free(db);
	free(cdb);
}
END_TEST

/* A table that others could replace is one table, whatever files may have it.
 */
START_TEST(warns_once_of_a_directory)
{
	struct config_load_options how = { .lenient = true, .unserved = true };
	struct config_messages messages = { 0 };
	char *open = place_path("open"), *source = place_path("open/source.db");
	char *text = xasprintf("relay_domains = 'hash:%s/source, "
			       "cdb:%s/other'\n",
			       open, open);
	struct config *config;

	write_text("conf", text);
	ck_assert_int_eq(mkdir(open, 0700), 0);
	ck_assert_int_eq(chmod(open, 0777), 0);
	set_age(source, 1000000);
	config = place_load("conf", &how, &messages);
	ck_assert_int_eq(warnings(&messages, "anyone who can change it"), 2);
	config_messages_clear(&messages);
	config_free(config);
	ck_assert_int_eq(unlink(source), 0);
	ck_assert_int_eq(rmdir(open), 0);
	free(source);
	free(open);
	free(text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_doubt");

	tcase_add_checked_fixture(tests, place_make, place_remove);
	tcase_add_loop_test(tests, warns_of_old_tables, 0, COUNT(tables));
	tcase_add_loop_test(tests, warns_of_the_table_that_is_read, 0,
			    COUNT(moved));
	tcase_add_test(tests, warns_once_of_a_directory);
	tcase_add_loop_test(tests, warns_of_what_can_hardly_be_meant, 0,
			    COUNT(rows));
	tcase_add_test(tests, warns_with_the_line_of_the_file);
	return run_tests("config_doubt", tests);
}
