/* SPDX-License-Identifier: ISC */
/* test_table_limits - tables that are broken in some way, that cost too much,
 * or are large */

#include "lib/table/table.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/heap.h"
#include "t/unit/table/tables.h"

/* Tables that cannot be opened, and why. */
static const struct {
	const char *name;
	const char *text; /* of @/t */
	const char *reason;
} failures[] = {
	{ "hash:@/missing", NULL, "missing.db: No such file" },
	{ "lmdb:@/missing", NULL, "missing.lmdb: No such file" },
	{ "texthash:@/missing", NULL, "No such file" },
	{ "regexp:@/missing", NULL, "No such file" },
	{ "pcre:@", NULL, "not a regular file" },
	{ "hash:relative", NULL, "not an absolute path" },
	{ "texthash:{a=b}", NULL, "not an absolute path" },
	{ "inline:{}", NULL, "postmap: fatal: " },
	{ "inline:{a}", NULL, "postmap: fatal: " },
	{ "inline:{a=b,c = d}", NULL, "postmap: fatal: missing '='" },
	{ "regexp:{ {if /foo/}{/a/ x} }", NULL, "in braces" },
	{ "inline:{a=b", NULL, "postmap: fatal: " },
	{ "static:{x", NULL, "brace" },
	{ "cidr:{10.0.0.0/8 x}", NULL, "in braces" },
	{ "texthash:@/t", "a x\nb y\na z\n",
	  "line 3: the key \"a\" appears "
	  "twice" },
	/* Keys that no domain is looked up by, and that are not kept. */
	{ "texthash:@/t", "A x\nb y\nA z\n",
	  "line 3: the key \"A\" appears "
	  "twice" },
	{ "texthash:@/t", "u@a x\nu@a y\n",
	  "line 2: the key \"u@a\" appears twice" },
	{ "dbm:@/t", "a x\n", "postmap: fatal: unsupported dictionary type" },
};

START_TEST(says_what_cannot_be_read)
{
	struct table *table;

	if (failures[_i].text != NULL)
		write_file("t", failures[_i].text);
	table = open_named(failures[_i].name);
	ck_assert_msg(table_failure(table) != NULL, "%s", failures[_i].name);
	ck_assert_msg(strstr(table_failure(table), failures[_i].reason) != NULL,
		      "%s", table_failure(table));
	ck_assert_int_eq(table_lookup(table, "a"), TABLE_FAILED);
	table_free(table);
}
END_TEST

/* Patterns that take long, and the text: 60 "a" and "!". */
static const char *const long_ones[] = {
	"pcre:{{/^(a+)+$/ x},{/^(a|aa)+b/ y}}",
	"pcre:{{/(a+)+$/ x}}",
	"pcre:{{/(?>a*)(a|b)+b/ x},{/^((a+)+)+$/ x}}",
	"regexp:{{/(aa|a){0,1500}x/ x}}",
	"regexp:{{/^(aa|a){0,1500}$/ x}}",
};

START_TEST(gives_up_in_bounded_time)
{
	struct table *table = open_named(long_ones[_i]);
	char text[64];
	size_t steps = 0;

	ck_assert_ptr_null(table_asks(table));
	ck_assert_int_eq(table_lookup(table, "b"), TABLE_NOT_FOUND);
	memset(text, 'a', 60);
	strcpy(text + 60, "!");
	ck_assert_int_eq(table_lookup_shared(table, text, &steps),
			 TABLE_FAILED);
	ck_assert_ptr_nonnull(
		strstr(table_why(table, text, steps), "too many steps"));
	/* Its other lookups fail too, but not the next request. */
	ck_assert_int_eq(table_lookup_shared(table, "c", &steps), TABLE_FAILED);
	ck_assert_int_eq(table_lookup(table, "c"), TABLE_NOT_FOUND);
	table_free(table);
}
END_TEST

/* write_rules - a thousand patterns as people write them, none of which matches
 */
static void write_rules(void)
{
	static const char *const parts[][2] = {
		{ "^user", "@example\\.com$" },
		{ "^.*\\+tag", "@example\\.com$" },
		{ "@host", "\\.example\\.com$" },
		{ "^[^@+]+@dept", "\\.example\\.com$" },
		{ "^(sales|info)", "@" },
		{ "^[a-z0-9._-]+@d", "\\.test$" },
		{ "(dsl|dial|pool)", "[-.0-9]" },
		{ "^list-.*-", "@" },
		{ "^[[:alnum:]]+\\.", "@[a-z.]+$" },
		{ "\\.(com|net)", "$" },
	};
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/rules", place_directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < 1000; i++)
		fprintf(file, "/%s%d%s/ x\n", parts[i % COUNT(parts)][0], i,
			parts[i % COUNT(parts)][1]);
	ck_assert_int_eq(fclose(file), 0);
}

static const char *const kinds[] = { "regexp", "pcre" };

START_TEST(answers_for_a_thousand_rules)
{
	static const char address[] =
		"somebody.with.a.long.name+and-an-extension.that.is-long@"
		"mail.department.some-company.far.example.test";
	struct table_loader loader = { 0 };
	struct table_result result = { .text = "" };
	struct table *table;
	struct error error;
	char name[300];

	ck_assert_uint_ge(strlen(address), 100);
	write_rules();
	snprintf(name, sizeof(name), "%s:%s/rules", kinds[_i], place_directory);
	table = table_new_values(name, true, &loader, &error);
	ck_assert_ptr_nonnull(table);
	ck_assert_uint_eq(table_size(table), 1000);
	ck_assert_int_eq(table_find(table, address, &result), TABLE_NOT_FOUND);
	table_free(table);
}
END_TEST

/* lookup_rules - the same pattern a number of times, and a text that costs it
 */
static int lookup_rules(const char *kind, int count)
{
	char path[256], name[300], text[256];
	struct table *table;
	size_t steps = 0;
	FILE *file;
	int answer;

	snprintf(path, sizeof(path), "%s/rules", place_directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < count; i++)
		fputs("/^.*.*[=+]/ x\n", file);
	ck_assert_int_eq(fclose(file), 0);
	snprintf(name, sizeof(name), "%s:%s", kind, path);
	table = open_named(name);
	ck_assert_uint_eq(table_size(table), (size_t)count);
	memset(text, 'a', 250);
	text[250] = '\0';
	answer = table_lookup_shared(table, text, &steps);
	if (answer == TABLE_FAILED)
		ck_assert_ptr_nonnull(strstr(table_why(table, text, steps),
					     "too many steps"));
	table_free(table);
	return answer;
}

/* Each pattern is within the limit, but not all of them. */
START_TEST(gives_up_a_whole_table)
{
	ck_assert_int_eq(lookup_rules(kinds[_i], 1), TABLE_NOT_FOUND);
	ck_assert_int_eq(lookup_rules(kinds[_i], 1000), TABLE_FAILED);
}
END_TEST

/* fill_text - a number of bytes that a pattern might capture, and a domain */
static void fill_text(char *text, size_t length, unsigned draw)
{
	static const char domain[] = "@b.test";

	for (size_t i = 0; i < length - strlen(domain); i++) {
		draw = draw * 1664525 + 1013904223;
		text[i] = "ab+2"[draw >> 30];
	}
	strcpy(text + length - strlen(domain), domain);
}

/* Each text is another one, and leaves nothing behind; regexec(3) would take
 * minutes for them, and some hundred megabytes. */
START_TEST(keeps_nothing_of_texts)
{
	struct table *table = open_named(
		"regexp:{{/^.*\\+.{20}@c\\.test$/ x},{/a[^x].{20}$/ y}}");
	size_t before = 0;
	char text[256];

	for (unsigned i = 0; i < 5000; i++) {
		fill_text(text, 250, i);
		ck_assert_int_ge(table_lookup(table, text), 0);
		if (i == 0)
			before = heap_used();
	}
	ck_assert_uint_le(heap_used(), before + 4096);
	table_free(table);
}
END_TEST

/* Of domains, and of addresses: how long a text is looked up. */
static const struct {
	const char *name;
	size_t most;
	bool values;
} lengths[] = {
	{ "regexp:{{/./ x}}", 255, false },  { "regexp:{{/./ x}}", 512, true },
	{ "regexp:{{!/y/ x}}", 255, false }, { "pcre:{{/./ x}}", 255, false },
	{ "pcre:{{/./ x}}", 512, true },     { "pcre:{{!/y/ x}}", 512, true },
};

START_TEST(leaves_long_texts_to_postfix)
{
	struct table_loader loader = { 0 };
	struct table_result result = { .text = "" };
	struct table *table;
	struct error error;
	char text[2048];

	table = lengths[_i].values
			? table_new_values(lengths[_i].name, true, &loader,
					   &error)
			: table_new(lengths[_i].name, true, &loader, &error);
	ck_assert_ptr_nonnull(table);
	ck_assert_ptr_null(table_asks(table));
	for (size_t length = lengths[_i].most - 1;
	     length<sizeof(text); length += length> lengths[_i].most ? 500
								     : 1) {
		int got;

		fill_text(text, length, 1);
		got = lengths[_i].values ? (int)table_find(table, text, &result)
					 : (int)table_lookup(table, text);
		ck_assert_int_eq(got, length > lengths[_i].most ? TABLE_ASK
								: TABLE_FOUND);
		if (length > lengths[_i].most)
			ck_assert_ptr_nonnull(strstr(table_why(table, text, 0),
						     "too long for patterns"));
	}
	table_free(table);
}
END_TEST

START_TEST(does_not_wait_for_ever)
{
	struct table_loader loader = {
		.config_directory = place_directory,
		.spent_ms = TABLE_TIME_MS - 300,
	};
	struct table *table;
	struct error error;
	char path[256];

	/* postmap waits for somebody to write into this. */
	snprintf(path, sizeof(path), "%s/main.cf", place_directory);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	for (int i = 0; i < 2; i++) {
		table = table_new("hash:/x", true, &loader, &error);
		ck_assert_ptr_nonnull(table);
		ck_assert_ptr_nonnull(
			strstr(table_failure(table), "did not end within"));
		table_free(table);
	}
	ck_assert_int_ge(loader.spent_ms, TABLE_TIME_MS);
	/* The second one has not had the time of a whole run. */
	ck_assert_int_lt(loader.spent_ms, TABLE_TIME_MS + 15000);
}
END_TEST

/* open_many - a table of so many names */
static struct table *open_many(int count)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/t", place_directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < count; i++)
		fprintf(file, "d%d.example.test x\n", i);
	fclose(file);
	ck_assert_int_eq(try_shell("postmap -c %s btree:%s/t", place_directory,
				   place_directory),
			 0);
	return open_named("btree:@/t");
}

/* is_late - did postmap need more than the time that policyd gives it? */
static bool is_late(const struct table *table)
{
	const char *failure = table_failure(table);

	return failure != NULL && strstr(failure, "did not end within") != NULL;
}

/* A machine that is too busy for that is asked for half of it. */
START_TEST(takes_a_million)
{
	int count = mutants(1000000);
	struct table *table = open_many(count);
	char name[64];

	for (int tries = 0; is_late(table) && tries < 4; tries++) {
		table_free(table);
		count /= 2;
		table = open_many(count);
	}
	ck_assert_msg(table_failure(table) == NULL, "%s", table_failure(table));
	ck_assert_uint_eq(table_size(table), (size_t)count);
	ck_assert_int_eq(table_lookup(table, "d0.example.test"), 1);
	snprintf(name, sizeof(name), "d%d.example.test", count - 1);
	ck_assert_int_eq(table_lookup(table, name), 1);
	snprintf(name, sizeof(name), "d%d.example.test", count);
	ck_assert_int_eq(table_lookup(table, name), 0);
	table_free(table);
}
END_TEST

START_TEST(fails_where_a_value_is_not_utf8)
{
	struct table *table;

	write_file("t", "good.test x\nbad.test \xff\n");
	ck_assert_int_eq(try_shell("postmap -c %s -u hash:%s/t",
				   place_directory, place_directory),
			 0);
	table = open_named("hash:@/t");
	ck_assert_int_eq(table_lookup(table, "good.test"), 1);
	if (table_size(table) > 1)
		ck_assert_int_eq(table_lookup(table, "bad.test"), TABLE_FAILED);
	table_free(table);
}
END_TEST

START_TEST(survives_half_a_table)
{
	static const char *const types[] = { "hash", "btree" };
	char name[32];

	write_file("t", "a.test x\nb.test y\n");
	for (int i = 0; i < COUNT(types); i++) {
		ck_assert_int_eq(try_shell("postmap -c %s %s:%s/t",
					   place_directory, types[i],
					   place_directory),
				 0);
		for (int half = 0; half < 5000; half += 1500) {
			struct table *table;

			try_shell("head -c %d %s/t.db >%s/half.db", half,
				  place_directory, place_directory);
			snprintf(name, sizeof(name), "%s:@/half", types[i]);
			table = open_named(name);
			ck_assert_ptr_nonnull(table_failure(table));
			table_free(table);
		}
	}
}
END_TEST

/* A first line that is indented, as by somebody who copies an example, is none:
 * nor is what follows it in the same way. */
static const struct {
	const char *name, *text;
	size_t size;
	int line; /* 0: nothing to note */
} indented[] = {
	{ "texthash:@/t", "  a.test x\n  b.test y\n", 0, 1 },
	{ "texthash:@/t", "\n \t\n # note\n\ta.test x\nb.test y\n", 1, 4 },
	{ "texthash:@/t", " \n# note\na.test x\n  y\n", 1, 0 },
	{ "texthash:@/t", "# note\n\n", 0, 0 },
	{ "texthash:@/t", "", 0, 0 },
	{ "cidr:@/t", "  192.0.2.0/24 x\n198.51.100.1 y\n", 1, 1 },
	{ "cidr:@/t", "192.0.2.0/24\n  x\n198.51.100.1 y\n", 2, 0 },
	{ "regexp:@/t", "# note\n /a/ x\n /b/ x\n/c/ x\n", 1, 2 },
};

START_TEST(notes_an_indented_beginning)
{
	char expected[64] = "";
	struct table *table;

	write_file("t", indented[_i].text);
	table = open_named(indented[_i].name);
	ck_assert_uint_eq(table_size(table), indented[_i].size);
	if (indented[_i].line > 0) {
		snprintf(expected, sizeof(expected),
			 "/t, line %d: begins with white space, and",
			 indented[_i].line);
		ck_assert_msg(strstr(notes, expected) != NULL, "%s", notes);
	} else {
		ck_assert_str_eq(notes, "");
	}
	table_free(table);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("table");

	tcase_add_checked_fixture(tests, set_up, place_remove);
	tcase_add_loop_test(tests, says_what_cannot_be_read, 0,
			    COUNT(failures));
	tcase_add_loop_test(tests, gives_up_in_bounded_time, 0,
			    COUNT(long_ones));
	tcase_add_loop_test(tests, answers_for_a_thousand_rules, 0,
			    COUNT(kinds));
	tcase_add_loop_test(tests, gives_up_a_whole_table, 0, COUNT(kinds));
	tcase_add_test(tests, keeps_nothing_of_texts);
	tcase_add_loop_test(tests, leaves_long_texts_to_postfix, 0,
			    COUNT(lengths));
	tcase_add_test(tests, does_not_wait_for_ever);
	tcase_add_test(tests, takes_a_million);
	tcase_add_test(tests, fails_where_a_value_is_not_utf8);
	tcase_add_test(tests, survives_half_a_table);
	tcase_add_loop_test(tests, notes_an_indented_beginning, 0,
			    COUNT(indented));

	return run_tests("table_limits", tests);
}
