/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_OPTIONS_H
#define LIB_CONFIG_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/address/parameters.h"
#include "lib/request/request_notation.h"

/* All options of the file, and their values as text. Only for lib/config*.c and
 * its tests. */

/* The options, in the order of lib/config/config_rows.h. */
enum config_option {
#define ROW(option, name, scopes, form, standard, value) option,
#include "lib/config/config_rows.h"
#undef ROW
	OPTION_PARAMETER, /* the first of enum parameter */
	OPTION_QUESTION = OPTION_PARAMETER +
			  PARAMETER_COUNT, /* likewise, in an expect section */
	OPTION_COUNT = OPTION_QUESTION + NOTATION_NAMES,
};

/* Where an option is allowed. */
enum config_scope {
	SCOPE_TOP = 1,
	SCOPE_SERVICE = 2,
	SCOPE_UNIX = 4, /* in a listen section with such an address */
	SCOPE_INET = 512,
	SCOPE_LISTEN = SCOPE_UNIX | SCOPE_INET,
	SCOPE_EXPECT = 8,
	SCOPE_TLS = 16, /* in a listen section */
	SCOPE_METRICS = 32,
	SCOPE_RATE = 64,
	SCOPE_STORE = 128,
	SCOPE_STORE_TLS = 256, /* in a store section */
};

/* The form of a value. */
enum config_form {
	FORM_TEXT,	 /* one value */
	FORM_LIST,	 /* any number, in { } unless it is one */
	FORM_PLAIN_TEXT, /* the same two, for values that need no quotes */
	FORM_PLAIN_LIST,
};

/* How one value is read, and what it becomes. */
enum config_unit {
	UNIT_TEXT,	   /* code reads it */
	UNIT_NUMBER,	   /* within the bounds */
	UNIT_SECONDS,	   /* a time within the bounds, in ms */
	UNIT_MILLISECONDS, /* the same for short times; the bounds are in ms */
	UNIT_SWITCH,	   /* 0 or 1 */
	UNIT_WORD,	   /* its place in a list of words */
	UNIT_MODE,	   /* permissions of a file */
	UNIT_USER,	   /* the number of a user that exists */
	UNIT_GROUP,
	UNIT_PATH, /* an absolute file name, shorter than the upper bound */
};

/* The last part of a row: the value, and where it is kept. */
struct config_value {
	enum config_unit unit;
	unsigned long least, most;
	const char *(*word)(unsigned place); /* NULL after the last word */
	enum config_scope home; /* whose struct has it, see config_assign();
				   0: it is not kept */
	size_t offset, size;	/* of the member */
};

/* The value of one option as text. */
struct setting {
	char **values;
	int *lines; /* of each value; 0: default */
	size_t count;
	bool set;	    /* false: not set, and without a default */
	int line;	    /* of the option; 0: default */
	const char *source; /* what it was imported from (not owned; line is
			       then that of import_postfix), or NULL */
};

/* The top level, or one listen, service, rate or store section; a listen or
 * store section includes the options of its tls section. */
struct config_section {
	char *title; /* NULL: top level */
	int line;
	int tls_line; /* of its tls section; 0: none */
	struct setting settings[OPTION_COUNT];
};

/* The whole file. */
struct config_settings {
	struct config_section top;
	struct config_section *listens;
	size_t listen_count;
	struct config_section *metrics; /* at most one is allowed */
	size_t counters_count;
	struct config_section *services;
	size_t service_count;
	struct config_section *expects;
	size_t expect_count;
	struct config_section *rates;
	size_t rate_count;
	struct config_section *stores;
	size_t store_count;
};

/* A kind of section. */
struct config_kind {
	const char *name;
	unsigned scope;	   /* of the options in it */
	unsigned parent;   /* the scope that it is in */
	const char *title; /* what its title is; NULL: no title */
};
#define CONFIG_KINDS 8
extern const struct config_kind config_kinds[CONFIG_KINDS];

/* settings_sections - where the sections of a kind are, and their number: those
 * of the scope of the options in them. */
struct config_section **settings_sections(struct config_settings *settings,
					  unsigned scope, size_t **count);

/* settings_top - an option at top level. settings_parameter - that of a
 * parameter. */
struct setting *settings_top(struct config_settings *settings,
			     enum config_option option);
struct setting *settings_parameter(struct config_settings *settings,
				   enum parameter parameter);

/* config_option_name - as written in the file; static. */
const char *config_option_name(enum config_option option);

/* config_option_find - the option with that name, or -1. */
int config_option_find(const char *name);

/* config_option_find_in - the option with that name; if there are several, the
 * one that is allowed in that scope. */
int config_option_find_in(const char *name, unsigned scope);

/* config_option_scopes - a set of enum config_scope. */
unsigned config_option_scopes(enum config_option option);

enum config_form config_option_form(enum config_option option);

/* config_option_value - of an option that has a row; static. */
const struct config_value *config_option_value(enum config_option option);

/* config_option_standard - its default as text; NULL: none. */
const char *config_option_standard(enum config_option option);

/* config_option_is_list - may it have several values? */
bool config_option_is_list(enum config_option option);

/* setting_add - add a copy of a value; the setting is set then. */
void setting_add(struct setting *setting, const char *value, int line);

/* setting_text - the only value of an option that is not a list, or "". */
const char *setting_text(const struct setting *setting);

/* setting_join - the values, separated by ", "; the caller frees it. */
char *setting_join(const struct setting *setting);

/* setting_is_default - does it have the value that it has where nothing sets
 * it? */
bool setting_is_default(const struct setting *setting,
			enum config_option option);

/* setting_clear - free the values; the setting is unset then. */
void setting_clear(struct setting *setting);

/* settings_complete - give each unset option its default; in a service, the
 * value of the top level. The defaults of parameters are in
 * lib/address/parameters. */
void settings_complete(struct config_settings *settings);

/* settings_clear - free what settings holds. */
void settings_clear(struct config_settings *settings);

#endif
