/* SPDX-License-Identifier: ISC */
/* siphash - a keyed hash for tables of names
 *
 * SipHash-1-3 of J.-P. Aumasson and D. J. Bernstein, with one round for each
 * word and three at the end: as fast as a plain hash for short texts. */

#include "lib/siphash.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

/* rotate - turn the bits of x to the left */
static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

/* sip_round - one round of SipHash */
static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* siphash - SipHash-1-3 of length bytes */
uint64_t siphash(const uint64_t seed[2], const char *text, size_t length)
{
	uint64_t v[4] = {
		seed[0] ^ 0x736f6d6570736575,
		seed[1] ^ 0x646f72616e646f6d,
		seed[0] ^ 0x6c7967656e657261,
		seed[1] ^ 0x7465646279746573,
	};
	uint64_t word = 0;
	uint64_t last = (uint64_t)length << 56;

	for (; length >= 8; length -= 8, text += 8) {
		memcpy(&word, text, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	for (size_t i = 0; i < length; i++)
		last |= (uint64_t)(unsigned char)text[i] << (8 * i);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* siphash_seed - random bytes */
int siphash_seed(uint64_t seed[2], struct error *error)
{
	ssize_t got;

	do {
		got = getrandom(seed, 2 * sizeof(*seed), 0);
	} while (got < 0 && errno == EINTR);
	if (got != 2 * sizeof(*seed))
		return error_set(error, "getrandom: %s", strerror(errno));
	return 0;
}
