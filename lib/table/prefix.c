/* SPDX-License-Identifier: ISC */
/* prefix - how much of the Internet does a network contain?
 *
 * Nobody owns more than a /8 of IPv4, and no provider more than a /16 of IPv6.
 * A shorter prefix contains networks of others. But nobody in the Internet has
 * an address that is local to a site or to a link. */

#include "lib/table/prefix.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define WIDEST_IPV4 8
#define WIDEST_IPV6 16

/* IPv6 networks with IPv4 addresses after the prefix. */
static const struct {
	unsigned char bytes[12];
	unsigned bits;
} embedded[] = {
	{ { [10] = 0xff, [11] = 0xff }, 96 }, /* ::ffff:0:0, mapped */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96 },   /* 64:ff9b::, NAT64 */
	{ { 0x20, 0x02 }, 16 },		      /* 2002::, 6to4 */
};

/* is_local - are all addresses in fc00::/7 or fe80::/10? */
static bool is_local(const unsigned char *bytes, unsigned bits)
{
	return (bits >= 7 && (bytes[0] & 0xfe) == 0xfc) ||
	       (bits >= 10 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

/* prefix_is_wide - does it contain strangers? */
bool prefix_is_wide(int family, const unsigned char *bytes, unsigned bits)
{
	size_t i;

	if (family == AF_INET)
		return bits < WIDEST_IPV4;
	for (i = 0; i < sizeof(embedded) / sizeof(embedded[0]); i++)
		if (bits >= embedded[i].bits &&
		    memcmp(bytes, embedded[i].bytes, embedded[i].bits / 8) == 0)
			return bits - embedded[i].bits < WIDEST_IPV4;
	return bits < WIDEST_IPV6 && !is_local(bytes, bits);
}
