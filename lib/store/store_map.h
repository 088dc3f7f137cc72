/* SPDX-License-Identifier: ISC */
#ifndef LIB_STORE_STORE_MAP_H
#define LIB_STORE_STORE_MAP_H

#include <stddef.h>
#include <stdint.h>

/* STORES_MAX - that may share the keys. */
#define STORES_MAX 16

/* Which of several stores has a key: on every host the same, whatever the order
 * of the stores, the machine and the version of policyd. All zero: none yet. */
struct store_map {
	size_t count;
	uint64_t names[STORES_MAX];
};

/* store_map_add - the next store. Its name takes part in the choice: one that
 * gets another name has other keys. At most STORES_MAX. */
void store_map_add(struct store_map *map, const char *name);

/* store_map_find - the number of the store that has a key; the first one is 0.
 * There is at least one. */
size_t store_map_find(const struct store_map *map, const char *key);

#endif
