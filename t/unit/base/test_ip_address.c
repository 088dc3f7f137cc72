/* SPDX-License-Identifier: ISC */
/* test_ip_address - addresses in digits, prefixes, brackets */

#include <arpa/inet.h>
#include <check.h>

#include "lib/base/ip_address.h"
#include "t/unit/test.h"

static const struct {
	const char *text;
	unsigned bits; /* 0: no address */
	unsigned keep;
	const char *network;
} addresses[] = {
	{ "192.0.2.77", 32, 24, "192.0.2.0" },
	{ "192.0.2.77", 32, 0, "0.0.0.0" },
	{ "192.0.2.77", 32, 31, "192.0.2.76" },
	{ "192.0.2.77", 32, 32, "192.0.2.77" },
	{ "2001:db8:ffff::1", 128, 33, "2001:db8:8000::" },
	{ "2001:db8::1", 128, 128, "2001:db8::1" },
	{ "", 0, 0, NULL },
	{ "192.0.2", 0, 0, NULL },
	{ "192.0.2.1/24", 0, 0, NULL },
	{ "[::1]", 0, 0, NULL },
	{ "host.example", 0, 0, NULL },
};

START_TEST(masks_what_follows_the_prefix)
{
	struct ip_address address, network;
	char text[INET6_ADDRSTRLEN];

	if (addresses[_i].bits == 0) {
		ck_assert_int_eq(ip_parse(&address, addresses[_i].text), -1);
		return;
	}
	ck_assert_int_eq(ip_parse(&address, addresses[_i].text), 0);
	ck_assert_uint_eq(address.bits, addresses[_i].bits);
	network = address;
	ip_mask(&network, addresses[_i].keep);
	inet_ntop(network.family, network.bytes, text, sizeof(text));
	ck_assert_str_eq(text, addresses[_i].network);
	ck_assert(ip_has_prefix(address.bytes, network.bytes,
				addresses[_i].keep));
}
END_TEST

START_TEST(compares_bits_not_bytes)
{
	static const unsigned char one[] = { 0x0a, 0x7f };
	static const unsigned char other[] = { 0x0a, 0x70 };

	ck_assert(ip_has_prefix(one, other, 12));
	ck_assert(!ip_has_prefix(one, other, 13));
	ck_assert(!ip_has_prefix(one, other, 16));
	ck_assert(ip_has_prefix(one, one, 16));
}
END_TEST

static const struct {
	const char *text;
	const char *address; /* NULL: a bracket is wrong */
	const char *bits;
} splits[] = {
	{ "192.0.2.1", "192.0.2.1", NULL },
	{ "10.0.0.0/8", "10.0.0.0", "8" },
	{ "[2001:db8::]/32", "2001:db8::", "32" },
	{ "[2001:db8::/32]", "2001:db8::", "32" },
	{ "[::1]", "::1", NULL },
	{ "::/0", "::", "0" },
	{ "10.0.0.0/", "10.0.0.0", "" },
	{ "[::1", NULL, NULL },
	{ "[::1]x", NULL, NULL },
};

START_TEST(splits_address_and_bits)
{
	char *copy = xstrdup(splits[_i].text);
	char *address = copy, *bits;

	if (splits[_i].address == NULL) {
		ck_assert_int_eq(ip_split(&address, &bits), -1);
	} else {
		ck_assert_int_eq(ip_split(&address, &bits), 0);
		ck_assert_str_eq(address, splits[_i].address);
		ck_assert_pstr_eq(bits, splits[_i].bits);
	}
	free(copy);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("ip_address");

	tcase_add_loop_test(tests, masks_what_follows_the_prefix, 0,
			    COUNT(addresses));
	tcase_add_test(tests, compares_bits_not_bytes);
	tcase_add_loop_test(tests, splits_address_and_bits, 0, COUNT(splits));
	return run_tests("ip_address", tests);
}
