/* SPDX-License-Identifier: ISC */
/* keyset - a set of many texts, in little memory
 *
 * All texts lie one behind the other in one block: a byte for the mark, the
 * text, a NUL, and in a set with values the value and a NUL. The hash table has
 * only their places in it. */

#include "lib/keyset.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/siphash.h"
#include "lib/xalloc.h"

#define BLOCK_MAX ((size_t)1 << 31) /* bytes */

struct keyset {
	uint64_t seed[2];
	bool has_values;
	char *block;
	size_t used;
	size_t size;
	uint32_t *slots;   /* place + 1 of a record; 0: free */
	size_t slot_count; /* a power of 2 */
	size_t count;
};

/* find_slot - the slot of a text, or the free one where it belongs */
static uint32_t *find_slot(const struct keyset *set, const char *key,
			   size_t length)
{
	size_t mask = set->slot_count - 1;
	size_t at = (size_t)siphash(set->seed, key, length) & mask;

	for (; set->slots[at] != 0; at = (at + 1) & mask) {
		const char *other = set->block + set->slots[at];

		if (strncmp(other, key, length) == 0 && other[length] == '\0')
			break;
	}
	return &set->slots[at];
}

/* behind - the record behind the one whose text that is */
static size_t behind(const struct keyset *set, const char *key, size_t length)
{
	const char *end = key + length + 1;

	if (set->has_values)
		end += strlen(end) + 1;
	return (size_t)(end - set->block);
}

/* grow_slots - double the hash table when it is more than two thirds full */
static void grow_slots(struct keyset *set)
{
	size_t place = 0;

	if (set->count + 1 <= set->slot_count / 3 * 2)
		return;
	free(set->slots);
	set->slot_count = set->slot_count > 0 ? 2 * set->slot_count : 16;
	set->slots = xcalloc(set->slot_count, sizeof(*set->slots));
	while (place < set->used) {
		const char *key = set->block + place + 1;
		size_t length = strlen(key);

		*find_slot(set, key, length) = (uint32_t)place + 1;
		place = behind(set, key, length);
	}
}

/* keyset_new - empty */
struct keyset *keyset_new(bool has_values, struct error *error)
{
	struct keyset *set = xcalloc(1, sizeof(*set));

	set->has_values = has_values;
	if (siphash_seed(set->seed, error) < 0) {
		free(set);
		return NULL;
	}
	grow_slots(set);
	return set;
}

/* keyset_free - NULL is allowed */
void keyset_free(struct keyset *set)
{
	if (set == NULL)
		return;
	free(set->block);
	free(set->slots);
	free(set);
}

/* put_text - at the end of the block, where there is room */
static void put_text(struct keyset *set, const char *text, size_t length)
{
	memcpy(set->block + set->used, text, length);
	set->block[set->used + length] = '\0';
	set->used += length + 1;
}

/* keyset_add - put a text in, if it is not there */
int keyset_add(struct keyset *set, const char *key, size_t length, bool mark,
	       struct error *error)
{
	return keyset_add_value(set, key, length, "", 0, mark, error);
}

/* keyset_add_value - put a text and its value in, if it is not there */
int keyset_add_value(struct keyset *set, const char *key, size_t length,
		     const char *value, size_t value_length, bool mark,
		     struct error *error)
{
	size_t most = length > value_length ? length : value_length;
	size_t need = length + 2 + (set->has_values ? value_length + 1 : 0);
	uint32_t *slot;

	if (most >= BLOCK_MAX / 4 || set->used >= BLOCK_MAX - need)
		return error_set(error, "the table is too large");
	grow_slots(set);
	slot = find_slot(set, key, length);
	if (*slot != 0)
		return 0;
	if (set->size - set->used < need) {
		set->size = set->size / 2 * 3 + need + 256;
		set->block = xreallocarray(set->block, set->size, 1);
	}
	set->block[set->used++] = mark;
	*slot = (uint32_t)set->used;
	put_text(set, key, length);
	if (set->has_values)
		put_text(set, value, value_length);
	set->count++;
	return 1;
}

/* keyset_find - is a text there? */
int keyset_find(const struct keyset *set, const char *key, size_t length)
{
	uint32_t place = *find_slot(set, key, length);

	if (place == 0)
		return 0;
	return set->block[place - 1] != 0 ? -1 : 1;
}

/* keyset_value - what is behind a text */
const char *keyset_value(const struct keyset *set, const char *key,
			 size_t length)
{
	uint32_t place = *find_slot(set, key, length);

	if (place == 0 || !set->has_values)
		return NULL;
	return set->block + place + length + 1;
}

/* keyset_size - how many */
size_t keyset_size(const struct keyset *set)
{
	return set->count;
}
