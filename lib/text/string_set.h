/* SPDX-License-Identifier: ISC */
#ifndef LIB_KEYSET_H
#define LIB_KEYSET_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

/* A set of texts, each with a mark; some 27 bytes for a domain name. A set with
 * values also has a value for each text. */
struct keyset;

/* keyset_new - an empty set; NULL when the system has no random bytes. */
struct keyset *keyset_new(bool has_values, struct error *error);

/* keyset_free - NULL is allowed. */
void keyset_free(struct keyset *set);

/* keyset_add - 1: added; 0: it existed and is unchanged; -1: the set is too
 * large. The key contains no NUL. In a set with values, its value is empty. */
int keyset_add(struct keyset *set, const char *key, size_t length, bool mark,
	       struct error *error);

/* keyset_add_value - the same, with a value, which contains no NUL either. */
int keyset_add_value(struct keyset *set, const char *key, size_t length,
		     const char *value, size_t value_length, bool mark,
		     struct error *error);

/* keyset_reserve - make room for the lines of a text, where each line is one
 * record. */
void keyset_reserve(struct keyset *set, const char *text, size_t length);

/* keyset_fit - release memory that is not needed, after the last text was
 * added. */
void keyset_fit(struct keyset *set);

/* keyset_find - 0: not found; 1: found; -1: found, with the mark. */
int keyset_find(const struct keyset *set, const char *key, size_t length);

/* keyset_value - the value of a key, owned by the set; NULL: the key was not
 * found, or the set has no values. */
const char *keyset_value(const struct keyset *set, const char *key,
			 size_t length);

/* keyset_size - the number of texts. */
size_t keyset_size(const struct keyset *set);

#endif
