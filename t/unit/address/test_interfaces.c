/* SPDX-License-Identifier: ISC */
/* test_interfaces - which addresses are ours */

#include "lib/address/interfaces.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/unit/test.h"

struct own_case {
	const char *inet;
	const char *proxy;
	const char *protocols;
	const char *address;
	const char *parameter; /* NULL: not ours */
};

#define INET  "inet_interfaces"
#define PROXY "proxy_interfaces"

/* The first block needs no IPv6 in the kernel. */
static const struct own_case cases[] = {
	{ "127.0.0.1", "", "ipv4", "127.0.0.1", INET },
	{ "127.0.0.1", "", "ipv4", "127.0.0.2", NULL },
	{ "127.0.0.1", "", "ipv4", "127.0.0.01", INET },
	{ "127.0.0.1", "", "ipv4", "0177.0.0.1", INET },
	{ "127.0.0.1", "", "ipv4", "0127.0.0.1", NULL },
	{ "127.0.0.1", "", "ipv4", "08.0.0.1", NULL },
	{ "127.0.0.1", "", "ipv4", "::ffff:127.0.0.1", INET },
	{ "127.0.0.1", "", "ipv4", "::FFFF:7f00:1", INET },
	{ "127.0.0.1", "", "ipv4", "::127.0.0.1", NULL },
	{ "127.0.0.1", "", "ipv4", "::1", NULL },
	{ "192.0.2.77", "", "ipv4", "192.0.2.77", INET }, /* no interface */
	{ "[192.0.2.1]", "192.0.2.10,192.0.2.11", "ipv4", "192.0.2.1", INET },
	{ "127.0.0.1", "192.0.2.10,[192.0.2.11]", "ipv4", "192.0.2.10", PROXY },
	{ "127.0.0.1", " 192.0.2.10, [192.0.2.11] ", "ipv4", "192.0.2.11",
	  PROXY },
	{ "", "192.0.2.10", "ipv4", "127.0.0.1", NULL },
	{ "all", "", "ipv4", "127.0.0.1", INET },
	{ "loopback-only", "", "ipv4", "127.0.0.1", INET },
	{ "loopback-only", "", "ipv4", "192.0.2.1", NULL },
	{ "all", "", "ipv4", "0.0.0.0", NULL },
	{ "127.0.0.1, ::1", "", "all", "127.0.0.1", INET },
	{ "127.0.0.1, ::1", "", "ipv4, ipv6", "0:0::1", INET },
	{ "127.0.0.1, ::1", "", "ipv6 ipv4", "::ffff:127.0.0.1", NULL },
	{ "127.0.0.1, [::1]", "2001:db8::10", "all", "2001:DB8:0::10", PROXY },
	{ "::1", "", "ipv6", "::1", INET },
	{ "::1", "", "ipv6", "127.0.0.1", NULL },
	{ "::ffff:127.0.0.1", "", "ipv6", "::ffff:127.0.0.1", INET },
	{ "::ffff:127.0.0.1", "", "ipv6", "127.0.0.1", NULL },
	/* of valid syntax for Postfix, yet not an address */
	{ "::1", "", "all", "0:0:0:0:0:0:1", NULL },
	{ "::1", "", "all", "::0177.0.0.1", NULL },
};

/* have_ipv6 - does the kernel know IPv6? */
static bool have_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

START_TEST(knows_our_own_addresses)
{
	const struct own_case *c = &cases[_i];
	struct interfaces *interfaces;
	struct error error;
	const char *got;

	if (strcmp(c->protocols, "ipv4") != 0 && !have_ipv6()) {
		/* then Postfix refuses IPv6 addresses too */
		printf("no IPv6 in this kernel: row %d not judged\n", _i);
		return;
	}
	interfaces = interfaces_new(c->inet, c->proxy, c->protocols, &error);
	ck_assert_msg(interfaces != NULL, "%s", error.text);
	got = interfaces_own(interfaces, c->address);
	ck_assert_msg((got == NULL) == (c->parameter == NULL), "%s: %s",
		      c->address, got != NULL ? got : "not ours");
	if (got != NULL)
		ck_assert_str_eq(got, c->parameter);
	interfaces_free(interfaces);
}
END_TEST

struct refused_case {
	const char *inet;
	const char *proxy;
	const char *protocols;
	const char *reason;
};

static const struct refused_case refused[] = {
	{ "127.0.0.1", "", "ipv5",
	  "inet_protocols: unknown protocol \"ipv5\"" },
	{ "127.0.0.1", "", "IPv4", "inet_protocols" },
	{ "127.0.0.1", "", "", "inet_protocols" },
	{ "127.0.0.256", "", "ipv4", "inet_interfaces: 127.0.0.256" },
	{ "127.0.0.1", "no.such.name.invalid", "all",
	  "proxy_interfaces: no.such.name.invalid" },
	{ "127.0.0.1, 127.0.0.1.2.3", "", "all", "inet_interfaces" },
	{ "::1", "", "ipv4", "inet_interfaces: ::1" },
	{ "[]", "", "ipv4", "inet_interfaces" },
};

START_TEST(refuses_bad_interfaces)
{
	const struct refused_case *c = &refused[_i];
	struct error error;

	ck_assert_ptr_null(
		interfaces_new(c->inet, c->proxy, c->protocols, &error));
	ck_assert_msg(strncmp(error.text, c->reason, strlen(c->reason)) == 0,
		      "%s", error.text);
}
END_TEST

START_TEST(frees_nothing)
{
	interfaces_free(NULL);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("interfaces");

	tcase_add_loop_test(tests, knows_our_own_addresses, 0, COUNT(cases));
	tcase_add_loop_test(tests, refuses_bad_interfaces, 0, COUNT(refused));
	tcase_add_test(tests, frees_nothing);
	return run_tests("interfaces", tests);
}
