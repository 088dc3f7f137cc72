/* SPDX-License-Identifier: ISC */
/* string_index - a hash table of offsets into a block of texts
 *
 * Open addressing, linear probing. The bits of a slot that offsets do not need
 * hold some of the hash. With them, nearly every slot of another text is
 * skipped without a look at that text, which would cost a cache miss; so the
 * table may be five sixths full. */

#include "lib/text/string_index.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/text/siphash.h"

#define COUNT_MIN     16
#define BITS_MAX      31 /* STRING_INDEX_PLACE_MAX */
#define FULL(count)   ((count) / 6 * 5)
#define FITTED(count) ((count) + (count) / 5 + 6)

/* string_index_init - an empty table */
int string_index_init(struct string_index *slots, struct error *error)
{
	memset(slots, 0, sizeof(*slots));
	if (siphash_seed(slots->seed, error) < 0)
		return -1;
	slots->bits = BITS_MAX;
	slots->count = COUNT_MIN;
	slots->each = xcalloc(slots->count, sizeof(*slots->each));
	return 0;
}

/* string_index_clear - free what it holds */
void string_index_clear(struct string_index *slots)
{
	free(slots->each);
	memset(slots, 0, sizeof(*slots));
}

/* first_of - the slot where the search for a hash begins */
static size_t first_of(const struct string_index *slots, uint64_t hash)
{
	return (size_t)((hash >> 32) * slots->count >> 32);
}

/* tag_of - the part of a hash that is stored in a slot, in its position
 * there */
static uint32_t tag_of(const struct string_index *slots, uint64_t hash)
{
	return (uint32_t)hash << slots->bits;
}

/* place_of - the offset stored in a slot */
static uint32_t place_of(const struct string_index *slots, uint32_t slot)
{
	return slot & ((UINT32_C(1) << slots->bits) - 1);
}

/* next_to - the next slot of a search */
static size_t next_to(const struct string_index *slots, size_t at)
{
	return at + 1 < slots->count ? at + 1 : 0;
}

/* find - the slot of a text, or the free one where it belongs */
static size_t find(const struct string_index *slots, const char *block,
		   const char *text, size_t length, uint64_t hash)
{
	uint32_t tag = tag_of(slots, hash);
	size_t at = first_of(slots, hash);

	for (; slots->each[at] != 0; at = next_to(slots, at)) {
		uint32_t place = place_of(slots, slots->each[at]);
		const char *other = block + place;

		if (slots->each[at] - place == tag &&
		    strncmp(other, text, length) == 0 && other[length] == '\0')
			break;
	}
	return at;
}

/* string_index_find - the offset of a text */
uint32_t string_index_find(const struct string_index *slots, const char *block,
			   const char *text, size_t length)
{
	uint64_t hash = siphash(slots->seed, text, length);

	return place_of(slots,
			slots->each[find(slots, block, text, length, hash)]);
}

/* put - store in the first free slot */
static void put(struct string_index *slots, const char *block, uint32_t place)
{
	const char *text = block + place;
	uint64_t hash = siphash(slots->seed, text, strlen(text));
	size_t at = first_of(slots, hash);

	while (slots->each[at] != 0)
		at = next_to(slots, at);
	slots->each[at] = tag_of(slots, hash) | place;
}

/* rebuild - rebuild with that number of slots and of bits for an offset */
static void rebuild(struct string_index *slots, const char *block, size_t count,
		    unsigned bits)
{
	struct string_index before = *slots;

	slots->count = count;
	slots->bits = bits;
	slots->each = xcalloc(count, sizeof(*slots->each));
	for (size_t i = 0; i < before.count; i++)
		if (before.each[i] != 0)
			put(slots, block, place_of(&before, before.each[i]));
	free(before.each);
}

/* string_index_add - store an offset */
uint32_t string_index_add(struct string_index *slots, const char *block,
			  uint32_t place, size_t length)
{
	uint64_t hash = siphash(slots->seed, block + place, length);
	size_t at;

	if (slots->used + 1 > FULL(slots->count))
		rebuild(slots, block, 4 * slots->count, BITS_MAX);
	else if (place >> slots->bits != 0)
		rebuild(slots, block, slots->count, BITS_MAX);
	at = find(slots, block, block + place, length, hash);
	if (slots->each[at] != 0)
		return place_of(slots, slots->each[at]);
	slots->each[at] = tag_of(slots, hash) | place;
	slots->used++;
	return 0;
}

/* bits_for - the number of bits for offsets below end */
static unsigned bits_for(size_t end)
{
	unsigned bits = 1;

	while (bits < BITS_MAX && end >> bits != 0)
		bits++;
	return bits;
}

/* string_index_reserve - prepare for many more */
void string_index_reserve(struct string_index *slots, const char *block,
			  size_t more, size_t end)
{
	if (slots->used + more > FULL(slots->count))
		rebuild(slots, block, FITTED(slots->used + more),
			bits_for(end));
}

/* string_index_fit - release most of the memory that is not needed */
void string_index_fit(struct string_index *slots, const char *block, size_t end)
{
	size_t count = FITTED(slots->used);

	if (slots->count > count + count / 16 ||
	    slots->bits > bits_for(end) + 1)
		rebuild(slots, block, count, bits_for(end));
}
