/* SPDX-License-Identifier: ISC */
#ifndef LIB_SLOTS_H
#define LIB_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* A hash table of texts that lie in one block of bytes, each ended by a NUL:
 * it holds only their places in it, in 32 bits. The hash is keyed (SipHash-1-3)
 * by random bytes, so nobody can choose texts that are slow to look up. What
 * else the block holds is its owner's business. */
struct slots {
	uint64_t seed[2];
	uint32_t *each;
	size_t count;
	size_t used;
	unsigned bits; /* of a slot, that tell the place */
};

/* No place is 0, and all are below this. */
#define SLOTS_PLACE_MAX ((size_t)1 << 31)

/* slots_init - empty; -1: the system has no random bytes. */
int slots_init(struct slots *slots, struct error *error);

/* slots_clear - free what it holds. */
void slots_clear(struct slots *slots);

/* slots_find - the place of a text of length bytes, ended by a NUL or not; 0:
 * it is not there. */
uint32_t slots_find(const struct slots *slots, const char *block,
		    const char *text, size_t length);

/* slots_add - remember the place of a text of length bytes, ended by a NUL; 0,
 * or the place of the same text that is there already and stays. */
uint32_t slots_add(struct slots *slots, const char *block, uint32_t place,
		   size_t length);

/* slots_reserve - so many more are about to be added, all below end: then it is
 * done in one step. */
void slots_reserve(struct slots *slots, const char *block, size_t more,
		   size_t end);

/* slots_fit - use no more memory than needed: nothing is added any more. All
 * places are below end. */
void slots_fit(struct slots *slots, const char *block, size_t end);

#endif
