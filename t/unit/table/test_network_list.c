/* SPDX-License-Identifier: ISC */
/* test_network_list - lists of networks: what they match and what is refused */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/table/network_list.h"
#include "t/unit/place.h"

#define FILES TEST_DATA "/network"

static const struct {
	const char *list;
	const char *address;
	int found;
} cases[] = {
	/* Addresses and networks. */
	{ "192.0.2.1", "192.0.2.1", 1 },
	{ "192.0.2.1", "192.0.2.2", 0 },
	{ "192.0.2.1", "192.0.2.10", 0 },
	{ "[192.0.2.1]", "192.0.2.1", 1 },
	{ "192.0.2.1/32", "192.0.2.1", 1 },
	{ "192.0.2.0/31", "192.0.2.1", 1 },
	{ "192.0.2.0/31", "192.0.2.2", 0 },
	{ "10.0.0.0/8", "10.255.255.255", 1 },
	{ "10.0.0.0/8", "11.0.0.0", 0 },
	{ "10.0.0.0/8", "9.255.255.255", 0 },
	{ "[10.0.0.0]/8", "10.1.2.3", 1 },
	{ "[10.0.0.0/8]", "10.1.2.3", 1 },
	{ "172.16.0.0/12", "172.31.255.255", 1 },
	{ "172.16.0.0/12", "172.32.0.0", 0 },
	{ "172.16.0.0/12", "172.15.255.255", 0 },
	{ "0.0.0.0/0", "203.0.113.9", 1 },
	{ "0.0.0.0/0", "::1", 0 },
	{ "0.0.0.0/0", "::ffff:192.0.2.1", 0 },
	{ "128.0.0.0/1", "128.0.0.0", 1 },
	{ "128.0.0.0/1", "127.255.255.255", 0 },
	{ "[::1]/128", "::1", 1 },
	{ "[::1]", "::1", 1 },
	{ "::1", "::1", 1 },
	{ "::1", "0:0:0:0:0:0:0:1", 1 },
	{ "::1", "127.0.0.1", 0 },
	{ "[2001:db8::]/32", "2001:db8:ffff::1", 1 },
	{ "2001:db8::/32", "2001:DB8::1", 1 },
	{ "2001:DB8:0:0::/64", "2001:db8::dead:beef", 1 },
	{ "2001:db8::/64", "2001:db8:0:1::1", 0 },
	{ "[2001:db8::/32]", "2001:db8::1", 1 },
	{ "2001:db8::/33", "2001:db8:7fff::1", 1 },
	{ "2001:db8::/33", "2001:db8:8000::1", 0 },
	{ "2001:db8::8/125", "2001:db8::f", 1 },
	{ "2001:db8::8/125", "2001:db8::10", 0 },
	{ "::/0", "2001:db8::1", 1 },
	{ "::/0", "192.0.2.1", 0 },

	/* Mapped addresses are IPv6. */
	{ "192.0.2.1", "::ffff:192.0.2.1", 0 },
	{ "::ffff:192.0.2.1", "192.0.2.1", 0 },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", 1 },
	{ "::ffff:192.0.2.0/120", "::ffff:c000:2ff", 1 },

	/* Invalid addresses. */
	{ "0.0.0.0/0 ::/0", "", 0 },
	{ "0.0.0.0/0 ::/0", "unknown", 0 },
	{ "0.0.0.0/0 ::/0", "localhost", 0 },
	{ "0.0.0.0/0 ::/0", "192.0.2", 0 },
	{ "0.0.0.0/0 ::/0", "192.0.2.1.", 0 },
	{ "0.0.0.0/0 ::/0", "192.0.2.256", 0 },
	{ "0.0.0.0/0 ::/0", " 192.0.2.1", 0 },
	{ "0.0.0.0/0 ::/0", "192.0.2.1 ", 0 },
	{ "0.0.0.0/0 ::/0", "192.0.2.1/32", 0 },
	{ "0.0.0.0/0 ::/0", "[192.0.2.1]", 0 },
	{ "0.0.0.0/0 ::/0", "0300.0.2.1", 0 },
	{ "0.0.0.0/0 ::/0", "3221225985", 0 },
	{ "0.0.0.0/0 ::/0", "[::1]", 0 },
	{ "0.0.0.0/0 ::/0", "IPv6:::1", 0 },
	{ "0.0.0.0/0 ::/0", "fe80::1%eth0", 0 },
	{ "0.0.0.0/0 ::/0", ":::", 0 },
	{ "0.0.0.0/0 ::/0", "1::2::3", 0 },
	{ "0.0.0.0/0 ::/0", "!192.0.2.1", 0 },

	/* Lists: separators, order, negation. */
	{ "", "192.0.2.1", 0 },
	{ " \t\r\n,,", "192.0.2.1", 0 },
	{ "10.0.0.0/8,192.0.2.1", "192.0.2.1", 1 },
	{ "10.0.0.0/8\n\t192.0.2.1,", "192.0.2.1", 1 },
	{ "!10.1.0.0/16, 10.0.0.0/8", "10.1.2.3", 0 },
	{ "!10.1.0.0/16, 10.0.0.0/8", "10.2.2.3", 1 },
	{ "10.0.0.0/8, !10.1.0.0/16", "10.1.2.3", 1 },
	{ "!10.1.0.0/16", "10.2.0.1", 0 },
	{ "!!10.1.0.0/16", "10.1.0.1", 1 },
	{ "!!!10.1.0.0/16 10.0.0.0/8", "10.1.0.1", 0 },
	{ "![2001:db8::1], [2001:db8::]/32", "2001:db8::1", 0 },
	{ "![2001:db8::1], [2001:db8::]/32", "2001:db8::2", 1 },

	/* Tables without a file. */
	{ "cidr:{{10.0.0.0/8 ok}, {2001:db8::/32 ok}}", "10.1.1.1", 1 },
	{ "cidr:{{10.0.0.0/8 ok}, {2001:db8::/32 ok}}", "2001:db8::1", 1 },
	{ "cidr:{{10.0.0.0/8 ok}, {2001:db8::/32 ok}}", "192.0.2.1", 0 },
	{ "!cidr:{{10.1.0.0/16 no}} 10.0.0.0/8", "10.1.1.1", 0 },
	{ "!cidr:{{10.1.0.0/16 no}} 10.0.0.0/8", "10.2.1.1", 1 },
	{ "!!cidr:{{10.1.0.0/16 no}}", "10.1.1.1", 1 },
	{ "10.0.0.0/8 !cidr:{{10.1.0.0/16 no}}", "10.1.1.1", 1 },
	{ "regexp:{{/^10\\.1\\./ ok}}", "10.1.1.1", 1 },
	{ "regexp:{{/^10\\.1\\./ ok}}", "10.11.1.1", 0 },
	{ "pcre:{{/^2001:db8:/ ok}}", "2001:db8::1", 1 },
	{ "pcre:{{/^2001:db8:/ ok}}", "2001:DB8::1", 1 },
	{ "inline:{10.1.1.1=ok, {::1 = a b}}", "10.1.1.1", 1 },
	{ "inline:{10.1.1.1=ok, {::1 = a b}}", "::1", 1 },
	{ "inline:{10.1.1.1=ok, {::1 = a b}}", "0:0:0:0:0:0:0:1", 0 },
	{ "inline:{10=ok}", "10.1.1.1", 0 },
	{ "proxy:static:x", "10.1.1.1", 1 },
	{ "static:x", "unknown", 0 },
	{ "fail:x", "10.1.1.1", -1 },
	{ "!fail:x", "10.1.1.1", -1 },
	{ "10.1.1.1 fail:x", "10.1.1.1", 1 },
	{ "!10.1.1.1 fail:x", "10.1.1.1", 0 },
	{ "fail:x 10.1.1.1", "10.1.1.1", -1 },
	{ "fail:x", "unknown", 0 },

	/* Files. */
	{ FILES "/inside", "10.1.1.1", 1 },
	{ FILES "/inside", "10.9.1.1", 0 },
	{ FILES "/inside", "192.0.2.1", 1 },
	{ FILES "/inside", "2001:db8:1:2::3", 1 },
	{ FILES "/inside", "2001:db8:2::3", 0 },
	{ FILES "/inside 10.9.1.1", "10.9.1.1", 0 },
	{ "10.9.1.1 " FILES "/inside", "10.9.1.1", 1 },
	{ "!" FILES "/inside 0.0.0.0/0", "10.1.1.1", 0 },
	{ "!" FILES "/inside 0.0.0.0/0", "10.9.1.1", 1 },
	{ "!" FILES "/inside 0.0.0.0/0", "192.0.2.2", 1 },
	{ "!!" FILES "/inside", "10.1.1.1", 1 },
	{ FILES "/crlf", "10.7.1.1", 1 },
	{ FILES "/crlf", "10.8.0.1", 1 },
	{ "/dev/../" FILES "/crlf", "10.8.0.1", 1 },
};

static const struct {
	const char *list;
	const char *error; /* part of the reason */
} refusals[] = {
	{ "!", "no pattern after \"!\"" },
	{ "10.0.0.0/8, !, 192.0.2.1", "no pattern after \"!\"" },
	{ "localhost", "\"localhost\": not an address or network" },
	{ "mail.example.com", "not an address or network" },
	{ ".example.com", "not an address or network" },
	{ "10.1.2.3.4", "not an address or network" },
	{ "10.1.2", "not an address or network" },
	{ "127/8", "not an address or network" },
	{ "10.0.0.0/8/8", "from 0 to 32" },
	{ "[10.0.0.0/8", "not an address or network" },
	{ "10.0.0.0]/8", "not an address or network" },
	{ "[10.0.0.0]8", "not an address or network" },
	{ "[10.0.0.0/8]/8", "not an address or network" },
	{ "[]", "not an address or network" },
	{ "[", "not an address or network" },
	{ "[]/8", "not an address or network" },
	{ "192.0.2.0/33", "from 0 to 32" },
	{ "192.0.2.0/", "from 0 to 32" },
	{ "192.0.2.0/-1", "from 0 to 32" },
	{ "192.0.2.0/+8", "from 0 to 32" },
	{ "192.0.2.0/08", "from 0 to 32" },
	{ "192.0.2.0/4294967304", "from 0 to 32" },
	{ "192.0.2.0/255.255.255.0", "from 0 to 32" },
	{ "[2001:db8::]/129", "from 0 to 128" },
	{ "192.0.2.1/24", "the network is \"192.0.2.0/24\"" },
	{ "192.0.2.1/0", "the network is \"0.0.0.0/0\"" },
	{ "192.0.2.1/31", "the network is \"192.0.2.0/31\"" },
	{ "172.20.0.0/12", "the network is \"172.16.0.0/12\"" },
	{ "[2001:db8::1]/64", "the network is \"2001:db8::/64\"" },
	{ "2001:db8::1/127", "the network is \"2001:db8::/127\"" },
	{ "2001:db8::/12", "the network is \"2000::/12\"" },
	{ "hash:/no-such/networks", "\"hash:/no-such/networks\": " },
	{ "cdb:/no-such/networks", "\"cdb:/no-such/networks\": " },
	{ "cidr:/no-such/networks", "No such file" },
	{ "!texthash:/no-such/networks", "No such file" },
	{ "texthash:networks", "not an absolute path" },
	{ "table:/etc/networks", "Postfix has no table type \"table\"" },
	{ "10.0.0.0/8 proxy:mysql:/etc/postfix/networks",
	  "only Postfix can ask the server" },
	{ "unionmap:{static:a, static:b}", "cannot be used here" },
	{ "static:{a", "a brace is not closed" },
	{ "10.0.0.0/8 # ours", "a comment must be a line of its own" },
	{ "1:2:3", "not an address or network" },
	{ ":", "not an address or network" },
	{ "::1::", "not an address or network" },
	{ "fe80::1%lo", "not an address or network" },
	{ "$mydomain", "not an address or network" },
	{ "10.0.0.0/8;192.0.2.1", "from 0 to 32" },
	{ "\xd9\xa1.2.3.4", "not an address or network" },
	{ FILES "/no-such", "no-such: No such file" },
	{ "!" FILES "/no-such", "no-such: No such file" },
	{ FILES, "network: not a regular file" },
	{ "/dev/null", "/dev/null: not a regular file" },
	{ FILES "/bad", FILES "/bad:2: \"192.0.2.300\": not an address" },
	{ FILES "/comment", FILES "/comment:1: a comment must be a line" },
	{ FILES "/nul", FILES "/nul:2: NUL byte" },
};

/* Of the running test, with a configuration for postmap. */

START_TEST(matches)
{
	struct table_loader loader = { .config_directory = place_directory };
	struct error error = { "" };
	struct network_list *list =
		network_list_new(cases[_i].list, true, &loader, &error);

	ck_assert_msg(list != NULL, "\"%s\": %s", cases[_i].list, error.text);
	ck_assert_msg(network_list_match(list, cases[_i].address, "") ==
			      cases[_i].found,
		      "\"%s\", %s: not %d", cases[_i].list, cases[_i].address,
		      cases[_i].found);
	network_list_free(list);
}
END_TEST

START_TEST(refuses)
{
	struct error error = { "" };

	ck_assert_ptr_null(
		network_list_new(refusals[_i].list, true, NULL, &error));
	ck_assert_msg(strstr(error.text, refusals[_i].error) != NULL,
		      "\"%s\": \"%s\", not \"%s\"", refusals[_i].list,
		      error.text, refusals[_i].error);
	ck_assert_ptr_null(
		network_list_new(refusals[_i].list, true, NULL, NULL));
}
END_TEST

/* Every prefix length, compared with arithmetic on the whole address. */
START_TEST(every_prefix)
{
	unsigned prefix, host;

	for (prefix = 0; prefix <= 32; prefix++) {
		for (host = 0; host < 32; host++) {
			unsigned mask =
				prefix == 0 ? 0 : 0xffffffffu << (32 - prefix);
			unsigned base = 0xc6336455u & mask;
			unsigned other = 0xc6336455u ^ (1u << host);
			char list[32], text[32];
			struct network_list *made;

			snprintf(list, sizeof(list), "%u.%u.%u.%u/%u",
				 base >> 24, base >> 16 & 255, base >> 8 & 255,
				 base & 255, prefix);
			snprintf(text, sizeof(text), "%u.%u.%u.%u", other >> 24,
				 other >> 16 & 255, other >> 8 & 255,
				 other & 255);
			made = network_list_new(list, true, NULL, NULL);
			ck_assert_ptr_nonnull(made);
			ck_assert_int_eq(network_list_match(made, text, ""),
					 (other & mask) == base);
			network_list_free(made);
		}
	}
}
END_TEST

/* A file that names itself, and a FIFO, must not hold up the program. */
START_TEST(files_that_never_end)
{
	char path[80];
	struct error error = { "" };
	FILE *file;

	snprintf(path, sizeof(path), "%s/loop", place_directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "10.0.0.0/8\n%s\n", path);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_ptr_null(network_list_new(path, true, NULL, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "too many files"));
	ck_assert_int_eq(unlink(path), 0);

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_ptr_null(network_list_new(path, true, NULL, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "not a regular file"));
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* Tables with a file; @ stands for its name. */
static const struct {
	const char *list;
	const char *address;
	const char *name;
	int found;
} table_cases[] = {
	{ "@", "192.0.2.1", "", 1 },
	{ "@", "192.0.2.2", "", 0 },
	{ "@", "192.0.2", "", 0 },
	{ "@", "10.1.2.3", "", 0 },
	{ "@", "2001:db8::1", "", 1 },
	{ "@", "2001:DB8::1", "", 1 },
	{ "@", "2001:db8:0::1", "", 0 },
	{ "@", "2001:db8::2", "", 0 },
	{ "@", "unknown", "", 0 },
	{ "@ 10.0.0.0/8", "10.1.2.3", "", 1 },
	{ "!@ 192.0.2.0/24", "192.0.2.1", "", 0 },
	{ "!@ 192.0.2.0/24", "192.0.2.2", "", 1 },
	{ "192.0.2.0/24 !@", "192.0.2.1", "", 1 },
	/* Names: they never permit. */
	{ "@", "192.0.2.2", "bad.example", 0 },
	{ "!!@", "192.0.2.2", "bad.example", 0 },
	{ "!@ 192.0.2.0/24", "192.0.2.2", "bad.example", 0 },
	{ "!@ 192.0.2.0/24", "192.0.2.2", "www.Bad.example", 0 },
	{ "!@ 192.0.2.0/24", "192.0.2.2", "a.b.dotted.example", 0 },
	{ "!@ 192.0.2.0/24", "192.0.2.2", "notbad.example", 1 },
	{ "!@ 192.0.2.0/24", "192.0.2.2", "unknown", 1 },
};

static const char *const table_types[] = { "hash", "btree", "lmdb",
					   "texthash" };

/* with_table - a list with the name of a table for @ */
static char *with_table(const char *list, const char *type)
{
	size_t at = strcspn(list, "@");

	if (list[at] == '\0')
		return xstrdup(list);
	return xasprintf("%.*s%s:%s/t%s", (int)at, list, type, place_directory,
			 list + at + 1);
}

START_TEST(tables)
{
	const char *type = table_types[_i];
	struct table_loader loader = { .config_directory = place_directory };
	int i;

	run_shell("printf '%s' >%s/t",
		  "192.0.2.1 ok\n2001:db8::1 ok\n"
		  "bad.example no\n.dotted.example no\n10 ok\n",
		  place_directory);
	if (strcmp(type, "texthash") != 0)
		run_shell("postmap -c %s %s:%s/t", place_directory, type,
			  place_directory);
	for (i = 0; i < COUNT(table_cases); i++) {
		char *list = with_table(table_cases[i].list, type);
		struct error error = { "" };
		struct network_list *made =
			network_list_new(list, true, &loader, &error);

		ck_assert_msg(made != NULL, "\"%s\": %s", list, error.text);
		ck_assert_msg(network_list_match(made, table_cases[i].address,
						 table_cases[i].name) ==
				      table_cases[i].found,
			      "\"%s\", %s: not %d", list,
			      table_cases[i].address, table_cases[i].found);
		network_list_free(made);
		free(list);
	}
}
END_TEST

/* keep_note - the loader's warnings */
static void keep_note(void *context, const char *text)
{
	snprintf(context, 512, "%s", text);
}

/* An entry that cannot be read makes the result unknown, if the search gets to
 * it. */
START_TEST(is_unknown_at_an_unreadable_entry)
{
	char note[512] = "";
	struct table_loader loader = {
		.config_directory = place_directory,
		.lenient = true,
		.note = keep_note,
		.context = note,
	};
	struct error error = { "" };
	char *text = with_table("10.0.0.1, @, 10.0.0.0/8", "hash");
	struct network_list *list =
		network_list_new(text, true, &loader, &error);

	ck_assert_msg(list != NULL, "%s", error.text);
	ck_assert_uint_eq(loader.failures, 1);
	ck_assert_msg(strncmp(note, "mynetworks: cannot read hash:/", 30) ==
				      0 &&
			      strstr(note, "deferred") != NULL,
		      "%s", note);
	ck_assert_int_eq(network_list_match(list, "10.0.0.1", ""), 1);
	ck_assert_int_eq(network_list_match(list, "10.0.0.2", ""), -1);
	ck_assert_int_eq(network_list_match(list, "192.0.2.1", ""), -1);
	network_list_free(list);
	free(text);
	/* Neither does it let pass what only Postfix can look up. */
	ck_assert_ptr_null(network_list_new("ldap:/x", true, &loader, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "cannot be used here"));
	ck_assert_ptr_null(network_list_new("table:/x", true, &loader, &error));
}
END_TEST

/* Lists, and whether they contain more than anybody has. */
static const struct {
	const char *list;
	bool wide;
} widths[] = {
	{ "", false },
	{ "10.0.0.0/8, [fc00::]/16", false },
	{ "0.0.0.0/0", true },
	{ "127.0.0.0/8 128.0.0.0/1", true },
	{ "10.0.0.0/7", true },
	{ "[2000::]/3", true },
	{ "!0.0.0.0/0 10.0.0.0/8", false },
	{ "cidr:{{0.0.0.0/0 x}}", true },
};

START_TEST(knows_strangers)
{
	struct error error = { "" };
	struct network_list *list =
		network_list_new(widths[_i].list, true, NULL, &error);

	ck_assert_msg(list != NULL, "%s", error.text);
	ck_assert_int_eq(network_list_is_wide(list), widths[_i].wide);
	network_list_free(list);
}
END_TEST

START_TEST(frees_nothing)
{
	network_list_free(NULL);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("network_list");

	tcase_add_loop_test(tests, matches, 0, COUNT(cases));
	tcase_add_loop_test(tests, refuses, 0, COUNT(refusals));
	tcase_add_test(tests, every_prefix);
	tcase_add_test(tests, files_that_never_end);
	tcase_add_checked_fixture(tests, place_make_postfix, place_remove);
	tcase_add_loop_test(tests, tables, 0, COUNT(table_types));
	tcase_add_test(tests, is_unknown_at_an_unreadable_entry);
	tcase_add_loop_test(tests, knows_strangers, 0, COUNT(widths));
	tcase_add_test(tests, frees_nothing);
	return run_tests("network_list", tests);
}
