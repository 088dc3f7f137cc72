/* SPDX-License-Identifier: ISC */
/* ip_address - an IPv4 or IPv6 address, and the network that it is in
 *
 * Only addresses in digits: nothing is looked up. */

#include "lib/base/ip_address.h"

#include <arpa/inet.h>

/* ip_parse - an address of either family */
int ip_parse(struct ip_address *address, const char *text)
{
	bool ipv6 = strchr(text, ':') != NULL;

	memset(address, 0, sizeof(*address));
	address->family = ipv6 ? AF_INET6 : AF_INET;
	address->bits = ipv6 ? 128 : 32;
	return inet_pton(address->family, text, address->bytes) == 1 ? 0 : -1;
}

/* ip_mask - keep the first bits */
void ip_mask(struct ip_address *address, unsigned bits)
{
	for (unsigned bit = bits; bit < address->bits; bit++)
		address->bytes[bit / 8] &= (unsigned char)~(0x80u >> bit % 8);
}

/* ip_split - an address and the length of a prefix */
int ip_split(char **address, char **bits)
{
	char *end = NULL;

	if (**address == '[') {
		(*address)++;
		end = strchr(*address, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != '/'))
			return -1;
		*end = '\0';
	}
	*bits = end != NULL && end[1] == '/' ? end + 1 : strchr(*address, '/');
	if (*bits == NULL)
		return 0;
	**bits = '\0';
	(*bits)++;
	return 0;
}
