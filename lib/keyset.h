/* SPDX-License-Identifier: ISC */
#ifndef LIB_KEYSET_H
#define LIB_KEYSET_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

/* A set of texts, each with one mark; some 40 bytes for a domain name. */
struct keyset;

/* keyset_new - empty; NULL when the system has no random bytes. */
struct keyset *keyset_new(struct error *error);

/* keyset_free - NULL is allowed. */
void keyset_free(struct keyset *set);

/* keyset_add - 1 added; 0 it was there already and stays as it is; -1 the set
 * is too large. The key has no NUL in it. */
int keyset_add(struct keyset *set, const char *key, size_t length, bool mark,
	       struct error *error);

/* keyset_find - 0 it is not there; 1 it is; -1 it is, and has the mark. */
int keyset_find(const struct keyset *set, const char *key, size_t length);

/* keyset_size - how many. */
size_t keyset_size(const struct keyset *set);

#endif
