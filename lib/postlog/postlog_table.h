/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_TABLE_H
#define LIB_POSTLOG_POSTLOG_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* An entry, which its owner embeds; the key is a host and a name there. */
struct postlog_entry {
	struct postlog_entry *next;
	char *key; /* owned by the entry */
	uint32_t hash;
	void *owner;
};

/* A hash table of entries. Zero it before use, and clear it when it is empty
 * again. */
struct postlog_table {
	struct postlog_entry **buckets;
	size_t size; /* of buckets, 0 or a power of two */
	size_t count;
};

/* postlog_table_find - the owner of the entry, or NULL. */
void *postlog_table_find(const struct postlog_table *table, const char *host,
			 const char *name);

/* postlog_table_add - add an entry that is not in a table; the key must not
 * exist yet. */
void postlog_table_add(struct postlog_table *table, struct postlog_entry *entry,
		       const char *host, const char *name, void *owner);

/* postlog_table_remove - remove it, if it is in the table, and free its key. */
void postlog_table_remove(struct postlog_table *table,
			  struct postlog_entry *entry);

/* postlog_table_clear - free what the table holds, but no entry. */
void postlog_table_clear(struct postlog_table *table);

#endif
