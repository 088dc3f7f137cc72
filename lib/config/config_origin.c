/* SPDX-License-Identifier: ISC */
/* config_origin - which line of which file makes a domain ours?
 *
 * The tables know the lines of a /file. An entry of the list itself is in
 * policyd.conf or main.cf, possibly behind a $name; it is looked for there when
 * an explanation is requested. */

#include "lib/config/config_origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_options.h"

#define BLANKS " \t"

/* is_word - a words_handler: is this the word? */
static int is_word(void *context, const char *word, struct error *error)
{
	return strcmp(word, context) == 0 ? error_set(error, "found") : 0;
}

/* has_word - does a list contain this word? */
static bool has_word(const char *list, const char *word)
{
	char *copy = xstrdup(word);
	struct error error;
	bool found = words_each_braced(list, WORDS_SEPARATORS, is_word, copy,
				       &error) < 0;

	free(copy);
	return found;
}

/* line_in_file - the line of policyd.conf where a value of the option has the
 * word */
static int line_in_file(const struct config *config,
			const struct setting *setting, const char *word)
{
	struct error error;
	size_t i;

	for (i = 0; word != NULL && i < setting->count; i++) {
		char *text = parameters_expand(&config->parameters,
					       setting->values[i], &error);
		bool found = text != NULL && has_word(text, word);

		free(text);
		if (found)
			return setting->lines[i];
	}
	return setting->line;
}

/* A walk through main.cf. */
struct main_cf {
	const char *name; /* of the parameter */
	const char *word; /* to find in its value; or NULL */
	bool inside;	  /* the line belongs to the parameter */
	int line;	  /* where the parameter is set for the last time */
	int word_line;	  /* where the word is in it; 0: not found */
};

/* read_line - one physical line of main.cf; see postconf(5) */
static void read_line(struct main_cf *walk, char *line, int number)
{
	size_t name = strcspn(line, " \t=");
	char *value = line;

	if (line[strspn(line, BLANKS)] == '#' ||
	    line[strspn(line, BLANKS)] == '\0')
		return;
	if (strchr(BLANKS, line[0]) == NULL) {
		walk->inside = strlen(walk->name) == name &&
			       strncmp(line, walk->name, name) == 0;
		value = line + strcspn(line, "=");
		value += *value == '=';
		if (walk->inside) {
			walk->line = number;
			walk->word_line = 0;
		}
	}
	if (walk->inside && walk->word != NULL && walk->word_line == 0 &&
	    has_word(value, walk->word))
		walk->word_line = number;
}

/* line_in_main_cf - where the parameter, or the word in it, is set; 0: nowhere,
 * or main.cf cannot be read */
static int line_in_main_cf(const char *path, const char *name, const char *word)
{
	struct main_cf walk = { .name = name, .word = word };
	const char *reason;
	size_t length;
	char *text = file_read(path, &length, &reason);
	char *line = text;
	int number;

	for (number = 1; line != NULL && *line != '\0'; number++) {
		char *end = line + strcspn(line, "\n");
		bool last = *end == '\0';

		*end = '\0';
		read_line(&walk, line, number);
		line = last ? end : end + 1;
	}
	free(text);
	return walk.word_line != 0 ? walk.word_line : walk.line;
}

/* line_in_text - the first line of a /file that has the word; 0: none */
static int line_in_text(const char *path, const char *word)
{
	const char *reason;
	size_t length;
	char *text = file_read(path, &length, &reason);
	char *rest = text;
	char *line;
	int number = 0;
	int found = 0;

	while (found == 0 && (line = strsep(&rest, "\n")) != NULL) {
		number++;
		if (line[0] != '#' && has_word(line, word))
			found = number;
	}
	free(text);
	return found;
}

/* write_origin - the origin of a word in the text of the list itself */
static void write_origin(const struct config *config, const char *list,
			 const char *word, char origin[CONFIG_ORIGIN_MAX])
{
	int option = config_option_find(list);
	const struct setting *setting;
	const char *path = config->path;
	int line = 0;

	if (option >= 0) {
		setting = &config->settings->top.settings[option];
		if (setting->source != NULL) {
			path = setting->source;
			line = line_in_main_cf(path, list, word);
		} else if (setting->line != 0) {
			line = line_in_file(config, setting, word);
		}
	}
	if (line != 0)
		snprintf(origin, CONFIG_ORIGIN_MAX, "%s:%d", path, line);
	else
		snprintf(origin, CONFIG_ORIGIN_MAX, "default");
}

/* config_origin - where the entry is that made a domain match */
void config_origin(const struct config *config, const char *list,
		   const struct domain_list_match *match, const char *domain,
		   char origin[CONFIG_ORIGIN_MAX])
{
	const char *file = match->file;
	int line = 0;
	struct error error;
	bool utf8 = false;

	if (file != NULL)
		line = line_in_text(file, match->pattern);
	if (file == NULL) {
		parameters_get_bool(&config->parameters,
				    PARAMETER_SMTPUTF8_ENABLE, &utf8, &error);
		line = domain_list_match_line(match, domain, utf8, &file);
	}
	if (line > 0)
		snprintf(origin, CONFIG_ORIGIN_MAX, "%s:%d", file, line);
	else
		write_origin(config, list, match->pattern, origin);
}
