/* SPDX-License-Identifier: ISC */
/* test_list_lines - a /file in a list of domains or of networks, as each
 * version of Postfix reads it */

#include "lib/table/list_lines.h"

#include <string.h>
#include <unistd.h>

#include "lib/table/domain_list.h"
#include "lib/table/network_list.h"
#include "t/unit/test.h"

static const struct {
	const char *text;
	/* Which of a.test, b.test and c.test are in the list, for a Postfix
	 * that does not join lines, one that does, and an unknown one. */
	const char *apart, *joined, *unknown;
} domains[] = {
	{ " a.test\nb.test\n", "ab", "b", "b" },
	{ "\ta.test\nb.test\n", "ab", "b", "b" },
	{ " a.test\n b.test\nc.test\n", "abc", "c", "c" },
	{ "# comment\n a.test\nb.test", "ab", "b", "b" },
	{ "\n a.test\nb.test", "ab", "b", "b" },
	{ "a.test # note\n b.test\nc.test\n", "abc", "ac", "ac" },
	{ "a.test # note\n b.test\n c.test\n", "abc", "a", "a" },
	{ "a.test # note\n# comment\n b.test\nc.test\n", "abc", "ac", "ac" },
	{ "a.test # note\n\n b.test\nc.test\n", "abc", "ac", "ac" },
	{ "!a.test # no\n b.test\n", "b", "", "" },
	/* What is left out may have been an exception. */
	{ "a.test # note\n !b.test\nb.test\n", "a", "ab", "a" },
	{ " !b.test c.test\nb.test\n", "c", "b", "" },
	{ " !b.test !!c.test\nb.test\nc.test\n", "c", "bc", "c" },
	/* The same for all. */
	{ "a.test\n b.test\nc.test\n", "abc", "abc", "abc" },
	{ "a.test\r\n b.test\r\nc.test\r\n", "abc", "abc", "abc" },
	{ "a.test\n# comment\n b.test\n", "ab", "ab", "ab" },
	{ "a.test\n   # comment\n b.test\n", "ab", "ab", "ab" },
	{ "a.test\n !b.test\nb.test\n", "a", "a", "a" },
	{ "a.test # note\nb.test # note\n", "ab", "ab", "ab" },
	{ ", a.test\nb.test\n", "ab", "ab", "ab" },
	/* A word in braces goes on in the next line. */
	{ "{x\n a.test\nb.test", "ab", "b", "b" },
};

static const struct {
	const char *text;
	const char *apart, *joined, *unknown; /* 10.0.0.10, .11, .12 */
} networks[] = {
	{ " 10.0.0.10\n10.0.0.11\n", "ab", "b", "b" },
	{ "# comment\n 10.0.0.10\n10.0.0.11\n", "ab", "b", "b" },
	{ "10.0.0.10\n 10.0.0.11\n10.0.0.12", "abc", "abc", "abc" },
	{ "10.0.0.10\n# comment\n 10.0.0.11\n", "ab", "ab", "ab" },
	{ " !10.0.0.10\n10.0.0.0/24\n", "bc", "abc", "bc" },
};

static char path[64];

/* How many notes there were, and whether they name the line. */
struct notes {
	int count;
	char text[300];
};

static void keep_note(void *context, const char *text)
{
	struct notes *notes = context;

	notes->count++;
	snprintf(notes->text, sizeof(notes->text), "%s", text);
}

static void write_list(const char *text)
{
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/test_list_lines.%d", (int)getpid());
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

/* read_table - the domains of the file that are found */
static void read_table(const char *version, struct notes *notes, char *found)
{
	struct table_loader loader = {
		.postfix = postfix_version(version),
		.note = keep_note,
		.context = notes,
	};
	struct domain_list_options options = { .name = "relay_domains",
					       .loader = &loader };
	struct error error;
	struct domain_list *table = domain_list_new(path, &options, &error);

	ck_assert_msg(table != NULL, "%s", error.text);
	for (char c = 'a'; c <= 'c'; c++) {
		char domain[] = { c, '.', 't', 'e', 's', 't', '\0' };

		if (domain_list_match(table, domain, NULL) == 1)
			*found++ = c;
	}
	*found = '\0';
	domain_list_free(table);
}

/* read_networks - likewise */
static void read_networks(struct table_loader *loader, char *found)
{
	struct error error;
	struct network_list *list =
		network_list_new(path, true, loader, &error);

	ck_assert_msg(list != NULL, "%s", error.text);
	for (char c = 'a'; c <= 'c'; c++) {
		char address[] = "10.0.0.10";

		address[8] = (char)('0' + c - 'a');
		if (network_list_match(list, address, "") == 1)
			*found++ = c;
	}
	*found = '\0';
	network_list_free(list);
}

START_TEST(reads_domains)
{
	struct notes notes = { 0 };
	char found[4];

	write_list(domains[_i].text);
	read_table("3.7.11", &notes, found);
	ck_assert_str_eq(found, domains[_i].apart);
	ck_assert_int_eq(notes.count, 0);
	read_table("3.8.0", &notes, found);
	ck_assert_str_eq(found, domains[_i].joined);
	ck_assert_int_eq(notes.count, strcmp(domains[_i].apart, found) != 0);
	read_table(NULL, &notes, found);
	ck_assert_str_eq(found, domains[_i].unknown);
	read_table("3.8-20220201", &notes, found);
	ck_assert_str_eq(found, domains[_i].unknown);
	unlink(path);
}
END_TEST

START_TEST(reads_networks)
{
	struct table_loader loader = { 0 };
	char found[4];

	write_list(networks[_i].text);
	loader.postfix = postfix_version("3.7.11");
	read_networks(&loader, found);
	ck_assert_str_eq(found, networks[_i].apart);
	loader.postfix = postfix_version("3.11.7");
	read_networks(&loader, found);
	ck_assert_str_eq(found, networks[_i].joined);
	loader.postfix = 0;
	read_networks(&loader, found);
	ck_assert_str_eq(found, networks[_i].unknown);
	/* A list of ours, such as allow_remote. */
	read_networks(NULL, found);
	ck_assert_str_eq(found, networks[_i].apart);
	unlink(path);
}
END_TEST

START_TEST(says_what_is_left_out)
{
	struct notes notes = { 0 };
	char found[4], expected[300];

	write_list("# comment\n a.test\n b.test\nc.test # note\n d.test\n");
	read_table("3.10.13", &notes, found);
	ck_assert_int_eq(notes.count, 1);
	snprintf(expected, sizeof(expected), "relay_domains: %s:2: this line",
		 path);
	ck_assert_msg(strncmp(notes.text, expected, strlen(expected)) == 0,
		      "%s", notes.text);
	unlink(path);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("list_lines");

	tcase_add_loop_test(tests, reads_domains, 0, COUNT(domains));
	tcase_add_loop_test(tests, reads_networks, 0, COUNT(networks));
	tcase_add_test(tests, says_what_is_left_out);
	return run_tests("list_lines", tests);
}
