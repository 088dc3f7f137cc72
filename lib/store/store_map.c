/* SPDX-License-Identifier: ISC */
/* store_map - which of several stores has a key
 *
 * Rendezvous hashing: each store has a number for the key, made of the key and
 * of its own name, and the largest one decides. So with one more store, keys
 * move to that one only, each other one gives up the same share, and with one
 * less, only its own keys move. Only the key is looked at, not the rate: rates
 * of one login are asked in one place, at once.
 *
 * The numbers must never change, since hosts with another version of policyd
 * would look for the counts elsewhere: the test knows some of them. */

#include "lib/store/store_map.h"

#include <string.h>

#include "lib/text/siphash.h"

/* hash - without a secret, as all hosts must agree without asking each other */
static uint64_t hash(const char *text)
{
	static const uint64_t seed[2] = { 0, 0 };

	return siphash(seed, text, strlen(text));
}

/* mix - each bit depends on all of them (the finish of MurmurHash3) */
static uint64_t mix(uint64_t n)
{
	n ^= n >> 33;
	n *= UINT64_C(0xff51afd7ed558ccd);
	n ^= n >> 33;
	n *= UINT64_C(0xc4ceb9fe1a85ec53);
	return n ^ n >> 33;
}

/* store_map_add - the hash of its name is kept */
void store_map_add(struct store_map *map, const char *name)
{
	map->names[map->count++] = hash(name);
}

/* store_map_find - the one with the largest number; of two equal ones that with
 * the larger hash, so that the order of the stores does not matter */
size_t store_map_find(const struct store_map *map, const char *key)
{
	uint64_t of_key, most = 0;
	size_t best = 0;

	if (map->count < 2)
		return 0;
	of_key = hash(key);
	for (size_t i = 0; i < map->count; i++) {
		uint64_t number = mix(of_key ^ map->names[i]);

		if (i > 0 &&
		    (number < most ||
		     (number == most && map->names[i] < map->names[best])))
			continue;
		best = i;
		most = number;
	}
	return best;
}
