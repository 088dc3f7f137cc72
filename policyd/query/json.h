/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_JSON_H
#define POLICYD_QUERY_JSON_H

#include <stdio.h>

#include <jansson.h>

/* Building and printing JSON: JSON Lines, and texts that need not be UTF-8.
 * Building cannot fail: it allocates with lib/base/xalloc. */

/* json_start - call it before any other function of jansson. */
void json_start(void);

/* json_text - a string; null for NULL. Bytes that are not UTF-8 are escaped as
 * in the log, as \xNN. */
json_t *json_text(const char *text);

/* json_whether - true for 1, false for 0, null for anything else: unknown. */
json_t *json_whether(int known);

/* json_set, json_append - add a member, an element; they take over value. */
void json_set(json_t *object, const char *name, json_t *value);
void json_append(json_t *array, json_t *value);

/* json_append_line - an element: a line to write, and its place; array is a
 * json_t. */
void json_append_line(void *array, const char *where, const char *write);

/* json_print - one line of printable ASCII: everything else is escaped as in
 * JSON, so that a terminal shows it safely. Frees the object. */
void json_print(json_t *object, FILE *output);

#endif
