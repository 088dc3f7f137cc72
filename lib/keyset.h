/* SPDX-License-Identifier: ISC */
#ifndef LIB_KEYSET_H
#define LIB_KEYSET_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

/* A set of texts, each with one mark; some 27 bytes for a domain name. If it
 * was made for them, each also has a value. */
struct keyset;

/* keyset_new - empty; NULL when the system has no random bytes. */
struct keyset *keyset_new(bool has_values, struct error *error);

/* keyset_free - NULL is allowed. */
void keyset_free(struct keyset *set);

/* keyset_add - 1 added; 0 it was there already and stays as it is; -1 the set
 * is too large. The key has no NUL in it. In a set with values it gets an
 * empty one. */
int keyset_add(struct keyset *set, const char *key, size_t length, bool mark,
	       struct error *error);

/* keyset_add_value - likewise, with a value; it has no NUL in it either. */
int keyset_add_value(struct keyset *set, const char *key, size_t length,
		     const char *value, size_t value_length, bool mark,
		     struct error *error);

/* keyset_reserve - make room for the records of a text of lines, where each
 * line is one. */
void keyset_reserve(struct keyset *set, const char *text, size_t length);

/* keyset_fit - use no more memory than needed: no more are added. */
void keyset_fit(struct keyset *set);

/* keyset_find - 0 it is not there; 1 it is; -1 it is, and has the mark. */
int keyset_find(const struct keyset *set, const char *key, size_t length);

/* keyset_value - the value of a key, which belongs to the set; NULL: the key
 * is not there, or the set was not made for values. */
const char *keyset_value(const struct keyset *set, const char *key,
			 size_t length);

/* keyset_size - how many. */
size_t keyset_size(const struct keyset *set);

#endif
