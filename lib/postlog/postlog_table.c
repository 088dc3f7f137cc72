/* SPDX-License-Identifier: ISC */
/* postlog_table - sessions by process, messages by queue id
 *
 * Postfix chooses both, so nobody can choose keys that are slow to look up. */

#include "lib/postlog/postlog_table.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define SIZE_MIN  64
#define FNV_START 2166136261U
#define FNV_PRIME 16777619U

/* hash - FNV-1a, one text after another */
static uint32_t hash(uint32_t value, const char *text)
{
	for (; *text != '\0'; text++)
		value = (value ^ (unsigned char)*text) * FNV_PRIME;
	return value;
}

/* hash_of - of a key */
static uint32_t hash_of(const char *host, const char *name)
{
	return hash(hash(hash(FNV_START, host), " "), name);
}

/* bucket_of - where an entry with that hash belongs */
static struct postlog_entry **bucket_of(const struct postlog_table *table,
					uint32_t value)
{
	return &table->buckets[value & (table->size - 1)];
}

/* put - into its bucket */
static void put(struct postlog_table *table, struct postlog_entry *entry)
{
	struct postlog_entry **bucket = bucket_of(table, entry->hash);

	entry->next = *bucket;
	*bucket = entry;
}

/* grow - to twice its size */
static void grow(struct postlog_table *table)
{
	struct postlog_table old = *table;
	size_t i;

	table->size = old.size == 0 ? SIZE_MIN : 2 * old.size;
	table->buckets = xcalloc(table->size, sizeof(struct postlog_entry *));
	for (i = 0; i < old.size; i++)
		while (old.buckets[i] != NULL) {
			struct postlog_entry *entry = old.buckets[i];

			old.buckets[i] = entry->next;
			put(table, entry);
		}
	free(old.buckets);
}

/* is_key - "host name" */
static int is_key(const char *key, const char *host, const char *name)
{
	size_t length = strlen(host);

	return strncmp(key, host, length) == 0 && key[length] == ' ' &&
	       strcmp(key + length + 1, name) == 0;
}

/* postlog_table_find - look up an entry */
void *postlog_table_find(const struct postlog_table *table, const char *host,
			 const char *name)
{
	uint32_t value = hash_of(host, name);
	const struct postlog_entry *entry;

	if (table->size == 0)
		return NULL;
	entry = *bucket_of(table, value);
	while (entry != NULL &&
	       (entry->hash != value || !is_key(entry->key, host, name)))
		entry = entry->next;
	return entry != NULL ? entry->owner : NULL;
}

/* postlog_table_add - add an entry */
void postlog_table_add(struct postlog_table *table, struct postlog_entry *entry,
		       const char *host, const char *name, void *owner)
{
	if (table->count++ >= table->size)
		grow(table);
	entry->key = xasprintf("%s %s", host, name);
	entry->hash = hash_of(host, name);
	entry->owner = owner;
	put(table, entry);
}

/* postlog_table_remove - remove an entry */
void postlog_table_remove(struct postlog_table *table,
			  struct postlog_entry *entry)
{
	struct postlog_entry **at;

	if (entry->key == NULL)
		return;
	at = bucket_of(table, entry->hash);
	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	table->count--;
	free(entry->key);
	entry->key = NULL;
}

/* postlog_table_clear - free what it holds */
void postlog_table_clear(struct postlog_table *table)
{
	free(table->buckets);
	*table = (struct postlog_table){ 0 };
}
