/* SPDX-License-Identifier: ISC */
/* config_options - the table of all options, and their values as text
 *
 * The rows are in lib/config/config_rows.h; what their last column is made of
 * is here. */

#include "lib/config/config_options.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config.h"
#include "lib/rate/rate_table.h"

#define DAY		   86400ul
#define RATE_DIRECTORY_MAX (CONFIG_PATH_MAX - RATE_NAME_MAX - 8)

/* One option. */
struct option_row {
	const char *name;
	unsigned scopes;
	enum config_form form;
	const char *standard; /* words of a list; NULL: no default, it stays
				 unset */
	struct config_value value;
};

/* mode_word - the words of mode in a service */
static const char *mode_word(unsigned place)
{
	static const char *const words[] = { "enforce", "observe", NULL };

	return words[place];
}

/* away_word - those of away, by enum config_away */
static const char *away_word(unsigned place)
{
	static const char *const words[] = { "local", "defer", "permit", NULL };

	return words[place];
}

/* The scopes of rows. */
#define EVERY_SERVICE  (SCOPE_TOP | SCOPE_SERVICE)
#define LOCAL_LISTENER (SCOPE_UNIX | SCOPE_METRICS)
#define EVERY_TLS      (SCOPE_TLS | SCOPE_STORE_TLS)

/* Where their values are kept. */
#define AT(home, type, member) \
	home, offsetof(type, member), sizeof(((type *)NULL)->member)
#define CONFIG(member)	 AT(SCOPE_TOP, struct config, member)
#define SERVICE(member)	 AT(SCOPE_SERVICE, struct service, member)
#define LISTENER(member) AT(SCOPE_LISTEN, struct listener_options, member)
#define RATE(member)	 AT(SCOPE_RATE, struct rate, member)
#define STORE(member)	 AT(SCOPE_STORE, struct config_store, member)
#define NOWHERE		 0, 0, 0

/* Their units, with bounds. */
#define TEXT                                   \
	{                                      \
		UNIT_TEXT, 0, 0, NULL, NOWHERE \
	}
#define NUMBER(least, most, at)                    \
	{                                          \
		UNIT_NUMBER, least, most, NULL, at \
	}
#define SECONDS(least, most, at)                    \
	{                                           \
		UNIT_SECONDS, least, most, NULL, at \
	}
#define MILLISECONDS(least, most, at)                    \
	{                                                \
		UNIT_MILLISECONDS, least, most, NULL, at \
	}
#define SWITCH(at)                          \
	{                                   \
		UNIT_SWITCH, 0, 1, NULL, at \
	}
#define WORD(word, at)                    \
	{                                 \
		UNIT_WORD, 0, 0, word, at \
	}
#define MODE(at)                          \
	{                                 \
		UNIT_MODE, 0, 0, NULL, at \
	}
#define USER(at)                          \
	{                                 \
		UNIT_USER, 0, 0, NULL, at \
	}
#define GROUP(at)                          \
	{                                  \
		UNIT_GROUP, 0, 0, NULL, at \
	}
#define PATH(size, at)                       \
	{                                    \
		UNIT_PATH, 0, size, NULL, at \
	}

static const struct option_row rows[OPTION_PARAMETER] = {
#define ROW(option, ...) [option] = { __VA_ARGS__ },
#include "lib/config/config_rows.h"
#undef ROW
};

/* config_option_name - as written in the file */
const char *config_option_name(enum config_option option)
{
	if (option < OPTION_PARAMETER)
		return rows[option].name;
	if (option >= OPTION_QUESTION)
		return notation_name((size_t)(option - OPTION_QUESTION));
	return parameter_name((enum parameter)(option - OPTION_PARAMETER));
}

/* settings_top - an option at top level */
struct setting *settings_top(struct config_settings *settings,
			     enum config_option option)
{
	return &settings->top.settings[option];
}

/* settings_parameter - likewise */
struct setting *settings_parameter(struct config_settings *settings,
				   enum parameter parameter)
{
	return &settings->top.settings[OPTION_PARAMETER + (int)parameter];
}

/* config_option_find - the option with that name */
int config_option_find(const char *name)
{
	int option;

	for (option = 0; option < OPTION_COUNT; option++)
		if (strcmp(config_option_name((enum config_option)option),
			   name) == 0)
			return option;
	return -1;
}

/* config_option_find_in - the option with that name in a scope */
int config_option_find_in(const char *name, unsigned scope)
{
	int option;

	for (option = 0; option < OPTION_COUNT; option++)
		if ((config_option_scopes((enum config_option)option) &
		     scope) != 0 &&
		    strcmp(config_option_name((enum config_option)option),
			   name) == 0)
			return option;
	return config_option_find(name);
}

/* config_option_scopes - where it is allowed */
unsigned config_option_scopes(enum config_option option)
{
	if (option < OPTION_PARAMETER)
		return rows[option].scopes;
	return option < OPTION_QUESTION ? SCOPE_TOP : SCOPE_EXPECT;
}

/* config_option_form - the form of its value */
enum config_form config_option_form(enum config_option option)
{
	if (option < OPTION_PARAMETER)
		return rows[option].form;
	return option < OPTION_QUESTION ? FORM_LIST : FORM_TEXT;
}

/* config_option_value - how its value is read, and where it is kept */
const struct config_value *config_option_value(enum config_option option)
{
	return &rows[option].value;
}

/* config_option_standard - its default */
const char *config_option_standard(enum config_option option)
{
	return rows[option].standard;
}

/* config_option_is_list - may it have several values? */
bool config_option_is_list(enum config_option option)
{
	enum config_form form = config_option_form(option);

	return form == FORM_LIST || form == FORM_PLAIN_LIST;
}

/* setting_add - add a value */
void setting_add(struct setting *setting, const char *value, int line)
{
	size_t count = setting->count;

	if ((count & (count - 1)) == 0) {
		setting->values = xreallocarray(setting->values, count * 2 + 1,
						sizeof(*setting->values));
		setting->lines = xreallocarray(setting->lines, count * 2 + 1,
					       sizeof(*setting->lines));
	}
	setting->values[count] = xstrdup(value);
	setting->lines[count] = line;
	setting->count++;
	setting->set = true;
}

/* setting_text - the only value */
const char *setting_text(const struct setting *setting)
{
	return setting->count > 0 ? setting->values[0] : "";
}

/* setting_join - all values in one text, in the list syntax of main.cf */
char *setting_join(const struct setting *setting)
{
	size_t size = 1;
	size_t i;
	char *text;
	char *end;

	for (i = 0; i < setting->count; i++)
		size += strlen(setting->values[i]) + 2;
	text = xmalloc(size);
	end = text;
	for (i = 0; i < setting->count; i++) {
		if (i > 0)
			end = stpcpy(end, ", ");
		end = stpcpy(end, setting->values[i]);
	}
	*end = '\0';
	return text;
}

/* setting_clear - free the values */
void setting_clear(struct setting *setting)
{
	size_t i;

	for (i = 0; i < setting->count; i++)
		free(setting->values[i]);
	free(setting->values);
	free(setting->lines);
	memset(setting, 0, sizeof(*setting));
}

/* setting_copy - copy the values with their lines */
static void setting_copy(struct setting *to, const struct setting *from)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		setting_add(to, from->values[i], from->lines[i]);
	to->set = from->set;
	to->line = from->line;
	to->source = from->source;
}

/* set_default - set the default of the table */
static void set_default(struct setting *setting, enum config_option option)
{
	const char *word = config_option_standard(option);

	if (word == NULL)
		return;
	setting->set = true;
	if (!config_option_is_list(option)) {
		setting_add(setting, word, 0);
		return;
	}
	while (*word != '\0') {
		char *value = xstrndup(word, strcspn(word, " "));

		setting_add(setting, value, 0);
		word += strlen(value);
		word += strspn(word, " ");
		free(value);
	}
}

/* setting_is_default - does it have the values of the table? */
bool setting_is_default(const struct setting *setting,
			enum config_option option)
{
	struct setting standard = { 0 };
	bool same;
	size_t i;

	set_default(&standard, option);
	same = standard.count == setting->count ||
	       (standard.count == 0 && setting->count == 1 &&
		*setting->values[0] == '\0'); /* an empty list of main.cf */
	for (i = 0; same && i < standard.count; i++)
		same = strcmp(standard.values[i], setting->values[i]) == 0;
	setting_clear(&standard);
	return same;
}

/* section_complete - give each unset option the top level's value or its
 * default */
static void section_complete(struct config_section *section, unsigned scope,
			     const struct config_section *top)
{
	int i;

	for (i = 0; i < OPTION_PARAMETER; i++) {
		enum config_option option = (enum config_option)i;
		struct setting *setting = &section->settings[option];
		unsigned scopes = config_option_scopes(option);

		if ((scopes & scope) == 0 || setting->set)
			continue;
		if (section != top && (scopes & SCOPE_TOP) != 0)
			setting_copy(setting, &top->settings[option]);
		else
			set_default(setting, option);
	}
}

/* settings_sections - the sections of a kind */
struct config_section **settings_sections(struct config_settings *settings,
					  unsigned scope, size_t **count)
{
	switch (scope) {
	case SCOPE_LISTEN:
		*count = &settings->listen_count;
		return &settings->listens;
	case SCOPE_METRICS:
		*count = &settings->counters_count;
		return &settings->metrics;
	case SCOPE_SERVICE:
		*count = &settings->service_count;
		return &settings->services;
	case SCOPE_RATE:
		*count = &settings->rate_count;
		return &settings->rates;
	case SCOPE_STORE:
		*count = &settings->store_count;
		return &settings->stores;
	default:
		*count = &settings->expect_count;
		return &settings->expects;
	}
}

const struct config_kind config_kinds[CONFIG_KINDS] = {
	{ "listen", SCOPE_LISTEN, SCOPE_TOP, "an address" },
	{ "metrics", SCOPE_METRICS, SCOPE_TOP, "an address" },
	{ "service", SCOPE_SERVICE, SCOPE_TOP, "a name" },
	{ "rate", SCOPE_RATE, SCOPE_TOP, "a name" },
	{ "store", SCOPE_STORE, SCOPE_TOP, "an address" },
	{ "expect", SCOPE_EXPECT, SCOPE_TOP,
	  "a text that says what is expected" },
	{ "tls", SCOPE_TLS, SCOPE_LISTEN, NULL },
	{ "tls", SCOPE_STORE_TLS, SCOPE_STORE, NULL },
};

/* inside - the scopes of a kind of section, and of those in it */
static unsigned inside(const struct config_kind *kind)
{
	unsigned scopes = kind->scope;

	for (size_t i = 0; i < CONFIG_KINDS; i++)
		if (config_kinds[i].parent == kind->scope)
			scopes |= config_kinds[i].scope;
	return scopes;
}

/* settings_complete - give all unset options their defaults */
void settings_complete(struct config_settings *settings)
{
	struct config_section *top = &settings->top;

	section_complete(top, SCOPE_TOP, top);
	for (size_t k = 0; k < CONFIG_KINDS; k++) {
		const struct config_kind *kind = &config_kinds[k];
		size_t *count;
		struct config_section **sections =
			settings_sections(settings, kind->scope, &count);

		if (kind->parent != SCOPE_TOP)
			continue;
		for (size_t i = 0; i < *count; i++)
			section_complete(&(*sections)[i], inside(kind), top);
	}
}

/* section_clear - free what a section holds */
static void section_clear(struct config_section *section)
{
	int option;

	free(section->title);
	for (option = 0; option < OPTION_COUNT; option++)
		setting_clear(&section->settings[option]);
}

/* settings_clear - free what settings holds */
void settings_clear(struct config_settings *settings)
{
	section_clear(&settings->top);
	for (size_t k = 0; k < CONFIG_KINDS; k++) {
		size_t *count;
		struct config_section **sections = settings_sections(
			settings, config_kinds[k].scope, &count);

		if (config_kinds[k].parent != SCOPE_TOP)
			continue;
		for (size_t i = 0; i < *count; i++)
			section_clear(&(*sections)[i]);
		free(*sections);
		*sections = NULL;
		*count = 0;
	}
	memset(settings, 0, sizeof(*settings));
}
