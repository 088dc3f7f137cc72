/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_SIMILAR_H
#define LIB_BASE_SIMILAR_H

#include <stddef.h>

/* The known name that an unknown word was probably meant to be, for messages:
 * "did you mean ...?" */
struct similar {
	const char *word;
	const char *prefix; /* of the name in the advice; "" after init */
	const char *best;   /* NULL: nothing is similar */
	size_t distance;    /* of best; less is better */
};

/* similar_init - look for names that are similar to word, which stays the
 * caller's. */
void similar_init(struct similar *similar, const char *word);

/* similar_try - a known name, which must stay valid. */
void similar_try(struct similar *similar, const char *name);

/* similar_advice - "; did you mean NAME?", or "" if no name is similar. Returns
 * buffer. */
const char *similar_advice(const struct similar *similar, char *buffer,
			   size_t size);

#endif
