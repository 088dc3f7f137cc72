/* SPDX-License-Identifier: ISC */
/* siphash - a keyed hash for tables of names
 *
 * SipHash-1-3 by J.-P. Aumasson and D. J. Bernstein, with one round for each
 * word and three at the end: as fast as a plain hash for short texts. */

#include "lib/text/siphash.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

/* rotate - rotate the bits of x to the left */
static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

/* The state of the hash. */
struct state {
	uint64_t a, b, c, d;
};

/* sip_round - one round of SipHash */
static struct state sip_round(struct state v)
{
	v.a += v.b;
	v.c += v.d;
	v.b = rotate(v.b, 13) ^ v.a;
	v.d = rotate(v.d, 16) ^ v.c;
	v.a = rotate(v.a, 32);
	v.c += v.b;
	v.a += v.d;
	v.b = rotate(v.b, 17) ^ v.c;
	v.d = rotate(v.d, 21) ^ v.a;
	v.c = rotate(v.c, 32);
	return v;
}

/* last_word - the last bytes, fewer than eight, and the length in the top byte.
 * Those of a longer text are read at once, with what is before them. */
static uint64_t last_word(const char *rest, size_t length)
{
	uint64_t top = (uint64_t)length << 56;
	unsigned left = length % 8;
	uint64_t word = 0;

	if (left == 0)
		return top;
	if (length >= sizeof(word)) {
		memcpy(&word, rest + left - sizeof(word), sizeof(word));
		return top | le64toh(word) >> (64 - 8 * left);
	}
	for (size_t i = left; i-- > 0;)
		word = word << 8 | (unsigned char)rest[i];
	return top | word;
}

/* siphash - SipHash-1-3 of length bytes */
uint64_t siphash(const uint64_t seed[2], const char *text, size_t length)
{
	struct state v = {
		seed[0] ^ 0x736f6d6570736575,
		seed[1] ^ 0x646f72616e646f6d,
		seed[0] ^ 0x6c7967656e657261,
		seed[1] ^ 0x7465646279746573,
	};
	const char *end = text + length / 8 * 8;
	uint64_t word;

	for (; text < end; text += 8) {
		memcpy(&word, text, 8);
		word = le64toh(word);
		v.d ^= word;
		v = sip_round(v);
		v.a ^= word;
	}
	word = last_word(text, length);
	v.d ^= word;
	v = sip_round(v);
	v.a ^= word;
	v.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		v = sip_round(v);
	return v.a ^ v.b ^ v.c ^ v.d;
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
