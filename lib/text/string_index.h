/* SPDX-License-Identifier: ISC */
#ifndef LIB_TEXT_STRING_INDEX_H
#define LIB_TEXT_STRING_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/* A hash table of texts in one block of bytes, each terminated by a NUL: it
 * holds only their offsets in the block, in 32 bits. The hash is keyed
 * (SipHash-1-3) with random bytes, so nobody can choose texts that are slow to
 * look up. The owner may have other data in the block, too. */
struct string_index {
	uint64_t seed[2];
	uint32_t *each;
	size_t count;
	size_t used;
	unsigned bits; /* of a slot, used for the offset */
};

/* Offsets are at least 1, and below this. */
#define STRING_INDEX_PLACE_MAX ((size_t)1 << 31)

/* string_index_init - an empty table; -1: the system has no random bytes. */
int string_index_init(struct string_index *slots, struct error *error);

/* string_index_clear - free what it holds. */
void string_index_clear(struct string_index *slots);

/* string_index_find - the offset of a text of length bytes, terminated by a NUL
 * or not; 0: not found. */
uint32_t string_index_find(const struct string_index *slots, const char *block,
			   const char *text, size_t length);

/* string_index_add - store the offset of a text of length bytes, terminated by
 * a NUL; 0, or the offset of an equal text, which is kept. */
uint32_t string_index_add(struct string_index *slots, const char *block,
			  uint32_t place, size_t length);

/* string_index_reserve - that many more are about to be added, all below end;
 * this does it in one step. */
void string_index_reserve(struct string_index *slots, const char *block,
			  size_t more, size_t end);

/* string_index_fit - release memory that is not needed, after the last text was
 * added. All offsets are below end. */
void string_index_fit(struct string_index *slots, const char *block,
		      size_t end);

#endif
