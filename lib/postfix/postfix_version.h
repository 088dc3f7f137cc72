/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_POSTFIX_VERSION_H
#define LIB_POSTFIX_POSTFIX_VERSION_H

#include <stdbool.h>

/* The versions with which all tests pass, those of the systems in README; and
 * the next one, with which those pass that compare policyd with Postfix. */
#define POSTFIX_TESTED                                \
	"Postfix 3.7 (Debian 12), 3.10 (Debian 13), " \
	"3.11 (Debian testing)"

/* Changes between versions of Postfix, each of which can be asked for. */
enum postfix_change {
	/* In a /file of a list (match_list(3)), a line that begins with white
	 * space continues the previous one; without one, it is left out. */
	POSTFIX_LISTS_JOIN_LINES,
	/* texthash: and inline: behind proxy: fold their keys, as they do
	 * without proxy: */
	POSTFIX_PROXY_FOLDS_KEYS,
	/* A key of a texthash: whose value is not UTF-8 makes the lookup fail,
	 * and a key that is not UTF-8 must not be repeated; before, their lines
	 * were left out, unless the table was behind proxy:. */
	POSTFIX_TEXTHASH_KEEPS_BAD_VALUES,
	/* A map folds A to Z only in the keys of texthash: and inline:, but
	 * still all letters of what it looks up. */
	POSTFIX_KEYS_FOLD_ASCII,
	POSTFIX_CHANGES
};

enum postfix_has {
	POSTFIX_HAS_NOT,
	POSTFIX_HAS,
	POSTFIX_MAY_HAVE, /* its version is not known */
};

/* postfix_version - "3.11.7", or "3.12-20260101" of a snapshot, as
 * mail_version has it, for postfix_has(); 0: it is neither. text may be
 * NULL. */
unsigned postfix_version(const char *text);

/* postfix_is_since - is it that release, "3.8", or a later one? version: of
 * postfix_version(). */
enum postfix_has postfix_is_since(unsigned version, const char *release);

/* postfix_has - that change? version: of postfix_version(). */
enum postfix_has postfix_has(unsigned version, enum postfix_change change);

/* postfix_alike - has one what the other has? */
bool postfix_alike(unsigned one, unsigned other);

/* postfix_since - the release that brought the change, for people: "3.8". */
const char *postfix_since(enum postfix_change change);

/* How far Postfix has left Berkeley DB, which hash: and btree: are. */
enum postfix_migration {
	POSTFIX_MIGRATION_NONE,
	POSTFIX_MIGRATION_REDIRECT, /* it reads another type */
	POSTFIX_MIGRATION_REINDEX,  /* and makes the file of that, so this
				       must be a type that has one */
	POSTFIX_MIGRATION_UNKNOWN,  /* such a Postfix does not start */
};

/* postfix_migration - what a non_bdb_migration_level means, in capital letters,
 * too; NULL or "": that Postfix does not have it. */
enum postfix_migration postfix_migration(const char *level);

/* postfix_is_made - can Postfix make the file of such a table? */
bool postfix_is_made(const char *type);

/* postfix_type_instead - the type that Postfix reads where hash: or btree: is
 * written, since 3.11: level is non_bdb_migration_level, mapping
 * non_bdb_custom_mapping, and usual default_database_type for hash:, or
 * default_cache_db_type for btree:. Each is NULL if that Postfix does not have
 * it. Returns usual, "" if it is not known, or NULL: no other type. */
const char *postfix_type_instead(const char *level, const char *mapping,
				 const char *usual);

#endif
