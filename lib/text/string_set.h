/* SPDX-License-Identifier: ISC */
#ifndef LIB_TEXT_STRING_SET_H
#define LIB_TEXT_STRING_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

/* A set of texts, each with a mark; some 27 bytes for a domain name. A set with
 * values also has a value for each text. */
struct string_set;

/* string_set_new - an empty set; NULL when the system has no random bytes. */
struct string_set *string_set_new(bool has_values, struct error *error);

/* string_set_free - NULL is allowed. */
void string_set_free(struct string_set *set);

/* string_set_add - 1: added; 0: it existed and is unchanged; -1: the set is too
 * large. The key contains no NUL. In a set with values, its value is empty. */
int string_set_add(struct string_set *set, const char *key, size_t length,
		   bool mark, struct error *error);

/* string_set_add_value - the same, with a value, which contains no NUL either.
 */
int string_set_add_value(struct string_set *set, const char *key, size_t length,
			 const char *value, size_t value_length, bool mark,
			 struct error *error);

/* string_set_reserve - make room for the lines of a text, where each line is
 * one record. */
void string_set_reserve(struct string_set *set, const char *text,
			size_t length);

/* string_set_fit - release memory that is not needed, after the last text was
 * added. */
void string_set_fit(struct string_set *set);

/* string_set_find - 0: not found; 1: found; -1: found, with the mark. */
int string_set_find(const struct string_set *set, const char *key,
		    size_t length);

/* string_set_value - the value of a key, owned by the set; NULL: the key was
 * not found, or the set has no values. */
const char *string_set_value(const struct string_set *set, const char *key,
			     size_t length);

/* string_set_each - call visit for each text with its value (or ""), in the
 * order in which they were added. */
void string_set_each(const struct string_set *set,
		     void (*visit)(void *context, const char *key,
				   const char *value),
		     void *context);

/* string_set_size - the number of texts. */
size_t string_set_size(const struct string_set *set);

#endif
