/* SPDX-License-Identifier: ISC */
/* postlog_table - sessions by process, messages by queue id
 *
 * Postfix chooses both, so nobody can choose keys that are slow to look up. */

#include "lib/postlog/postlog_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define FNV_START 2166136261U
#define FNV_PRIME 16777619U

/* hash - FNV-1a, one text after another */
static uint32_t hash(uint32_t value, const char *text)
{
	for (; *text != '\0'; text++)
		value = (value ^ (unsigned char)*text) * FNV_PRIME;
	return value;
}

/* bucket_of - where a key belongs */
static size_t bucket_of(const char *host, const char *name)
{
	return hash(hash(hash(FNV_START, host), " "), name) % POSTLOG_BUCKETS;
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
	const struct postlog_entry *entry =
		table->buckets[bucket_of(host, name)];

	while (entry != NULL && !is_key(entry->key, host, name))
		entry = entry->next;
	return entry != NULL ? entry->owner : NULL;
}

/* postlog_table_add - add an entry */
void postlog_table_add(struct postlog_table *table, struct postlog_entry *entry,
		       const char *host, const char *name, void *owner)
{
	struct postlog_entry **bucket = &table->buckets[bucket_of(host, name)];

	entry->key = xasprintf("%s %s", host, name);
	entry->owner = owner;
	entry->next = *bucket;
	*bucket = entry;
}

/* postlog_table_remove - remove an entry */
void postlog_table_remove(struct postlog_table *table,
			  struct postlog_entry *entry)
{
	struct postlog_entry **at;

	if (entry->key == NULL)
		return;
	/* The key is host, a blank, and name: it hashes as they do. */
	at = &table->buckets[hash(FNV_START, entry->key) % POSTLOG_BUCKETS];
	while (*at != NULL && *at != entry)
		at = &(*at)->next;
	if (*at != NULL)
		*at = entry->next;
	free(entry->key);
	entry->key = NULL;
}
