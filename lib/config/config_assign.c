/* SPDX-License-Identifier: ISC */
/* config_assign - read and store the values of options as their rows say
 *
 * What a number, a time or a word may be, and which member of which struct it
 * is kept in, are columns of lib/config/config_rows.h. */

#include "lib/config/config_assign.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/similar.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_values.h"

/* unknown_word - report it, with all words and the one that was probably
 * meant */
static int unknown_word(const struct config_value *row, const char *text,
			struct error *error)
{
	char shown[CONFIG_SHOWN], advice[CONFIG_SHOWN];
	struct similar similar;
	const char *word;

	similar_init(&similar, text);
	error_set(error, "%s is not one of ", config_show(shown, text));
	for (unsigned i = 0; (word = row->word(i)) != NULL; i++) {
		size_t length = strlen(error->text);

		snprintf(error->text + length, sizeof(error->text) - length,
			 "%s%s", i > 0 ? ", " : "", word);
		similar_try(&similar, word);
	}
	strncat(error->text, similar_advice(&similar, advice, sizeof(advice)),
		sizeof(error->text) - strlen(error->text) - 1);
	return -1;
}

/* read_word - its place in the list of words */
static int read_word(const struct config_value *row, const char *text,
		     unsigned long *value, struct error *error)
{
	for (unsigned i = 0; row->word(i) != NULL; i++) {
		if (strcmp(row->word(i), text) == 0) {
			*value = i;
			return 0;
		}
	}
	return unknown_word(row, text, error);
}

/* read_time - in ms */
static int read_time(const struct config_value *row, const char *text,
		     unsigned long *value, struct error *error)
{
	unsigned ms = 0;
	int result = row->unit == UNIT_SECONDS
			     ? config_value_time(text, row->least, row->most,
						 &ms, error)
			     : config_value_milliseconds(text, row->least,
							 row->most, &ms, error);

	*value = ms;
	return result;
}

/* read_access - a switch, a mode, a user or a group */
static int read_access(const struct config_value *row, const char *text,
		       unsigned long *value, struct error *error)
{
	bool yes = false;
	mode_t mode = 0;
	uid_t uid = 0;
	gid_t gid = 0;
	int result;

	if (row->unit == UNIT_SWITCH)
		result = config_value_bool(text, &yes, error);
	else if (row->unit == UNIT_MODE)
		result = config_value_mode(text, &mode, error);
	else if (row->unit == UNIT_USER)
		result = config_value_user(text, &uid, NULL, error);
	else
		result = config_value_group(text, &gid, NULL, error);
	*value = yes ? 1 : (unsigned long)mode | uid | gid;
	return result;
}

/* config_read - one value, as a number */
int config_read(enum config_option option, const char *text,
		unsigned long *value, struct error *error)
{
	const struct config_value *row = config_option_value(option);

	switch (row->unit) {
	case UNIT_NUMBER:
		return config_value_number(text, row->least, row->most, value,
					   error);
	case UNIT_SECONDS:
	case UNIT_MILLISECONDS:
		return read_time(row, text, value, error);
	case UNIT_WORD:
		return read_word(row, text, value, error);
	default:
		return read_access(row, text, value, error);
	}
}

/* put_number - store it in a member of its size: a bool, or an unsigned, which
 * an enum is, too */
static void put_number(void *member, const struct config_value *row,
		       unsigned long value)
{
	unsigned number = (unsigned)value;
	bool yes = value != 0;

	if (row->size == sizeof(yes))
		memcpy(member, &yes, sizeof(yes));
	else
		memcpy(member, &number, sizeof(number));
}

/* put_path - store a copy; it must be an absolute path */
static int put_path(void *member, const struct config_value *row,
		    const char *text, struct error *error)
{
	char shown[CONFIG_SHOWN];
	char *path = xstrdup(text);

	memcpy(member, &path, sizeof(path));
	if (*text != '/' || strlen(text) >= row->most)
		return error_set(error,
				 "%s is not an absolute path of less than %lu "
				 "bytes",
				 config_show(shown, text), row->most);
	return 0;
}

/* assign - store one value */
static void assign(char *to, enum config_option option,
		   const struct setting *from, struct config_notes *notes)
{
	const struct config_value *row = config_option_value(option);
	const char *standard = config_option_standard(option);
	const char *text = setting_text(from);
	unsigned long value = 0;
	struct error error;
	int result;

	if (*text == '\0' && *standard == '\0')
		return;
	if (row->unit == UNIT_PATH) {
		result = put_path(to + row->offset, row, text, &error);
	} else {
		result = config_read(option, text, &value, &error);
		if (result == 0)
			put_number(to + row->offset, row, value);
	}
	if (result < 0)
		config_option_error(notes, option, from->line, &error);
}

/* config_assign - store the values of a section */
void config_assign(void *to, enum config_scope home,
		   const struct config_section *section,
		   struct config_notes *notes)
{
	for (int i = 0; i < OPTION_PARAMETER; i++) {
		enum config_option option = (enum config_option)i;

		if (config_option_value(option)->home == home)
			assign(to, option, &section->settings[option], notes);
	}
}
