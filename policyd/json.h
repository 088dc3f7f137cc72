/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_JSON_H
#define POLICYD_JSON_H

#include <stdio.h>

#include <jansson.h>

/* What the JSON output of the program has in common: JSON Lines, and texts that
 * need not be UTF-8. Building never fails: memory is that of lib/xalloc. */

/* json_start - before anything else of jansson's. */
void json_start(void);

/* json_text - a string; null for NULL. What is not UTF-8 is escaped as in the
 * log, \xNN for a byte. */
json_t *json_text(const char *text);

/* json_whether - true for 1, false for 0, null for anything else: not known. */
json_t *json_whether(int known);

/* json_set, json_append - a member, an element; they take over value. */
void json_set(json_t *object, const char *name, json_t *value);
void json_append(json_t *array, json_t *value);

/* json_print - one line of printable ASCII: all else is escaped as JSON does,
 * so that a terminal shows what is there. Frees the object. */
void json_print(json_t *object, FILE *output);

#endif
