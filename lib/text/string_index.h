/* SPDX-License-Identifier: ISC */
#ifndef LIB_SLOTS_H
#define LIB_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/* A hash table of texts in one block of bytes, each terminated by a NUL: it
 * holds only their offsets in the block, in 32 bits. The hash is keyed
 * (SipHash-1-3) with random bytes, so nobody can choose texts that are slow to
 * look up. The owner may have other data in the block, too. */
struct slots {
	uint64_t seed[2];
	uint32_t *each;
	size_t count;
	size_t used;
	unsigned bits; /* of a slot, used for the offset */
};

/* Offsets are at least 1, and below this. */
#define SLOTS_PLACE_MAX ((size_t)1 << 31)

/* slots_init - an empty table; -1: the system has no random bytes. */
int slots_init(struct slots *slots, struct error *error);

/* slots_clear - free what it holds. */
void slots_clear(struct slots *slots);

/* slots_find - the offset of a text of length bytes, terminated by a NUL or
 * not; 0: not found. */
uint32_t slots_find(const struct slots *slots, const char *block,
		    const char *text, size_t length);

/* slots_add - store the offset of a text of length bytes, terminated by a NUL;
 * 0, or the offset of an equal text, which is kept. */
uint32_t slots_add(struct slots *slots, const char *block, uint32_t place,
		   size_t length);

/* slots_reserve - that many more are about to be added, all below end; this
 * does it in one step. */
void slots_reserve(struct slots *slots, const char *block, size_t more,
		   size_t end);

/* slots_fit - release memory that is not needed, after the last text was added.
 * All offsets are below end. */
void slots_fit(struct slots *slots, const char *block, size_t end);

#endif
