/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_IP_ADDRESS_H
#define LIB_BASE_IP_ADDRESS_H

#include <stdbool.h>
#include <string.h>

#define IP_BYTES 16

/* An address of either family. */
struct ip_address {
	int family;    /* AF_INET or AF_INET6 */
	unsigned bits; /* of an address of this family: 32 or 128 */
	unsigned char bytes[IP_BYTES]; /* 0 after those of the address */
};

/* ip_parse - read one, as inet_pton(3) does. 0, or -1: it is none. */
int ip_parse(struct ip_address *address, const char *text);

/* ip_mask - clear all bits but the first ones. */
void ip_mask(struct ip_address *address, unsigned bits);

/* ip_has_prefix - are the first bits of two addresses equal? */
static inline bool ip_has_prefix(const unsigned char *one,
				 const unsigned char *other, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(one, other, whole) == 0 &&
	       (rest == 0 || (one[whole] ^ other[whole]) >> (8 - rest) == 0);
}

/* ip_split - split "[address]/bits", "[address/bits]", or the same without
 * brackets, in place; *bits is NULL without "/". 0, or -1: a bracket is
 * wrong. */
int ip_split(char **address, char **bits);

#endif
