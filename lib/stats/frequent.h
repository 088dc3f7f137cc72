/* SPDX-License-Identifier: ISC */
#ifndef LIB_STATS_FREQUENT_H
#define LIB_STATS_FREQUENT_H

#include <stddef.h>
#include <stdint.h>

/* The most frequent texts of arbitrarily many, in a fixed amount of memory: the
 * algorithm Space-Saving (Metwally and others, 2005). A text that is more than
 * one of FREQUENT_MAX of all is always there; counts may be too high, by at
 * most that share, never too low. All zero: none. */

#define FREQUENT_MAX	  64
#define FREQUENT_TEXT_MAX 96 /* NUL included; longer ones are cut */

struct frequent {
	uint32_t hashes[FREQUENT_MAX];
	uint64_t counts[FREQUENT_MAX];
	char texts[FREQUENT_MAX][FREQUENT_TEXT_MAX];
	size_t used;
};

/* frequent_add - count a text that number of times. */
void frequent_add(struct frequent *frequent, const char *text, uint64_t times);

/* frequent_merge - add all counts of another one. */
void frequent_merge(struct frequent *to, const struct frequent *from);

/* frequent_top - the indices of the most frequent, at most most of them, the
 * first one first. Their number. */
size_t frequent_top(const struct frequent *frequent, size_t *indices,
		    size_t most);

#endif
