/* SPDX-License-Identifier: ISC */
/* table_redirect - what Postfix reads where hash: or btree: is written
 *
 * Since Postfix 3.11 that is another type if non_bdb_migration_level says so:
 * default_database_type for hash:, default_cache_db_type for btree:, unless
 * non_bdb_custom_mapping has a type for "hash:/name" or "hash". */

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/table/table_internal.h"
#include "lib/text/casefold.h"

/* find_folded - look up a key, which is folded as Postfix does that; then
 * *type is the result */
static enum table_answer find_folded(const struct table *mapping,
				     const char *key, char **type,
				     const char **why)
{
	size_t length = strlen(key);
	char *folded = xmalloc(CASEFOLD_SIZE(length));
	struct table_result result = { .text = "" };
	enum table_answer answer;

	if (table_is_pattern(mapping))
		memcpy(folded, key, length + 1);
	else
		casefold(folded, key, length, true);
	answer = table_find(mapping, folded, &result);
	if (answer == TABLE_FOUND)
		*type = xstrdup(result.text);
	*why = result.trouble.why;
	free(result.owned);
	free(folded);
	return answer;
}

/* find_mapped - by type and name, or by the type */
static int find_mapped(const struct table *mapping, const struct table *table,
		       char **type, struct error *error)
{
	char *full = xasprintf("%s:%s", table->type, table->name);
	const char *why;
	enum table_answer answer = find_folded(mapping, full, type, &why);

	if (answer == TABLE_NOT_FOUND)
		answer = find_folded(mapping, table->type, type, &why);
	free(full);
	if (answer == TABLE_FOUND || answer == TABLE_NOT_FOUND)
		return 0;
	return error_set(error, "non_bdb_custom_mapping: %s: %s",
			 table_name(mapping), why);
}

/* ask_mapping - read non_bdb_custom_mapping, and look up the table's type in
 * it; nothing is read in place of its own type */
static int ask_mapping(const struct table *table, struct table_loader *loader,
		       char **type, struct error *error)
{
	struct table_loader plain = *loader;
	struct table *mapping;
	int result;

	plain.hash_type = plain.btree_type = NULL;
	mapping = table_new_values(loader->type_mapping, true, &plain, error);
	loader->spent_ms = plain.spent_ms;
	if (mapping == NULL)
		return error_prefix(error, "non_bdb_custom_mapping: ");
	result = find_mapped(mapping, table, type, error);
	table_free(mapping);
	return result;
}

/* table_redirect - the type that is read in place of the table's */
int table_redirect(const struct table *table, struct table_loader *loader,
		   char **type, struct error *error)
{
	const char *usual = strcmp(table->type, "hash") == 0 ? loader->hash_type
			    : strcmp(table->type, "btree") == 0
				    ? loader->btree_type
				    : NULL;

	*type = NULL;
	if (usual == NULL)
		return 0;
	if (loader->type_mapping != NULL &&
	    ask_mapping(table, loader, type, error) < 0)
		return -1;
	if (*type == NULL)
		*type = xstrdup(usual);
	return 0;
}
