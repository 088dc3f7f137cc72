/* SPDX-License-Identifier: ISC */
/* config_doubt_tables - warn of tables that are older than their text
 *
 * postmap(1) makes hash:/etc/postfix/relay, which is the file relay.db, from
 * the file relay. Someone who changes that and forgets postmap sees the new
 * text, while Postfix and policyd have the old one. */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_doubt.h"
#include "lib/config/config_options.h"

/* The types that postmap(1) makes, and the end of the file's name. */
static const struct {
	const char *type;
	const char *ending;
} made[] = {
	{ "hash:", ".db" }, { "btree:", ".db" }, { "lmdb:", ".lmdb" },
	{ "cdb:", ".cdb" }, { "dbm:", ".pag" },	 { "sdbm:", ".pag" },
};

/* The option at hand. */
struct place {
	const char *directory; /* of Postfix; NULL: the default one */
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

/* check_word - a word of a list */
static int check_word(void *context, const char *word, struct error *error)
{
	const struct place *place = context;
	size_t i;

	(void)error;
	word += strspn(word, "!");
	if (strncmp(word, "proxy:", 6) == 0)
		word += 6;
	for (i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		size_t length = strlen(made[i].type);
		char *file;

		if (strncmp(word, made[i].type, length) != 0)
			continue;
		file = xasprintf("%s%s", word + length, made[i].ending);
		if (is_older(file, word + length))
			config_warning(
				place->notes, place->line,
				"%s: %s is newer than %s, so its changes are "
				"not in effect; run: postmap %s%s%s%s",
				place->option, word + length, file,
				place->directory != NULL ? "-c " : "",
				place->directory != NULL ? place->directory
							 : "",
				place->directory != NULL ? " " : "", word);
		free(file);
	}
	return 0;
}

/* check_option - all tables in the value of an option at top level */
static void check_option(const struct config *config,
			 struct config_notes *notes, int option)
{
	const struct setting *from = &config->settings->top.settings[option];
	const char *directory = config->import_postfix;
	struct place place = {
		.directory = directory != NULL && strcmp(directory,
							 "/etc/postfix") != 0
				     ? directory
				     : NULL,
		.notes = notes,
		.option = config_option_name((enum config_option)option),
	};
	struct error error;
	size_t i;

	for (i = 0; i < from->count; i++) {
		place.line = from->lines[i];
		words_each_braced(from->values[i], WORDS_SEPARATORS, check_word,
				  &place, &error);
	}
}

/* config_doubt_tables - those of all lists */
void config_doubt_tables(const struct config *config,
			 struct config_notes *notes)
{
	int option;

	for (option = OPTION_PARAMETER; option < OPTION_QUESTION; option++)
		check_option(config, notes, option);
	check_option(config, notes, OPTION_MYNETWORKS);
	check_option(config, notes, OPTION_RELAY_CLIENTCERTS);
	check_option(config, notes, OPTION_SENDER_LOGIN_MAPS);
}
