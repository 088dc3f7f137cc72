/* SPDX-License-Identifier: ISC */
/* string_set - a set of many texts, in little memory
 *
 * All texts are in one block: a byte for the mark, the text, a NUL, and in a
 * set with values the value and a NUL. The hash table has only their offsets in
 * it. */

#include "lib/text/string_set.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/xalloc.h"
#include "lib/text/string_index.h"

struct string_set {
	struct string_index slots;
	bool has_values;
	char *block;
	size_t used;
	size_t size;
};

/* string_set_new - an empty set */
struct string_set *string_set_new(bool has_values, struct error *error)
{
	struct string_set *set = xcalloc(1, sizeof(*set));

	set->has_values = has_values;
	if (string_index_init(&set->slots, error) < 0) {
		free(set);
		return NULL;
	}
	return set;
}

/* string_set_free - NULL is allowed */
void string_set_free(struct string_set *set)
{
	if (set == NULL)
		return;
	free(set->block);
	string_index_clear(&set->slots);
	free(set);
}

/* put_text - append to the block, which has room */
static void put_text(struct string_set *set, const char *text, size_t length)
{
	memcpy(set->block + set->used, text, length);
	set->block[set->used + length] = '\0';
	set->used += length + 1;
}

/* string_set_add - add a text, unless it exists */
int string_set_add(struct string_set *set, const char *key, size_t length,
		   bool mark, struct error *error)
{
	return string_set_add_value(set, key, length, "", 0, mark, error);
}

/* string_set_add_value - add a text and its value, unless it exists */
int string_set_add_value(struct string_set *set, const char *key, size_t length,
			 const char *value, size_t value_length, bool mark,
			 struct error *error)
{
	size_t most = length > value_length ? length : value_length;
	size_t need = length + 2 + (set->has_values ? value_length + 1 : 0);
	uint32_t place;

	if (most >= STRING_INDEX_PLACE_MAX / 4 ||
	    set->used >= STRING_INDEX_PLACE_MAX - need)
		return error_set(error, "the table is too large");
	if (set->size - set->used < need) {
		set->size = set->size / 2 * 3 + need + 256;
		set->block = xreallocarray(set->block, set->size, 1);
	}
	place = (uint32_t)set->used + 1;
	memcpy(set->block + place, key, length);
	set->block[place + length] = '\0';
	if (string_index_add(&set->slots, set->block, place, length) != 0)
		return 0;
	set->block[set->used] = (char)mark;
	set->used = place + length + 1;
	if (set->has_values)
		put_text(set, value, value_length);
	return 1;
}

/* string_set_reserve - make room for the records of many lines */
void string_set_reserve(struct string_set *set, const char *text, size_t length)
{
	size_t lines = file_lines(text, length);

	string_index_reserve(&set->slots, set->block, lines,
			     set->used + length + 2 * lines);
}

/* string_set_fit - release memory that is not needed */
void string_set_fit(struct string_set *set)
{
	if (set->used == 0)
		return;
	set->block = xreallocarray(set->block, set->used, 1);
	set->size = set->used;
	string_index_fit(&set->slots, set->block, set->used);
}

/* string_set_find - does a text exist? */
int string_set_find(const struct string_set *set, const char *key,
		    size_t length)
{
	uint32_t place =
		string_index_find(&set->slots, set->block, key, length);

	if (place == 0)
		return 0;
	return set->block[place - 1] != 0 ? -1 : 1;
}

/* string_set_value - the value of a text */
const char *string_set_value(const struct string_set *set, const char *key,
			     size_t length)
{
	uint32_t place =
		string_index_find(&set->slots, set->block, key, length);

	if (place == 0 || !set->has_values)
		return NULL;
	return set->block + place + length + 1;
}

/* string_set_each - visit each text */
void string_set_each(const struct string_set *set,
		     void (*visit)(void *context, const char *key,
				   const char *value),
		     void *context)
{
	size_t place = 0;

	while (place < set->used) {
		const char *key = set->block + place + 1;
		const char *value = key + strlen(key) + 1;

		place = (size_t)(value - set->block);
		if (set->has_values)
			place += strlen(value) + 1;
		visit(context, key, set->has_values ? value : "");
	}
}

/* string_set_size - the number of texts */
size_t string_set_size(const struct string_set *set)
{
	return set->slots.used;
}
