/* SPDX-License-Identifier: ISC */
/* table_redirect - what Postfix reads where hash: or btree: is written
 *
 * Since Postfix 3.11 that is another type if non_bdb_migration_level says so:
 * default_database_type for hash:, default_cache_db_type for btree:, unless
 * non_bdb_custom_mapping has a type for "hash:/name" or "hash". That table is
 * opened before Postfix knows how to reach proxymap(8), and before it knows the
 * types that are in libraries of their own. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/postfix_version.h"
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

/* check_mapping - can Postfix open that table so early? Whether pcre: is in a
 * library of its own is not known; others that may be are read by postmap(1),
 * which has the same problem, or by no one but Postfix. */
static int check_mapping(const char *mapping, struct error *error)
{
	if (strncmp(mapping, "proxy:", strlen("proxy:")) != 0 &&
	    strncmp(mapping, "pcre:", strlen("pcre:")) != 0)
		return 0;
	return error_set(error,
			 "Postfix cannot read %s here; use texthash: or "
			 "regexp:",
			 mapping[1] == 'r' ? "proxy:" : "pcre:");
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
	mapping = check_mapping(loader->type_mapping, error) < 0
			  ? NULL
			  : table_new_values(loader->type_mapping, true, &plain,
					     error);
	loader->spent_ms = plain.spent_ms;
	if (mapping == NULL)
		return error_prefix(error, "non_bdb_custom_mapping: ");
	result = find_mapped(mapping, table, type, error);
	table_free(mapping);
	return result;
}

/* check_made - must Postfix be able to make the file of the type, and is it? If
 * not, the type is freed. */
static int check_made(const struct table_loader *loader, char **type,
		      struct error *error)
{
	if (!loader->type_is_made || postfix_is_made(*type))
		return 0;
	error_set(error,
		  "non_bdb_migration_level is enable-reindex, but Postfix "
		  "makes no tables of type \"%.40s\"",
		  *type);
	free(*type);
	*type = NULL;
	return -1;
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
	return check_made(loader, type, error);
}
