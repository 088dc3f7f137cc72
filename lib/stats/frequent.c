/* SPDX-License-Identifier: ISC */
/* frequent - the most frequent texts of many
 *
 * A text that is new takes the place of the one with the lowest count, and that
 * count with it: so the sum is right, and what is frequent is never lost. */

#include "lib/stats/frequent.h"

#include <stdbool.h>
#include <string.h>

/* hash_of - FNV-1a, of what is kept of a text */
static uint32_t hash_of(const char *text, size_t length)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

/* find - the place of a text; used: it is not there */
static size_t find(const struct frequent *frequent, const char *text,
		   size_t length, uint32_t hash)
{
	size_t i;

	for (i = 0; i < frequent->used; i++)
		if (frequent->hashes[i] == hash &&
		    strncmp(frequent->texts[i], text, length) == 0 &&
		    frequent->texts[i][length] == '\0')
			break;
	return i;
}

/* lowest - the place with the lowest count */
static size_t lowest(const struct frequent *frequent)
{
	size_t place = 0, i;

	for (i = 1; i < frequent->used; i++)
		if (frequent->counts[i] < frequent->counts[place])
			place = i;
	return place;
}

/* frequent_add - count it, in its place or in that of another */
void frequent_add(struct frequent *frequent, const char *text, uint64_t times)
{
	size_t length = strnlen(text, FREQUENT_TEXT_MAX - 1);
	uint32_t hash = hash_of(text, length);
	size_t place = find(frequent, text, length, hash);

	if (place == frequent->used) {
		if (frequent->used < FREQUENT_MAX)
			frequent->used++;
		else
			place = lowest(frequent);
		frequent->hashes[place] = hash;
		memcpy(frequent->texts[place], text, length);
		frequent->texts[place][length] = '\0';
	}
	frequent->counts[place] += times;
}

/* frequent_merge - add all counts of another one */
void frequent_merge(struct frequent *to, const struct frequent *from)
{
	size_t i;

	for (i = 0; i < from->used; i++)
		frequent_add(to, from->texts[i], from->counts[i]);
}

/* frequent_top - pick the highest again and again */
size_t frequent_top(const struct frequent *frequent, size_t *indices,
		    size_t most)
{
	bool taken[FREQUENT_MAX] = { false };
	size_t count = 0, best, i;

	while (count < most && count < frequent->used) {
		best = frequent->used;
		for (i = 0; i < frequent->used; i++)
			if (!taken[i] &&
			    (best == frequent->used ||
			     frequent->counts[i] > frequent->counts[best]))
				best = i;
		taken[best] = true;
		indices[count++] = best;
	}
	return count;
}
