/* SPDX-License-Identifier: ISC */
/* config_doubt_tables - warn of tables that are older than their text
 *
 * postmap(1) makes hash:/etc/postfix/relay, which is the file relay.db, from
 * the file relay. Someone who changes that and forgets postmap sees the new
 * text, while Postfix and policyd have the old one. Since 3.11, Postfix can be
 * configured to make and read relay.cdb or relay.lmdb for the same name. */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/shell.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_internal.h"

/* The types that postmap(1) makes, and the end of the file's name. */
static const struct {
	const char *type;
	const char *ending;
} made[] = {
	{ "hash", ".db" }, { "btree", ".db" }, { "lmdb", ".lmdb" },
	{ "cdb", ".cdb" }, { "dbm", ".pag" },  { "sdbm", ".pag" },
};

/* The option at hand. */
struct place {
	const struct config *config;
	const char *postfix; /* "" or " -c DIR", for postmap(1) */
	struct config_notes *notes;
	const char *option;
	int line;
};

/* is_older - is the first file older than the second one? Both exist. */
static bool is_older(const char *file, const char *than)
{
	struct stat one, two;

	if (stat(file, &one) < 0 || stat(than, &two) < 0)
		return false;
	if (one.st_mtim.tv_sec != two.st_mtim.tv_sec)
		return one.st_mtim.tv_sec < two.st_mtim.tv_sec;
	return one.st_mtim.tv_nsec < two.st_mtim.tv_nsec;
}

/* ending_of - of the file that postmap makes for a table of that type; NULL:
 * none, or it is not known */
static const char *ending_of(const struct config *config, const char *type)
{
	const char *instead = strcmp(type, "hash") == 0	   ? config->hash_type
			      : strcmp(type, "btree") == 0 ? config->btree_type
							   : NULL;
	const char *read = instead != NULL ? instead : type;
	size_t i;

	if (instead != NULL && config->type_mapping != NULL)
		return NULL;
	for (i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (strcmp(made[i].type, read) == 0)
			return made[i].ending;
	return NULL;
}

/* check_word - a word of a list */
static int check_word(void *context, const char *word, struct error *error)
{
	const struct place *place = context;
	const char *ending, *name;
	char *type, *file;
	size_t length;

	(void)error;
	word += strspn(word, "!");
	if (strncmp(word, "proxy:", 6) == 0)
		word += 6;
	length = strcspn(word, ":");
	type = xstrndup(word, length);
	ending = word[length] == ':' ? ending_of(place->config, type) : NULL;
	free(type);
	if (ending == NULL)
		return 0;
	name = word + length + 1;
	file = xasprintf("%s%s", name, ending);
	if (is_older(file, name))
		config_warning(place->notes, place->line,
			       "%s: %s is newer than %s, so its changes are "
			       "not in effect; run: postmap%s %s",
			       place->option, name, file, place->postfix, word);
	free(file);
	return 0;
}

/* check_option - all tables in the value of an option at top level */
static void check_option(const struct config *config,
			 struct config_notes *notes, enum config_option option)
{
	const struct setting *from = settings_top(config->settings, option);
	const char *usual = "/etc/postfix";
	char *postfix = shell_option(
		config->import_postfix != NULL ? config->import_postfix : usual,
		usual);
	struct place place = {
		.config = config,
		.postfix = postfix,
		.notes = notes,
		.option = config_option_name(option),
	};
	struct error error;
	size_t i;

	for (i = 0; i < from->count; i++) {
		place.line = from->lines[i];
		words_each_braced(from->values[i], WORDS_SEPARATORS, check_word,
				  &place, &error);
	}
	free(postfix);
}

/* config_doubt_tables - those of all lists */
void config_doubt_tables(const struct config *config,
			 struct config_notes *notes)
{
	int option;

	for (option = OPTION_PARAMETER; option < OPTION_QUESTION; option++)
		check_option(config, notes, (enum config_option)option);
	check_option(config, notes, OPTION_MYNETWORKS);
	check_option(config, notes, OPTION_RELAY_CLIENTCERTS);
	check_option(config, notes, OPTION_SENDER_LOGIN_MAPS);
}
