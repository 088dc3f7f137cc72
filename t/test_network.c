/* SPDX-License-Identifier: ISC */
/* test_network - lists of networks: what they match and what is refused */

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/network.h"
#include "t/test.h"

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

	/* What is no address. */
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
	const char *error;	/* part of the reason */
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
	{ "hash:/etc/postfix/networks", "tables (type:table)" },
	{ "cdb:/etc/postfix/networks", "tables (type:table)" },
	{ "cidr:/etc/postfix/networks", "tables (type:table)" },
	{ "!lmdb:networks", "tables (type:table)" },
	{ "proxy:mysql:/etc/postfix/networks", "tables (type:table)" },
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

START_TEST(matches)
{
	struct error error = { "" };
	struct network_list *list = network_list_new(cases[_i].list, &error);

	ck_assert_msg(list != NULL, "\"%s\": %s", cases[_i].list, error.text);
	ck_assert_msg(network_list_match(list, cases[_i].address) ==
			      cases[_i].found,
		      "\"%s\", %s: not %d", cases[_i].list, cases[_i].address,
		      cases[_i].found);
	network_list_free(list);
}
END_TEST

START_TEST(refuses)
{
	struct error error = { "" };

	ck_assert_ptr_null(network_list_new(refusals[_i].list, &error));
	ck_assert_msg(strstr(error.text, refusals[_i].error) != NULL,
		      "\"%s\": \"%s\", not \"%s\"", refusals[_i].list,
		      error.text, refusals[_i].error);
	ck_assert_ptr_null(network_list_new(refusals[_i].list, NULL));
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
			snprintf(text, sizeof(text), "%u.%u.%u.%u",
				 other >> 24, other >> 16 & 255,
				 other >> 8 & 255, other & 255);
			made = network_list_new(list, NULL);
			ck_assert_ptr_nonnull(made);
			ck_assert_int_eq(network_list_match(made, text),
					 (other & mask) == base);
			network_list_free(made);
		}
	}
}
END_TEST

/* A file that names itself, and a FIFO, must not hold up the program. */
START_TEST(files_that_never_end)
{
	char directory[] = "/tmp/test_network.XXXXXX";
	char path[64];
	struct error error = { "" };
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/loop", directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "10.0.0.0/8\n%s\n", path);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_ptr_null(network_list_new(path, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "too many files"));
	ck_assert_int_eq(unlink(path), 0);

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_ptr_null(network_list_new(path, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "not a regular file"));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(frees_nothing)
{
	network_list_free(NULL);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("network");

	tcase_add_loop_test(tests, matches, 0, COUNT(cases));
	tcase_add_loop_test(tests, refuses, 0, COUNT(refusals));
	tcase_add_test(tests, every_prefix);
	tcase_add_test(tests, files_that_never_end);
	tcase_add_test(tests, frees_nothing);
	return run_tests("network", tests);
}
