/* SPDX-License-Identifier: ISC */
/* postfix_version - what a Postfix of that version does differently
 *
 * policyd has to read what Postfix reads, as that Postfix reads it. The table
 * has one row for each change of meaning since 3.4; policyd knows the version
 * from mail_version of import_postfix. Without it, whoever asks takes the
 * newest meaning, unless that would permit more than an older one.
 *
 * Release notes, history and the sources of match lists, tables, resolution and
 * restrictions were read from 3.7 to 3.12-20260821. Their other changes have no
 * row: policyd asks the installed Postfix (table types such as debug:,
 * functions in parameters), takes the stricter of both (a word that 3.9 removed
 * is unknown, an empty fingerprint is none), or does not read it.
 *
 * A snapshot has some of what its release will have: nobody knows what. */

#include "lib/postfix/postfix_version.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MINORS 1000u /* more than any major version has */

static const char *const since[POSTFIX_CHANGES] = {
	[POSTFIX_LISTS_JOIN_LINES] = "3.8",
	[POSTFIX_PROXY_FOLDS_KEYS] = "3.11",
	[POSTFIX_TEXTHASH_KEEPS_BAD_VALUES] = "3.11",
	[POSTFIX_KEYS_FOLD_ASCII] = "3.11",
};

/* take_number - of digits, and what is behind it; NULL: there is none, or it
 * is too large */
static const char *take_number(const char *text, unsigned *number)
{
	*number = 0;
	if (!isdigit((unsigned char)*text))
		return NULL;
	for (; isdigit((unsigned char)*text); text++) {
		*number = *number * 10 + (unsigned)(*text - '0');
		if (*number >= MINORS)
			return NULL;
	}
	return text;
}

/* postfix_version - twice major and minor; and one more for a release, so that
 * it is above the snapshots that led to it */
unsigned postfix_version(const char *text)
{
	unsigned major, minor;

	if (text == NULL)
		return 0;
	text = take_number(text, &major);
	if (text == NULL || *text != '.')
		return 0;
	text = take_number(text + 1, &minor);
	if (text == NULL || (*text != '\0' && *text != '.' && *text != '-'))
		return 0;
	return 2 * (major * MINORS + minor) + (*text != '-');
}

/* postfix_is_since - is it that release, or a later one? */
enum postfix_has postfix_is_since(unsigned version, const char *release)
{
	unsigned first = postfix_version(release);

	if (version == 0 || version == first - 1)
		return POSTFIX_MAY_HAVE;
	return version >= first ? POSTFIX_HAS : POSTFIX_HAS_NOT;
}

/* postfix_has - that change? */
enum postfix_has postfix_has(unsigned version, enum postfix_change change)
{
	return postfix_is_since(version, since[change]);
}

/* postfix_alike - has one what the other has? */
bool postfix_alike(unsigned one, unsigned other)
{
	for (int i = 0; i < POSTFIX_CHANGES; i++)
		if (postfix_has(one, (enum postfix_change)i) !=
		    postfix_has(other, (enum postfix_change)i))
			return false;
	return true;
}

/* postfix_since - the release that brought the change */
const char *postfix_since(enum postfix_change change)
{
	return since[change];
}

/* postfix_migration - what a level means */
enum postfix_migration postfix_migration(const char *level)
{
	if (level == NULL || *level == '\0' ||
	    strcasecmp(level, "disable") == 0)
		return POSTFIX_MIGRATION_NONE;
	if (strcasecmp(level, "enable-redirect") == 0)
		return POSTFIX_MIGRATION_REDIRECT;
	if (strcasecmp(level, "enable-reindex") == 0)
		return POSTFIX_MIGRATION_REINDEX;
	return POSTFIX_MIGRATION_UNKNOWN;
}

/* postfix_is_made - can Postfix make the file of such a table? */
bool postfix_is_made(const char *type)
{
	return strcmp(type, "lmdb") == 0 || strcmp(type, "cdb") == 0;
}

/* postfix_type_instead - the type that Postfix reads where hash: or btree: is
 * written */
const char *postfix_type_instead(const char *level, const char *mapping,
				 const char *usual)
{
	enum postfix_migration migration = postfix_migration(level);

	if (migration == POSTFIX_MIGRATION_NONE)
		return NULL;
	if (migration == POSTFIX_MIGRATION_UNKNOWN || usual == NULL ||
	    (mapping != NULL && *mapping != '\0'))
		return "";
	return usual;
}
